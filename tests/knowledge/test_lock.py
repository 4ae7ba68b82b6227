"""The lock file: read with errors that say where, written without touching what others wrote."""

import re
from pathlib import Path

import pytest

from hardener import HardenError
from hardener.knowledge.inspection import InspectedImage
from hardener.knowledge.lock import read_lock, record

DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "fedcba9876543210" * 4


def image(name: str, digest: str | None = DIGEST) -> InspectedImage:
    return InspectedImage(
        name=name,
        digest=digest,
        user="",
        healthcheck=None,
        ports=(),
        volumes=(),
        stop_signal=None,
        entrypoint=(),
        command=(),
        environment=(),
        platform="linux/amd64",
        source="docker",
    )


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "harden.lock"


def test_read(lock: Path) -> None:
    lock.write_text(
        f'images:\n  postgres:16: {{digest: {DIGEST}}}\n  "ghcr.io/acme/api:1":\n    digest: {OTHER}\n'
        '    measured: "2025-01-01T00:00:00Z"\n    platform: linux/amd64\n'
    )
    found = read_lock(str(lock)).digests
    assert found == {
        "docker.io/library/postgres:16": (DIGEST, f"{lock}:2:3"),
        "ghcr.io/acme/api:1": (OTHER, f"{lock}:3:3 (2025-01-01T00:00:00Z, linux/amd64)"),
    }


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "images:\n", "images: {}\n"])
def test_an_empty_one(lock: Path, text: str) -> None:
    lock.write_text(text)
    assert read_lock(str(lock)).digests == {}


WRONG = {
    "no YAML": ("images: [\n", r":2:1: "),
    "a list": ("- a\n", r":1:1: this is no lock file"),
    "another file": ("services: {}\n", r":1:1: this is no lock file"),
    "a section too many": ("images: {}\nmore: 1\n", r":1:1: this is no lock file"),
    "images in a list": ("# mine\nimages: [a]\n", r":2:1: images must be a map"),
    "no tag": (f"images:\n  postgres: {{digest: {DIGEST}}}\n", r":2:3: 'postgres' is no image with its tag"),
    "a variable": (f"images:\n  a:${{B}}: {{digest: {DIGEST}}}\n", r":2:3: .* is no image with its tag"),
    "a digest in the key": (f"images:\n  a:1@{DIGEST}: {{digest: {DIGEST}}}\n", r":2:3: .* is no image"),
    "a number": (f"images:\n  1: {{digest: {DIGEST}}}\n", r":2:3: 1 is no image"),
    "no digest": ("images:\n  a:1: {measured: x}\n", r":2:3: a:1 has no digest"),
    "a text": (f"images:\n  a:1: {DIGEST}\n", r":2:3: a:1 has no digest"),
    "a digest too short": ("images:\n  a:1:\n    digest: sha256:abc\n", r":3:5: no digest"),
    "a digest too long": (f"images:\n  a:1:\n    digest: {DIGEST}0\n", r":3:5: no digest"),
    "another key": (f"images:\n  a:1:\n    digest: {DIGEST}\n    diggest: x\n", r":4:5: diggest is no key"),
    "twice": (
        f"images:\n  a:1: {{digest: {DIGEST}}}\n  docker.io/library/a:1: {{digest: {OTHER}}}\n",
        r":3:3: docker.io/library/a:1 is the same image as a:1 — keep one of the two$",
    ),
}


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_its_place(lock: Path, text: str, told: str) -> None:
    lock.write_text(text)
    with pytest.raises(HardenError) as caught:
        read_lock(str(lock))
    assert re.match(re.escape(str(lock)) + told, str(caught.value))
    with pytest.raises(HardenError):
        record(str(lock), [image("redis:7")])
    assert lock.read_text() == text


def test_no_file(lock: Path) -> None:
    with pytest.raises(HardenError, match="cannot read"):
        read_lock(str(lock))


def test_what_has_no_digest_or_no_tag_is_not_recorded(lock: Path) -> None:
    assert record(str(lock), [image("a:1", None), image(f"a@{DIGEST}"), image(f"a:1@{DIGEST}")]) == []
    assert not lock.exists()


def test_a_new_file(lock: Path) -> None:
    recorded = record(str(lock), [image("redis:7"), image("docker.io/library/nginx:1.27", OTHER), image("acme/app")])
    assert recorded == ["acme/app:latest", "nginx:1.27", "redis:7"]
    text = lock.read_text()
    when = re.findall(r'measured: "(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"', text)
    assert len(when) == 3
    assert text.startswith("# The digest that each image tag had")
    entries = re.sub(r'"\d.*Z"', "NOW", text).partition("images:\n")[2]
    assert entries == "".join(
        f"  {name}:\n    digest: {digest}\n    measured: NOW\n    platform: linux/amd64\n"
        for name, digest in (("acme/app:latest", DIGEST), ("nginx:1.27", OTHER), ("redis:7", DIGEST))
    )
    assert {digest.value for digest in read_lock(str(lock)).digests.values()} == {DIGEST, OTHER}


def test_entries_of_others_stay_as_they_are(lock: Path) -> None:
    before = (
        "images:\n"
        "  # ours\n"
        f"  'acme/app:1': {{digest: {DIGEST}}}  # by hand\n"
        f"  docker.io/redis:7:\n    digest:  {DIGEST}\n"
        f"  zookeeper:3:\n    digest: {OTHER}\n    measured: yesterday\n"
    )
    lock.write_text(before)
    assert record(str(lock), [image("redis:7"), image("zookeeper:3", OTHER)]) == []
    assert lock.read_text() == before
    assert record(str(lock), [image("mongo:8"), image("zookeeper:4")]) == ["mongo:8", "zookeeper:4"]
    after = lock.read_text()
    kept = iter(after.splitlines())
    assert all(line in kept for line in before.splitlines())
    keys = list(read_lock(str(lock)).digests)
    assert [key.rpartition("/")[2] for key in keys] == ["app:1", "redis:7", "mongo:8", "zookeeper:3", "zookeeper:4"]


def test_a_digest_that_changed_is_measured_anew(lock: Path) -> None:
    lock.write_text(f"images:\n  # the cache\n  docker.io/redis:7:\n    digest: {OTHER}  # old\n    measured: before\n")
    assert record(str(lock), [image("redis:7")]) == ["docker.io/redis:7"]
    text = lock.read_text()
    assert "  # the cache\n" in text and f"    digest: {DIGEST}  # old\n" in text and "before" not in text


def test_a_read_only_lock_is_not_written(lock: Path) -> None:
    lock.write_text("images: {}\n")
    lock.chmod(0o444)
    with pytest.raises(HardenError, match="read-only"):
        record(str(lock), [image("redis:7")])
    assert lock.read_text() == "images: {}\n"
