"""`build`: how to make the image of a service.

https://github.com/compose-spec/compose-spec/blob/main/build.md
"""

from hardener.model.base import Entries, Flag, Number, Part, Text, TextOrTexts, Texts
from hardener.model.parts import ExtraHosts, GrantEntry, Ulimits
from hardener.model.short import entries, text_values


class Build(Part):
    """The long syntax of `build`."""

    context: Text = None
    dockerfile: Text = None
    dockerfile_inline: Text = None
    entitlements: Texts = None
    args: Entries = None
    ssh: Entries = None
    labels: Entries = None
    cache_from: Texts = None
    cache_to: Texts = None
    no_cache: Flag = None
    no_cache_filter: TextOrTexts = None
    additional_contexts: Entries = None
    network: Text = None
    provenance: Flag = None
    sbom: Flag = None
    pull: Flag = None
    target: Text = None
    shm_size: Number = None
    extra_hosts: ExtraHosts = None
    isolation: Text = None
    privileged: Flag = None
    secrets: list[GrantEntry] | None = None
    tags: Texts = None
    ulimits: Ulimits = None
    platforms: Texts = None

    def read_args(self) -> dict[str, str | None]:
        """Build arguments, values as text as written; None for a value taken from the shell."""
        return entries(self.args)

    def read_labels(self) -> dict[str, str]:
        """Labels of the image, values as text."""
        return text_values(self.labels)
