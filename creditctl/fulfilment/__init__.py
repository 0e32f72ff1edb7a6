"""The webhook: verify, decide, post."""
