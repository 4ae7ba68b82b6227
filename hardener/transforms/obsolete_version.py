"""obsolete-version."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.model import ComposeFile
from hardener.transforms.base import Answer, Confidence, Transform
from hardener.transforms.context import Context


class ObsoleteVersion(Transform):
    """Compose ignores the top-level `version`, and prints a warning at every command.

    Held back where the file is written for swarm: `docker stack deploy` still reads `version`.

    ```yaml
    version: "3.8"  # removed, the blank line below it stays
    services: {}
    ```
    """

    id: ClassVar = "obsolete-version"
    title: ClassVar = "No obsolete version key"
    references: ClassVar = ("Compose Specification 04-version-and-name.md", "dclint no-version-field")

    def run_file(self, file: ComposeFile, context: Context) -> Iterator[Answer]:
        if file.version is None:
            return
        if swarm := context.swarm:
            yield self.skip(None, f"docker stack deploy reads it, and {swarm} is for swarm")
        elif not file.services and not file.include:
            yield self.skip(None, "the file has no services yet")
        else:
            yield self.remove(None, "version", "compose ignores it and warns at every command", Confidence.SAFE)
