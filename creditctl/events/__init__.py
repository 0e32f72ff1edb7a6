"""Events below the command line: list, show, archive, replay, listen (forward), trigger."""
