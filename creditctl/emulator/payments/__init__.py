"""Payment processing: cards, methods, confirmation, settlement, refunds, disputes, balances, discounts."""
