"""Credentials in a value that has a name: a variable, a build argument, a label."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hardener.credentials.commands import in_line
from hardener.credentials.texts import Found, apart, inside, is_literal, is_secret, literal, veiled
from hardener.knowledge import ImageFacts
from hardener.knowledge.secrets import NameKind, holds_login, is_switch, name_kind, tells
from hardener.model.interpolation import Variable, places

_LOGIN = re.compile(
    r"(?<![^\s,;])(?:[\w.@+\ue000-]{1,256}:(?!\d{1,5}(?:[,;/]|$))|(?:[Bb]asic|[Bb]earer|[Tt]oken) )"
    r"(?P<password>[^\s,;:]{3,4000})(?=[\s,;]|$)"
)
_DEEPEST = 8
"""Defaults inside of defaults that are looked into."""


class Known:
    """What the image of a service says of variables."""

    def __init__(self, facts: ImageFacts | None) -> None:
        claim = facts.secret_env if facts else None
        self.source = claim.source if claim else ""
        self.family = facts.family if facts else ""
        self.secret = frozenset(claim.value if claim else ())
        self.files = frozenset(facts.file_env.value if facts and facts.file_env else ())

    def from_file(self, name: str) -> bool:
        """Whether the image reads the variable from a file as well, so that its value is one thing."""
        return not self.files.isdisjoint((f"{name}_FILE", f"{name}__FILE", f"FILE__{name}", f"{name}_SECRETFILE"))


def in_value(name: str, text: str, known: Known) -> list[Found]:
    """The credentials in `text`, the value of `name`, none of which overlap."""
    kind = name_kind(name)
    is_known = name in known.secret
    told = literal(text, 0, len(text))
    inner = apart(_inner(name, kind, text, known))
    whole = Found(0, len(text), name, "whole", f"{name} is named like a secret")
    if is_known:
        whole = whole._replace(claim=f"{name} is a secret of {known.family}", source=known.source)
        # A password in a text is what changes; but what comes from a file does as a whole.
        if inner and not known.from_file(name) and (not tells(name) or "://" in text):
            return inner
        return [whole] if told and (inner or _is_known_secret(told.value, kind)) else inner
    if tells(name):
        if inner and ("://" in text or "\n" in text):
            return inner
        return [whole] if told and is_secret(kind, told.value) else inner
    if not inner and told and is_secret(kind, told.value) is None:
        return [whole._replace(claim=f"{name} may name a secret, and the value looks random", sure=False)]
    return inner


def in_defaults(text: str, known: Known, depth: int = 0) -> Iterator[Found]:
    """Credentials that are defaults of variables: all of the `${VAR:-literal}`, if a part of the literal is one."""
    for start, end, part in places(text):
        if not isinstance(part, Variable) or not part.default or depth >= _DEEPEST:
            continue
        inner = in_value(part.name, part.default, known) or list(in_defaults(part.default, known, depth + 1))
        if inner and literal(text, start, end):
            first = inner[0]
            yield Found(start, end, part.name, first.shape, first.claim, first.source, any(each.sure for each in inner))


def _inner(name: str, kind: NameKind, text: str, known: Known) -> Iterator[Found]:
    every = [*inside(text), *_logins(name, text)]
    if kind == "container" or name in known.secret:
        every += in_line(text)[0]
    for found in (*every, *in_defaults(text, known)):
        # What is for everybody often has the form of a token.
        if literal(text, found.start, found.end) and not (kind == "open" and found.shape == "form"):
            yield found._replace(name=name)


def _logins(name: str, text: str) -> Iterator[Found]:
    """The passwords of `user:password`, or what comes after `Bearer`, in a value that is named for that."""
    if holds_login(name):
        for login in _LOGIN.finditer(veiled(text)):
            yield Found(*login.span("password"), name, "url", "it is the password of a login")


def _is_known_secret(value: str, kind: NameKind) -> bool:
    """Whether the value of a secret variable of an image is one: anything but a path of a secret, or what is none."""
    text = value.strip()
    if text.startswith("/run/secrets/"):
        return False
    if kind == "secret":
        return True
    return kind != "container" and not is_switch(text) and is_literal(value, "secret")
