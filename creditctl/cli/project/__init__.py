"""A project on the command line: begun by `creditctl init`, summed up by `creditctl status`."""
