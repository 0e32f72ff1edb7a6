"""Inspection of a running backend: what its `[simulate]` section may be, each line with its reason."""
