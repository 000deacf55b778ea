"""What the wheel is told by the program that it brings: its version, and where it runs.

`FLEXITI_WHEEL_BINARY` names the program.
"""

import os
import pathlib
import platform
import re
import subprocess
import sys

VARIABLE = "FLEXITI_WHEEL_BINARY"


def binary() -> pathlib.Path:
    path = pathlib.Path(os.environ.get(VARIABLE, ""))
    if not path.is_file():
        raise SystemExit(f"{VARIABLE}: {str(path)!r} is not a file; build with packaging/python/build")
    return path


def version() -> str:
    """The version that the program prints: a program that does not run here is not packed here."""
    try:
        printed = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"{binary()} does not run on this machine: {error}") from error
    found = re.fullmatch(r"flexiti-mock (\d+\.\d+\.\d+\S*)\s*", printed)
    if not found:
        raise SystemExit(f"{binary()} --version prints {printed!r}; expected `flexiti-mock VERSION`")
    return found[1]


def platform_tag() -> str:
    """The wheel's platform, so that pip refuses it elsewhere (PEP 425, 600, 656)."""
    machine = platform.machine().lower()
    if sys.platform == "win32":
        return {"amd64": "win_amd64", "arm64": "win_arm64"}.get(machine, "win32")
    if sys.platform == "darwin":
        # The oldest macOS that Rust's targets support.
        default = "11.0" if machine == "arm64" else "10.12"
        major, minor = os.environ.get("MACOSX_DEPLOYMENT_TARGET", default).split(".")[:2]
        return f"macosx_{major}_{minor}_{machine}"
    # The newest version of a glibc symbol that the program asks for; a static program asks for none.
    needed = re.findall(rb"\0GLIBC_2\.(\d+)", binary().read_bytes())
    if not needed:
        return f"manylinux_2_17_{machine}.musllinux_1_1_{machine}"
    return f"manylinux_2_{max(17, *map(int, needed))}_{machine}"


__version__ = version()
