"""Planning of set-up: pure functions from observed and desired state to steps."""
