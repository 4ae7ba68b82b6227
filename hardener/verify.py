"""The laws, checked on every run before anything is shown or written. A law that does not hold is our bug."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Set
from contextlib import suppress
from typing import Any

from hardener.errors import HardenError, VerificationError
from hardener.model.project import Project
from hardener.pipeline import EVERYTHING, Plan, Selection, plan
from hardener.profile import Profile
from hardener.source import Data, Document, Path, at, bare, differences, dotted, load, same
from hardener.source.blocks import STYLES
from hardener.source.companions import NewFile, NewLine
from hardener.source.tree import Alias, Entry, Item, Mapping, Node, Scalar, Sequence, children, descendants, part
from hardener.target import leaves
from hardener.transforms.base import Change

_BREAK = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


def verify(made: Plan, profile: Profile, selection: Selection = EVERYTHING) -> Project:
    """Checks laws 2 to 5 and 8 of docs/architecture.md on a plan, and returns the project that its text describes.

    Raises VerificationError where one does not hold. `profile` and `selection` are those the plan was made with.
    """
    if not made.made:
        if made.text != made.document.text:
            raise VerificationError("law 4, accounted for: the text differs, and no change says why")
        return made.project
    try:
        after = load(made.text, made.document.file)
        beside = (file for change in (*made.changes, *made.had) for file in change.files)
        again = plan(after, profile, selection, tuple(dict.fromkeys(beside)))
    except HardenError as error:
        raise VerificationError(f"law 2, meaning: the output cannot be read: {error}") from error
    if not same(after.data, made.target):
        raise VerificationError(
            f"law 2, meaning: the output does not say what was planned: {_told(after.data, made.target)}"
        )
    untouched(made)
    accounted(made, again.project)
    if any(change.files for change in made.changes):
        kept(made)
    if again.made:
        rules = ", ".join(sorted({change.rule for change in again.changes}))
        raise VerificationError(f"law 5, idempotent: a second run would change the file again ({rules})")
    return again.project


def untouched(made: Plan) -> None:
    """Law 3: without the lines that a change names, the old text is in the new one, line by line and in order."""
    named = _named_lines(made)
    rest = iter(_lines(made.text))
    for number, line in enumerate(_lines(made.document.text), 1):
        # A last line without a line break gets one when lines follow it.
        last = not line.endswith(("\n", "\r"))
        if number in named or not line:
            continue
        if not any(line == other or (last and line == other.rstrip("\r\n")) for other in rest):
            raise VerificationError(f"law 3, untouched: line {number} is not in the output as it was")


def accounted(made: Plan, after: Project) -> None:
    """Law 4: every difference of meaning is one that a change names, and every change can be seen."""
    changes = [*made.changes, *made.had]
    named = {change.path for change in changes}
    for one in made.made:
        named |= {one.site, made.document.canonical(one.site)}
    # A container that had to be made on the way to a change is part of it.
    begun = {path[:depth] for path in named for depth in range(1, len(path))}
    before = {**(bare(made.document.merged) or {}), "services": made.project.bodies}
    for path in _differences(made.project, after):
        is_named = any(path[:depth] in named for depth in range(1, len(path) + 1))
        is_new = path in begun and at(made.document.merged, path) is None
        if not is_named and not is_new and path not in made.unshared:
            raise VerificationError(f"law 4, accounted for: no change names the difference at {dotted(path)}")
    gone = {change.path for change in changes if change.action == "replace"}
    for change in changes:
        if not _visible(change, before, after, gone):
            raise VerificationError(f"law 4, accounted for: the change at {dotted(change.path)} is not in the output")


def kept(made: Plan) -> None:
    """Law 8: what left the text for a file beside it is in that file, to the letter, unless it got a new value."""
    from hardener.model.dotenv import read
    from hardener.model.interpolation import fill
    from hardener.model.short import as_text

    changes = [change for change in (*made.changes, *made.had) if change.group is not None or change.files]
    files = {file for change in changes for file in change.files}
    variables = {file.key: read(file.line)[file.key] or "" for file in files if isinstance(file, NewLine) and file.key}
    values = set(variables.values())
    for file in files:
        if isinstance(file, NewFile):
            values.add(file.content)
            with suppress(HardenError):  # a secret need not look like an env file
                values |= {value for value in read(file.content).values() if value is not None}
    renewed = {change.group for change in changes if any(file.fresh for file in change.files)}
    for change in changes:
        old = at({"services": made.project.bodies}, change.path)
        if change.action not in ("remove", "replace") or (change.group is not None and change.group in renewed):
            continue
        for item in _gone(old, change.value):
            text = fill(as_text(item), {}, "$")
            moved = {text, text.partition("=")[2]} & values
            if not moved and text != fill(as_text(change.value), variables, "$"):
                raise VerificationError(f"law 8, kept: the value that stood at {dotted(change.path)} is in no file")


def _gone(old: Any, new: Data) -> list[Any]:
    """The scalars that a change takes away."""
    items = list(old.values()) if isinstance(old, dict) else old if isinstance(old, list) else [old]
    kept = new if isinstance(new, list) else []
    return [item for item in items if item is not None and not any(same(item, one) for one in kept)]


def _differences(before: Project, after: Project) -> Iterator[Path]:
    """Where the two differ: in their text, and in the services as compose reads them with all they inherit."""
    yield from _node_differences(before.document.root, after.document.root, ())
    for name in before.bodies.keys() | after.bodies.keys():
        yield from differences(before.bodies.get(name), after.bodies.get(name), ("services", name))


def _node_differences(before: Node, after: Node, path: Path) -> Iterator[Path]:
    """As `differences`, but what an alias stands for differs at its anchor only."""
    if isinstance(before, Alias) and isinstance(after, Alias) and before.target.anchor == after.target.anchor:
        return
    alike = type(before) is type(after) and before.tag == after.tag
    if alike and isinstance(before, Mapping | Sequence) and isinstance(after, Mapping | Sequence):
        old, new = dict(children(before)), dict(children(after))
        for step in old.keys() | new.keys():
            if step in old and step in new:
                yield from _node_differences(old[step], new[step], (*path, step))
            else:
                yield (*path, step)
    elif not alike or not same(before.data, after.data):
        yield path


def _visible(change: Change, before: Any, after: Project, gone: Set[Path]) -> bool:
    """Whether the new text says what the change says; a list that got an item still has the others, without `gone`."""
    new = {**(bare(after.document.merged) or {}), "services": after.bodies}
    if change.action == "quote":
        scalar = after.document.scalar(change.path)
        return scalar is not None and scalar.data == change.value and not scalar.plain
    if change.action == "remove":
        return at(new, change.path) is None
    if change.action == "append":
        items, old = at(new, change.path), at(before, change.path) or []
        kept = [item for index, item in enumerate(old) if (*change.path, index) not in gone]
        return isinstance(items, list) and change.value in items and all(item in items for item in kept)
    return all(same(at(new, leaf), wanted) for leaf, wanted in leaves(change.path, change.value))


def _named_lines(made: Plan) -> set[int]:
    """The lines, from 1, of the old text that a change may alter: those it removes, replaces or writes into."""
    document = made.document
    spans = _unterminated(document)
    gone = {document.canonical(site) for change, site, _ in made.made if change.action == "remove"}
    for change, site, _ in made.made:
        node, holder = _deepest(document.root, site)
        removed = change.action == "remove"
        target = node.target if isinstance(node, Alias) and site not in made.unshared else node
        if holder is None and (removed or not (isinstance(target, Mapping) and target.flow)):
            continue  # a new key at the top of a file in block style
        if removed and holder is not None:
            place = document.canonical(site[:-1])
            above, whose = _deepest(document.root, place)
            if whose and all((*place, step) in gone for step, _ in children(above)):
                spans.append((whose.start, above.start))  # it says that it is empty
            # In flow style the comma of the part before goes, too.
            parts = above.entries if isinstance(above, Mapping) and above.flow else []
            before = max((entry.end for entry in parts if entry.end <= holder.start), default=holder.start)
            spans += [(before, before), (holder.start, holder.end)]
        elif change.action == "replace" and isinstance(target, Sequence):
            # Items become keys where they stand; what is between them stays. A flow list gives way as a whole.
            flow = (len(document.text[: target.start].rstrip()), target.end)
            spans += [flow] if target.flow else [(item.start, item.end) for item in target.items]
        elif not isinstance(target, Mapping | Sequence):
            # What was below its key may stand beside it now.
            below = (
                isinstance(holder, Entry) and target is node and isinstance(target, Scalar) and target.style in STYLES
            )
            spans.append((holder.start if holder and below else target.start, target.end))
        elif target.flow:
            # The line of the last part gets a comma or more; the bracket may have to move.
            within: Any = target.entries if isinstance(target, Mapping) else target.items
            last = within[-1].end if within else target.start
            spans += [(last, last), (target.end, target.end)]
    for place in made.unshared:
        node, _ = _deepest(document.root, place)
        spans.append((node.start, node.end))
    starts = [0, *(match.end() for match in _BREAK.finditer(document.text))]
    return {line for start, end in spans for line in range(bisect_right(starts, start), bisect_right(starts, end) + 1)}


def _lines(text: str) -> list[str]:
    """The lines of a text with their line breaks, without the BOM; the last one has none."""
    return _LINE.findall(text.removeprefix("\ufeff"))


def _deepest(root: Node, site: Path) -> tuple[Node, Entry | Item | None]:
    """The last node on the way to `site` that is in the text, and the entry or item it is the value of."""
    node: Node = root
    holder: Entry | Item | None = None
    for step in site:
        found = part(node.target if isinstance(node, Alias) else node, step)
        if found is None:
            break
        node, holder = found.value, found
    return node, holder


def _unterminated(document: Document) -> list[tuple[int, int]]:
    """The header of a block scalar that ends the file without a line break: it becomes `|-` when lines follow."""
    *_, last = descendants(document.root)
    if isinstance(last, Scalar) and last.style in STYLES and last.end == len(document.text):
        return [(last.start, last.start)]
    return []


def _told(found: Data, wanted: Data) -> str:
    """The places where two values differ, in DeepDiff's words and without the values, which may be secrets."""
    from deepdiff import DeepDiff  # takes 190 ms to import, and is only needed to tell of a bug

    report = DeepDiff(wanted, found, view="tree")
    places = (f"{kind} at {item.path()}" for kind, items in report.items() for item in items)
    return "; ".join(places) or "the order of keys"
