"""Pictures of who talks to whom: a `Picture`, the data of all of them, and a module for each format that shows it."""

from __future__ import annotations

from importlib import import_module
from typing import Literal

from hardener.views.graph.picture import Picture

Format = Literal["text", "mermaid", "dot", "svg", "json"]

__all__ = ["Format", "Picture", "draw"]


def draw(picture: Picture, form: Format, *, width: int = 100, color: bool = False) -> str:
    """`picture` in a format; `width`, in columns, and `color` matter for text only.

    Raises HardenError for SVG where the library that places its boxes is not installed.
    """
    if form == "text":
        from hardener.views.graph.text import text

        return text(picture, width=width, color=color)
    module = import_module(f"{__name__}.{'data' if form == 'json' else form}")
    shown: str = getattr(module, form if form != "json" else "data")(picture)
    return shown
