"""The laws, checked on every run before anything is shown or written. A law that does not hold is our bug."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hardener.errors import HardenError, VerificationError
from hardener.model.project import Project
from hardener.pipeline import EVERYTHING, Plan, Selection, plan
from hardener.profile import Profile
from hardener.source import Data, Document, Path, differences, load, same
from hardener.source.tree import Alias, Entry, Item, Mapping, Node, Scalar, Sequence, descendants
from hardener.target import bare, leaves

_BREAK = re.compile(r"\r\n|\n|\r")


def verify(made: Plan, profile: Profile, selection: Selection = EVERYTHING) -> Project:
    """Checks laws 2 to 5 of docs/architecture.md on a plan, and returns the project that its text describes.

    Raises VerificationError where one does not hold. `profile` and `selection` are those the plan was made with.
    """
    if not made.made:
        return made.project
    try:
        after = load(made.text, made.document.file)
        again = plan(after, profile, selection)
    except HardenError as error:
        raise VerificationError(f"law 2, meaning: the output cannot be read: {error}") from error
    if not same(after.data, made.target):
        raise VerificationError(
            f"law 2, meaning: the output does not say what was planned: {_told(after.data, made.target)}"
        )
    untouched(made)
    accounted(made, again.project)
    if again.made:
        rules = ", ".join(sorted({change.rule for change in again.changes}))
        raise VerificationError(f"law 5, idempotent: a second run would change the file again ({rules})")
    return again.project


def untouched(made: Plan) -> None:
    """Law 3: without the lines that a change names, the old text is in the new one, line by line and in order."""
    named = _named_lines(made)
    rest = iter(_BREAK.split(made.text))
    for number, line in enumerate(_BREAK.split(made.document.text), 1):
        if number not in named and not any(line == other for other in rest):
            raise VerificationError(f"law 3, untouched: line {number} is not in the output as it was")


def accounted(made: Plan, after: Project) -> None:
    """Law 4: every difference of meaning is one that a change names, and every change can be seen."""
    changes = [*made.changes, *made.had]
    paths = {change.path for change in changes} | {site for _, site, _ in made.made}
    # A container that had to be made on the way to a change is part of it.
    allowed = paths | {path[:depth] for path in paths for depth in range(3, len(path))}
    for path in _effective_differences(made.project, after):
        if not any(path[:depth] in allowed for depth in range(1, len(path) + 1)):
            raise VerificationError(f"law 4, accounted for: no change names the difference at {_dotted(path)}")
    for change in changes:
        if change.service is not None and not _visible(
            change.path, change.value, after, append=change.action == "append"
        ):
            raise VerificationError(f"law 4, accounted for: the change at {_dotted(change.path)} is not in the output")


def _effective_differences(before: Project, after: Project) -> Iterator[Path]:
    """Where the two differ as compose reads them: services with all they inherit, and everything else as it stands."""
    for name in before.bodies.keys() | after.bodies.keys():
        yield from differences(before.bodies.get(name), after.bodies.get(name), ("services", name))
    old, new = bare(before.document.merged), bare(after.document.merged)
    for key in (old or {}).keys() | (new or {}).keys():
        if key != "services":
            yield from differences({key: old[key]} if key in old else {}, {key: new[key]} if key in new else {})


def _visible(path: Path, value: Data, after: Project, *, append: bool) -> bool:
    for leaf, wanted in leaves(path, value):
        found: object = {"services": after.bodies}
        for step in leaf:
            found = found.get(step) if isinstance(found, dict) else None
        if not ((isinstance(found, list) and wanted in found) if append else same(found, wanted)):  # type: ignore[arg-type]
            return False
    return True


def _named_lines(made: Plan) -> set[int]:
    """The lines, from 1, of the old text that a change may alter: those it removes, replaces or writes into."""
    document = made.document
    spans: list[tuple[int, int]] = []
    for change, site, unshared in made.made:
        node, part = _deepest(document.root, unshared or site)
        removed = change.action == "remove"
        inserted = isinstance(node, Mapping | Sequence) and not node.flow
        if part is not None and (removed or not inserted):
            spans.append((part.start if removed or node.start == node.end else node.start, part.end))
    spans += _unterminated(document)
    starts = [0, *(match.end() for match in _BREAK.finditer(document.text))]
    return set(_lines(spans, starts))


def _lines(spans: Iterable[tuple[int, int]], starts: list[int]) -> Iterator[int]:
    from bisect import bisect_right

    for start, end in spans:
        yield from range(bisect_right(starts, start), bisect_right(starts, max(start, end)) + 1)


def _deepest(root: Node, site: Path) -> tuple[Node, Entry | Item | None]:
    """The last node on the way to `site` that is in the text, and the entry or item it is the value of."""
    node, part = root, None
    for step in site:
        found: Entry | Item | None = None
        target = node.target if isinstance(node, Alias) else node
        if isinstance(target, Mapping):
            found = next((entry for entry in target.entries if entry.key.data == step), None)
        elif isinstance(target, Sequence) and isinstance(step, int) and step < len(target.items):
            found = target.items[step]
        if found is None:
            break
        node, part = found.value, found
    return node, part


def _unterminated(document: Document) -> list[tuple[int, int]]:
    """The header of a block scalar that ends the file without a line break: it becomes `|-` when lines follow."""
    *_, last = descendants(document.root)
    if isinstance(last, Scalar) and last.style in ("|", ">") and last.end == len(document.text):
        return [(last.start, last.start)]
    return []


def _told(found: Data, wanted: Data) -> str:
    """The places where two values differ, in DeepDiff's words and without the values, which may be secrets."""
    from deepdiff import DeepDiff  # takes 190 ms to import, and is only needed to tell of a bug

    report = DeepDiff(wanted, found, view="tree")
    places = (f"{kind} at {item.path()}" for kind, items in report.items() for item in items)
    return "; ".join(places) or "the order of keys"


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
