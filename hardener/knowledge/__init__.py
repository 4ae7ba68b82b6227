"""What is known of container images, each claim with its source. The facts are data: one file each in `images/`."""

from hardener.knowledge.catalog import facts_for
from hardener.knowledge.facts import Claim, ImageFacts, Role
from hardener.knowledge.reference import Reference, reference

__all__ = ["Claim", "ImageFacts", "Reference", "Role", "facts_for", "reference"]
