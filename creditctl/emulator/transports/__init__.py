"""How requests reach the emulator: a loopback server, websockets, or in process through the SDK."""
