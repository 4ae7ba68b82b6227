"""What a compose file means: the whole Compose Specification as pydantic models.

Reading keeps everything as written; `read_…()` methods give the normalised meaning of a field. Parts that not every
file has are imported when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hardener.model.base import Part
from hardener.model.compose import ComposeFile, unknown_keys
from hardener.model.deploy import Deploy, Limits, Reservations, Resources
from hardener.model.errors import Problem, problems
from hardener.model.interpolation import Variable, readable, resolve_defaults, variables
from hardener.model.mounts import Mount
from hardener.model.parts import Dependency, EnvFile, Extends, Grant, Healthcheck, Logging, Ulimit
from hardener.model.ports import Port, clash, parse_port, port_range
from hardener.model.service import Service
from hardener.model.short import nonroot
from hardener.model.units import boolean, byte_size, duration, format_bytes, integer, number

if TYPE_CHECKING:
    from hardener.model.build import Build
    from hardener.model.resources import Config, Include, Network, Secret, ServiceNetwork, Volume

__all__ = [
    "Build",
    "ComposeFile",
    "Config",
    "Dependency",
    "Deploy",
    "EnvFile",
    "Extends",
    "Grant",
    "Healthcheck",
    "Include",
    "Limits",
    "Logging",
    "Mount",
    "Network",
    "Part",
    "Port",
    "Problem",
    "Reservations",
    "Resources",
    "Secret",
    "Service",
    "ServiceNetwork",
    "Ulimit",
    "Variable",
    "Volume",
    "boolean",
    "byte_size",
    "clash",
    "duration",
    "format_bytes",
    "integer",
    "nonroot",
    "number",
    "parse_port",
    "port_range",
    "problems",
    "readable",
    "resolve_defaults",
    "unknown_keys",
    "variables",
]

_LATER = {
    "Build": "build",
    **dict.fromkeys(("Config", "Include", "Network", "Secret", "ServiceNetwork", "Volume"), "resources"),
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
