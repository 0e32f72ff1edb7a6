"""The reference credit backend: the credit API, the webhook's HTTP side and a small storefront."""
