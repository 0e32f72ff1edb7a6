"""A local Stripe: one handler from request to response, reached in process or on a loopback port."""
