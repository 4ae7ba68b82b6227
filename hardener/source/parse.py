"""Text to tree, by way of the events of `dialect`.

The events are exact about scalars and loose about the rest: a block collection ends at the next token, past comments
and blank lines, and an empty value sits there too. This module puts both where they belong, resolves scalars and
aliases, and refuses what the rest of the program could not handle: several documents, duplicate keys, unknown and
circular aliases, nesting and expansion without bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from ruamel.yaml import events
from ruamel.yaml.error import YAMLError

from hardener.errors import HardenError, Where
from hardener.shown import name
from hardener.source import dialect
from hardener.source.data import Data, Tagged
from hardener.source.scalars import resolve
from hardener.source.tree import Alias, Collection, Entry, Item, Mapping, Node, Scalar, Sequence

MAX_EXPANDED = 1_000_000
"""Values a document may hold with all its aliases expanded. The largest real file has 12,000."""

# Between two tokens stand only blanks and comments. Possessive, so that a long gap is read once.
_GAP = re.compile(rf"(?:[ \t{dialect.BREAKS}]|#[^{dialect.BREAKS}]*+)*+")
_ALONE = re.compile(rf"[ \t{dialect.BREAKS}]|\Z")
_CORE = "tag:yaml.org,2002:"


def parse(text: str, file: str) -> tuple[Node, bool]:
    """The root value of `text`, and whether anything in it is anchored. `file` is the name for errors.

    Raises HardenError, with line and column, where the text is not one YAML document of bounded size.
    """
    parser = _Parser(text, file)
    try:
        return parser.document(), bool(parser.anchors)
    except dialect.TooDeepError as error:
        parser.too_deep(error)
    except YAMLError as error:
        parser.invalid(error)


LINE_BREAK = re.compile(r"\r\n|\n|\r")


def place(text: str, index: int, file: str) -> Where:
    """The line and column of `index` in `text`, which is read up to there."""
    line, start = 1, int(text.startswith("\ufeff"))
    for match in LINE_BREAK.finditer(text, 0, index):
        line, start = line + 1, match.end()
    return Where(file, line, index - start + 1)


class _Parser:
    """One pass over the events. Each method reads the events of one node and leaves the stream just past it."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.events: Iterator[Any] = dialect.events(text)
        self.anchors: dict[str, Node] = {}
        # By id of node: its number of values with aliases expanded, known once the node is complete.
        self.sizes: dict[int, int] = {}

    def document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, events.DocumentStartEvent):
                if root is not None:
                    self.refuse(event.start_mark.index, "a second YAML document starts here", "split it into two files")
                root = self.node(next(self.events), 0, 0)
        return root if root is not None else Scalar(len(self.text), len(self.text))

    def node(self, event: Any, floor: int, depth: int) -> Node:
        """The node that `event` opens. `floor` is where it stands if it is empty."""
        if depth > dialect.MAX_DEPTH:
            self.too_deep(event)
        if isinstance(event, events.ScalarEvent):
            return self.scalar(event, floor)
        if isinstance(event, events.AliasEvent):
            return self.alias(event)
        if isinstance(event, events.MappingStartEvent):
            return self.mapping(event, depth)
        return self.sequence(event, depth)

    def scalar(self, event: Any, floor: int) -> Scalar:
        start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
        if not style and not event.value:
            start = start if event.anchor or event.tag else floor
            end = self.past_properties(event) if event.anchor or event.tag else floor
        node = Scalar(start, end, style=style)
        self.name(node, event)
        node.data = self.tagged(node, resolve(event.value) if not style else event.value, event.value)
        self.sizes[id(node)] = 1
        return node

    def alias(self, event: Any) -> Alias:
        start = event.start_mark.index
        target = self.anchors.get(event.anchor)
        if target is None:
            # It is not named: it may be no alias, but a password that starts with a star.
            self.refuse(
                start, "this alias has no anchor before it", "define it above, or quote a text that starts with *"
            )
        if id(target) not in self.sizes:
            self.refuse(start, "this alias stands inside the value it names", "a value cannot contain itself")
        return Alias(start, event.end_mark.index, target.data, target=target)

    def mapping(self, event: Any, depth: int) -> Mapping:
        node = Mapping(event.start_mark.index, event.end_mark.index, flow=bool(event.flow_style))
        self.name(node, event)
        cursor = self.gap(self.past_properties(event))
        node.braced = node.flow and self.text.startswith("{", cursor)
        cursor += node.braced
        data: dict[Any, Data] = {}
        texts: set[str] = set()
        while not isinstance(event := next(self.events), events.MappingEndEvent):
            start = self.gap(cursor)
            explicit = self.alone("?", start)
            key, text = self.key(event, start + 1 if explicit else start, depth + 1)
            colon = self.gap(key.end)
            colon = colon + 1 if self.alone(":", colon, adjacent=node.flow) else -1
            value = self.node(next(self.events), max(colon, key.end), depth + 1)
            entry = Entry(start if explicit else key.start, colon, key, value)
            if text in texts or key.data in data:
                # What stands without a colon in braces may be a value.
                told = "a key" if colon < 0 else f'key "{name(text)}"'
                self.refuse(key.start, f"{told} is set twice in this mapping", "keep one of the two")
            texts.add(text)
            data[key.data] = value.data
            node.entries.append(entry)
            node.by_key[key.data] = entry
            cursor = self.past_comma(entry.end) if node.flow else entry.end
        node.data = data
        self.close(node, event, node.entries)
        return node

    def key(self, event: Any, floor: int, depth: int) -> tuple[Scalar, str]:
        """The key that `event` opens, and its text: compose compares keys by that."""
        key = self.node(event, floor, depth)
        if isinstance(key, Scalar) and isinstance(key.data, Tagged):
            key.data = event.value  # compose takes no notice of a key's own tag
        merges = key.data == "<<" and isinstance(key, Scalar) and not key.style and key.tag in (None, _CORE + "merge")
        if (key.data == "<<" or key.tag == _CORE + "merge") and not merges:
            self.refuse(key.start, "cannot tell this key from a merge key", "write a merge as <<, and nothing else")
        if isinstance(key, Alias):
            key = Scalar(key.start, key.end, key.data)
        if not isinstance(key, Scalar) or isinstance(key.data, list | dict | Tagged) or key.empty:
            self.refuse(key.start, "this key is not a string", "keys of a compose file are strings")
        return key, str(getattr(event, "value", key.data))

    def sequence(self, event: Any, depth: int) -> Sequence:
        node = Sequence(event.start_mark.index, event.end_mark.index, flow=bool(event.flow_style), braced=True)
        self.name(node, event)
        cursor = self.gap(self.past_properties(event)) + node.flow
        while not isinstance(event := next(self.events), events.SequenceEndEvent):
            start = self.gap(cursor)
            value = self.node(event, start if node.flow else start + 1, depth + 1)
            item = Item(value.start if node.flow else start, value)
            node.items.append(item)
            cursor = self.past_comma(item.end) if node.flow else item.end
        node.data = [item.value.data for item in node.items]
        self.close(node, event, node.items)
        return node

    def name(self, node: Node, event: Any) -> None:
        """Takes over the anchor and the tag."""
        node.anchor = event.anchor
        node.tag = str(event.tag) if event.tag is not None else None
        if node.anchor is not None:
            self.anchors[node.anchor] = node

    def close(self, node: Collection, event: Any, parts: list[Entry] | list[Item]) -> None:
        """Sets the true end of a collection, wraps its data in its tag, and counts its values."""
        if node.flow and node.braced:
            node.end = event.end_mark.index
        elif parts:
            node.end = parts[-1].end
        values = (part.value.target if isinstance(part.value, Alias) else part.value for part in parts)
        size = 1 + sum(self.sizes[id(value)] for value in values)
        if size > MAX_EXPANDED:
            self.refuse(node.start, f"aliases expand to more than {MAX_EXPANDED:,} values", "nest fewer aliases")
        self.sizes[id(node)] = size
        node.data = self.tagged(node, node.data, "")

    def tagged(self, node: Node, data: Data, text: str) -> Data:
        """`data` under the node's tag: the core tags convert, any other one wraps."""
        if node.tag is None:
            return data
        if node.tag != "!" and not node.tag.startswith(_CORE):
            return Tagged(node.tag, data)
        if isinstance(node, Collection):
            return data
        kind = node.tag.removeprefix(_CORE)
        if kind not in ("int", "float", "bool", "null"):
            return text
        data = resolve(text)
        return float(data) if kind == "float" and type(data) is int else data

    def gap(self, index: int) -> int:
        """The index of the next token at or after `index`."""
        match = _GAP.match(self.text, index)
        return match.end() if match else index

    def alone(self, indicator: str, index: int, *, adjacent: bool = False) -> bool:
        """Whether the `?` or `:` of an entry is at `index`; a value may stand right after it if `adjacent`."""
        return self.text.startswith(indicator, index) and (adjacent or bool(_ALONE.match(self.text, index + 1)))

    def past_comma(self, index: int) -> int:
        after = self.gap(index)
        return after + 1 if self.text.startswith(",", after) else index

    def past_properties(self, event: Any) -> int:
        """The end of the anchor and the tag of the node that `event` opens; its start where it has neither."""
        end: int = event.start_mark.index
        for _ in range((event.anchor is not None) + (event.tag is not None)):
            match = dialect.PROPERTY().match(self.text, self.gap(end))
            end = match.end() if match else end
        return end

    def too_deep(self, event: Any) -> NoReturn:
        mark = getattr(event, "problem_mark", None) or event.start_mark
        self.refuse(mark.index, f"nested more than {dialect.MAX_DEPTH} levels deep", "flatten the file")

    def invalid(self, error: YAMLError) -> NoReturn:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        problem = re.sub(r"\('(.*?)',\)", r"'\1'", problem)  # ruamel formats a name as a tuple here and there
        problem = re.sub(r"(tag handle) .*", r"\1", problem)  # which may be the start of a value
        index = mark.index if mark is not None else getattr(error, "position", 0)
        self.refuse(index, f"not valid YAML: {problem}", "fix the syntax here or just above")

    def refuse(self, index: int, message: str, hint: str) -> NoReturn:
        # What the parser below says may quote the text.
        raise HardenError(message, place(self.text, index, self.file), hint) from None
