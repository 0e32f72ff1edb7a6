"""Stripe's product catalogue: products, prices, coupons and promotion codes."""
