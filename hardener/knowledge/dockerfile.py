"""What a service with `build:` runs, as far as its Dockerfile says so: read, never built.

Follows what BuildKit does with a Dockerfile: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from hardener.knowledge.catalog import facts_for
from hardener.knowledge.packages import Packages
from hardener.model.interpolation import resolve_defaults
from hardener.model.short import text_values
from hardener.shown import shows

if TYPE_CHECKING:
    from e2b_dockerfile_utils import DockerfileInstruction

    from hardener.model import Build

T = TypeVar("T")

_LARGEST = 1024 * 1024
_LONGEST_DIRECTIVE = 4096
_MOST_EFFORT = 500_000
_REMOTE = ("http://", "https://", "git://", "ssh://", "git@", "github.com/")
_SHELL = ["/bin/sh", "-c"]
_SHELLS = {"sh", "bash", "ash", "dash"}
_EXPANDED = {"ENV", "USER", "STOPSIGNAL", "VOLUME", "EXPOSE"}
# A stage by name or number, or an image.
_FROM = re.compile(r"^\s*(?:COPY|ADD)\b.*?--from=(\S+)", re.IGNORECASE | re.MULTILINE)
_USE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<braced>\w+)(?P<operator>:?[-+?]|[#%/])?)")
_PORTS = re.compile(r"(?:.*:)?(\d{1,5})(?:-(\d{1,5}))?(?:/tcp)?", re.IGNORECASE)


@shows("source")
@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """One fact and where it stands: `api/Dockerfile:12`, the file named as in the compose file."""

    value: T
    source: str


@shows("base_source", "packages")
@dataclass(frozen=True)
class Built:
    """What is known of an image from its Dockerfile. What is None holds as in the base image.

    A text that rests on a variable nobody knows the value of is the empty text: for `USER $NAME`, `user` is set, so
    that of the base does not hold, but nobody can tell whether it is root.
    """

    base: str | None
    """The image that the chosen stage rests on in the end; None for `scratch`, the empty text where it is not known."""
    base_source: str
    """The FROM that says so."""
    user: Told[str] | None = None
    """`USER`, with the group where it has one: `1000:1000`."""
    healthcheck: Told[list[str]] | None = None
    """As the `test` of a compose file: `["CMD-SHELL", "curl …"]`, `["CMD", "curl", …]`, `["NONE"]`."""
    expose: tuple[Told[int], ...] = ()
    """TCP ports."""
    volumes: tuple[Told[str], ...] = ()
    stop_signal: Told[str] | None = None
    entrypoint: Told[list[str]] | None = None
    """The words; a line of shell is `["/bin/sh", "-c", line]`."""
    command: Told[list[str]] | None = None
    """`CMD`, in words like `entrypoint`; no words where an ENTRYPOINT takes back the CMD of the base."""
    packages: frozenset[str] = frozenset()
    """Packages that are certainly installed on top of the base."""
    brings_programs: bool = False
    """Whether a program may carry capabilities of its own: `setcap` stands somewhere in the file, or files are copied
    from an image that is known for that."""


def read_dockerfile(folder: Path, build: Build) -> Built | None:
    """What the Dockerfile of `build` says of the image; None if there is none that can be read.

    `folder` is where the compose file's relative paths count from. Variables of the compose file stand at their
    defaults. Never raises: a remote context, a missing, broken, huge or special file are None alike.
    """
    try:
        text, name = _inline(build) if build.dockerfile_inline is not None else _file(folder, build)
        return _play(text, name, build)
    except (OSError, ValueError, RecursionError):
        return None


def is_remote(build: Build) -> bool:
    """Whether the source of an image is not here, but at an address, or a variable says where: nothing can be read."""
    context = build.context or ""
    resolved = resolve_defaults(context)
    return resolved is None or context.startswith(_REMOTE) or resolved.startswith(_REMOTE)


def _inline(build: Build) -> tuple[str, str]:
    return _resolved(build.dockerfile_inline or ""), "dockerfile_inline"


def _file(folder: Path, build: Build) -> tuple[str, str]:
    """The text of the Dockerfile, and its name from the compose file's point of view."""
    context = _resolved(build.context or ".")
    if is_remote(build):
        raise ValueError("a remote context")
    # Without `dockerfile`, Docker takes the lower-case name as well.
    names = [_resolved(build.dockerfile)] if build.dockerfile else ["Dockerfile", "dockerfile"]
    name = next((name for name in names if (folder / context / name).exists()), names[0])
    path = folder / context / name
    status = path.stat()
    # Files that only look regular, as in /proc, have no size.
    if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= _LARGEST:
        raise ValueError("not a Dockerfile")
    with path.open("rb") as file:
        content = file.read(_LARGEST)
    return content.decode("utf-8", errors="replace"), posixpath.normpath(posixpath.join(context, name))


def _resolved(text: str) -> str:
    resolved = resolve_defaults(text)
    if resolved is None:
        raise ValueError("a variable without default")
    return resolved


