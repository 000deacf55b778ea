"""The configuration of a running server: values of the settings, one fault or none."""

from faults import FAULTS
from settings import SETTINGS

SETTING_BY_NAME = {entry["name"]: entry for entry in SETTINGS}
FAULT_NAMES = [entry["name"] for entry in FAULTS]
_KNOWN_FAULTS = frozenset(FAULT_NAMES)


class ConfigError(ValueError):
    """A setting, value or fault that does not exist."""


class Config:
    """Read-only view: config["setting"] and config.broken("fault")."""

    def __init__(self, settings=None, fault=None):
        self._values = {entry["name"]: entry["default"] for entry in SETTINGS}
        for name, value in (settings or {}).items():
            if name not in SETTING_BY_NAME:
                raise ConfigError(f"unknown setting {name}; allowed: {', '.join(SETTING_BY_NAME)}")
            allowed = SETTING_BY_NAME[name]["values"]
            if value not in allowed:
                raise ConfigError(f"unknown value {value!r} of setting {name}; allowed: {', '.join(allowed)}")
            self._values[name] = value
        if fault is not None and fault not in _KNOWN_FAULTS:
            raise ConfigError(f"unknown fault {fault}; allowed: {', '.join(FAULT_NAMES)}")
        self.fault = fault

    def __getitem__(self, name):
        return self._values[name]

    def broken(self, *names):
        """Whether one of the named faults is planted."""
        return self.fault is not None and self.fault in names
