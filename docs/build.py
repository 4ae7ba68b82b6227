"""Writes the pages of docs/ that follow from the code: `python docs/build.py`. A test fails while they are stale."""

from __future__ import annotations

import json
from pathlib import Path

from hardener.profile import Profile, schema, shipped
from hardener.transforms import builtin, find
from hardener.views.pages import markdown

DOCS = Path(__file__).parent

RULES = """\
# Rules

One page for each, made from its code by `docs/build.py`. `harden explain RULE` shows the same.

"""


def pages() -> dict[str, str]:
    """The generated files by name, with their text."""
    profiles = [Profile.read(name) for name in shipped()]
    rules = [markdown(find(rule), profiles) for rule in builtin()]
    return {
        "rules.md": RULES + "\n".join(rules),
        "profile.schema.json": json.dumps(schema(), indent=2) + "\n",
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
