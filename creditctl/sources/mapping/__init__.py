"""Mapping: how an application's columns and words become ours: columns, conditions, kinds, status, users. Pure."""
