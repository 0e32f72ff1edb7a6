"""Emulator client: calls a running emulator's control API, and pays its Checkout sessions as a buyer would."""
