"""Stripe's side of a simulation: its API, what buyers and banks do, and what an emulator can do besides."""
