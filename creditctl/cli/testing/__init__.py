"""Plugin for pytest: a local Stripe as a fixture, and the scenarios of `creditctl simulate` as test items."""
