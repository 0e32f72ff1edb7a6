"""Steers a running emulator through its control API, and finishes its Checkout sessions as a buyer would."""
