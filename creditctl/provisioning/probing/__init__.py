"""Webhook probe: inert deliveries to a backend's webhook, its answers, and the cause that they prove."""
