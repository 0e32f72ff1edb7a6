"""Webhooks of the emulator: events, deliveries and their faults, signatures, listening CLI sessions."""
