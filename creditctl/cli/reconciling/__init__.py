"""What `creditctl reconcile` does around a comparison: its options, run history, exit code and forms of output."""
