"""What the emulator remembers: the object store, ids, idempotency keys, settings, search queries."""
