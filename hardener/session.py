"""A run of `harden` over files: read them all, then harden, show, ask and write one after another.

What goes wrong with one file is told, and the next one goes on.
"""

from __future__ import annotations

import errno
import gc
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from hardener import __version__
from hardener.errors import HardenError, VerificationError, Where
from hardener.inputs import LOOKED_FOR, STDIN, STDIN_NAME, find_compose_file, read_input
from hardener.terminal import Terminal

if TYPE_CHECKING:
    from hardener.api import Result
    from hardener.pipeline import Selection
    from hardener.profile import Profile
    from hardener.source.files import SourceFile
    from hardener.views.summary import Ending

MANY = 20
"""Files from which on a terminal shows how far the run has come."""


class Status(IntEnum):
    """Exit statuses. Over several files the highest counts."""

    DONE = 0
    FOUND = 1
    BAD_INPUT = 2
    OUR_BUG = 3
    INTERRUPTED = 130


class Options(NamedTuple):
    """What the command line asks for. `output` is a path, `-` for standard output, or None for the file itself."""

    profile: str = "production"
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    confidence: str | None = None
    host_memory: str | None = None
    check: bool = False
    dry_run: bool = False
    yes: bool = False
    output: str | None = None
    compose_check: bool = True
    facts: tuple[str, ...] = ()
    inspect: bool = False
    lock: str | None = None
    rotate: bool = False
    show_secrets: bool = False

    @property
    def shows_only(self) -> bool:
        """Whether nothing is to be written, neither a file nor a document."""
        return self.check or self.dry_run


