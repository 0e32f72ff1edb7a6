"""An archive to keep events in."""

from tests.support.archives import archive

__all__ = ["archive"]
