"""Canaries in generated files: whatever is run on them, none is seen, and none is written but where it belongs.

HARDENER_CANARIES=1000 runs it on as many files.
"""

import io
import os
import pty
import random
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import hardener
from hardener import HardenError, Profile, harden, load, picture, plan
from hardener.cli import run
from hardener.model import ComposeFile
from hardener.model.project import read_project
from hardener.session import MANY
from hardener.source.data import plain
from hardener.views.diff import diff
from hardener.views.graph import draw
from hardener.views.table import table

from .generator import Made, encodings, make

FILES = int(os.environ.get("HARDENER_CANARIES", "150"))
SHOWN = ["--no-compose-check", "--color", "never"]
GRAPHS = ("text", "mermaid", "dot", "svg", "json")


def leaks(made: Made, *shown: str) -> list[str]:
    """The canaries in what is shown, in any encoding, each with the place it was put in."""
    text = "\n".join(shown)
    # Long lines are broken where they are shown, and what stands in quotes has escapes.
    texts = (text, text.lower())
    return [
        f"{value} ({way}) as {form}"
        for value, way in made.canaries.items()
        for form in encodings(value)
        if any(form in each for each in texts)
    ]


def placed(made: Made, folder: Path) -> Path:
    folder.mkdir()
    path = folder / "compose.yml"
    path.write_bytes(made.text.encode())
    path.chmod(0o640)
    for name, text in made.beside.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o600)
    return path


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the command in this process: exit status, standard output, standard error."""
    monkeypatch.setattr("hardener.engine.compose.find_compose", lambda: None)
    rename = os.replace

    def replace(source: Path, target: Path) -> None:
        mode = stat.S_IMODE(os.stat(source).st_mode)
        assert mode & ~(stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else 0o640) == 0
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)

    def command(*args: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        status = run(list(args))
        out, err = capfdbinary.readouterr()
        return status, out.decode(errors="replace"), err.decode(errors="replace")

    return command


def objects(*roots: object) -> Iterator[object]:
    """All objects of this package that can be reached from others through their attributes."""
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        each = stack.pop()
        if id(each) in seen or isinstance(each, str | bytes | int | float | None):
            continue
        seen.add(id(each))
        if type(each).__module__.startswith("hardener"):
            yield each
        if isinstance(each, BaseModel):
            stack += [*each.__dict__.values(), *(each.__pydantic_extra__ or {}).values()]
        elif isinstance(each, dict):
            stack += each.values()
        elif isinstance(each, list | tuple | set | frozenset):
            stack += each
        elif type(each).__module__.startswith("hardener"):
            names = [name for kind in type(each).__mro__ for name in getattr(kind, "__slots__", ())]
            stack += [getattr(each, name) for name in (*names, *getattr(each, "__dict__", ())) if hasattr(each, name)]


def told(error: BaseException) -> str:
    return "\n".join([repr(error), str(error), f"{error}", *traceback.format_exception(error)])


@pytest.mark.parametrize("seed", range(FILES))
def test_what_is_made_of_a_file(seed: int, tmp_path: Path) -> None:
    """Through the library: views, and the `repr` of all there is."""
    made = make(seed)
    path = placed(made, tmp_path / "stack")
    result = harden(path)
    assert result.changed
    assert not leaks(
        made, *(diff(result, raw=raw).text for raw in (True, False)), table(result), table(result, width=60)
    )
    shown = picture(path, "production")
    forms = (GRAPHS[seed % len(GRAPHS)], "json")
    assert not leaks(made, *(draw(shown, form) for form in forms))
    document = load(made.text)
    project = read_project(document)
    found = [*objects(result, shown, document, project, plan(document, Profile.read("production")))]
    kinds = {"Document", "Mapping", "Scalar", "Service", "Change", "Picture"}
    assert kinds <= {type(one).__name__ for one in found}
    assert not leaks(made, *(f"{one!r} {one}" for one in found))


# What the command is run with; `{}` is the file, `{new}` one that is not there yet.
RUNS = [
    ["{}", "-n"],
    ["{}", "--check"],
    ["{}"],
    ["{}", "-o", "{new}"],
    ["{}", "-o", "-"],
    ["-"],
    ["{}", "-n", "--only", "logging"],
    ["{}", "--skip", "logging", "--confidence", "assumed"],
    ["{}", "-n", "--profile", "strict"],
    ["{}", "-n", "-q"],
    ["graph", "{}"],
    ["graph", "{}", "--profile", "production", "--format", "mermaid"],
    ["graph", "{}", "--format", "dot"],
    ["graph", "{}", "--format", "svg"],
    ["graph", "{}", "--format", "json"],
]


@pytest.mark.parametrize("seed", range(FILES))
def test_runs_of_the_command(seed: int, tmp_path: Path, command: Callable[..., Any]) -> None:
    made = make(seed)
    for number, args in enumerate((RUNS[seed % len(RUNS)], RUNS[(seed * 7 + 3) % len(RUNS)])):
        path = placed(made, tmp_path / f"stack{number}")
        graph = args[0] == "graph"
        filled = [arg.replace("{new}", str(path.parent / "new.yml")).replace("{}", str(path)) for arg in args]
        status, out, err = command(*filled, *(() if graph else SHOWN), stdin=made.text.encode())
        assert status in (0, 1), err
        document = "-" in args
        assert not leaks(made, err, "" if document else out)
        check_written(made, path.parent)


def check_written(made: Made, folder: Path) -> None:
    """Canaries stand in the compose files and in what is meant to hold secrets, and nobody else reads those."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name, mode = path.relative_to(folder), stat.S_IMODE(path.stat().st_mode)
        assert not path.name.startswith(".harden-"), "a temporary file is left"
        if path.suffix == ".yml":
            assert mode == 0o640, name
        elif name.parts[0] == "secrets":
            assert mode == 0o600 or stat.S_IMODE(path.parent.stat().st_mode) == 0o700, name
        elif path.name == ".env" or path.name in made.beside:
            assert mode == 0o600, name
        else:
            assert not leaks(made, path.read_text(encoding="utf-8")), name


