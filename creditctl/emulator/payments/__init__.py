"""How a payment goes: test cards, payment methods, confirmation, settlement, balances, discounts."""
