"""Core of the domain: catalogue, money, keys, modes, settings, entitlement.

Frozen dataclasses and pure functions; imports nothing of ours and does no I/O.
"""
