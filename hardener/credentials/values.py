"""Credentials in a value that has a name: a variable, a build argument, a label."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hardener.credentials.commands import in_line
from hardener.credentials.texts import Found, apart, inside, is_literal, is_secret, literal, veiled
from hardener.knowledge.facts import ImageFacts, file_variable
from hardener.knowledge.secrets import NameKind, holds_login, holds_principals, is_switch, name_kind, tells
from hardener.model.interpolation import Variable, places
from hardener.model.parts import SECRETS_FOLDER

_LOGIN = re.compile(
    r"(?<![^\s,;])(?:[\w.@+\ue000-]{1,256}:(?!\d{1,5}(?:[,;/]|$))|(?:[Bb]asic|[Bb]earer|[Tt]oken) )"
    r"(?P<password>[^\s,;:]{3,4000})(?=[\s,;]|$)"
)


class Known:
    """What the image of a service says of variables."""

    def __init__(self, facts: ImageFacts | None) -> None:
        claim = facts.secret_env if facts else None
        self.facts = facts
        self.family = facts.family if facts else ""
        self.source = claim.source if claim else ""
        self.secret = frozenset(claim.value if claim else ())

    def from_file(self, name: str) -> bool:
        """Whether the image reads the variable from a file as well, so that its value is one thing."""
        return self.facts is not None and file_variable(self.facts, name) is not None


def in_value(name: str, text: str, known: Known) -> list[Found]:
    """The credentials in `text`, the value of `name`, none of which overlap."""
    kind = name_kind(name)
    is_known = name in known.secret
    told = literal(text, 0, len(text))
    inner = apart(text, _inner(name, kind, text, known))
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


def in_defaults(text: str, known: Known) -> Iterator[Found]:
    """Credentials in the defaults of variables: all of the `${VAR:-literal}`, if a part of the literal is one.

    Where it is that of another variable inside, `${A:-postgres://me:${B:-secret}@db}`, it is `${B:-secret}`.
    """
    for start, end, part in places(text):
        if not isinstance(part, Variable) or not part.default:
            continue
        found = in_value(part.name, part.default, known)
        literals = [
            each for each in found if (told := literal(part.default, each.start, each.end)) and not told.variable
        ]
        if not literals:
            offset = end - 1 - len(part.default)
            yield from (each._replace(start=offset + each.start, end=offset + each.end) for each in found)
        elif literal(text, start, end):
            yield literals[0]._replace(start=start, end=end, sure=any(each.sure for each in literals))


def _inner(name: str, kind: NameKind, text: str, known: Known) -> Iterator[Found]:
    every = [*inside(text), *_logins(name, text)]
    if kind == "container" or name in known.secret:
        every += in_line(text)[0]
    for found in (*every, *in_defaults(text, known)):
        # What is for everybody often has the form of a token.
        if kind != "open" or found.shape != "form":
            yield found._replace(name=name)


def _logins(name: str, text: str) -> Iterator[Found]:
    """The passwords of `user:password`, or what comes after `Bearer`, in a value that is named for that."""
    if holds_login(name):
        for login in _LOGIN.finditer(veiled(text)):
            if login[0].startswith("User:") and holds_principals(name):
                continue
            yield Found(*login.span("password"), name, "url", "it is the password of a login")


def _is_known_secret(value: str, kind: NameKind) -> bool:
    """Whether the value of a secret variable of an image is one: anything but a path of a secret, or what is none."""
    text = value.strip()
    if text.startswith(SECRETS_FOLDER):
        return False
    if kind == "secret":
        return True
    return kind != "container" and not is_switch(text) and is_literal(value, "secret")
