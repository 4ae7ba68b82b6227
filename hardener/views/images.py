"""What is known of images, as pages: what `harden images` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from hardener.knowledge import Claim, ImageFacts
from hardener.knowledge.facts import Claims, Variant
from hardener.source.style import Style
from hardener.views.style import escape, listing, paint, wrap


def images(known: Iterable[ImageFacts], *, color: bool = False) -> str:
    """A line for every family: its names, its role, and how many claims there are and how many were measured."""
    rows = []
    for facts in known:
        claims = list(_all(facts))
        measured = sum(claim.confidence == "measured" for _, _, claim in claims)
        role = facts.role.value if facts.role else ""
        names = escape(", ".join(facts.names[:3]))
        rows.append((escape(facts.family), role, f"{len(claims)} claims, {measured} measured: {names}"))
    return listing([("image", "role", "what is known"), *rows], color)


def image(facts: ImageFacts, *, color: bool = False) -> str:
    """Everything that is known of one family, each claim with its confidence and its source, and what is not known."""
    lines = [paint(escape(facts.family), "bold", color) + ": " + escape(", ".join(facts.names)), ""]
    for variant, name, claim in _all(facts):
        lines += _claim(f"{name}{_of(variant)}", claim, color)
    unknown = [field.name for field in fields(Claims) if getattr(facts, field.name) is None]
    for variant in facts.variants:
        for name in variant.unknown:
            unknown.append(f"{name}{_of(variant)}")
    return "\n".join([*lines, *wrap(f"Not known: {', '.join(unknown)}", 100), ""])


def measured(known: Iterable[ImageFacts], *, color: bool = False) -> str:
    """The claims that were measured on an engine, with when and on what."""
    rows = [
        (escape(facts.family), f"{name}{_of(variant)}", escape(claim.source))
        for facts in known
        for variant, name, claim in _all(facts)
        if claim.confidence == "measured"
    ]
    return listing([("image", "claim", "measured"), *rows], color)


def _all(facts: ImageFacts) -> Iterator[tuple[Variant | None, str, Claim[Any]]]:
    for name, claim in facts.known().items():
        yield None, name, claim
    for variant in facts.variants:
        for name, claim in variant.known().items():
            yield variant, name, claim


def _of(variant: Variant | None) -> str:
    return escape(f" ({', '.join(variant.tags)})") if variant else ""


def _claim(name: str, claim: Claim[Any], color: bool) -> list[str]:
    lines = [f"  {paint(name, 'bold', color)}: {_inline(claim.value)}"]
    lines += [f"      {line}" for line in wrap(escape(f"{claim.confidence}: {claim.source}"), 90)]
    if claim.note:
        lines += [f"      {line}" for line in wrap(escape(f"note: {claim.note}"), 90)]
    if claim.unless:
        lines += [f"      unless: {_inline(claim.unless)}"]
    return lines


def _inline(value: Any) -> str:
    return escape(Style().inline(_plain(value)))


def _plain(value: Any) -> Any:
    """A value as YAML data, without what is empty."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {key: item for key, item in asdict(value).items() if item not in (None, [], False)}
    return value
