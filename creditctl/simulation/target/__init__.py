"""Target of a simulation: the backend as it was declared, its buyers, purchases, balances and ways to spend."""
