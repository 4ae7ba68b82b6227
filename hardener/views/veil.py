"""What of a file is masked in views: places of its text, and values that are masked wherever they are shown.

The tree says where a value stands, however it is written: folded, escaped, in flow style, behind an alias. Of each
value alone the scanner of lines (`hardener.views.secrets`) says whether it looks secret, and `hardener.credentials`
whether it is one. Comments, and text that is no YAML, only the scanner sees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from hardener.model.project import Project
from hardener.shown import shows
from hardener.source import Tagged
from hardener.source.tree import Alias, Mapping, Node, Scalar, Sequence, descendants
from hardener.views.secrets import MASK, PROPERTIES, hidden, mask, mask_forms, mask_text
from hardener.views.style import split_lines
from hardener.views.values import Index, is_telling, secret_parts, written_forms

if TYPE_CHECKING:
    from hardener.credentials import Credential

Span = tuple[int, int]
"""A part of a text, from its first character to the one after its last."""


_NO_NAME = re.compile(r"[=:/\s]")
_STARTS_NO_PLAIN_TEXT = re.compile(r"[&*!|>#{}\[\]%@`\"',]|.*[ \t]#")


@shows("before", "after")
@dataclass(frozen=True)
class Veil:
    """The places that are secret in the old and in the new text, and the values that are wherever they occur."""

    before: tuple[Span, ...] = ()
    after: tuple[Span, ...] = ()
    values: tuple[str, ...] = ()

    @cached_property
    def index(self) -> Index:
        """The values, to be found in a text."""
        return Index(self.values)

    def lines(self, lines: list[str], spans: Iterable[Span]) -> list[str]:
        """The lines of the old or new text, with `spans`, values and all else that looks secret masked."""
        text = "".join(lines)
        parts: list[str] = []
        position = 0
        for start, end in spans:
            parts += [text[position:start], _masked(text[start:end])]
            position = end
        shown = split_lines("".join([*parts, text[position:]])) if parts else lines
        return [self.values_in(line) for line in mask(shown)] if self.values else mask(shown)

    def entry(self, text: str) -> str:
        """One line of YAML, masked as such."""
        return self._once(text, mask_text)

    def text(self, text: str) -> str:
        """A sentence that may quote a value."""
        return self._once(text, mask_forms)

    def _once(self, text: str, masked: Callable[[str], str]) -> str:
        """`text` masked, worked out once: many services get the same change for the same reason."""
        if (text, masked) not in self._told:
            self._told[text, masked] = masked(self.values_in(text))
        return self._told[text, masked]

    @cached_property
    def _told(self) -> dict[tuple[str, Callable[[str], str]], str]:
        return {}

    def values_in(self, text: str) -> str:
        """`text` with the values in it masked."""
        parts: list[str] = []
        position = 0
        for start, end in self.index.occurrences(text) if self.values else ():
            parts += [text[position:start], MASK]
            position = end
        return "".join([*parts, text[position:]]) if parts else text


def veil(before: Project, after: Project, credentials: Callable[[Project], Iterable[Credential]]) -> Veil:
    """What is masked in the views of a file and of its new text; `credentials` finds those of services."""
    finders = [_Finder(before, credentials)]
    finders += [_Finder(after, credentials)] if after is not before else []
    names = set[str]().union(*(finder.names() for finder in finders))
    found = {part for finder in finders for value in finder.values for part in secret_parts(value)}
    values = {form for value in found if is_telling(value, names) for form in written_forms(value)}
    ordered = tuple(sorted(values, key=lambda value: (-len(value), value)))
    return Veil(finders[0].everywhere(ordered), finders[-1].everywhere(ordered), ordered)


class _Finder:
    """The secrets of a project: their places in its document, and their values."""

    def __init__(self, project: Project, credentials: Callable[[Project], Iterable[Credential]]) -> None:
        self.document = project.document
        self.spans: set[Span] = set()
        self.values: set[str] = set()
        self.look()
        for credential in credentials(project):
            self.credential(credential, project)

    def credential(self, credential: Credential, project: Project) -> None:
        """Hides what is known to be one, unless it only stands in for one."""
        if credential.placeholder:
            return
        self.values.add(credential.value)
        place = project.origin(credential.path)
        own = credential.file is None and place[2] == credential.path[2]  # not from another file
        if own and (scalar := self.document.scalar(place)) is not None:
            self.hide(scalar, self.text(scalar), credential.start, credential.end)

    def names(self) -> Iterator[str]:
        """All keys."""
        for node in descendants(self.document.root):
            if isinstance(node, Mapping):
                yield from (str(entry.key.data) for entry in node.entries)

    def look(self) -> None:
        """Finds what looks secret under its key."""
        for node in descendants(self.document.root):
            if isinstance(node, Mapping):
                for entry in node.entries:
                    self.under(str(entry.key.data), entry.value)
                    if _NO_NAME.search(str(entry.key.data)):
                        self.scan("-", [entry.key])
                if (named := node.by_key.get("name")) and (value := node.by_key.get("value")):
                    self.under(str(named.value.data), value.value)
            elif isinstance(node, Sequence):
                for item in node.items:
                    if isinstance(_target(item.value), Sequence):
                        self.under("item", item.value)

    def under(self, key: str, node: Node) -> None:
        """Looks at a value, or at the items of a list."""
        node = _target(node)
        if isinstance(node, Scalar):
            self.scan(f"{key}:", [node])
        elif isinstance(node, Sequence):
            items = [item for each in node.items if isinstance(item := _target(each.value), Scalar)]
            self.scan(f"{key}:", items, listed=True)
            self.words(key, items)
            if items and self.text(items[0]).startswith("-"):
                # Arguments alone; the scanner knows those of one line.
                for option, value in pairwise(items):
                    self.scan(f"{key}: {self.text(option)}", [value])

    def words(self, key: str, items: list[Scalar]) -> None:
        """Looks at items as the words of one command: a program can be two of them, `rabbitmqctl add_user`."""
        head, texts = f"{key}: [".replace("\n", " "), [json.dumps(self.text(item)) for item in items]
        line = f"{head}{', '.join(texts)}]"
        masked = mask_text(line)
        spans = list(hidden(line, masked)) if masked != line else []
        start = len(head)
        for item, text in zip(items, texts, strict=True):
            if any(begin <= start + 1 and start + len(text) - 1 <= end for begin, end in spans):
                self.hide(item, self.text(item), 0, len(self.text(item)))
            start += len(text) + len(", ")

    def scan(self, head: str, scalars: list[Scalar], *, listed: bool = False) -> None:
        """Hides the parts of `scalars` that look secret beneath `head`."""
        lines = [head.replace("\n", " ")] if listed else []
        rows: list[tuple[Scalar, str, int]] = []
        for scalar in scalars:
            text = self.text(scalar)
            if not text:
                continue
            start = "  - " if listed else f"{head} ".replace("\n", " ")
            if "\n" in text:
                lines += [f"{start}|", *(f"{' ' * 6}{line}" for line in text.splitlines())]
                rows.append((scalar, text, len(lines)))
            if scalar.style != "|" or "\n" not in text:
                lines.append(start + _quoted(" ".join(text.splitlines())))
                rows.append((scalar, text, len(lines)))
            if "\\\n" in text:  # a command that goes on
                lines.append(start + _quoted(" ".join(text.replace("\\\n", " ").splitlines())))
                rows.append((scalar, text, len(lines)))
        shown = mask(lines)
        begin = int(listed)
        for scalar, text, end in rows if shown != lines else ():
            self.compare(scalar, text, lines[begin:end], shown[begin:end])
            begin = end

    def compare(self, scalar: Scalar, text: str, lines: list[str], shown: list[str]) -> None:
        """Hides what is masked in the lines that stand for a scalar."""
        for line, masked in zip(lines, shown, strict=True):
            if line == masked:
                continue
            flat = " ".join(text.splitlines())
            offset = len(line) - len(flat) if line.endswith(flat) else None
            for start, end in hidden(line, masked):
                if offset is None or start < offset:
                    # The line has it in quotes, or it is one of several.
                    begin = text.find(line[start:end])
                    start, end = (begin, begin + end - start) if begin >= 0 else (0, len(text))
                else:
                    start, end = start - offset, end - offset
                self.hide(scalar, text, start, end)

    def hide(self, scalar: Scalar, text: str, start: int, end: int) -> None:
        """Hides `text[start:end]`, the text being what a scalar means: that part if it is written so, else all."""
        raw = self.document.text[scalar.start : scalar.end]
        part, whole = text[start:end], end - start == len(text)
        self.values |= {part, *part.splitlines()}
        if whole and "\n" in raw:
            lines = (line.replace('\\"', '"').replace("\\\\", "\\") for line in raw.split("\n"))
            self.values |= {line.strip(" \t\r\"'\\") for line in lines}
        offset = _offset(raw, text, part, start)
        if whole or offset is None:
            own_tag = isinstance(scalar.data, Tagged)
            before = PROPERTIES.match(raw) if not own_tag else None
            self.spans.add((scalar.start + (before.end() if before else 0), scalar.end))
        else:
            self.spans.add((scalar.start + offset, scalar.start + offset + len(part)))

    def everywhere(self, values: tuple[str, ...]) -> tuple[Span, ...]:
        """The places of all secrets, those included where one of `values` is written in another way."""
        index = Index(values)
        for scalar in self.scalars() if values else ():
            text = self.text(scalar)
            raw = self.document.text[scalar.start : scalar.end]
            found = {text[start:end] for start, end in index.occurrences(text)}
            if any(raw.count(value) < text.count(value) for value in found):
                self.spans.add((scalar.start, scalar.end))
        return tuple(_joined(self.spans))

    def scalars(self) -> Iterator[Scalar]:
        """All that are written in the text, keys among them."""
        for node in descendants(self.document.root):
            if isinstance(node, Scalar):
                yield node
            elif isinstance(node, Mapping):
                yield from (entry.key for entry in node.entries)

    def text(self, scalar: Scalar) -> str:
        """What a scalar means, as text; what is written, if it has a tag of its own, which may be a part of it."""
        data = scalar.data
        if isinstance(data, Tagged) and data.tag in ("!reset", "!override"):
            data = data.value or ""
        raw = self.document.text[scalar.start : scalar.end]
        if isinstance(data, Tagged):
            return raw
        return data if isinstance(data, str) else PROPERTIES.sub("", raw, count=1)


def _target(node: Node) -> Node:
    return node.target if isinstance(node, Alias) else node


def _offset(raw: str, text: str, part: str, start: int) -> int | None:
    """Where `part`, which stands at `start` in `text`, stands in what is written for that; None if it does not so."""
    if raw.count(text) == 1:
        return raw.index(text) + start
    return raw.index(part) if raw.startswith("|") and raw.count(part) == 1 else None


def _quoted(text: str) -> str:
    """`text` as the scanner of lines takes it for one value."""
    return json.dumps(text, ensure_ascii=False) if _STARTS_NO_PLAIN_TEXT.match(text) else text


def _masked(text: str) -> str:
    """A mask that takes as many lines as `text`."""
    first, *more = text.split("\n")
    end = "\r" if first.endswith("\r") else ""
    return "\n".join([MASK + end, *(_masked_line(line) for line in more)])


def _masked_line(line: str) -> str:
    body = line.rstrip("\r")
    shown = body[: len(body) - len(body.lstrip(" \t"))] + MASK if body.strip() else body
    return shown + line[len(body) :]


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans in order, those that overlap as one."""
    last: Span | None = None
    for start, end in sorted(spans):
        if last is not None and start < last[1]:
            last = last[0], max(last[1], end)
            continue
        if last is not None:
            yield last
        last = start, end
    if last is not None:
        yield last
