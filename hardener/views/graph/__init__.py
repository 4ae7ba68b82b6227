"""Pictures of who talks to whom: a `Picture`, the data of all of them, and a module for each format that shows it."""

from __future__ import annotations

from typing import Literal

from hardener.views.graph.picture import Picture

Format = Literal["text", "mermaid", "dot", "svg", "json"]

__all__ = ["Format", "Picture", "draw"]


def draw(picture: Picture, form: Format, *, width: int = 100, color: bool = False) -> str:
    """`picture` in a format; `width`, in columns, and `color` matter for text only.

    Raises HardenError for SVG where the library that places its boxes is not installed.
    """
    # Each is imported when it is asked for.
    if form == "text":
        from hardener.views.graph.text import text

        return text(picture, width=width, color=color)
    if form == "mermaid":
        from hardener.views.graph.mermaid import mermaid

        return mermaid(picture)
    if form == "dot":
        from hardener.views.graph.dot import dot

        return dot(picture)
    if form == "svg":
        from hardener.views.graph.svg import svg

        return svg(picture)
    from hardener.views.graph.data import data

    return data(picture)
