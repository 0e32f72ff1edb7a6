"""What is true: frozen dataclasses and pure functions. Imports nothing of ours and does no I/O."""
