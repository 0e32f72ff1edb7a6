"""Files of the control API: read and written below one folder only, and never written over what is there."""

import os
from pathlib import Path

from creditctl.emulator.api.context import EmulatorOptions
from creditctl.emulator.protocol.errors import StripeError, invalid


def allowed_file(options: EmulatorOptions, text: str, param: str) -> Path:
    """The file that a parameter names, as an absolute path without links.

    Errors: StripeError for what lies outside the folder that was allowed at the start, or where none was.
    """
    if options.files is None:
        raise _outside("This emulator was started without a folder for files.", param)
    folder = options.files.resolve()
    try:
        place = (folder / text).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise _outside("That is no path of a file.", param) from error
    if not place.is_relative_to(folder) or place == folder:
        raise _outside(f"{text} is no file below {folder}, the only folder for files.", param)
    return place


def new_file(options: EmulatorOptions, text: str, param: str) -> Path:
    """The file that a parameter names, which is not there yet. Errors: StripeError."""
    place = allowed_file(options, text, param)
    if os.path.lexists(place):
        raise invalid(f"{place} is there already: nothing was written.", param=param, status=409, executed=False)
    return place


def create_file(place: Path) -> int:
    """Create a file for its owner alone and answer its descriptor. Errors: OSError, where something is there, too."""
    return os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def _outside(reason: str, param: str) -> StripeError:
    return invalid(f"{reason} Start it with --files FOLDER.", param=param, status=403, executed=False)
