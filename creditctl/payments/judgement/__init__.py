"""Judgement of payments: what stands against the credits that were given, and taken back, for each. Pure."""
