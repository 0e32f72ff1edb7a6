"""Fulfilment: the webhook. Verify the signature, plan what the event is worth, record the plan."""
