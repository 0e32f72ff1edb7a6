"""Histories: random stories and their smallest failing form; scenario files, which keep them and the user's own."""
