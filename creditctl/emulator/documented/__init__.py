"""What Stripe documents beyond what is emulated: expandable fields, endpoints, parameters; from the SDK's types."""
