"""Proving payments without judging them: what they are worth as it is kept, and what a review has to know of them."""
