"""Splices: how a key, an item or a value is put into, changed in and taken out of the text, line by line.

This module knows layout (lines, comments, commas, indents) and nothing of what changes or why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hardener.shown import shows
from hardener.source.blocks import STYLES, reworded
from hardener.source.data import Data, Path
from hardener.source.scalars import is_plain, quoted
from hardener.source.style import Columns, detect
from hardener.source.tree import Collection, Entry, Item, Mapping, Node, Scalar, Sequence, descendants


class RewriteError(Exception):
    """The writer cannot make a change without harm. `paths` are the places, `reason` the words for a person."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.paths = [path]
        self.reason = reason


class Slot(NamedTuple):
    """Where a value hangs: the column of its key or dash (-1 at the root), and the index just after its `:` or `-`.

    `colon` is False for a flow key that stands alone (`{a}`): a value needs a colon first.
    """

    path: Path
    column: int
    after: int
    flow: bool
    colon: bool = True
    dash: bool = False


@shows("start", "end", "depth")
class _Edit(NamedTuple):
    """Replace `text[start:end]`. Of insertions at one place, the deeper come first: they belong to what is above."""

    start: int
    end: int
    depth: int
    text: str


_OTHER_BREAK = re.compile("[\x85\u2028\u2029]")
_ITEM_COMMENT = re.compile(r"#[ \t]*-[ \t]")
_LINE_END = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:(\r\n|\n|\r)|\Z)")
_HEADER = re.compile(r"[|>]([0-9]?)([-+]?)")
_BLANKS_AND_COMMENT = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*(?:[ \t]*#|[ \t]+\Z)?")
_COMMENT_LINE = re.compile(r"([ \t]*)(#?)[^\r\n]*(?:\r\n|\n|\r|\Z)")
_SIMPLE = re.compile(r"[A-Za-z_][\w.-]*")


class Edits:
    """The edits of one text, collected and then applied in one pass."""

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.style = detect(text, root)
        self.columns = Columns(text)
        self.edits: list[_Edit] = []

    def applied(self) -> str:
        """The text with all edits made. Raises RewriteError if two of them touch the same characters."""
        if self.edits and _OTHER_BREAK.search(self.text):
            raise RewriteError((), "it holds a line break that only some readers take for one (U+0085, U+2028, U+2029)")
        parts: list[str] = []
        cursor = 0
        for edit in sorted(self.edits, key=lambda edit: (edit.start, edit.end > edit.start, -edit.depth)):
            if edit.start < cursor:
                raise RewriteError((), "two changes touch the same text")
            parts += (self.text[cursor : edit.start], edit.text)
            cursor = edit.end
        return "".join((*parts, self.text[cursor:]))

    def slot(self, node: Mapping | Sequence, part: Entry | Item, path: Path) -> Slot:
        """The slot of the value of `part`, which is at `path` in `node`."""
        column = self.columns.of(part.start)
        if isinstance(part, Entry):
            return Slot(path, column, max(part.colon, part.key.end), node.flow, colon=part.colon >= 0)
        return Slot(path, column, part.start + (not node.flow), node.flow, dash=not node.flow)

    def edit(self, start: int, end: int, text: str, path: Path) -> None:
        self.edits.append(_Edit(start, end, len(path), text))

    # Adding

    def insert_entries(
        self, node: Mapping, before: Entry | None, after: Entry | None, added: dict[str, Data], slot: Slot
    ) -> None:
        """Adds keys to `node` between its entries `before` and `after`."""
        if not added:
            return
        style = self.style.near(node, self.columns)
        if node.flow:
            texts = [f"{style.key(key, flow=True)}: {style.inline(value)}" for key, value in added.items()]
            self.insert_flow(node, before, after, texts, slot.path)
            return
        column = self.columns.of(node.entries[0].start)
        sections = [style.entries({key: value}, column) for key, value in added.items()]
        if not slot.path and style.section:
            sections = [["", *lines] for lines in sections]
        self.insert_block(before, after, [line for lines in sections for line in lines], column, slot.path)

    def insert_items(
        self, node: Sequence, before: Item | None, after: Item | None, added: list[Data], slot: Slot
    ) -> None:
        """Adds items to `node` between its items `before` and `after`."""
        if not added:
            return
        style = self.style.near(node, self.columns)
        if node.flow:
            self.insert_flow(node, before, after, [style.inline(value) for value in added], slot.path)
            return
        column = self.columns.of(node.items[0].start)
        self.insert_block(before, after, style.items(added, column), column, slot.path)

    def insert_block(
        self, before: Entry | Item | None, after: Entry | Item | None, lines: list[str], column: int, path: Path
    ) -> None:
        """Adds whole lines below `before`, or at the place of `after` if there is nothing before."""
        if before is not None:
            self.insert_lines(before.end, lines, path, column, before.value)
        elif after is not None:
            newline = self.style.newline
            lines = [*lines[1:], ""] if lines[0] == "" else lines
            text = newline.join(lines).lstrip(" ") + newline + " " * column
            self.edit(after.start, after.start, text, path)

    def insert_lines(self, index: int, lines: list[str], path: Path, column: int | None, last: Node | None) -> None:
        """Adds `lines` below the line of `index` and the comments after it that are indented deeper than `column`."""
        position = self.line_end(index, path)
        if column is not None:
            position = self.past_comments(position, column)
        newline = self.style.newline
        text = newline.join(lines)
        if position > 0 and self.text[position - 1] not in "\r\n":
            self.edit(position, position, newline + text, path)
            if last is not None:
                self.keep_unterminated(last, path)
        else:
            self.edit(position, position, text + newline, path)

    def line_end(self, index: int, path: Path) -> int:
        """The start of the next line; only blanks and a comment may stand between `index` and the line's end."""
        match = _LINE_END.match(self.text, index)
        if match is None:
            raise RewriteError(path, "something else follows on its line")
        return match.end()

    def past_comments(self, position: int, column: int) -> int:
        """Where a block at `column` ends: comments indented deeper belong to it, and so does what is before them."""
        end = position
        while position < len(self.text):
            match = _COMMENT_LINE.match(self.text, position)
            if match is None or (not match[2] and match[0].strip()):
                break
            # Where dashes are not indented, `# - item` at the column of the key is an item that was taken out.
            item = len(match[1]) == column and position == end and _ITEM_COMMENT.match(self.text, match.start(2))
            if match[2] and len(match[1]) <= column and not item:
                break
            position = match.end()
            if match[2]:
                end = position
        return end

    def keep_unterminated(self, last: Node, path: Path) -> None:
        """Keeps the value of a block scalar that ends the file without a line break, now that a line follows it."""
        *_, leaf = descendants(last)
        if isinstance(leaf, Scalar) and leaf.style in STYLES and leaf.end == len(self.text) and leaf.data != "":
            header = _HEADER.search(self.text, leaf.start)
            if header is None or header[2] == "+":
                raise RewriteError(path, "the block scalar at the end of the file has no final line break")
            if not header[2]:
                strip = _Edit(header.end(), header.end(), 0, "-")
                self.edits += [] if strip in self.edits else [strip]

    def insert_flow(
        self, node: Collection, before: Entry | Item | None, after: Entry | Item | None, texts: list[str], path: Path
    ) -> None:
        """Adds parts to a flow collection: on lines of their own where `before` has one, else in the line."""
        if not node.braced:
            raise RewriteError(path, "a pair without braces cannot take another key")
        if before is None:
            at = node.end - 1 if after is None else after.start
            self.edit(at, at, ", ".join(texts) + (", " if after else ""), path)
            return
        # A comma would join a tag without a value, and the colon of an empty one.
        tagged = isinstance(before.value, Scalar) and before.value.tag is not None and not before.value.style
        comma_text = " ," if tagged or self.text[before.end - 1] == ":" else ","
        column = self.columns.of(before.start)
        comma = re.compile(r"[ \t]*,").match(self.text, before.end)
        end = _LINE_END.match(self.text, comma.end() if comma else before.end)
        own_line = not self.text[before.start - column : before.start].strip(" \t")
        if not own_line or end is None or end[1] is None:
            self.edit(before.end, before.end, comma_text + " " + ", ".join(texts), path)
            return
        indent = self.text[before.start - column : before.start]
        if comma is None:
            self.edit(before.end, before.end, comma_text, path)
        body = f",{self.style.newline}".join(indent + text for text in texts)
        self.edit(end.end(), end.end(), body + ("," if comma else "") + self.style.newline, path)

    # Taking out

    def remove(
        self, node: Mapping | Sequence, parts: list[Entry] | list[Item], index: int, path: Path, *, follows_kept: bool
    ) -> None:
        """Takes a part out with its own trailing comment. `follows_kept`: a part before it stays."""
        part = parts[index]
        if node.flow:
            start = parts[index - 1].end if follows_kept else part.start
            end = part.end if follows_kept else parts[index + 1].start
            if "#" in self.text[start : part.start] + self.text[part.end : end]:
                raise RewriteError(path, "a comment stands beside it")
            self.edit(start, end, "", path)
            return
        self.refuse_comments(part.colon if isinstance(part, Entry) else part.start, part.value, path)
        end = self.line_end(part.end, path)
        start = part.start - self.columns.of(part.start)
        if index > 0:
            self.refuse_running_on(parts[index - 1], start, end, path)
        if self.text[start : part.start].strip(" "):
            # It shares its line with the dash before it, which stays; so does the line break.
            start = len(self.text[: part.start].rstrip(" \t"))
            end = len(self.text[:end].rstrip("\r\n"))
        self.edit(start, end, "", path)

    # Changing

    def rename(self, node: Mapping, entry: Entry, key: str, path: Path) -> None:
        """Gives an entry another key, on the line that it has, in the quotes of the old one."""
        quote = entry.key.style if entry.key.style and _SIMPLE.fullmatch(key) else ""
        text = f"{quote}{key}{quote}" if quote else self.style.near(node, self.columns).key(key, flow=node.flow)
        self.edit(entry.key.start, entry.key.end, text, path)

    def replace(self, node: Node, target: Data, slot: Slot) -> None:
        """Puts `target` in the place of `node`, whatever either is."""
        if not slot.path:
            self.replace_root(node, target)
        elif slot.flow or self.style.fits_beside(target):
            self.replace_inline(node, target, slot)
        else:
            self.replace_below(node, target, slot)

    def replace_root(self, node: Node, target: Data) -> None:
        if not isinstance(node, Scalar) or not node.empty or not isinstance(target, dict) or not target:
            raise RewriteError((), "the whole document would change")
        self.insert_lines(len(self.text), self.style.entries(target, 0), (), None, None)

    def replace_inline(self, node: Node, target: Data, slot: Slot) -> None:
        text = self.style.inline(target) if slot.flow else self.style.beside(target)
        if isinstance(node, Scalar) and node.empty:
            if not slot.colon and not slot.flow:
                raise RewriteError(slot.path, "its key has no colon")
            self.edit(node.start, node.start, (" " if slot.colon else ": ") + text, slot.path)
            return
        if node.anchor is not None:
            text = f"&{node.anchor} {text}"
        if isinstance(node, Scalar) and node.style in ("", "'", '"') and node.tag is None:
            if isinstance(target, str):
                text = self.like(node, target, flow=slot.flow)
                text = text if node.anchor is None else f"&{node.anchor} {text}"
            self.edit(node.start, node.end, text, slot.path)
            return
        if isinstance(node, Scalar) and node.style in STYLES and isinstance(target, str):
            body = reworded(self.text, node, slot.column, target)
            if body is not None:
                self.edit(body.start, node.end, body.text, slot.path)
                return
        self.refuse_comments(slot.after, node, slot.path)
        start = node.start if slot.flow else slot.after
        self.edit(start, node.end, text if slot.flow else f" {text}", slot.path)

    def replace_below(self, node: Node, target: Data, slot: Slot) -> None:
        """Puts a block collection in the place of `node`."""
        if not slot.colon:
            raise RewriteError(slot.path, "its key has no colon")
        self.refuse_comments(slot.after, node, slot.path)
        if node.anchor is not None and slot.dash:
            raise RewriteError(slot.path, "an item with an anchor cannot become a block")
        first, *lines = (self.style.after_dash if slot.dash else self.style.below)(target, slot.column)
        first = f" &{node.anchor}{first}" if node.anchor is not None else first
        if re.search(r"[\r\n]", self.text[slot.after : node.end]):
            self.edit(slot.after, node.end, self.style.newline.join((first, *lines)), slot.path)
            return
        self.edit(slot.after, node.end, first, slot.path)
        if lines:
            # Below the line, so that its trailing comment stays where it is.
            self.insert_lines(node.end, lines, (*slot.path, ""), None, None)

    def can_key(self, node: Sequence, target: dict[str, Data], slot: Slot) -> bool:
        """Whether `node` is a block list of names, and `target` a map that has these as its keys, in their order."""
        names = [item.value.data for item in node.items]
        block = not (node.flow or slot.flow or slot.dash)
        return block and names == list(target) and all(isinstance(name, str) and name != "<<" for name in names)

    def key_items(self, node: Sequence, target: dict[str, Data], slot: Slot) -> None:
        """Turns the items of a block list into the keys of a map; each keeps its quotes and its comments."""
        column = slot.column + self.style.step
        for item, value in zip(node.items, target.values(), strict=True):
            name = item.value
            text = self.text[name.start : name.end]
            start = item.start - self.columns.of(item.start)
            bare = isinstance(name, Scalar) and name.style in ("", "'", '"') and not (name.anchor or name.tag)
            if (
                not bare
                or re.search(r"[\r\n]", self.text[item.start : name.end])
                or self.text[start : item.start].strip()
            ):
                raise RewriteError(slot.path, "an item of the list is more than a name")
            rest, *lines = self.style.below(value, column)
            self.edit(start, item.end, f"{' ' * column}{text}:{rest}", slot.path)
            if lines:
                # Below the line, so that its trailing comment stays where it is.
                self.insert_lines(item.end, lines, (*slot.path, ""), None, None)

    def quote(self, node: Scalar, path: Path) -> None:
        """Puts quotes around a plain string."""
        anchor = "" if node.anchor is None else f"&{node.anchor} "
        self.edit(node.start, node.end, anchor + quoted(str(node.data), self.style.quote), path)

    def like(self, node: Scalar, text: str, *, flow: bool) -> str:
        """`text` in the quotes that `node` has, or plain if it is and `text` can be."""
        if node.style in ("'", '"'):
            return quoted(text, "'" if node.style == "'" else '"')
        return text if is_plain(text, flow=flow) else quoted(text, self.style.quote)

    def refuse_comments(self, start: int, node: Node, path: Path) -> None:
        """Raises RewriteError if a comment stands between `start` and the end of `node`, outside its scalars."""
        end = start
        for begin, stop in [*sorted(self.leaves(node)), (node.end, node.end)]:
            if "#" in self.text[end:begin]:
                raise RewriteError(path, "a comment inside it would be lost")
            end = stop

    def refuse_running_on(self, before: Entry | Item, start: int, end: int, path: Path) -> None:
        """Raises RewriteError if a block scalar that ends `before` took in the lines from `end` on, were none between.

        `|+` and `>+` keep blank lines, and any block scalar takes in what is indented as deep as its text.
        """
        *_, leaf = descendants(before.value)
        if isinstance(leaf, Scalar) and leaf.style in STYLES and "#" not in self.text[leaf.end : start]:
            header = _HEADER.search(self.text, leaf.start)
            following = _BLANKS_AND_COMMENT.match(self.text, end)
            keeps = header is not None and header[2] == "+"
            deeper = " " * (self.columns.of(before.start) + 1)
            lines = following[0].splitlines() if following else []
            if any(line.startswith(deeper) or (keeps and not line.strip()) for line in lines):
                raise RewriteError(path, "what follows would become a part of the block of text before it")

    def leaves(self, node: Node) -> Iterator[tuple[int, int]]:
        """The spans of the scalars and aliases in `node`, keys included; of a block scalar, those of its lines."""
        for inside in descendants(node):
            if isinstance(inside, Mapping):
                yield from ((entry.key.start, entry.key.end) for entry in inside.entries)
            elif isinstance(inside, Scalar) and inside.style in STYLES:
                header = re.compile(r"[^\r\n]*").match(self.text, inside.start)
                yield (header.end() if header else inside.start), inside.end
            elif not isinstance(inside, Sequence):
                yield inside.start, inside.end
