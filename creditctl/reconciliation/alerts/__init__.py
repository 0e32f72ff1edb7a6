"""Alerts: word of findings that are new, or that none is left, to people who do not read cron's mail."""
