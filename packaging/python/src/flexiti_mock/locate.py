"""Finds the program that the wheel brought."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
import sysconfig
from collections.abc import Iterator

from .errors import FlexitiMockError


def program() -> pathlib.Path:
    """The path of `flexiti-mock`: beside this package's scripts, or else on PATH."""
    name = "flexiti-mock.exe" if sys.platform == "win32" else "flexiti-mock"
    for folder in _script_folders():
        if (folder / name).is_file():
            return folder / name
    found = shutil.which("flexiti-mock")
    if found:
        return pathlib.Path(found)
    places = ", ".join(str(folder) for folder in _script_folders())
    raise FlexitiMockError(
        f"the program {name} is not installed (looked in {places}, and on PATH): install the wheel "
        "that was built for this platform, or name the program with `binary`"
    )


def _script_folders() -> Iterator[pathlib.Path]:
    """Where installers put scripts: this environment's, `pip --user`'s and `pip --target`'s."""
    yield pathlib.Path(sysconfig.get_path("scripts"))
    yield pathlib.Path(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    yield pathlib.Path(__file__).resolve().parent.parent / ("Scripts" if os.name == "nt" else "bin")
