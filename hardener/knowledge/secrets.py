"""What tells a secret: words of names, values that stand in for one, forms of tokens. The words are in `secrets.toml`.

It is read when the first name is asked for.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hardener.model.short import tokens, words

_FILE = Path(__file__).with_suffix(".toml")
_LONGEST_NAME = 200
_LONGEST_PLACEHOLDER = 200

NameKind = Literal["secret", "token", "container", "doubtful", "open", "plain"]
"""What a name says of its value: a secret; a secret unless it is a number; a text that may have one in it
(`DATABASE_URL`); something that may be one; what sounds like one and is for everybody (`PUBLIC_KEY`); nothing."""


class Form(NamedTuple):
    """The form of the tokens of a service, and who says so."""

    name: str
    source: str


@lru_cache(maxsize=4096)
def name_kind(name: str) -> NameKind:
    """What the name of a variable, option, label or key says of its value."""
    parts = list(_parts(name))
    vocabulary = _vocabulary()
    while len(parts) > 1 and parts[-1] in vocabulary.neutral and not _told(parts):
        parts.pop()
    told = _told(parts)
    if "public" in parts or told == "open":
        return "open"
    if not parts or vocabulary.switches.intersection(parts) or parts[0] in vocabulary.first_switches:
        return "plain"
    if told is not None:
        return "token" if told == "secret" and vocabulary.limits.intersection(parts) else told
    if parts[-1] in vocabulary.about:
        return "plain"
    # `PASSWORD_OF_ANNA`: a word that is not known to say anything else comes last.
    before = (_told(parts[:end]) for end in range(1, len(parts)))
    return "doubtful" if any(kind in ("secret", "token") for kind in before) else "plain"


def tells(name: str) -> bool:
    """Whether a name is one of a secret, whatever its value is."""
    return name_kind(name) in ("secret", "token")


def holds_login(name: str) -> bool:
    """Whether a name is one of what somebody logs in with, `user:password`."""
    return _parts(name)[-1:] in _vocabulary().logins


def holds_principals(name: str) -> bool:
    """Whether a name is one of principals of Kafka, `User:anna`, which are no logins."""
    return not _vocabulary().principals.isdisjoint(_parts(name))


def is_user(name: str) -> bool:
    """Whether a name is one of what somebody is called: a user, or the access key that is beside a secret one."""
    parts = _parts(name)
    ends = (" ".join(parts[-count:]) for count in (1, 2, 3))
    return "secret" not in parts and any(_purposes()["user"].fullmatch(end) for end in ends)


@lru_cache(maxsize=4096)
def purpose(name: str) -> str:
    """What the secret of this name is for. Equal ones may be one secret; others only happen to have the same value."""
    text = " ".join(_parts(name))
    for kind, wanted in _purposes().items():
        if kind != "user" and (found := wanted.search(text)):
            return text[: found.start()].rstrip().rpartition(" ")[2] or found[0] if kind == "others" else kind
    return "login"


def is_switch(value: str) -> bool:
    """Whether a value only switches something on or off, or says that there is none."""
    return value.lower() in _vocabulary().switch_values


def is_placeholder(value: str, name: str = "") -> bool:
    """Whether a value stands in for a secret: `changeme`, `<password>`, `your-token-here`; under a name of several
    words that name itself, `API_KEY: API_KEY`. One word, `PASSWORD: password`, is as good as any other.
    """
    if value.lower() == name.lower() and len(_parts(name)) > 1:
        return True
    text = value.strip().strip("\"'")
    if len(text) > _LONGEST_PLACEHOLDER:
        return False
    in_words, whole = _placeholders()
    return in_words.search(" ".join(words(text))) is not None or whole.fullmatch(text.lower()) is not None


LOGIN_MODULE = re.compile(r"(?<![\w.-])user_[\w.-]{1,128}[ \t]{0,8}=[ \t]{0,8}(?=\\?[\"'])")
"""What stands before the password that a login module of Kafka lets a user in with, `user_anna="x"`:
https://kafka.apache.org/documentation/#security_sasl_plain."""


