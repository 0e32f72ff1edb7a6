"""Overview pages of the emulator at `/`: what it is and what it holds, read-only."""
