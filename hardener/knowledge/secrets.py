"""What tells a secret: words of names, values that stand in for one, forms of tokens. The words are in `secrets.toml`.

It is read when the first name is asked for.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hardener.model.short import tokens

_FILE = Path(__file__).with_suffix(".toml")
_LONGEST_NAME = 200
_LONGEST_PLACEHOLDER = 200

NameKind = Literal["password", "secret", "container", "doubtful", "plain"]
"""What a name says of its value: a password (any text or number), another secret (any text), a text that may have one
in it (`DATABASE_URL`), something that may be one, or nothing."""


class Form(NamedTuple):
    """The form of the tokens of a service, and who says so."""

    name: str
    source: str


@lru_cache(maxsize=4096)
def name_kind(name: str) -> NameKind:
    """What the name of a variable, option, label or key says of its value."""
    words = [word for word in tokens(name[-_LONGEST_NAME:]) if not word.isdecimal()]
    vocabulary = _vocabulary()
    if not words or vocabulary.switches.intersection(words) or words[0] in vocabulary.first_switches:
        return "plain"
    while len(words) > 1 and words[-1] in vocabulary.neutral and not _told(vocabulary, words):
        words.pop()
    told = _told(vocabulary, words)
    if told is not None:
        return told
    if words[-1] in vocabulary.about:
        return "plain"
    # `PASSWORD_OF_ANNA`: a word that is not known to say anything else comes last.
    return (
        "doubtful"
        if any(_told(vocabulary, words[:end]) in ("password", "secret") for end in range(1, len(words)))
        else "plain"
    )


def is_switch(value: str) -> bool:
    """Whether a value only switches something on or off, or says that there is none."""
    return value.lower() in _vocabulary().switch_values


def is_placeholder(value: str) -> bool:
    """Whether a value stands in for a secret: `changeme`, `<password>`, `your-token-here`."""
    text = value.strip().strip("\"'").lower()
    return len(text) <= _LONGEST_PLACEHOLDER and _vocabulary().placeholder.fullmatch(text) is not None


def forms() -> re.Pattern[str]:
    """The forms of tokens; the name of the group that matched is that of one of `form(group)`."""
    return _vocabulary().forms


def form(group: str) -> Form:
    """The form that a group of `forms()` is for."""
    entry = _data()["forms"][int(group.removeprefix("form"))]
    return Form(entry["name"], entry["source"])


class _Vocabulary(NamedTuple):
    kinds: tuple[tuple[NameKind, re.Pattern[str]], ...]
    neutral: frozenset[str]
    switches: frozenset[str]
    first_switches: frozenset[str]
    about: frozenset[str]
    switch_values: frozenset[str]
    placeholder: re.Pattern[str]
    forms: re.Pattern[str]


def _told(vocabulary: _Vocabulary, words: list[str]) -> NameKind | None:
    """What the last words of a name say; None if they are in no list."""
    ends = [" ".join(words[-count:]) for count in (3, 2, 1) if len(words) >= count]
    return next((kind for kind, pattern in vocabulary.kinds if any(map(pattern.fullmatch, ends))), None)


@cache
def _vocabulary() -> _Vocabulary:
    data = _data()
    names, values = data["names"], data["values"]
    lists: tuple[tuple[NameKind, str], ...] = (
        ("password", "passwords"),
        ("secret", "secrets"),
        ("container", "containers"),
        ("doubtful", "doubtful"),
    )
    return _Vocabulary(
        kinds=tuple((kind, re.compile("|".join(map(translate, names[key])))) for kind, key in lists),
        neutral=frozenset(names["neutral"]),
        switches=frozenset(names["switches"]),
        first_switches=frozenset(names["first_switches"]),
        about=frozenset(names["about"]),
        switch_values=frozenset(values["switches"]),
        placeholder=re.compile("|".join(f"(?:{pattern})" for pattern in values["placeholders"]), re.DOTALL),
        forms=re.compile("|".join(f"(?P<form{index}>{entry['pattern']})" for index, entry in enumerate(data["forms"]))),
    )


@cache
def _data() -> dict[str, Any]:
    import tomllib

    data: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return data