class Session:
    """Hardens files as `options` say, and talks about it on `terminal`. Raises HardenError for bad usage."""

    def __init__(self, options: Options, terminal: Terminal) -> None:
        from hardener.profile import Profile
        from hardener.views.summary import Tally

        self.options = options
        self.terminal = terminal
        if options.output == "":
            raise HardenError("--output names no file", hint="give a path, or - for standard output")
        if options.show_secrets and not (terminal.shown and terminal.talks):
            stream = "standard error" if terminal.shown else "standard output"
            raise HardenError(f"--show-secrets is for your eyes only, and {stream} is no terminal", hint="leave it out")
        self.profile = Profile.read(options.profile).with_facts(options.facts)
        if options.rotate:
            self.profile = _rotating(self.profile)
        self.selection = _selection(options)
        self.host_memory = _size(options.host_memory)
        self.tally = Tally()
        absent = set(self.selection.only) - {transform.id for transform in self.profile.transforms}
        for rule in sorted(absent):
            self.terminal.say(f"warning: the profile {self.profile.name} does not have the rule {rule}")

    def run(self, names: Sequence[str]) -> Status:
        """Hardens the files of these names, or the one compose would find if there are none."""
        names = list(dict.fromkeys(names))
        if not names:
            names = [found] if (found := find_compose_file(os.curdir, parents=True)) else []
            if not names:
                raise HardenError("no compose file here or above", hint=f"name a file; compose looks for {LOOKED_FOR}")
            self.terminal.say(f"found {names[0]}")
        if len(names) > 1:
            if STDIN in names or self.options.output is not None:
                raise HardenError("- and --output go with one file only", hint="run harden once for each file")
            # From here on there is garbage to look for; what was imported is none.
            gc.freeze()
            gc.enable()
        status, sources = self._read(names)
        self._check_services(sources, complete=status is Status.DONE)
        for number, source in enumerate(sources, 1):
            if len(sources) >= MANY:
                self.terminal.progress(f"{number}/{len(sources)} {source.name}")
            status = max(status, self._guarded(source))
        self.terminal.clear()
        if not self.terminal.quiet:
            from hardener.views.summary import summary

            self.terminal.say(summary(self.tally, color=self.terminal.err_color))
        return status

    def _read(self, names: Iterable[str]) -> tuple[Status, list[SourceFile]]:
        """The files that can be read, each one once."""
        status = Status.DONE
        sources: dict[str, SourceFile] = {}
        for name in names:
            try:
                source = read_input(name)
                sources.setdefault(os.path.realpath(source.name), source)
            except HardenError as error:
                status = self._failed(error, name)
        return status, list(sources.values())

    def _check_services(self, sources: list[SourceFile], *, complete: bool) -> None:
        """Raises HardenError if a service that was asked for is in no file; it may be in one that cannot be read."""
        if not self.selection.services:
            return
        from hardener.api import services
        from hardener.transforms import nearest

        known: list[str] = []
        try:
            known += [service for source in sources for service in services(source)]
        except HardenError:
            return  # told when its turn comes
        for service in self.selection.services if complete else ():
            if service not in known:
                raise HardenError(f"there is no service {service!r}", hint=nearest(service, known))

    def _guarded(self, source: SourceFile) -> Status:
        try:
            return self._harden(source)
        except Exception as error:
            return self._failed(error, source.name)

    def _failed(self, error: Exception, name: str) -> Status:
        self.tally.files["failed"] += 1
        return report(error, self.terminal, name)

    def _harden(self, source: SourceFile) -> Status:
        from hardener.api import harden

        options = self.options
        document = options.output == STDIN or (source.name == STDIN_NAME and options.output is None)
        result = harden(
            source,
            self.profile,
            # Beside what goes to standard output nothing can be written.
            self.selection._replace(companions=False) if document else self.selection,
            inspect=options.inspect,
            lock=options.lock,
            host_memory=self.host_memory,
            compose_check=options.compose_check and not options.shows_only,
        )
        masked = not self.terminal.quiet and self._show(result, diff=options.shows_only or not document)
        ending: Ending = "would change" if result.changed else "unchanged"
        if not options.shows_only:
            ending = self._deliver(result, document=document)
            if ending != "not written":
                self._record(result)
        self.tally.add(result, ending, masked=masked)
        return Status.FOUND if options.check and result.changed else Status.DONE

    def _show(self, result: Result, *, diff: bool) -> bool:
        """Shows the plan, and the diff if it is wanted; tells whether something in it had to be masked."""
        from hardener.views.style import escape
        from hardener.views.table import table

        terminal = self.terminal
        for warning in result.warnings:
            terminal.say(f"warning: {escape(warning)}")
        if text := table(result, width=terminal.width, color=terminal.err_color, secrets=self.options.show_secrets):
            terminal.say(text)
        if not (diff and result.changed):
            return False
        from hardener.views.diff import diff as unified

        secrets = self.options.show_secrets
        shown = unified(result, color=terminal.out_color, raw=not terminal.shown, secrets=secrets)
        terminal.out(shown.text)
        return shown.masked

    def _deliver(self, result: Result, *, document: bool) -> Ending:
        """Writes what there is to write, where it is wanted."""
        from hardener.views.style import escape

        source, output = result.source, self.options.output
        done: Ending = "hardened" if result.changed else "unchanged"
        if document:
            self.terminal.out_bytes(result.after.encode(source.encoding))
            return done
        if output is None and not result.changed:
            return done
        asks = self.terminal.interactive and not self.options.yes
        if asks and not self.terminal.ask(f"Write {escape(output or source.name)}{self._unseen(result)}?"):
            return "not written"
        if output is None:
            result.write()
        else:
            _create(output, result)
        return done

    def _unseen(self, result: Result) -> str:
        """How much is to be written, for a question after which nothing was shown."""
        from hardener.views.summary import counted

        return (
            f" with {counted(len(result.changes) + len(result.had), 'change')}, not shown"
            if self.terminal.quiet
            else ""
        )

    def _record(self, result: Result) -> None:
        """Writes the digests that the engine has into the lock file, where one is named for that."""
        lock = self.options.lock
        if lock is None or result.inspection is None:
            return
        from hardener.knowledge.lock import record
        from hardener.views.style import escape

        _refuse_loop(lock)
        if fresh := record(lock, result.inspection.images.values()):
            self.terminal.say(f"recorded in {escape(lock)}: {', '.join(map(escape, fresh))}")


