"""Entitlement: Stripe facts about one payment -> the credits it is worth, and the keys of its entries."""
