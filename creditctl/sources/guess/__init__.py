"""Guess of a mapping: proposes `[source]` for a table or file by its names and values, each line with its reason."""
