"""Test-card flows and webhook hazards, as data, run against a world that somebody else started."""
