"""Matching of payments with entries in SQL: what payments are worth is kept, and probes find what may be wrong."""
