"""Globs of data files and profiles: `*`, `?` and `[…]`, as the shell has them."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(text: str, glob: str) -> bool:
    """Whether a glob matches all of `text`, upper and lower case told apart.

    `fnmatchcase` compiles a regular expression for each glob, which in a short run costs more than all else that is
    done with it. Nearly all globs are a plain word, or have one star.
    """
    head, star, tail = glob.partition("*")
    if "?" in glob or "[" in glob or "*" in tail:
        return fnmatchcase(text, glob)
    if not star:
        return text == glob
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
