"""The control API under `/_emulator`, and the seeding of past payments."""
