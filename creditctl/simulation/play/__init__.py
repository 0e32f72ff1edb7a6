"""Play of a scenario: what was bought and what it is worth, the steps carried out, the balances judged."""
