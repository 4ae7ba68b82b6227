"""`image-tag` and `image-digest`: what they build on, what they say of it, and what rules may ask of an inspection."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hardener import (
    Capabilities,
    Change,
    Confidence,
    DependsOnHealthy,
    Healthcheck,
    ImageDigest,
    ImageTag,
    Outcome,
    Plan,
    Profile,
    Transform,
    harden,
    load,
    plan,
)
from hardener.knowledge.inspection import InspectedImage, Inspection, LocalImages
from hardener.transforms.base import Answer
from hardener.transforms.context import Context
from hardener.verify import verify

DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "fedcba9876543210" * 4


def inspected(name: str, digest: str | None = DIGEST) -> InspectedImage:
    return InspectedImage(
        name=name,
        digest=digest,
        user="70",
        healthcheck=None,
        ports=(5432,),
        volumes=(),
        stop_signal=None,
        entrypoint=(),
        command=(),
        environment=("PGDATA",),
        platform="linux/amd64",
        source=f"docker image inspect {name}",
    )


def planned(image: str, images: LocalImages, *rules: Transform, more: str = "") -> Plan:
    profile = replace(Profile.of(rules or (ImageDigest(),)), images=images)
    made = plan(load(f"services:\n  a:\n    image: {image}\n{more}"), profile)
    verify(made, profile)
    return made


def engine(*images: InspectedImage) -> LocalImages:
    return LocalImages(Inspection({image.name: image for image in images}))


def lock(tmp_path: Path, text: str) -> LocalImages:
    file = tmp_path / "harden.lock"
    file.write_text(text)
    return LocalImages(lock_file=str(file))


def test_a_change_says_where_its_digest_comes_from(tmp_path: Path) -> None:
    (change,) = planned("postgres:16", engine(inspected("postgres:16"))).changes
    assert (change.action, change.value, change.confidence) == ("replace", f"postgres:16@{DIGEST}", Confidence.KNOWN)
    assert [evidence.source for evidence in change.evidence] == ["docker image inspect postgres:16"]
    (change,) = planned("postgres:16", lock(tmp_path, f"images:\n  postgres:16: {{digest: {OTHER}}}\n")).changes
    assert change.value == f"postgres:16@{OTHER}"
    assert [evidence.source for evidence in change.evidence] == [f"{tmp_path}/harden.lock:2:3"]


def test_the_engine_goes_before_the_lock(tmp_path: Path) -> None:
    both = replace(
        lock(tmp_path, f"images:\n  a:1: {{digest: {OTHER}}}\n  b:1: {{digest: {OTHER}}}\n"),
        inspection=Inspection({"a:1": inspected("a:1")}),
    )
    assert [planned(image, both).changes[0].value for image in ("a:1", "b:1")] == [f"a:1@{DIGEST}", f"b:1@{OTHER}"]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("postgres:${TAG:-16}", "a variable decides its image"),
        ("postgres", "it has no tag"),
        ("Not:An:Image", "its image is no image name"),
        ("local:1", "the engine has its image from no registry"),
    ],
)
def test_skipped_with_a_reason(image: str, reason: str) -> None:
    made = planned(image, engine(inspected("postgres:16"), inspected("postgres"), inspected("local:1", None)))
    (verdict,) = made.verdicts
    assert verdict.outcome is Outcome.SKIPPED and reason in verdict.reason
    assert not made.changes and not made.advice


def test_without_lock_and_engine_nobody_is_bothered() -> None:
    (verdict,) = planned("postgres:16", LocalImages()).verdicts
    assert verdict.outcome is Outcome.SKIPPED and "harden --inspect --lock harden.lock" in verdict.reason


def test_with_them_an_image_they_lack_is_told() -> None:
    made = planned("postgres:16", engine())
    assert [advice.message for advice in made.advice] == [
        "Record its digest where the stack runs: docker pull postgres:16 && harden --inspect --lock harden.lock"
    ]


def test_another_services_build_is_no_image_of_a_registry() -> None:
    more = "  b:\n    build: .\n    image: acme/app:1\n"
    made = planned("acme/app:1", engine(inspected("acme/app:1")), ImageDigest(), ImageTag(), more=more)
    assert not made.changes and not made.advice


def test_a_tag_that_was_just_pinned_is_not_told_of() -> None:
    made = planned("postgres:latest", engine(inspected("postgres:latest")), ImageDigest(), ImageTag())
    assert [type(one) for one in (*made.changes, *made.advice)] == [Change]


class Asks(Transform):
    """A rule of somebody's own, that looks at the image itself."""

    id: ClassVar = "asks"
    title: ClassVar = "Asks"

    def run(self, service: Any, context: Context) -> Iterator[Answer]:
        found, digest = context.inspected(service), context.digest(service)
        if found is None:
            yield self.skip(service, f"not inspected, {digest}")
        else:
            yield self.set(service, "user", found.user, f"{found.ports} {digest.value if digest else ''}")


def test_rules_may_ask_for_the_inspection() -> None:
    images = engine(inspected("postgres:16"))
    assert planned("'${DB:-postgres}:16'", images, Asks()).changes[0].reason == f"(5432,) {DIGEST}"
    for image, more in (("redis:7", ""), ("postgres:16", "    build: .\n")):
        (verdict,) = planned(image, images, Asks(), more=more).verdicts
        assert verdict.reason == "not inspected, None"


def test_the_library_inspects_and_reads_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "compose.yml"
    file.write_text("services:\n  a:\n    image: postgres:16\n")
    result = harden(file, [ImageDigest()], inspect=True)
    assert result.inspection == Inspection({}, ("no image was inspected: there is no docker on the PATH",))
    assert result.warnings == (f"{file}: no image was inspected: there is no docker on the PATH",)
    assert not result.changed
    other = tmp_path / "other"
    other.write_text(f"images:\n  postgres:16: {{digest: {OTHER}}}\n")
    result = harden(file, [ImageDigest()], lock=other)
    assert result.changed and result.inspection is None


def test_the_user_of_an_inspected_image_decides_what_capabilities_it_needs() -> None:
    made = planned("example.com/app:1", LocalImages(), Capabilities())
    assert not made.changes
    (change,) = planned("example.com/app:1", engine(inspected("example.com/app:1")), Capabilities()).changes
    assert (change.value, change.confidence) == ("ALL", Confidence.ASSUMED), "a program in it may carry some"
    assert [evidence.source for evidence in change.evidence] == ["docker image inspect example.com/app:1"]
    root = inspected("example.com/app:1")._replace(user="")
    assert not planned("example.com/app:1", engine(root), Capabilities()).changes


def test_the_healthcheck_of_an_inspected_image_is_the_one_to_use() -> None:
    checked = inspected("postgres:16")._replace(user="", healthcheck=("CMD", "pg_isready"))
    assert planned("postgres:16", engine(inspected("postgres:16")._replace(user="")), Healthcheck()).changes
    assert not planned("postgres:16", engine(checked), Healthcheck()).changes
    waiting = planned("postgres:16", engine(checked), DependsOnHealthy(), more="  b: {image: x, depends_on: [a]}\n")
    assert [change.path for change in waiting.changes] == [("services", "b", "depends_on")]
    pinned = engine(checked._replace(name="postgres:16"))
    assert not planned(f"postgres:16@{DIGEST}", pinned, Healthcheck()).changes
