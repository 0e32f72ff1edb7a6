"""`creditctl emulator …`: run the local Stripe, and steer one that runs."""
