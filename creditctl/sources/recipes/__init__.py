"""Recipes: ready settings of `[source]` for tables as well-known stacks write them."""
