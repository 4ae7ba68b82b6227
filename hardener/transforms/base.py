"""The contract of a transform: what it is given, what it may answer, and what an answer carries.

A transform is a pydantic model whose fields are its settings. `run` looks at one service and yields what should change
(`self.set`, `self.append`, `self.replace`, `self.remove`, `self.quote`), what a person must decide (`self.advise`), or
why it leaves the service alone (`self.skip`). It reads no file, prints nothing and knows no text. The runner
(`hardener.pipeline`) holds the guards all of them share: a value that is already set, here or through `<<` or
`extends`, is never set again. Only `replace` and `remove` say that they mean the value that is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, Field

from hardener.evidence import Evidence as Evidence  # a part of this contract
from hardener.shown import shows
from hardener.source import Data, Path

if TYPE_CHECKING:
    from hardener.model import ComposeFile, Service
    from hardener.source.companions import Companion
    from hardener.transforms.context import Context


class Confidence(StrEnum):
    """How sure it is that a change does no harm; each level includes those before it."""

    SAFE = "safe"
    """Cannot change what a working service does."""
    KNOWN = "known"
    """Changes behaviour; evidence says that this service works with it."""
    ASSUMED = "assumed"
    """Changes behaviour, and nothing is known of this service."""

    def covers(self, other: Confidence) -> bool:
        """Whether someone who accepts this level accepts `other`."""
        order = list(Confidence)
        return order.index(other) <= order.index(self)


Action = Literal["set", "append", "replace", "remove", "quote"]


@shows("rule", "service", "path", "action", "confidence")
class Change(NamedTuple):
    """One edit of the data, and all that a reviewer asks about it.

    `set` puts `value` at `path`, `append` adds it to the list at `path`, `replace` puts it in the place of what is
    there, `remove` takes the key at `path` away, `quote` puts quotes around the string `value` that stands at `path`.
    What does not exist on the way is made. An index in `path` counts the items of a list with those it inherits.
    `service` is None for a change of the file itself.

    `files` are what it needs beside the document, written before it. Changes of one rule with the same `group` are made
    all together or not at all. A key that is set goes to the place of the key `instead_of`, where that is there.
    """

    rule: str
    service: str | None
    path: Path
    action: Action
    value: Data
    reason: str
    confidence: Confidence
    evidence: tuple[Evidence, ...] = ()
    references: tuple[str, ...] = ()
    caveat: str | None = None
    files: tuple[Companion, ...] = ()
    group: str | None = None
    instead_of: str | None = None


@shows("rule", "service", "path")
class Advice(NamedTuple):
    """What a person must decide. `message` says what to do, `reason` why it was not done for them."""

    rule: str
    service: str | None
    path: Path
    message: str
    reason: str
    references: tuple[str, ...] = ()


@shows("rule", "service")
class Skip(NamedTuple):
    """Why a rule leaves a service alone."""

    rule: str
    service: str | None
    reason: str


Answer = Change | Advice | Skip


class Extras(TypedDict, total=False):
    """What few changes have; see `Change`."""

    files: tuple[Companion, ...]
    group: str
    instead_of: str


class Transform(BaseModel):
    """One rule. Its docstring is its page of documentation, its fields are its settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    id: ClassVar[str]
    """Kebab-case; the module that holds it has the same name."""
    title: ClassVar[str]
    references: ClassVar[tuple[str, ...]] = ()
    after: ClassVar[tuple[str, ...]] = ()
    """Rules whose changes this one builds on: it runs after those of them that the profile names."""
    atomic: ClassVar[Literal["service", "file"] | None] = None
    """Whether the changes for one service, or for all of the file, are made all together or not at all. For less than a
    service, or some of several, changes have a `group`."""

    confidence: Confidence | None = Field(
        default=None, description="Apply changes of this rule up to this confidence, whatever the profile says."
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        """What this rule says about one service."""
        return iter(())

    def run_file(self, file: ComposeFile, context: Context) -> Iterator[Answer]:
        """What this rule says about the file apart from its services."""
        return iter(())

    # How answers are made. `at` is a path below the service, or from the top of the file if `service` is None.

    def set(
        self,
        service: Service | None,
        at: str | Path,
        value: Data,
        reason: str,
        confidence: Confidence = Confidence.ASSUMED,
        *,
        evidence: tuple[Evidence, ...] = (),
        caveat: str | None = None,
        **more: Unpack[Extras],
    ) -> Change:
        """A value to set; a map is merged, key by key, into the one that is there. What has a value keeps it."""
        rule, name, path = self._place(service, at)
        return Change(rule, name, path, "set", value, reason, confidence, evidence, self.references, caveat, **more)

    def append(
        self,
        service: Service | None,
        at: str | Path,
        item: Data,
        reason: str,
        confidence: Confidence = Confidence.ASSUMED,
        *,
        evidence: tuple[Evidence, ...] = (),
        caveat: str | None = None,
        **more: Unpack[Extras],
    ) -> Change:
        """An item to add to a list, unless it is in there."""
        rule, name, path = self._place(service, at)
        return Change(rule, name, path, "append", item, reason, confidence, evidence, self.references, caveat, **more)

    def replace(
        self,
        service: Service | None,
        at: str | Path,
        value: Data,
        reason: str,
        confidence: Confidence = Confidence.ASSUMED,
        *,
        evidence: tuple[Evidence, ...] = (),
        caveat: str | None = None,
        **more: Unpack[Extras],
    ) -> Change:
        """A value in the place of the one that is there: a scalar for a scalar, for a list of names a map, or for a
        list one that keeps some of its items.

        The map has those names as its keys, in their order: `[db]` can become `{db: {condition: service_healthy}}`.
        """
        rule, name, path = self._place(service, at)
        return Change(rule, name, path, "replace", value, reason, confidence, evidence, self.references, caveat, **more)

    def remove(
        self,
        service: Service | None,
        at: str | Path,
        reason: str,
        confidence: Confidence = Confidence.ASSUMED,
        *,
        evidence: tuple[Evidence, ...] = (),
        caveat: str | None = None,
        **more: Unpack[Extras],
    ) -> Change:
        """A key to take away, with all that it holds."""
        rule, name, path = self._place(service, at)
        return Change(rule, name, path, "remove", None, reason, confidence, evidence, self.references, caveat, **more)

    def quote(self, service: Service, at: Path, text: str, reason: str) -> Change:
        """The string `text`, which is there, in quotes, unless it has them; what it means to compose stays the same."""
        rule, name, path = self._place(service, at)
        return Change(rule, name, path, "quote", text, reason, Confidence.SAFE, (), self.references)

    def advise(self, service: Service | None, at: str | Path, message: str, reason: str) -> Advice:
        """Something a person must decide."""
        return Advice(*self._place(service, at), message, reason, self.references)

    def skip(self, service: Service | None, reason: str) -> Skip:
        """Leave it alone, and say why."""
        return Skip(self.id, service.name if service else None, reason)

    def _place(self, service: Service | None, at: str | Path) -> tuple[str, str | None, Path]:
        """Rule, service and path of an answer."""
        below = (at,) if isinstance(at, str) else at
        return (
            (self.id, None, below) if service is None else (self.id, service.name, ("services", service.name, *below))
        )
