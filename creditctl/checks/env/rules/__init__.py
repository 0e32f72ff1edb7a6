"""The rules of `env check`, one module a family; each is a function from what was collected to findings."""