def broken(made: Made, seed: int) -> Iterator[tuple[str, str]]:
    """The text with one thing wrong, in several ways, near a canary wherever that can be."""
    at = random.Random(seed)
    text = made.text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.splitlines()
    canary = at.choice(made.whole)
    number = next(number for number, line in enumerate(lines) if canary in line)
    for name, line in (
        *(
            ("unclosed", f'    "{lines[number]}'),
            ("tab", f"\t{lines[number]}"),
            ("colon", f"{lines[number]}: {canary}: x"),
        ),
        *(
            ("star", f"  x: *{canary}"),
            ("bang", f"  ? !{canary}!x y"),
            ("percent", f"%{canary}"),
            ("at", f"  x: @{canary}"),
        ),
        *(("brace", f"  x: {{{canary}, {canary}}}"), ("bracket", f"  x: [{canary}"), ("escape", f'  x: "\\q{canary}"')),
    ):
        yield name, "\n".join([*lines[:number], line, *lines[number + 1 :]]) + "\n"
    wrong = {
        **{"ports": [f"{canary}:80"], "environment": canary, "image": {"a": canary}, "healthcheck": canary},
        **{"build": [canary], "deploy": canary, "command": {canary: 1}, "mem_limit": [canary], "volumes": canary},
        **{"extends": {"service": canary}, "env_file": {"path": canary}, "unknown": canary},
    }
    for key, value in wrong.items():
        yield key, text.replace("services:\n", f"services:\n  wrong:\n    image: x\n    {key}: {value!r}\n", 1)
    yield "key", text.replace("services:\n", f"services:\n  wrong:\n    DB_PASSWORD={canary}: x\n", 1)
    yield (
        "pair",
        text.replace("services:\n", f"services:\n  wrong:\n    environment: {{DB_PASSWORD:{canary}, ? [a] : b}}\n", 1),
    )
    yield (
        "twice",
        text.replace("services:\n", f"services:\n  wrong: {{DB_PASSWORD={canary}: x, DB_PASSWORD={canary}: y}}\n", 1),
    )
    yield "whole", canary + "\n"


