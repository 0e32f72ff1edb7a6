"""Stripe's Checkout: sessions, their line items, and how they end."""
