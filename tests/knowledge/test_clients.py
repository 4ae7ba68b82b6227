"""What is known of images as clients: the data file, and how an image finds its entry."""

import re
from typing import get_args

import pytest

from hardener.knowledge import Role, reference
from hardener.knowledge.clients import Reach, client_of, clients, outside, words

LOOKUPS = {
    "redis": None,
    "someone/nginx": None,
    "nginx:1.27-alpine": "http",
    "docker.io/library/nginx": "http",
    "phpmyadmin/phpmyadmin:5": "told",
    "selenium/standalone-chrome:4": "web",
    "${IMAGE}": None,
    "not an image": None,
}


@pytest.mark.parametrize(("image", "reach"), LOOKUPS.items())
def test_an_image_finds_its_entry(image: str, reach: str | None) -> None:
    found = client_of(image)
    assert (found.reach if found else None) == reach


def test_every_entry_is_sound_and_has_a_source() -> None:
    names = [name for client in clients() for name in client.names]
    assert len(names) == len(set(names))
    for client in clients():
        assert client.reach in get_args(Reach)
        assert re.search(r"https?://|README", client.source)
        assert client.role is None or client.role in get_args(Role)
        assert all(path.startswith("/") for path in client.config)
        for name in client.names:
            parsed = reference(name.replace("*", "x"))
            assert parsed is not None
            assert parsed.familiar == name.replace("*", "x"), "the short form, which is looked for"


def test_words_mean_roles_or_words_of_images() -> None:
    assert all(word == word.lower() and means for word, means in words().items())
    assert outside().isdisjoint({"database", "cache"})
