"""The command line as a whole: table of commands, lazily imported groups, plain help."""
