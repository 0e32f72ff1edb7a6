"""Scenarios of the simulation, as data: groups of stories, each with what it proves, its steps and expectations."""
