"""From a document and a profile to a plan: what changes, what is advised, and what is left alone and why.

The guards that all transforms share live here: what is set stays, what another service would get along with it is asked
about, what is less sure than the profile accepts is held back, and what the writer cannot do becomes advice.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from hardener.cases import Case, Verdict
from hardener.errors import HardenError
from hardener.knowledge.globs import matches
from hardener.model.project import Project, read_project
from hardener.profile import Profile
from hardener.sharing import Settled, settle
from hardener.shown import shows
from hardener.source import Data, Document, Path, RewriteError, at, bare, dotted, rewrite, same
from hardener.source.companions import Companion
from hardener.source.data import frozen, is_data
from hardener.target import Made, apply, atoms, changed, doubles, identity, leaves, merges, misfit, tags
from hardener.transforms.base import Advice, Answer, Change, Confidence, Skip, Transform
from hardener.transforms.context import Context


class Selection(NamedTuple):
    """What of a profile is to run: all by default. `confidence` overrides the profile and its rules."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    confidence: Confidence | None = None
    companions: bool = True
    """Whether files may be written beside the document."""


EVERYTHING = Selection()


@shows("document", "made", "had", "held", "advice", "verdicts", "warnings", "unshared")
@dataclass(frozen=True, repr=False, eq=False)
class Plan:
    """What hardening a document means, before anything is written.

    `made` are the changes with the place each is made at; `had` are those that another of these brings along, through
    an anchor or `extends`; `held` are less sure than was accepted. Every service and rule has one verdict. `target` is
    the data after the changes and `text` the document that says it; at the places `unshared`, an alias gave way to a
    copy of its own.
    """

    project: Project
    made: tuple[Made, ...]
    had: tuple[Change, ...]
    held: tuple[Change, ...]
    advice: tuple[Advice, ...]
    verdicts: tuple[Verdict, ...]
    warnings: tuple[str, ...]
    target: Data
    text: str
    unshared: frozenset[Path] = frozenset()

    @property
    def document(self) -> Document:
        """The document as it is."""
        return self.project.document

    @property
    def changes(self) -> list[Change]:
        """The changes, in the order they were made."""
        return [made.change for made in self.made]


def plan(
    document: Document,
    profile: Profile | Iterable[Transform],
    selection: Selection = EVERYTHING,
    beside: tuple[Companion, ...] = (),
) -> Plan:
    """Plans the hardening of `document` by a profile, or by a list of transforms.

    What is going to be `beside` the document counts as if it was there. Raises HardenError where it is no compose file.
    """
    profile = profile if isinstance(profile, Profile) else Profile.of(profile)
    project = read_project(document)
    return _Planner(project, profile, selection, beside).run()


