"""A report as Rich text for people."""
