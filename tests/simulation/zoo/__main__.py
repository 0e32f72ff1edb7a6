"""A zoo backend as a process of its own: python -m tests.simulation.zoo NAME FILE, settings from the environment."""

from __future__ import annotations

import os
import sys

import uvicorn

from tests.simulation.zoo.serving import build
from tests.simulation.zoo.shelf import Shelf
from tests.simulation.zoo.table import BROKEN, CORRECT


def main(name: str, path: str) -> None:
    """Serves until it is killed."""
    kind = CORRECT.get(name) or BROKEN[name].backend
    said = os.environ
    backend = kind(said["STRIPE_API_BASE"], said["STRIPE_SECRET_KEY"], said["STRIPE_WEBHOOK_SECRET"], Shelf(path))
    uvicorn.run(build(backend), host="127.0.0.1", port=int(said["PORT"]), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
