"""Provisioning: observes, plans (pure) and applies products, prices, webhook endpoints and their signing secrets."""
