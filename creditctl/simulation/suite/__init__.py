"""Suite of a simulation: the preflight, then all scenarios, some side by side, with one result each."""