def _play(text: str, name: str, build: Build) -> Built:
    """Go through a Dockerfile. Raises ValueError where Docker would refuse it, or where reading it takes too long."""
    from e2b_dockerfile_utils import parse_dockerfile_ast

    # The parser's time for a directive grows with the square of its length.
    if any(line.startswith("#") and len(line) > _LONGEST_DIRECTIVE for line in text.split("\n", 4)[:4]):
        raise ValueError("no parser directive is as long")
    parsed = parse_dockerfile_ast(text)
    given = {key: resolve_defaults(value) for key, value in build.read_args().items() if value is not None}
    contexts = {key.lower(): _image(text) for key, text in text_values(build.additional_contexts).items()}
    player = _Player(name, parsed.escape_token, given, contexts)
    for instruction in parsed.instructions:
        player.play(instruction)
    return player.target(_resolved(build.target or "")).built(_brings_programs(text))


def _brings_programs(text: str) -> bool:
    """See `Built.brings_programs`."""
    images = (facts_for(image) for image in _FROM.findall(text))
    carriers = (facts.capabilities for facts in images if facts and facts.capabilities)
    return "setcap" in text or any(claim.value.any_user for claim in carriers)


def _image(context: str) -> str | None:
    """The image that an additional context names: `docker-image://alpine:3`. None for a folder or another service."""
    scheme, _, image = (resolve_defaults(context) or "").partition("docker-image://")
    return image or None if not scheme else None


@shows("base_source")
@dataclass
class _Stage:
    """A stage as far as it was played."""

    base: str | None
    base_source: str
    user: Told[str] | None = None
    healthcheck: Told[list[str]] | None = None
    expose: dict[int, Told[int]] = field(default_factory=dict)
    volumes: dict[str, Told[str]] = field(default_factory=dict)
    stop_signal: Told[str] | None = None
    entrypoint: Told[list[str]] | None = None
    command: Told[list[str]] | None = None
    own_command: bool = False
    shell: list[str] = field(default_factory=lambda: _SHELL)
    variables: dict[str, str | None] = field(default_factory=dict)
    """ARG and ENV, None for a value that is not known."""
    packages: Packages = field(default_factory=Packages)

    def child(self) -> _Stage:
        """The start of a stage that is built on this one."""
        copies = {name: getattr(self, name).copy() for name in ("expose", "volumes", "variables", "packages")}
        return _Stage(**{**vars(self), **copies, "own_command": False})

    def built(self, brings_programs: bool) -> Built:
        return Built(
            base=self.base,
            base_source=self.base_source,
            user=self.user,
            healthcheck=self.healthcheck,
            expose=tuple(self.expose.values()),
            volumes=tuple(self.volumes.values()),
            stop_signal=self.stop_signal,
            entrypoint=self.entrypoint,
            command=self.command,
            packages=self.packages.names,
            brings_programs=brings_programs,
        )


