"""Makes .venv and installs creditctl with the extras named, once; safe when several of us start at the same time.

Usage: python3 .ci/install.py [EXTRA ...]
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)


def main(extras: list[str]) -> None:
    """Installs what is missing; what is already there is left alone."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"creditctl needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 …"
        )
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PYTHON.exists():
            print("Making .venv …", flush=True)
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        missing = [extra for extra in ["", *extras] if not stamp(extra).exists()]
        if missing:
            install([extra for extra in missing if extra])
            for extra in missing:
                stamp(extra).touch()


def stamp(extra: str) -> Path:
    """The file that says: this extra of exactly this pyproject.toml, below this folder, is installed."""
    basis = (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()
    return VENV / f".installed-{extra or 'base'}-{hashlib.sha256(basis).hexdigest()[:12]}"


def install(extras: list[str]) -> None:
    """pip installs the package in place, so that the source and the command never disagree."""
    wanted = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    print(f"Installing creditctl{' with ' + ', '.join(extras) if extras else ''} …", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--editable", wanted]
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        sys.exit(f"pip could not install creditctl (exit {code}). Check the network, then run the same command again.")


if __name__ == "__main__":
    main(sys.argv[1:])