@pytest.mark.parametrize("seed", range(0, FILES, 15))
def test_files_that_are_wrong(seed: int, tmp_path: Path, command: Callable[..., Any]) -> None:
    made = make(seed)
    path = placed(made, tmp_path / "stack")
    for number, (name, text) in enumerate(broken(made, seed)):
        path.write_text(text, encoding="utf-8")
        if number % 2 == seed % 2:
            status, out, err = command(str(path), "-n", *SHOWN)
            assert "Traceback" not in err and status in (0, 2), err
            assert not leaks(made, out, err), name
            continue
        try:
            result = harden(path)
            assert not leaks(made, repr(result), *result.warnings), name
        except HardenError as error:
            assert not leaks(made, told(error)), name


@pytest.mark.parametrize("seed", range(3))
def test_the_question_on_a_terminal(seed: int, tmp_path: Path) -> None:
    """Twenty files, so that it tells how far it is; one of them is asked about, and the terminal goes away."""
    made = make(seed)
    path = placed(made, tmp_path / "stack")
    names = [path.name]
    for number in range(MANY):
        names.append(f"{number}.yml")
        (path.parent / names[-1]).write_bytes(path.read_bytes())
        (path.parent / names[-1]).chmod(0o640)
    main, other = pty.openpty()
    home = str(Path(hardener.__file__).parent.parent)
    program = [sys.executable, "-c", "from hardener.__main__ import main; main()", *names, "--no-compose-check"]
    running = subprocess.Popen(
        program, stdin=other, stdout=other, stderr=other, cwd=path.parent, env={**os.environ, "PYTHONPATH": home}
    )
    os.close(other)
    talk, answers = b"", 0
    while True:
        try:
            read = os.read(main, 65536)
        except OSError:
            break
        talk += read
        if talk.count(b"[y/N] ") > answers:
            answers += 1
            os.write(main, b"y\n" if answers % 2 else b"n\n")
    assert running.wait(timeout=60) == 0 and answers == len(names) and f"{MANY}/".encode() in talk
    os.close(main)
    assert not leaks(made, talk.decode(errors="replace"))
    check_written(made, path.parent)


@pytest.mark.parametrize("seed", range(0, FILES, 30))
def test_errors_of_pydantic(seed: int) -> None:
    """Of whoever validates data without us."""
    made = make(seed)
    for canary in list(made.canaries)[:3]:
        wrong: dict[str, Any] = {
            **{"environment": {"A": [canary]}, "build": [canary], "image": {"a": canary}, "deploy": canary},
            **{"ports": [f"{canary}:80", {"target": [canary]}], "command": {"a": canary}, "healthcheck": {"test": 1}},
        }
        for key, value in wrong.items():
            data = plain(load(made.text).merged)
            for service in data["services"].values():
                service[key] = value
            with pytest.raises(ValidationError) as caught:
                ComposeFile.model_validate(data)
            assert not leaks(made, told(caught.value)), key


@pytest.mark.parametrize("seed", range(0, FILES, 30))
def test_our_own_bugs(seed: int, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a debug run shows the text of an error that nobody expected."""
    made = make(seed)
    path = placed(made, tmp_path / "stack")

    def fail(*_: object) -> None:
        try:
            raise KeyError(made.text)
        except KeyError as error:
            raise ValueError(made.text) from error

    monkeypatch.setattr("hardener.api.verify", fail)
    for debug in ("0", "1"):
        monkeypatch.setenv("HARDENER_DEBUG", debug)
        status, out, err = command(str(path), *SHOWN)
        assert status == 3 and ("Traceback" in err) is (debug == "1") and "ValueError" in err
        assert not leaks(made, out, err)
    check_written(made, path.parent)


def test_canaries_are_found() -> None:
    """The test sees what it looks for: a canary as it is, and in base64 wherever it starts there."""
    import base64

    made = make(0)
    value = next(iter(made.canaries))
    assert leaks(made, f"x{value}y") and not leaks(made, "nothing")
    for before in ("", "u:", "me:", "user:"):
        assert leaks(made, base64.b64encode(f"{before}{value}@".encode()).decode())
    ways = " ".join(way for seed in range(60) for way in make(seed).canaries.values())
    for way in ("literal", "folded", "complex_key", "escaped", "quoted_lines", "url", "default", "argument", "alias"):
        assert way in ways
    assert hardener.__version__