def report(error: BaseException, terminal: Terminal, name: str = "") -> Status:
    """Tells of an error, never with a traceback, and returns the exit status it means."""
    from hardener.views.style import escape, paint

    head = paint("error:", "red", terminal.err_color)
    if isinstance(error, HardenError):
        terminal.complain(f"{head} {escape(str(error))}")
        return Status.BAD_INPUT
    if isinstance(error, KeyboardInterrupt):
        terminal.complain("\ninterrupted: what was not written yet stays as it is")
        return Status.INTERRUPTED
    if os.environ.get("HARDENER_DEBUG") == "1":
        terminal.complain(_trace(error))
    if isinstance(error, OSError):  # a full disk, a process without file handles: not ours, and not to be reported
        place = ": ".join(str(part) for part in (name, error.filename) if part)
        terminal.complain(f"{head} {escape(f'{place}: ' if place else '')}{escape(error.strerror or str(error))}")
        return Status.BAD_INPUT
    if isinstance(error, VerificationError):
        message = str(error)
    else:
        # Not its text: that may hold a value of the file.
        message = f"internal error: {type(error).__name__} in {_place(error)}"
    terminal.complain(f"{head} {escape(f'{name}: {message}' if name else message)}")
    import platform  # 4 ms

    terminal.complain(
        "This is a bug of harden, not of your file, and nothing was written. Please report the line above, with\n"
        f"  harden {__version__}, Python {platform.python_version()}, {escape(shlex.join(['harden', *sys.argv[1:]]))}"
    )
    return Status.OUR_BUG


def _trace(error: BaseException | None) -> str:
    """The calls that led to an error and to its causes, and their kinds: not their texts, which may hold a value."""
    import traceback

    told = ""
    while error is not None:
        calls = "".join(traceback.format_tb(error.__traceback__))
        told = f"Traceback, the innermost call last:\n{calls}{type(error).__name__}\n{told}"
        error = error.__cause__ or error.__context__
    return told


def _place(error: BaseException) -> str:
    """The innermost place in this package that the error passed: `hardener.source.parse:12`."""
    place, trace = "unknown", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("hardener.") or place == "unknown":
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _selection(options: Options) -> Selection:
    """Raises HardenError for a rule that does not exist."""
    from hardener.pipeline import Selection
    from hardener.transforms import find
    from hardener.transforms.base import Confidence

    for rule in (*options.only, *options.skip):
        find(rule)
    confidence = Confidence(options.confidence) if options.confidence else None
    return Selection(options.only, options.skip, options.services, confidence)


def _rotating(profile: Profile) -> Profile:
    """The profile with new values for secrets. Raises HardenError if it leaves them where they are."""
    from dataclasses import replace

    if not any("rotate" in type(transform).model_fields for transform in profile.transforms):
        raise HardenError("--rotate: this profile moves no secrets", hint="use one with the rule secrets")
    changed = (
        transform.model_copy(update={"rotate": True}) if "rotate" in type(transform).model_fields else transform
        for transform in profile.transforms
    )
    return replace(profile, transforms=tuple(changed))


def _size(text: str | None) -> int | None:
    if text is None:
        return None
    from hardener.model import byte_size

    size = byte_size(text)
    if size is None or size <= 0:
        raise HardenError(f"--host-memory: {text!r} is not a size", hint="such as 4G or 512M")
    return size


def _refuse_loop(name: str) -> None:
    """Raises HardenError where symlinks lead round in a circle, so that `name` can be no file, not even a new one."""
    try:
        os.stat(name)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise HardenError(f"cannot write: {error.strerror}", Where(name), "check the path") from error


def _create(output: str, result: Result) -> None:
    """Writes to the path that was asked for."""
    _refuse_loop(output)
    if os.path.exists(output):
        if os.path.samefile(output, result.file if result.file != STDIN_NAME else os.devnull):
            result.write()
            return
        # A rename would put a file in the place of a device.
        if not os.path.isfile(output):
            raise HardenError("not a regular file", Where(output), "use --output - for standard output")
    result.write(output)
