"""read-only."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge import ImageFacts, Tmpfs, mounts_of
from hardener.model import Service, boolean, nonroot
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context


class ReadOnly(Transform):
    """The root file system is read-only: who breaks in can leave nothing behind, and change no program.

    Volumes stay writable, those that the image declares among them. Each other path that the image is known to write to
    gets a tmpfs, with a size, as it counts against the memory limit; with the user of the service as its owner, unless
    that is root, as a tmpfs is root's otherwise; and with `exec` only where programs are run from it.

    Held back where the image is not known or known not to work so (s6 and the like); where it is only derived from
    reading, not measured, as a write that nobody thought of stops the service; where a mounted configuration can move
    what it writes; where compose itself writes into the container, which it does for secrets from the environment, for
    inline configs and for `develop.watch`. What it breaks: `docker cp` into it, and whatever is installed at run time.

    ```yaml
    services:
      cache:
        image: postgres:16
        read_only: true  # added
        tmpfs:  # added
          - /run/postgresql:size=16m
    ```
    """

    id: ClassVar = "read-only"
    title: ClassVar = "A read-only root file system"
    references: ClassVar = ("CIS Docker 5.13", "OWASP Docker Rule 8", "NIST SP 800-190 4.4.4", "CL-0007")
    after: ClassVar = ("non-root",)
    atomic: ClassVar = "service"

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        facts = context.facts(service)
        claim = facts.read_only if facts else None
        if service.read_only is not None:
            return
        if boolean(service.privileged):
            yield self.skip(service, "a privileged service can remount its root")
        elif writer := self._written_by_compose(service, context):
            yield self.skip(service, f"compose writes {writer} into the container")
        elif facts is None or claim is None:
            yield self.skip(service, "it is not known where its image writes")
        elif not claim.value:
            yield self.skip(service, f"its image does not work so: {claim.note or claim.source}")
        elif (owner := self._owner(service, context)) is None:
            yield self.skip(service, "it is not known as what user it writes")
        else:
            sure = claim.confidence in ("measured", "documented")
            level = Confidence.KNOWN if sure else Confidence.ASSUMED
            source = Evidence(claim.doubt or f"{facts.family} works so", claim.source)
            yield self.set(
                service,
                "read_only",
                True,
                "nobody can change its programs or leave some behind",
                level,
                evidence=(source,),
                caveat="docker cp into it fails, and so does installing at run time",
            )
            for tmpfs in self._missing(service, facts):
                reason = f"it writes to {tmpfs.path}"
                yield self.append(service, "tmpfs", _option(tmpfs, owner), reason, level, evidence=(source,))

    @staticmethod
    def _missing(service: Service, facts: ImageFacts) -> Iterator[Tmpfs]:
        """The paths that need a tmpfs: none where something writable is mounted on them or above."""
        writable = [
            _real(f"{mount.target.rstrip('/')}/")
            for mount in mounts_of(service)
            if mount.target and not mount.read_only
        ]
        for tmpfs in facts.tmpfs.value if facts.tmpfs else ():
            if not any(_real(f"{tmpfs.path}/").startswith(path) for path in writable):
                yield tmpfs

    @staticmethod
    def _written_by_compose(service: Service, context: Context) -> str | None:
        secrets, configs = context.file.secrets or {}, context.file.configs or {}
        if any((secret := secrets.get(grant.source)) and secret.environment for grant in service.read_secrets()):
            return "a secret from the environment"
        for grant in service.read_configs():
            config = configs.get(grant.source)
            if config and (config.content is not None or config.environment is not None):
                return "an inline config"
        return "changed files (develop)" if service.develop is not None else None

    @staticmethod
    def _owner(service: Service, context: Context) -> str | None:
        """The options that give a tmpfs to the user of the service, `` for root; None if it is not known by number."""
        user = context.user(service)
        if user is None:
            return None
        if not nonroot(user[0]):
            return ""
        uid, _, gid = user[0].partition(":")
        if not uid.isdecimal() or not (gid or "0").isdecimal():
            return None
        return f",uid={uid}" + (f",gid={gid}" if gid else "")


def _option(tmpfs: Tmpfs, owner: str) -> str:
    """A tmpfs in the short syntax of compose: `/tmp:size=64m,uid=999,gid=999,exec`."""
    return f"{tmpfs.path}:size={tmpfs.size.lower()}{owner}{',exec' if tmpfs.exec else ''}"


def _real(path: str) -> str:
    """/var/run is a link to /run in all images of today."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path
