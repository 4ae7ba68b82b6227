"""The data on what of the host is dangerous, and what reads it."""

import pytest
from pydantic import TypeAdapter

from hardener.knowledge.host import (
    Capability,
    HostPath,
    Need,
    capabilities,
    capability,
    need,
    needs,
    on_host,
    sensitive,
    sensitive_paths,
)
from hardener.transforms import builtin

DEFAULT_SET = (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID"
    " SYS_CHROOT"
)
"""https://github.com/moby/moby/blob/master/daemon/pkg/oci/caps/defaults.go"""


@pytest.mark.parametrize(
    ("kind", "entries"), [(HostPath, sensitive_paths()), (Capability, capabilities()), (Need, needs())]
)
def test_the_data_is_valid(kind: type, entries: tuple[HostPath | Capability | Need, ...]) -> None:
    assert entries
    for entry in entries:
        fields = entry._asdict()
        assert TypeAdapter(kind).validate_python(fields) == entry
        assert fields["source"].strip()
        assert not [field for field, value in fields.items() if isinstance(value, str) and value != value.strip()]


def test_paths_are_in_the_form_they_are_compared_in() -> None:
    for entry in sensitive_paths():
        assert entry.paths == tuple(map(on_host, entry.paths))


def test_needs_name_rules_and_values_there_are() -> None:
    known = {name for entry in capabilities() for name in entry.names}
    paths = {path for entry in sensitive_paths() for path in entry.paths} | {"/dev/disk"}
    for entry in needs():
        assert entry.rule in builtin()
        assert entry.images
        if entry.rule == "dangerous-capabilities":
            assert set(entry.values) <= known
        if entry.rule == "sensitive-mounts":
            assert set(entry.values) <= paths


def test_the_default_set_is_harmless() -> None:
    assert not [name for name in DEFAULT_SET.split() if capability(name)]
    assert len({name for entry in capabilities() for name in entry.names}) == 41 - 14 + 1, "all others, and ALL"


@pytest.mark.parametrize("name", ["SYS_ADMIN", "CAP_SYS_ADMIN", "cap_sys_admin", "Sys_Admin", " SYS_ADMIN "])
def test_a_capability_in_any_spelling(name: str) -> None:
    found = capability(name)
    assert found and found.names == ("SYS_ADMIN",)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/etc/", "/etc"),
        ("/srv/../etc/./ssh", "/etc/ssh"),
        ("/var/run/docker.sock", "/run/docker.sock"),
        ("/var/running", "/var/running"),
        ("/root/.ssh", "~/.ssh"),
        ("/home/alice", "~"),
        ("/home", "/home"),
        ("~/.aws", "~/.aws"),
        ("~alice", "~"),
        ("$HOME", "~"),
        ("${HOME}/.kube/config", "~/.kube/config"),
        ("${HOMEPAGE}/x", "${HOMEPAGE}/x"),
        ("$HOMES", "$HOMES"),
    ],
)
def test_one_spelling_of_a_path(source: str, path: str) -> None:
    assert on_host(source) == path


@pytest.mark.parametrize("path", ["/srv", "/etcetera", "/home/alice/web", "/var/lib/mysql", "/usr/share/x", "${X}/etc"])
def test_other_paths_are_harmless(path: str) -> None:
    assert sensitive(path, read_only=False) is None


def test_what_is_harmless_read_only() -> None:
    assert sensitive("/lib/modules", read_only=True) is None
    assert sensitive("/lib/modules", read_only=False) is not None
    assert sensitive("/etc", read_only=True) is not None


@pytest.mark.parametrize(
    ("image", "known"),
    [
        ("traefik", True),
        ("docker.io/library/traefik:v3", True),
        ("public.ecr.aws/docker/library/traefik:v3", True),
        ("ghcr.io/tecnativa/docker-socket-proxy:edge", True),
        ("wollomatic/socket-proxy:1", True),
        ("acme/traefik", False),
        ("${IMAGE}", False),
        ("not an image", False),
        (None, False),
    ],
)
def test_what_an_image_needs(image: str | None, known: bool) -> None:
    assert (need(image, "docker-socket") is not None) is known


def test_a_need_is_for_its_values_only() -> None:
    assert need("prom/node-exporter", "host-namespaces", "pid")
    assert need("prom/node-exporter", "host-namespaces", "ipc") is None
