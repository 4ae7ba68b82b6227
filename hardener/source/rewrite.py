"""The writer: the smallest edit of a document's text that makes it mean `target`.

It walks the tree and the target together. What is equal is copied from the source; an added key goes after the key
before it, in that mapping's own style; a changed scalar is replaced in its span; a list keeps the items that stay.
Where that cannot be done without losing a comment or guessing, it raises `RewriteError` and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hardener.source.data import Data, Path, Tagged, frozen, same
from hardener.source.document import Document
from hardener.source.edits import Edits, RewriteError, Slot
from hardener.source.tree import Alias, Entry, Item, Mapping, Node, Scalar, Sequence, children, descendants


def rewrite(document: Document, target: Data, quoted: Iterable[Path] = ()) -> str:
    """The text of `document`, edited to mean `target`, with quotes around the plain strings at `quoted`, which stay.

    `rewrite(d, d.data) == d.text`, and `load(rewrite(d, target)).data` is `target` with its types and key order.
    Raises RewriteError, which names every place, where an edit would lose a comment, reorder keys, or needs a form the
    writer does not have.
    """
    writer = _Writer(document)
    writer.node(document.root, target, Slot((), -1, 0, flow=False))
    # One scalar can be at several places, through aliases.
    scalars = {id(scalar): (scalar, path) for path in quoted if (scalar := document.scalar(path)) is not None}
    for scalar, path in scalars.values():
        writer.edits.quote(scalar, path)
    if writer.refused:
        error = writer.refused[0]
        error.paths = [path for refused in writer.refused for path in refused.paths]
        raise error
    return writer.edits.applied()


class _Writer:
    """Compares, and tells `Edits` what to change."""

    def __init__(self, document: Document) -> None:
        self.edits = Edits(document.text, document.root)
        self.anchored = document.anchored
        # What each anchored node means in the output, by id of node. No entry: its anchor goes, aliases must expand.
        self.meanings: dict[int, Data] = {}
        self.refused: list[RewriteError] = []

    def node(self, node: Node, target: Data, slot: Slot) -> None:
        """Makes `node` mean `target`, or notes why it cannot be done."""
        try:
            self.edit(node, target, slot)
        except RewriteError as error:
            self.refused.append(error)

    def edit(self, node: Node, target: Data, slot: Slot) -> None:
        # With anchors about, even an equal node is walked: an alias in it may change its meaning.
        if not self.anchored and same(node.data, target):
            return
        if node.anchor is not None:
            self.meanings[id(node)] = target
        inner = _inner(node.data, target)
        if isinstance(node, Alias):
            if id(node.target) not in self.meanings or not same(self.meanings[id(node.target)], target):
                self.edits.replace(node, target, slot)
        elif isinstance(node, Mapping) and isinstance(inner, dict) and (_shared(node, inner) or _renamed(node, inner)):
            self.mapping(node, inner, slot)
        elif isinstance(node, Sequence) and isinstance(inner, list) and inner and node.items:
            self.sequence(node, inner, slot)
        elif isinstance(node, Sequence) and isinstance(inner, dict) and self.edits.can_key(node, inner, slot):
            self.edits.key_items(node, inner, slot)
        elif not same(node.data, target):
            for inside in children(node):
                self.forget(inside[1])
            self.edits.replace(node, target, slot)

    def mapping(self, node: Mapping, target: dict[str, Data], slot: Slot) -> None:
        renamed = _renamed(node, target)
        keys = {renamed.get(key, key): entry for key, entry in node.by_key.items()}
        if [key for key in keys if key in target] != [key for key in target if key in keys]:
            raise RewriteError(slot.path, "its keys would change their order")
        entries = iter(self.kept(node, [index for index, key in enumerate(keys) if key in target], slot))
        before: Entry | None = None
        added: dict[str, Data] = {}
        for key, value in target.items():
            if key not in keys:
                added[key] = value
                continue
            entry = next(entries)
            self.edits.insert_entries(node, before, entry, added, slot)
            self.meanings[id(entry.key)] = entry.key.data  # a key can have an anchor, too
            if entry.key.data != key:
                self.edits.rename(node, entry, key, (*slot.path, key))
            self.node(entry.value, value, self.edits.slot(node, entry, (*slot.path, key)))
            before, added = entry, {}
        self.edits.insert_entries(node, before, None, added, slot)

    def sequence(self, node: Sequence, target: list[Data], slot: Slot) -> None:
        pairs = list(_aligned([item.value.data for item in node.items], target))
        items = iter(self.kept(node, [index for index, _ in pairs if index is not None], slot))
        before: Item | None = None
        added: list[Data] = []
        for index, value in pairs:
            if index is None:
                added.append(value)
                continue
            item = next(items)
            self.edits.insert_items(node, before, item, added, slot)
            self.node(item.value, value, self.edits.slot(node, item, (*slot.path, index)))
            before, added = item, []
        self.edits.insert_items(node, before, None, added, slot)

    def kept(self, node: Mapping | Sequence, indices: list[int], slot: Slot) -> list[Any]:
        """The entries or items of `node` at `indices`, after taking the others out."""
        parts: list[Any] = node.entries if isinstance(node, Mapping) else node.items
        staying = set(indices)
        for index, part in enumerate(parts):
            if index not in staying:
                self.forget(part.value)
                step: Any = part.key.data if isinstance(part, Entry) else index
                self.edits.remove(node, parts, index, (*slot.path, step), follows_kept=indices[0] < index)
        return [parts[index] for index in indices]

    def forget(self, node: Node) -> None:
        """The anchors in `node` go away."""
        for inside in descendants(node) if self.anchored else ():
            self.meanings.pop(id(inside), None)


def _inner(data: Data, target: Data) -> Data:
    """`target` without its tag where `data` has the same tag, or where neither has one; else None."""
    if isinstance(data, Tagged):
        return target.value if isinstance(target, Tagged) and target.tag == data.tag else None
    return target


def _shared(node: Mapping, target: dict[str, Data]) -> bool:
    """Whether some key stays, so that the mapping can be edited from inside."""
    return any(entry.key.data in target for entry in node.entries)


def _renamed(node: Mapping, target: dict[str, Data]) -> dict[str, str]:
    """Keys that go where as many others come, with the one that takes over the line of each, comments and all.

    Only scalars and plain keys: of anything larger the new one has nothing in common with the old.
    """
    found: dict[str, str] = {}
    gone: list[str] = []
    new = iter(target)
    for key in (*node.by_key, None):
        if key is not None and key not in target:
            gone.append(key)
            continue
        added = list(iter(new.__next__, key)) if key is not None else list(new)
        if len(gone) == len(added) and all(
            map(_can_rename, (node.by_key[old] for old in gone), map(target.get, added))
        ):
            found.update(zip(gone, added, strict=True))
        gone = []
    return found


def _can_rename(entry: Entry, value: Data) -> bool:
    scalar = isinstance(entry.value, Scalar) and not isinstance(value, dict | list | Tagged)
    simple = isinstance(entry.key, Scalar) and entry.key.anchor is None and entry.key.tag is None
    return scalar and simple and entry.colon >= 0 and entry.key.start == entry.start


def _aligned(old: list[Data], new: list[Data]) -> Iterator[tuple[int | None, Data]]:
    """For each new value, the index of the old item it goes on from, or None for an added one. Indices increase.

    Equal items pair up first; what is left between two pairs goes one by one, so that a changed item is edited.
    """
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, [frozen(item) for item in old], [frozen(item) for item in new], autojunk=False)
    for _, start, end, first, last in matcher.get_opcodes():
        for offset, value in enumerate(new[first:last]):
            yield (start + offset if start + offset < end else None), value
