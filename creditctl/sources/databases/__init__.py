"""Databases of applications, opened by their URL and read: read-only, streamed, in one snapshot, by SELECT alone."""
