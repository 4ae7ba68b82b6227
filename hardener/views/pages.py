"""Rules and profiles as pages: what `harden rules`, `harden explain` and `harden profiles` show."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from hardener.profile import Profile
from hardener.source.style import Style
from hardener.transforms.base import Transform
from hardener.views.style import escape, listing, paint, wrap


def rules(kinds: Iterable[type[Transform]], profiles: list[Profile], *, color: bool = False) -> str:
    """A line for every rule: its id, the profiles it is on in, and its title."""
    rows = [(kind.id, _profiles_with(kind, profiles), kind.title) for kind in kinds]
    return listing([("rule", "on in", "what it gives"), *rows], color)


def explain(kind: type[Transform], profiles: list[Profile], *, color: bool = False) -> str:
    """The page of one rule: what it does and why, its settings, its references."""
    lines = [paint(kind.id, "bold", color) + f": {kind.title}", "", inspect.cleandoc(kind.__doc__ or ""), ""]
    lines += [paint("Settings", "bold", color)]
    for name, default, meaning in _settings(kind):
        lines += [f"  {name}: {default}" if default else f"  {name}"]
        lines += [f"      {line}" for line in wrap(meaning, 90)]
    lines += ["", paint("On in", "bold", color), f"  {_profiles_with(kind, profiles) or 'no shipped profile'}"]
    if kind.references:
        lines += ["", paint("References", "bold", color), *(f"  {reference}" for reference in kind.references)]
    return "\n".join(lines) + "\n"


def profiles(known: list[Profile], *, color: bool = False) -> str:
    """A line for every profile: its name and whom it is for."""
    rows = [(one.name, str(one.confidence), one.description) for one in known]
    return listing([("profile", "accepts", "what it is for"), *rows], color)


def profile(one: Profile) -> str:
    """The settings of a profile with those it extends worked in, as a profile file that means the same."""
    data: dict[str, Any] = {"description": one.description, "confidence": str(one.confidence)}
    data["transforms"] = {rule.id: rule.model_dump(mode="json", exclude_none=True) for rule in one.transforms}
    if one.roles:
        data["roles"] = {service: str(role) for service, role in one.roles.items()}
    if one.exempt:
        data["exempt"] = [exemption.model_dump(mode="json") for exemption in one.exempt]
    return "\n".join(["# " + escape(one.name), *Style().entries(data, 0), ""])


def _settings(kind: type[Transform]) -> Iterator[tuple[str, str, str]]:
    """The settings of a rule: name, default as YAML (empty for none), and meaning; its own first."""
    fields = sorted(kind.model_fields, key=lambda name: name in Transform.model_fields)
    for name in fields:
        default = kind.model_fields[name].get_default(call_default_factory=True)
        shown = kind.model_construct(**{name: default}).model_dump(mode="json", include={name}, exclude_none=True)
        yield name, Style().inline(shown[name]) if name in shown else "", kind.model_fields[name].description or ""


def _profiles_with(kind: type[Transform], profiles: list[Profile]) -> str:
    return " ".join(p.name for p in profiles if any(rule.id == kind.id for rule in p.transforms))


def markdown(kind: type[Transform], profiles: list[Profile]) -> str:
    """The page of one rule as Markdown, for docs/rules.md."""
    lines = [f"## {kind.id}", "", f"*{kind.title}.*", "", inspect.cleandoc(kind.__doc__ or ""), ""]
    lines += ["| setting | default | meaning |", "| --- | --- | --- |"]
    for name, default, meaning in _settings(kind):
        lines.append(f"| `{name}` | {f'`{default}`' if default else ''} | {meaning.replace('|', '&#124;')} |")
    lines += ["", f"On in: {_profiles_with(kind, profiles) or 'no shipped profile'}."]
    lines += ["", f"References: {'; '.join(kind.references)}."] if kind.references else []
    return "\n".join(lines) + "\n"
