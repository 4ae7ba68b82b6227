"""Hardens Docker Compose files, losslessly: every change has a rule, a reason and evidence.

    from hardener import harden

    result = harden("compose.yml", profile="production")
    for change in result.changes:
        print(change.service, change.rule, change.reason)
    result.write()

Everything is imported when it is first used, so that `import hardener` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hardener.api import Result, harden, picture
    from hardener.cases import Outcome, Verdict
    from hardener.errors import HardenError, VerificationError
    from hardener.pipeline import Plan, Selection, plan
    from hardener.profile import Profile
    from hardener.source import Document, load, rewrite
    from hardener.transforms.base import Advice, Change, Confidence, Evidence, Skip, Transform
    from hardener.transforms.capabilities import Capabilities
    from hardener.transforms.context import Context
    from hardener.transforms.dangerous_capabilities import DangerousCapabilities
    from hardener.transforms.depends_on_healthy import DependsOnHealthy
    from hardener.transforms.docker_socket import DockerSocket
    from hardener.transforms.env_file import EnvFile
    from hardener.transforms.healthcheck import Healthcheck
    from hardener.transforms.host_namespaces import HostNamespaces
    from hardener.transforms.image_digest import ImageDigest
    from hardener.transforms.image_tag import ImageTag
    from hardener.transforms.init import Init
    from hardener.transforms.logging import Logging
    from hardener.transforms.networks import Networks
    from hardener.transforms.no_new_privileges import NoNewPrivileges
    from hardener.transforms.non_root import NonRoot
    from hardener.transforms.obsolete_version import ObsoleteVersion
    from hardener.transforms.privileged import Privileged
    from hardener.transforms.published_ports import PublishedPorts
    from hardener.transforms.read_only import ReadOnly
    from hardener.transforms.resource_limits import ResourceLimits
    from hardener.transforms.restart_policy import RestartPolicy
    from hardener.transforms.secrets import Secrets
    from hardener.transforms.sensitive_mounts import SensitiveMounts
    from hardener.transforms.stop_grace_period import StopGracePeriod
    from hardener.transforms.unconfined_profiles import UnconfinedProfiles

__version__ = "0.1.0"
__all__ = [
    "Advice",
    "Capabilities",
    "Change",
    "Confidence",
    "Context",
    "DangerousCapabilities",
    "DependsOnHealthy",
    "DockerSocket",
    "Document",
    "EnvFile",
    "Evidence",
    "HardenError",
    "Healthcheck",
    "HostNamespaces",
    "ImageDigest",
    "ImageTag",
    "Init",
    "Logging",
    "Networks",
    "NoNewPrivileges",
    "NonRoot",
    "ObsoleteVersion",
    "Outcome",
    "Plan",
    "Privileged",
    "Profile",
    "PublishedPorts",
    "ReadOnly",
    "ResourceLimits",
    "RestartPolicy",
    "Result",
    "Secrets",
    "Selection",
    "SensitiveMounts",
    "Skip",
    "StopGracePeriod",
    "Transform",
    "UnconfinedProfiles",
    "Verdict",
    "VerificationError",
    "harden",
    "load",
    "picture",
    "plan",
    "rewrite",
]

_HOMES = {
    "hardener.api": ("Result", "harden", "picture"),
    "hardener.errors": ("HardenError", "VerificationError"),
    "hardener.cases": ("Outcome", "Verdict"),
    "hardener.pipeline": ("Plan", "Selection", "plan"),
    "hardener.profile": ("Profile",),
    "hardener.source": ("Document", "load", "rewrite"),
    "hardener.transforms.base": ("Advice", "Change", "Confidence", "Evidence", "Skip", "Transform"),
    "hardener.transforms.context": ("Context",),
    "hardener.transforms.capabilities": ("Capabilities",),
    "hardener.transforms.dangerous_capabilities": ("DangerousCapabilities",),
    "hardener.transforms.depends_on_healthy": ("DependsOnHealthy",),
    "hardener.transforms.docker_socket": ("DockerSocket",),
    "hardener.transforms.env_file": ("EnvFile",),
    "hardener.transforms.healthcheck": ("Healthcheck",),
    "hardener.transforms.host_namespaces": ("HostNamespaces",),
    "hardener.transforms.image_digest": ("ImageDigest",),
    "hardener.transforms.image_tag": ("ImageTag",),
    "hardener.transforms.init": ("Init",),
    "hardener.transforms.logging": ("Logging",),
    "hardener.transforms.networks": ("Networks",),
    "hardener.transforms.no_new_privileges": ("NoNewPrivileges",),
    "hardener.transforms.non_root": ("NonRoot",),
    "hardener.transforms.obsolete_version": ("ObsoleteVersion",),
    "hardener.transforms.privileged": ("Privileged",),
    "hardener.transforms.published_ports": ("PublishedPorts",),
    "hardener.transforms.read_only": ("ReadOnly",),
    "hardener.transforms.resource_limits": ("ResourceLimits",),
    "hardener.transforms.restart_policy": ("RestartPolicy",),
    "hardener.transforms.secrets": ("Secrets",),
    "hardener.transforms.sensitive_mounts": ("SensitiveMounts",),
    "hardener.transforms.stop_grace_period": ("StopGracePeriod",),
    "hardener.transforms.unconfined_profiles": ("UnconfinedProfiles",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
