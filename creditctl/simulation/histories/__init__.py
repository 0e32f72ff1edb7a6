"""Histories: random stories of purchases, refunds, disputes and hazards, and their smallest failing form."""
