"""Set-up of a Stripe account: observe, plan (pure), apply; products, prices, webhook endpoints and their secrets."""
