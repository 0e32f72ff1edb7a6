"""Events: seen, kept, played again, listened for, made, and traced."""
