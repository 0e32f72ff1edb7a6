"""The door to Stripe: client, guards, error words, deliveries and the shopper."""
