"""`python -m creditctl`, and the entry point of the `creditctl` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    from creditctl.cli.app import run

    sys.exit(run())


if __name__ == "__main__":
    main()
