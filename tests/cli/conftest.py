"""A market on the emulator whose webhook may lose what it is told, for tests of the command line."""

from tests.support.market import market

__all__ = ["market"]
