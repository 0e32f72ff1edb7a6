"""Simulation: scenarios of test cards and webhook hazards as data, run against a backend that is handed in."""
