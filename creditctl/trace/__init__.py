"""Trace: everything known about one payment, on one time line, with the first missing link and its mend."""
