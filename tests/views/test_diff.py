"""The diff: what git and patch make of it is the new text, and it is found in linear time."""

import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hardener import Result
from hardener.api import SourceFile
from hardener.views.diff import diff, edits

Linear = Callable[[Callable[[int], object], int], bool]
SHOP = "# top\nservices:\n  a:\n    image: x\n\n  b:\n    image: y\nvolumes:\n  v:\n"


def result(before: str, after: str, name: str = "compose.yml") -> Result:
    source = SourceFile(name, before.encode(), "utf-8")
    return Result(source, "p", after, (), (), (), (), (), ())


def raw(before: str, after: str, name: str = "compose.yml") -> bytes:
    return diff(result(before, after, name), raw=True).text.encode()


def applied(folder: Path, tool: list[str], before: str, after: str, name: str = "compose.yml") -> bytes:
    (folder / name).write_bytes(before.encode())
    subprocess.run(tool, cwd=folder, input=raw(before, after, name), check=True, capture_output=True)
    return (folder / name).read_bytes()


CASES = {
    "insert": (SHOP, SHOP.replace("image: x\n", "image: x\n    init: true\n")),
    "insert at the start": (SHOP, "name: x\n" + SHOP),
    "insert at the end": (SHOP, SHOP + "x-a: 1\n"),
    "remove": ("version: '3'\n" + SHOP, SHOP),
    "replace": (SHOP, SHOP.replace("image: x", "image: z")),
    "two hunks": (SHOP * 5, ("n: 1\n" + SHOP) * 4 + SHOP + "z: 1\n"),
    "from nothing": ("", SHOP),
    "to nothing": (SHOP, ""),
    "no newline before": (SHOP.rstrip("\n"), SHOP + "x: 1\n"),
    "no newline after": (SHOP, SHOP.rstrip("\n")),
    "no newline on either side": (SHOP.rstrip("\n"), SHOP.rstrip("\n") + "\nx: 1"),
    "no newline in the context": (SHOP.rstrip("\n"), "x: 1\n" + SHOP.rstrip("\n")),
    "crlf": (SHOP.replace("\n", "\r\n"), SHOP.replace("\n", "\r\n").replace("x\r\n", "x\r\n    init: true\r\n")),
    "mixed": ("a: 1\r\nb: 2\nc: 3\rd: 4\n", "a: 1\r\nb: 2\nx: 1\nc: 3\rd: 4\n"),
    "other breaks": ("a: \u2028 b\nc: \x85d\n", "a: \u2028 b\nz: 1\nc: \x85d\n"),
    "bom": ("\ufeff" + SHOP, "\ufeff" + SHOP.replace("a:\n", "a:\n    init: true\n")),
    "not ascii": ("# ä 🛒\n" + SHOP, "# ä 🛒\n" + SHOP.replace("a:\n", "a:\n    init: true\n")),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("tool", [["git", "apply"], ["patch", "-p1", "--binary"]], ids=["git", "patch"])
def test_it_applies(tmp_path: Path, tool: list[str], before: str, after: str) -> None:
    if tool[0] == "patch" and not after:
        pytest.skip("patch removes a file that gets empty")
    assert applied(tmp_path, tool, before, after) == after.encode()


@pytest.mark.parametrize(
    "name", ["a b.yml", "tab\tbed.yml", "bell\x07.yml", 'quo"ted.yml', "ä.yml", "deep/er/compose.yml", "-.yml"]
)
def test_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    before, after = CASES["insert"]
    assert applied(tmp_path, ["git", "apply"], before, after, name) == after.encode()


def test_an_absolute_name_applies_from_the_top() -> None:
    assert raw(*CASES["insert"], name="/srv/./x/compose.yml").startswith(b"--- a/srv/x/compose.yml\n+++ b/srv/x/")


def test_random_edits_apply(tmp_path: Path) -> None:
    chance = random.Random(7)
    words = ["a:\n", "  b: 1\n", "\n", "    restart: always\n", "    image: x\n"]
    for _ in range(40):
        old = [chance.choice([*words, f"  s{chance.randrange(99)}:\n"]) for _ in range(chance.randrange(1, 60))]
        new: list[str] = []
        for line in old:
            kind = chance.random()
            new += [] if kind < 0.05 else [line.upper()] if kind < 0.1 else [line]
            new += [chance.choice(words) for _ in range(chance.randrange(8))] if chance.random() < 0.2 else []
        before, after = "".join(old), "".join(new)
        if before != after and after:
            assert applied(tmp_path, ["git", "apply", "--unidiff-zero"], before, after) == after.encode()


def test_lines_that_stay_are_not_shown_as_removed() -> None:
    """A block like those of the neighbours goes in: the diff says so, and nothing else."""
    old = [line for name in "abcdef" for line in (f"  {name}:\n", "    image: x\n", "    restart: always\n")]
    new = [*old[:8], "    init: true\n", "    image: x\n", "    restart: always\n", *old[8:]]
    assert all(edit.start == edit.end for edit in edits(old, new))


def test_nothing_changes() -> None:
    assert diff(result(SHOP, SHOP)).text == ""


def test_for_people() -> None:
    before, after = CASES["crlf"]
    shown = diff(result(before, after), color=True).text
    assert "\r" not in shown and "\x1b[32m+    init: true\x1b[0m\n" in shown and "\x1b[1m--- a/" in shown
    assert "\x1b" not in diff(result("a: \x1b[2J\n", "a: \x1b[2J\nb: 1\n")).text
    assert "\\x1b[2J" in diff(result("a: \x1b[2J\n", "a: \x1b[2J\nb: 1\n")).text
    assert "\\ No newline at end of file" in diff(result("a: 1", "a: 1\nb: 2")).text


def test_masked_values_are_told() -> None:
    secret = "A_PASSWORD: hunter2\nb: 1\n"
    for after in (secret + "c: 1\n", secret.replace("hunter2", "hunter3"), "b: 1\n"):
        shown = diff(result(secret, after), raw=True)
        assert shown.masked and "hunter" not in shown.text and "A_PASSWORD: ****" in shown.text
    far = "A_PASSWORD: hunter2\n" + "a: 1\n" * 9
    assert not diff(result(far, far + "b: 1\n")).masked, "it is not in what is shown"


def test_time_grows_with_the_services(linear: Linear) -> None:
    def run(count: int) -> None:
        old = ["services:\n"]
        new = ["services:\n"]
        for number in range(count):
            service = [f"  s{number}:\n", "    image: x\n", "    ports:\n", f"      - {number}:80\n", "\n"]
            old += service
            new += [*service[:4], *(f"    key{index}: value\n" for index in range(15)), "\n"]
        shown = diff(result("".join(old), "".join(new)), raw=True)
        assert shown.text.count("\n+") == 15 * count + 1

    assert linear(run, 200)


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize("lines", [["a: 1\n"] * 20_000, [f"k{index}: 1\n" for index in range(20_000)]])
def test_bad_cases_end_too(lines: list[str]) -> None:
    edits(lines, [line.upper() for line in lines])
    edits(lines, lines[::-1])
    edits(lines, lines[:100] + ["x\n", "a: 1\n"] * 20_000)


def test_results_are_not_touched() -> None:
    before, after = CASES["insert"]
    one = result(before, after)
    diff(one, color=True)
    assert one == replace(one)
