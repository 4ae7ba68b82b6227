"""Whether an engine has the image that the data files describe."""

from typing import Any

import pytest

from hardener.knowledge import ImageFacts, facts_for
from hardener.knowledge.inspection import InspectedImage, differs


def image(**settings: Any) -> InspectedImage:
    plain: dict[str, Any] = {"user": "", "healthcheck": None, "stop_signal": None, "digest": None}
    empty: dict[str, Any] = dict.fromkeys(("ports", "volumes", "entrypoint", "command", "environment"), ())
    return InspectedImage(
        **{"name": "acme/app", "platform": "linux/amd64", "source": "docker"} | plain | empty | settings
    )


def facts(**values: Any) -> ImageFacts:
    claims = {name: {"value": value, "confidence": "derived", "source": "Dockerfile"} for name, value in values.items()}
    return ImageFacts.validated({"names": ["acme/app"], **claims})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("", "root"),
        ("", "0"),
        ("", "0:0"),
        ("root", "root"),
        ("root:root", "0"),
        ("0:0", "root"),
        ("472", "472:0"),
        ("472:472", "472:0"),
        ("0472", "472"),
        ("node", "node"),
        ("node:users", "node"),
        ("node", "1000"),
        ("1000:1000", "node"),
    ],
)
def test_the_same_user_for_all_that_is_known(theirs: str, ours: str) -> None:
    assert differs(image(user=theirs), facts(user=ours)) is None


@pytest.mark.parametrize(
    ("theirs", "ours", "told"),
    [
        ("", "1000", "its USER is root, that of acme-app is 1000"),
        ("1000:0", "root", "its USER is 1000:0, that of acme-app is root"),
        ("node", "root", "its USER is node, that of acme-app is root"),
        ("0", "node", "its USER is 0, that of acme-app is node"),
        ("1001", "1000:1000", "its USER is 1001, that of acme-app is 1000:1000"),
        ("app", "node", "its USER is app, that of acme-app is node"),
    ],
)
def test_another_user(theirs: str, ours: str, told: str) -> None:
    assert differs(image(user=theirs), facts(user=ours)) == told


CHECK = ("CMD", "curl", "localhost")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (None, {"builtin_healthcheck": False}),
        (("NONE",), {"builtin_healthcheck": False}),
        (CHECK, {"builtin_healthcheck": True}),
        (None, {"builtin_healthcheck": True}),
        (CHECK, {}),
    ],
)
def test_a_health_check_that_is_no_surprise(theirs: tuple[str, ...] | None, ours: dict[str, bool]) -> None:
    assert differs(image(healthcheck=theirs), facts(**ours)) is None


def test_a_health_check_that_should_not_be_there() -> None:
    ours = facts(user="1000", builtin_healthcheck=False)
    assert differs(image(healthcheck=CHECK, user="1000"), ours) == "it has a HEALTHCHECK, acme-app has none"
    assert "USER" in (differs(image(healthcheck=CHECK), ours) or "")


def test_of_an_image_that_nothing_is_known_of_nothing_differs() -> None:
    assert differs(image(user="1000", healthcheck=CHECK), facts()) is None


def test_images_of_the_catalog() -> None:
    known = facts_for("postgres:16")
    assert known is not None
    assert differs(image(), known) is None
    assert differs(image(user="1001"), known) == "its USER is 1001, that of postgres is root"
