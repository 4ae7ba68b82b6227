"""A YAML document: its text, and the tree and data that the text means."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from hardener.errors import Where
from hardener.shown import shows
from hardener.source.data import Data, Path, Tagged, bare, plain
from hardener.source.parse import LINE_BREAK, parse
from hardener.source.tree import Alias, Entry, Node, Scalar, children, descendants, part, way


@shows("file", "root")
@dataclass(frozen=True, repr=False, eq=False)
class Document:
    """Text plus tree. `file` is the name used in messages; `text` holds the BOM and line breaks as they are."""

    text: str
    file: str
    root: Node
    anchored: bool

    def __reduce__(self) -> tuple[type[Document], tuple[str, str, Node, bool]]:
        # What is cached counts on the identity of objects.
        return Document, (self.text, self.file, self.root, self.anchored)

    @property
    def data(self) -> Data:
        """What the text says: `<<` kept as a key, aliases sharing the object of their anchor. Do not change it."""
        return self.root.data

    @cached_property
    def merged(self) -> Data:
        """`data` with every `<<` merged into its mapping. Aliases share objects here too. Do not change it."""
        return _merged(self.data, {}) if self.anchored or "<<" in self.text else self.data

    @cached_property
    def places(self) -> dict[int, Path]:
        """Where each node of the tree stands, by its id. Aliases are places of their own."""
        found: dict[int, Path] = {}
        stack: list[tuple[Path, Node]] = [((), self.root)]
        while stack:
            path, node = stack.pop()
            found[id(node)] = path
            stack += (((*path, step), inner) for step, inner in children(node))
        return found

    def where(self, path: Path = ()) -> Where:
        """The place of the key or item at `path`, or of the nearest thing above it that is in the text."""
        start = self._start(path)
        line = bisect_right(self._line_starts, start)
        return Where(self.file, line, start - self._line_starts[line - 1] + 1)

    def canonical(self, path: Path) -> Path:
        """Where the value at `path` stands in the text, when aliases on the way are followed to their anchors."""
        if not self.anchored:
            return path
        node: Node = self.root
        place: Path = ()
        for taken, step in enumerate(path):
            if isinstance(node, Alias):
                place = self.places[id(node.target)]
                node = node.target
            found = part(node, step)
            if found is None:
                return (*place, *path[taken:])
            node, place = found.value, (*place, step)
        return self.places[id(node.target)] if isinstance(node, Alias) else place

    def alone(self, path: Path) -> bool:
        """Whether what is at `path` is all written there, with no anchor, alias or `<<` on the way or in it."""
        node: Node = self.root
        for step in path:
            found = part(node, step)
            if found is None or isinstance(found.value, Alias) or found.value.anchor is not None:
                return False
            node = found.value
        return not any(isinstance(inner, Alias) or inner.anchor is not None for inner in descendants(node))

    def scalar(self, path: Path) -> Scalar | None:
        """The scalar at `path` as it is written, through aliases and `<<`; None where there is none."""
        node: Node = self.root
        for step in path:
            found = way(node.target if isinstance(node, Alias) else node, step)
            if found is None:
                return None
            node = found.part.value
        node = node.target if isinstance(node, Alias) else node
        return node if isinstance(node, Scalar) else None

    @cached_property
    def _line_starts(self) -> list[int]:
        return [int(self.text.startswith("\ufeff")), *(match.end() for match in LINE_BREAK.finditer(self.text))]

    def _start(self, path: Path) -> int:
        node, start = self.root, self.root.start
        for step in path:
            if isinstance(node, Alias):
                node = node.target
            found = way(node, step)
            if found is None:
                break
            node, place = found.part.value, found.part
            start = place.start if isinstance(place, Entry) else node.start
        return start


def load(text: str, file: str = "compose.yml") -> Document:
    """Reads one YAML document. Raises HardenError, with line and column, where the text is not one."""
    root, anchored = parse(text, file)
    return Document(text, file, root, anchored)


def _merged(data: Data, memo: dict[int, Data]) -> Data:
    """`data` with merge keys resolved: own keys win, then the first source that has the key."""
    if isinstance(data, Tagged):
        return Tagged(data.tag, _merged(data.value, memo))
    if not isinstance(data, dict | list):
        return data
    known = memo.get(id(data))
    if known is not None:
        return known
    result: Data
    if isinstance(data, list):
        result = [_merged(item, memo) for item in data]
    else:
        result = {}
        sources = bare(data.get("<<"))
        for source in reversed(sources if isinstance(sources, list) else [sources]):
            inherited = bare(_merged(source, memo))
            # In a list of sources, compose does not see the tags: it merges the values they stand on.
            inherited = plain(inherited) if isinstance(sources, list) else inherited
            result |= inherited if isinstance(inherited, dict) else {}
        result |= {key: _merged(value, memo) for key, value in data.items() if key != "<<"}
    memo[id(data)] = result
    return result