class _Player:
    """Plays instructions in order, as BuildKit does (frontend/dockerfile/dockerfile2llb/convert.go)."""

    def __init__(
        self, name: str, escape: str, given: Mapping[str, str | None], contexts: Mapping[str, str | None]
    ) -> None:
        self._name, self._escape, self._given, self._contexts = name, escape, given, contexts
        self._globals: dict[str, str | None] = {}
        self._stages: list[_Stage] = []
        self._named: dict[str, _Stage] = {}
        self._effort = 0

    def target(self, name: str) -> _Stage:
        """The stage to build: by name or number, else the last. Raises ValueError if there is none."""
        if name.lower() in self._named:
            return self._named[name.lower()]
        number = int(name) if name else len(self._stages) - 1
        if number not in range(len(self._stages)):
            raise ValueError("no such stage")
        return self._stages[number]

    def play(self, instruction: DockerfileInstruction) -> None:
        """Let one instruction act on the stage it stands in."""
        source = f"{self._name}:{instruction.start_line}"
        if instruction.name == "FROM":
            self._from(instruction.args, source)
        elif instruction.name == "ARG":
            self._arg(instruction.args)
        elif not self._stages:
            raise ValueError("no FROM")
        else:
            self._in_stage(self._stages[-1], instruction, source)

    def _from(self, args: list[str], source: str) -> None:
        if len(args) not in (1, 3) or (len(args) == 3 and args[1].lower() != "as"):
            raise ValueError("FROM requires one or three arguments")
        name = args[2].lower() if len(args) == 3 else ""
        if name in self._contexts:
            raise ValueError("compose hands over another image in place of this stage")
        base = self._expand(args[0], self._globals) or None
        parent = self._named.get(base.lower()) if base else None
        if base and base.lower() in self._contexts:
            parent, base = None, self._contexts[base.lower()]
        if parent:
            self._spend(len(parent.variables) + len(parent.expose) + len(parent.volumes) + len(parent.packages))
            stage = parent.child()
        else:
            stage = _Stage(base=None if base == "scratch" else base or "", base_source=source)
        self._stages.append(stage)
        if name:
            self._named[name] = stage

    def _arg(self, args: list[str]) -> None:
        variables = self._stages[-1].variables if self._stages else self._globals
        for arg in args:
            name, equals, default = arg.partition("=")
            if name in self._given:
                self._set(variables, name, self._given[name])
            elif equals:
                self._set(variables, name, self._expand(default, variables))
            elif name in self._globals:
                variables[name] = self._globals[name]

    def _in_stage(self, stage: _Stage, instruction: DockerfileInstruction, source: str) -> None:
        args = instruction.args
        texts = [self._expand(arg, stage.variables) for arg in args] if instruction.name in _EXPANDED else []
        match instruction.name:
            case "ENV":
                for name, value in zip(args[::3], texts[1::3], strict=True):
                    self._set(stage.variables, name, value)
            case "USER":
                stage.user = Told(_only(texts), source)
            case "STOPSIGNAL":
                stage.stop_signal = Told(_only(texts), source)
            case "VOLUME":
                stage.volumes |= {text: Told(text, source) for text in texts if text}
            case "EXPOSE":
                for port in (port for text in texts for port in self._ports(text or "")):
                    stage.expose.setdefault(port, Told(port, source))
            case "HEALTHCHECK":
                stage.healthcheck = Told(_test(args, instruction.json), source)
            case "SHELL" if instruction.json:
                stage.shell = args
            case "CMD":
                stage.command, stage.own_command = Told(self._words(stage, instruction), source), True
            case "ENTRYPOINT":
                stage.entrypoint = Told(self._words(stage, instruction), source)
                if not stage.own_command:
                    stage.command = Told([], source)
            case "RUN":
                for script in _scripts(instruction):
                    stage.packages.run(script)

    def _words(self, stage: _Stage, instruction: DockerfileInstruction) -> list[str]:
        if instruction.json:
            return instruction.args
        self._spend(len(stage.shell))
        return [*stage.shell, " ".join(instruction.args)]

    def _set(self, variables: dict[str, str | None], name: str, value: str | None) -> None:
        self._spend(1)
        variables[name] = value

    def _expand(self, text: str, variables: Mapping[str, str | None]) -> str | None:
        """`text` without quotes and with its variables filled in; None if one of them is not known.

        A variable that nothing in the file sets counts as unset, so that `${A:-b}` is `b`, and `$A` is not known: the
        base image may set it.
        """
        from e2b_dockerfile_utils import ShellLex

        known: dict[str, str] = {}
        cost = len(text)
        for use in _USE.finditer(text):
            name, operator = use["plain"] or use["braced"], use["operator"] or ""
            value = variables.get(name)
            unset = name not in variables and operator in ("-", ":-")
            # Patterns, as in `${A%.*}`, can take the parser for ever.
            if operator in ("#", "%", "/") or (value is None and not unset):
                return None
            if value is not None:
                known[name] = value
                cost += len(value)
        self._spend(cost)
        return ShellLex(self._escape, env=known, skip_unset_env=False).process_word(text)

    def _ports(self, text: str) -> list[int]:
        ports: list[int] = []
        for match in filter(None, map(_PORTS.fullmatch, text.split())):
            first, last = int(match[1]), int(match[2] or match[1])
            if 0 < first <= last < 65536:
                self._spend(last - first)
                ports += range(first, last + 1)
        return ports

    def _spend(self, effort: int) -> None:
        """Give up on a file that is made to take long, as by variables that double in every line."""
        self._effort += effort
        if self._effort > _MOST_EFFORT:
            raise ValueError("too much to read")


def _only(texts: list[str | None]) -> str:
    if len(texts) != 1:
        raise ValueError("requires one argument")
    return texts[0] or ""


def _test(args: list[str], is_json: bool) -> list[str]:
    kind, command = args[0].upper() if args else "", args[1:]
    if kind == "NONE" and not command:
        return ["NONE"]
    if kind != "CMD" or not command:
        raise ValueError("HEALTHCHECK is NONE or CMD with a command")
    return ["CMD" if is_json else "CMD-SHELL", *command]


def _scripts(run: DockerfileInstruction) -> list[str]:
    """The shell scripts of a RUN line: the line itself, or the heredoc that it hands to a shell."""
    from shlex import join

    if run.json:
        return [join(run.args)]
    line = " ".join(run.args)
    if not run.heredocs:
        return [line]
    first = posixpath.basename(line.split(maxsplit=1)[0])
    scripts = [heredoc.content for heredoc in run.heredocs]
    if first.startswith("<<"):
        return [script for script in scripts if _for_shell(script)]
    return scripts if first in _SHELLS else [line]


def _for_shell(script: str) -> bool:
    """Whether a script without an interpreter of its own, or with a shell as such."""
    interpreter = re.match(r"#!\s*(?:\S*/env\s+)?(\S+)", script)
    return interpreter is None or posixpath.basename(interpreter[1]) in _SHELLS
