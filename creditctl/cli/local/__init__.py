"""Commands that start a whole local system: demo, simulate, and the stack that they share."""
