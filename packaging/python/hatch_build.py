"""Puts the program into the wheel's `scripts`, and names the platform that the wheel is for."""

import pathlib
import sys

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from binary import binary, platform_tag  # noqa: E402


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        name = "flexiti-mock.exe" if sys.platform == "win32" else "flexiti-mock"
        build_data["shared_scripts"][str(binary().resolve())] = name
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"
