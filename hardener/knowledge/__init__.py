"""What is known of container images, each claim with its source. The facts are data: one file each in `images/`."""

from hardener.knowledge.catalog import capability_uses, carriers, facts_for
from hardener.knowledge.facts import Capabilities, Check, Claim, ImageFacts, Role, SecretFiles, Tmpfs, file_variable
from hardener.knowledge.invocation import facts_of, mounts_of
from hardener.knowledge.reference import Reference, reference

__all__ = [
    "Capabilities",
    "Check",
    "Claim",
    "ImageFacts",
    "Reference",
    "Role",
    "SecretFiles",
    "Tmpfs",
    "capability_uses",
    "carriers",
    "facts_for",
    "facts_of",
    "file_variable",
    "mounts_of",
    "reference",
]
