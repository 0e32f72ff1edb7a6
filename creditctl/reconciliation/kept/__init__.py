"""What is kept of Stripe's lists from run to run: brought up to date, read as lists, or in part."""
