"""sensitive-mounts."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge.host import HostPath, need, on_host, sensitive
from hardener.model import Mount, Service, readable
from hardener.transforms.base import Answer, Transform
from hardener.transforms.context import Context

_SHARED = {"shared", "rshared"}


class SensitiveMounts(Transform):
    """Directories of the host that decide who controls it, mounted into a container.

    Writable, they are a way out: a line in /etc/cron.d, a kernel module, a program of root's. Read-only, most still
    show keys and accounts; some are harmless then, and are not told of. A named volume that binds such a directory
    (`driver_opts: {o: bind, device: /etc}`) counts as well. So does `shared` propagation of any bind, by which what the
    container mounts appears on the host. Paths beside the compose file are the project's own.

    Which paths, and what each gives, is data: `hardener/knowledge/sensitive_paths.toml`. A socket of the container
    engine is the matter of `docker-socket`.

    Never done for you: even `:ro` breaks a service that writes there, and a mount taken away breaks what reads it.

    ```yaml
    services:
      vpn:
        image: ghcr.io/acme/vpn:1
        volumes:
          - /lib/modules:/lib/modules:ro  # was writable
    ```
    """

    id: ClassVar = "sensitive-mounts"
    title: ClassVar = "No sensitive directories of the host"
    references: ClassVar = (
        "CIS Docker 5.6, 5.20",
        "OWASP Docker Rule 8",
        "KICS volume_has_sensitive_host_directory, volume_mounted_in_multiple_containers",
        "PSS baseline",
        "NIST SP 800-190 4.5.5",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        for mount in service.read_volumes():
            source = _source(mount, context)
            if source and (found := sensitive(source, read_only=mount.read_only)):
                known = need(service.image, self.id, on_host(source)) if mount.read_only else None
                message = known.message if known else _instead(found, mount)
                yield self.advise(service, ("volumes", mount.position), message, _reason(source, found, mount))
            if source and _SHARED.intersection(mount.options):
                message = "Use `rslave`, which passes on mounts of the host only, or none."
                reason = "what it mounts appears on the host; it may be there for that"
                yield self.advise(service, ("volumes", mount.position), message, reason)


def _source(mount: Mount, context: Context) -> str | None:
    """The directory of the host that a mount shows, if it is an absolute one."""
    source = mount.source
    if mount.type == "volume" and source:
        volume = (context.file.volumes or {}).get(source)
        device = (volume.driver_opts or {}).get("device") if volume else None
        source = readable(str(device)) if device is not None else None
    elif mount.type != "bind":
        return None
    return source if source and source.startswith(("/", "~", "$HOME", "${HOME}")) else None


def _instead(found: HostPath, mount: Mount) -> str:
    if mount.read_only or found.read_only == "nothing":
        return found.instead
    if found.read_only == "harmless":
        return f"Add `:ro`, it is harmless then. {found.instead}".strip()
    return f"{found.instead} At least, add `:ro`."


def _reason(source: str, found: HostPath, mount: Mount) -> str:
    """What the mount gives, and why it stays."""
    if not mount.read_only:
        return f"writable, {source} gives it {found.gives}; whether it must write there is not known"
    still = "`:ro` does not help:" if found.read_only == "nothing" else "even read-only,"
    return f"{still} {source} shows it {found.gives}; it may be there for that"
