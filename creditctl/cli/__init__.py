"""Parse, call, render, exit: the only room that prints."""