class _Planner:
    """Runs the rules one after another, each on the services as those before it leave them.

    What turns out at the end to have no way into the text is `refused`, and all is planned again without it: a later
    rule may have built on it. So it is with a group of changes of which one cannot be made: its rule is told that the
    group is `lost`, and may know another way.
    """

    def __init__(
        self, project: Project, profile: Profile, selection: Selection, beside: tuple[Companion, ...] = ()
    ) -> None:
        self.project = project
        self.document = project.document
        self.profile = profile
        self.selection = selection
        self.beside = beside
        # Changes that cannot be made, with the reason.
        self.refused: dict[Hashable, str] = {}
        # Groups of changes that cannot be made, by rule and group, with the reason.
        self.lost: dict[tuple[str, str], str] = {}

    def run(self) -> Plan:
        while True:
            self.start()
            known = len(self.lost)
            for transform in self.transforms():
                self.rule(transform)
                if len(self.lost) > known:
                    break
            else:
                settled, target, text = self.write()
                if not settled.refused:
                    return self.plan(settled, target, text)
                for change, reason in settled.refused:
                    if change.group is None:
                        self.refused[identity(change)] = reason
                    else:
                        self.lost[change.rule, change.group] = reason

    def start(self) -> None:
        self.cases: dict[tuple[str, str | None], Case] = {}
        # What the changes set so far, by place, in the order they were made: the rule that wants it, and the value.
        self.claims: dict[Path, tuple[str, Hashable]] = {}
        self.bodies = dict(self.project.bodies)
        self.services = dict(self.project.services)
        self.context = Context(self.project, self.services, self.profile.roles, self.profile.facts, self.profile.images)
        self.context.lost = self.lost
        self.context.companions, self.context.beside = self.selection.companions, self.beside

    def plan(self, settled: Settled, target: Data, text: str) -> Plan:
        wanted_by = {id(change): case for case in self.cases.values() for change in case.wanted}
        for change, other in settled.had:
            case = wanted_by[id(change)]
            case.wanted = [wanted for wanted in case.wanted if wanted is not change]
            if (told := f"through {other}, which it shares this with") not in case.had:
                case.had.append(told)
        cases = list(self.cases.values())
        return Plan(
            project=self.project,
            made=tuple(settled.made),
            had=tuple(change for change, _ in settled.had),
            held=tuple(change for case in cases for change in case.held),
            advice=tuple(advice for case in cases for advice in case.advice),
            verdicts=tuple(case.verdict() for case in cases),
            warnings=self.project.warnings,
            target=target,
            text=text,
            unshared=frozenset(settled.unshared),
        )

    def transforms(self) -> Iterator[Transform]:
        """The rules to run, each behind those that it says it builds on, else in the order of the profile."""
        only, skip = self.selection.only, self.selection.skip
        waiting = {
            transform.id: transform
            for transform in self.profile.transforms
            if (not only or transform.id in only) and transform.id not in skip
        }
        while waiting:
            ready = (each for each in waiting.values() if not any(rule in waiting for rule in each.after))
            transform = next(ready, next(iter(waiting.values())))
            del waiting[transform.id]
            yield transform

    def rule(self, transform: Transform) -> None:
        """Runs one rule on the file and on its services."""
        kind = type(transform)
        names: list[str | None] = [None] if kind.run_file is not Transform.run_file else []
        names += self.project.services if kind.run is not Transform.run else ()
        wanted = self.selection.services
        chosen = [name for name in names if not wanted or name in wanted]
        exempt = {name: reason for name in chosen if name and (reason := self.exempt(transform.id, name))}
        self.context.chosen = frozenset(name for name in chosen if name and name not in exempt)
        whole = transform.atomic != "file" or (chosen == names and not exempt)
        known = len(self.claims)
        before = (dict(self.bodies), dict(self.services)) if transform.atomic == "file" else None
        for name in chosen:
            case = self.cases[transform.id, name] = Case(transform.id, name)
            if name in exempt:
                case.skipped.append(exempt[name])
            elif whole:
                self.case(case, transform)
            else:
                case.skipped.append("it concerns the whole file, and a part of that is left out")
        if before and self.together([self.cases[transform.id, name] for name in chosen], known):
            self.bodies |= before[0]
            self.services |= before[1]

    def case(self, case: Case, transform: Transform) -> None:
        accepted = self.selection.confidence or transform.confidence or self.profile.confidence
        name, known = case.service, len(self.claims)
        for answer in self.answers(transform, name):
            if isinstance(answer, Advice):
                case.advice.append(answer._replace(path=self.project.origin(answer.path)))
            elif isinstance(answer, Skip):
                case.skipped.append(answer.reason)
            else:
                self.change(case, answer, accepted)
        if transform.atomic == "service":
            self.together([case], known)
        if name is not None and (own := [change for change in case.wanted if change.service == name]):
            self.bodies[name], self.services[name] = changed(name, self.bodies[name], own)

    def together(self, cases: list[Case], known: int) -> bool:
        """Takes the changes of these cases back, and claims beyond the first `known`, if one of them cannot be made."""
        if not any(case.lost for case in cases):
            return False
        for case in cases:
            wanted, case.wanted = case.wanted, []
            for change in wanted:
                if any(case.held for case in cases):
                    case.held.append(change)
                else:
                    self.leave(case, change, "it goes with another that cannot")
        while len(self.claims) > known:
            self.claims.popitem()
        return True

    def change(self, case: Case, answer: Change, accepted: Confidence) -> None:
        """Takes what is missing of a change into the case, if it fits what is there and what other rules want."""
        if answer.group is not None and (reason := self.lost.get((answer.rule, answer.group))) is not None:
            self.leave(case, answer, reason)
            return
        if answer.service is not None and answer.action in ("set", "append") and self.services[answer.service].is_part:
            case.skipped.append("another file says what it runs, and what is added here would win over that file")
            self.lose(case, answer, "a part of it is in another file")
            return
        body, depth = (self.document.merged, 0) if answer.service is None else (self.bodies[answer.service], 2)
        if (reason := misfit(answer, body, depth)) is not None:
            self.leave(case, answer, reason)
            return
        if answer.action == "quote":
            # What comes from another service is quoted there, if it is in this file.
            if (place := self.project.origin(answer.path))[:2] != answer.path[:2] or not self.unquoted(place):
                return
            answer = answer._replace(path=place)
        elif not self.stands_alone(answer, body):
            self.leave(case, answer, "a part of it comes through extends or another rule")
            return
        elif answer.action == "remove" and merges(self.document.data, answer.path):
            self.leave(case, answer, "without it, what << brings would stand there")
            return
        elif doubles(answer, body, depth):
            self.leave(case, answer, "the list has that already, and compose takes an item once")
            return
        for change in atoms(answer, body, depth):
            if "!reset" in tags(self.document.merged, change.path):  # whoever wrote that wants it empty
                reason = f"{change.path[-1]} is reset on purpose"
                case.skipped.append(reason)
                self.lose(case, change, reason)
            elif not accepted.covers(change.confidence):
                case.held.append(change)
                case.lost = case.lost or change.group is None
            elif (reason := self.refused.get(identity(change))) is not None:
                self.leave(case, change, reason)
            elif (rule := self.claim(change)) is None:
                case.wanted.append(change)
            else:
                self.leave(case, change, f"the rule {rule} sets another value there")

    def unquoted(self, place: Path) -> bool:
        """Whether a scalar of the text stands there without quotes."""
        scalar = self.document.scalar(place)
        return scalar is not None and scalar.plain

    def stands_alone(self, change: Change, body: Any) -> bool:
        """Whether a list is as it was, and all in one place of the text, or in none, if `change` is not just to add."""
        index = next((index for index, step in enumerate(change.path) if isinstance(step, int)), None)
        if change.service is None or (index is None and change.action in ("set", "append")):
            return change.service is None or not self.reshaped(change)
        path = change.path[:index]
        own = at(self.document.merged, path)
        now, was = at(body, path[2:]), at(self.project.bodies[change.service], path[2:])
        if not isinstance(now, list):
            return not self.reshaped(change)
        # Lists are joined: what goes from this one would come back if the extended service has it, too.
        goes = index is not None or change.action == "remove" or isinstance(change.value, list)
        joined = goes and "extends" in self.project.written[change.service]
        return same(now, was) and (own is None or (same(own, was) and not joined))

    def reshaped(self, change: Change) -> bool:
        """Whether a list of the service stands over a map that it extends: both are one map to compose."""
        parts = [change.path[:depth] for depth in range(2, len(change.path))]
        was = self.project.bodies[str(change.service)]
        return any(
            isinstance(bare(at(self.document.merged, part)), list) and isinstance(at(was, part[2:]), dict)
            for part in parts
        )

    def claim(self, change: Change) -> str | None:
        """Notes what a change sets. The name of the rule that wants another value at one of these places, if any."""
        claims = {path: frozen(value) for path, value in leaves(change.path, change.value)}
        if change.action in ("set", "replace"):
            for path, value in claims.items():
                rule, other = self.claims.get(path, (change.rule, value))
                if other != value:
                    return rule
            self.claims |= {path: (change.rule, value) for path, value in claims.items()}
        return None

    def answers(self, transform: Transform, name: str | None) -> Iterator[Answer]:
        """The answers of a rule. Raises HardenError if it fails: it may be somebody else's code."""
        try:
            if name is None:
                answers = transform.run_file(self.project.file, self.context)
            else:
                answers = transform.run(self.services[name], self.context)
            for answer in answers:
                if isinstance(answer, Change) and not is_data(answer.value):
                    raise TypeError("a value that is no YAML data")
                yield answer
        except HardenError:
            raise
        except Exception as error:
            subject = f"service {name!r}" if name else "the file"
            message = f"rule {transform.id!r} failed on {subject} ({type(error).__name__})"
            raise HardenError(message, hint=f"report it to its author, or use --skip {transform.id}") from error

    def exempt(self, rule: str, service: str) -> str | None:
        """Why a rule must not touch a service, if so."""
        if reason := self.project.unresolved.get(service):
            return reason
        if not self.project.bodies[service]:
            return "there is nothing in it yet"
        if self.project.services[service].provider is not None:
            return "it is run by a provider, not in a container"
        for exemption in self.profile.exempt:
            if any(matches(service, glob) for glob in exemption.services) and any(
                matches(rule, glob) for glob in exemption.rules
            ):
                return f"exempt: {exemption.reason}"
        return None

    def leave(self, case: Case, change: Change, reason: str) -> None:
        """Leaves a change to a person."""
        in_list = any(isinstance(step, int) for step in change.path)
        path = self.project.origin(change.path) if in_list else change.path
        verb = "Remove" if change.action == "remove" else "Set"
        shown = change.path if path[-1] == "extends" else path
        message = f"{verb} {dotted(shown)} by hand."
        case.advice.append(Advice(change.rule, change.service, path, message, reason, change.references))
        self.lose(case, change, reason)

    def lose(self, case: Case, change: Change, reason: str) -> None:
        """Notes that a change is not made, for those that are only made together with it."""
        if change.group is None:
            case.lost = True
        else:
            self.lost.setdefault((change.rule, change.group), reason)

    def write(self) -> tuple[Settled, Data, str]:
        """What becomes of the changes, the target data and its text. What the writer cannot do is among the refused."""
        wanted: dict[Hashable, Change] = {}
        for case in self.cases.values():
            for change in case.wanted:
                wanted.setdefault(identity(change), change)  # what two services need at the top is one change
        settled = settle(self.project, [*wanted.values()])
        if settled.refused or not settled.made:
            return settled, self.document.data, self.document.text
        target = apply(self.document.data, settled.made, settled.unshared)
        quoted = (made.site for made in settled.made if made.change.action == "quote")
        try:
            return settled, target, rewrite(self.document, target, quoted)
        except RewriteError as error:
            touched = [made for made in settled.made if self.touches(made.site, error.paths)]
            reason = f"the text cannot be edited there: {error.reason}"
            settled.refused = [(made.change, reason) for made in touched or settled.made]
            return settled, target, self.document.text

    def touches(self, site: Path, places: Iterable[Path]) -> bool:
        """Whether one of `places` is, holds or is in the place of a change."""
        own = (site, self.document.canonical(site))
        return any(one[: len(place)] == place or place[: len(one)] == one for place in places for one in own)
