"""Statement: what a period's sales came to, in money and in credits, with totals that tie. Pure but for one reading."""