@cache
def forms() -> re.Pattern[str]:
    """The forms of tokens; `form` says what the group that matched is."""
    return re.compile(_forms_pattern(_data()["forms"]))


def form(group: str | None) -> Form:
    """The form that a group of `forms()` is for."""
    entry = _data()["forms"][int((group or "").removeprefix("form"))]
    return Form(entry["name"], entry["source"])


class _Vocabulary(NamedTuple):
    exact: dict[str, NameKind]
    ends: dict[NameKind, tuple[str, ...]]
    neutral: frozenset[str]
    switches: frozenset[str]
    first_switches: frozenset[str]
    limits: frozenset[str]
    about: frozenset[str]
    logins: frozenset[tuple[str, ...]]
    principals: frozenset[str]
    switch_values: frozenset[str]


def _parts(name: str) -> tuple[str, ...]:
    """The words of a name, without numbers."""
    return tuple(word for word in tokens(name[-_LONGEST_NAME:]) if not word.isdecimal())


def _told(parts: list[str]) -> NameKind | None:
    """What the last words of a name say; None if they are in no list."""
    vocabulary = _vocabulary()
    for count in (3, 2, 1):
        end = " ".join(parts[-count:])
        if len(parts) >= count and (kind := vocabulary.exact.get(end)):
            return kind
    last = parts[-1] if parts else ""
    return next((kind for kind, ends in vocabulary.ends.items() if last.endswith(ends)), None)


@cache
def _vocabulary() -> _Vocabulary:
    data = _data()
    names = data["names"]
    lists: dict[NameKind, list[str]] = {
        "doubtful": names["doubtful"],
        "container": names["containers"],
        "token": names["tokens"],
        "secret": names["secrets"],
        "open": names["open"],
    }
    return _Vocabulary(
        exact={" ".join(_parts(entry)): kind for kind, entries in lists.items() for entry in entries},
        ends={kind: tuple(entry[1:] for entry in entries if entry[0] == "*") for kind, entries in lists.items()},
        neutral=frozenset(names["neutral"]),
        switches=frozenset(names["switches"]),
        first_switches=frozenset(names["first_switches"]),
        limits=frozenset(names["limits"]),
        about=frozenset(names["about"]),
        logins=frozenset((word,) for word in names["logins"]),
        principals=frozenset(names["principals"]),
        switch_values=frozenset(data["values"]["switches"]),
    )


@cache
def _purposes() -> dict[str, re.Pattern[str]]:
    """The words of each purpose, in the order of the file."""
    return {
        kind: re.compile(rf"(?<!\S)(?:{'|'.join(map(_phrase, entries))})(?!\S)")
        for kind, entries in _data()["purposes"].items()
    }


def _phrase(entry: str) -> str:
    """The pattern of an entry, as the words of names are split; `*` stands for any start."""
    return (r"\w*" if entry[0] == "*" else "") + re.escape(" ".join(_parts(entry)))


@cache
def _placeholders() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What is looked for in the words of a value, and what all of it may be."""
    values = _data()["values"]
    return re.compile("|".join(values["placeholder_words"])), re.compile(
        "|".join(values["placeholder_forms"]), re.DOTALL
    )


def _forms_pattern(entries: list[dict[str, str]]) -> str:
    """One pattern, quick to fail: what starts a word is looked for only there."""
    words, others = [], []
    for index, entry in enumerate(entries):
        group = f"(?P<form{index}>{entry['pattern']})"
        if "after" in entry:
            others.append(f"(?<={entry['after']}){group}" if entry["after"] else group)
        else:
            words.append(group)
    return "|".join([rf"\b(?:{'|'.join(words)})", *others])


@cache
def _data() -> dict[str, Any]:
    import tomllib

    data: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return data
