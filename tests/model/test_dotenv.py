"""Env files as compose reads them: the real binary is the judge, of what is read and of what is written."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardener.errors import HardenError
from hardener.model import dotenv

Env = dict[str, str | None]
SHELL = {"SHELL_ONLY": "from the shell", "BOTH": "of the shell"}


@pytest.fixture(scope="module")
def config(compose: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bytes, list[str]], Env | None]:
    """`config("env-file" or "interpolate", bytes of the file, names)`: its variables, or None if refused."""
    folder = tmp_path_factory.mktemp("project")

    def run(way: str, content: bytes, names: list[str]) -> Env | None:
        service: dict[str, object] = {"image": "x"}
        if way == "env-file":
            (folder / ".env").unlink(missing_ok=True)
            (folder / "app.env").write_bytes(content)
            service["env_file"] = "app.env"
        else:
            (folder / ".env").write_bytes(content)
            service["environment"] = {name: f"${{{name}}}" for name in names}
        (folder / "compose.yml").write_text(json.dumps({"services": {"app": service}}))
        done = subprocess.run(
            [compose, "--project-directory", folder, "config", "--format", "json"],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **SHELL},
            capture_output=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            return None
        found = json.loads(done.stdout)["services"]["app"].get("environment") or {}
        return {name: value if value is None else value.replace("$$", "$") for name, value in found.items()}

    return run


Config = Callable[[str, bytes, list[str]], Env | None]
# What is special to some reader of env files, or to YAML, or to a shell, more often than by chance.
PIECES = st.sampled_from(
    [
        *"'\"\\$#{}=:; \t\r\n\v\f%&|<>!`~*?[]()@,",
        *("$$", "${X}", "${X:-y}", "$X", " #", "\\n", "\\'", '\\"', "\\\\", "export ", "\ufeff", "\x85", "\xa0"),
        *("\u2028", "\x1c", "\x01", "é", "漢", "😀", "\\0101", "\\x41", "\r\n", "a", "0", "true"),
    ]
)
VALUES = st.one_of(
    st.lists(PIECES, max_size=12).map("".join), st.text(st.characters(exclude_characters="\0"), max_size=20)
)
SLOW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("way", ["env-file", "interpolate"])
@SLOW
@given(values=st.lists(VALUES, min_size=1, max_size=25), ending=st.sampled_from(["\n", "\r\n"]), bom=st.booleans())
def test_what_is_written_is_what_compose_reads(
    config: Config, way: str, values: list[str], ending: str, bom: bool
) -> None:
    expected = {f"V{number}": value for number, value in enumerate(values)}
    lines = {name: dotenv.line(name, value) for name, value in expected.items()}
    for name, line in lines.items():
        # Only what no UTF-8 file can hold has no form, and each form is one line.
        assert (line is None) == any("\ud800" <= character <= "\udfff" for character in expected[name])
        assert line is None or not set("\r\n") & set(line)
    expected = {name: value for name, value in expected.items() if lines[name] is not None}
    text = "\ufeff" * bom + ending.join(line for line in lines.values() if line is not None) + ending
    assert dotenv.read(text) == expected
    assert config(way, text.encode(), list(expected)) == expected


@pytest.mark.parametrize(
    ("name", "written"),
    [
        *((name, True) for name in ("A", "_a1", "a.b-c", "A[0]", "1A", "é", "export")),
        *((name, False) for name in ("", "A B", "A\tB", "A=B", "A:B", "A\n", "A'", "#A", "$A", "\ufeffA", "A\0")),
    ],
)
def test_only_names_that_compose_takes_are_written(config: Config, name: str, written: bool) -> None:
    line = dotenv.line(name, "x")
    assert (line is not None) == written
    if line is not None:
        assert config("env-file", f"{line}\n".encode(), []) == {name: "x"}


def test_a_nul_has_no_form() -> None:
    assert dotenv.line("A", "a\0b") is None


def test_plain_text_stands_in_single_quotes_and_all_else_in_double_ones() -> None:
    assert dotenv.line("A", 'p$a"s#s\\w ') == "A='p$a\"s#s\\w '"
    assert dotenv.line("A", "it's") == 'A="it\'s"'
    assert dotenv.line("A", "$\\") == 'A="\\$\\\\"'


FILES = {
    "a plain value": "A=b",
    "blanks around": "  A \t=  b c \t\nB= 'x' \n",
    "a comment": "# A=b\n  # B=c\nA=b # c\nB=b#c\nC= #c\nD='x' # y\nE=#\n",
    "yaml style": "A: b\nB:c\nC:\n",
    "export": "export A=b\nexport\tB=c\nexport=d\nexported=e\nexport\nC=f\n",
    "empty": "A=\nB=''\nC=\"\"\nD",
    "crlf": "A=b\r\nB='c'\r\nC=\"d\"\r\nSHELL_ONLY\r\n",
    "a byte order mark": "\ufeffA=b\n",
    "bare names": "SHELL_ONLY\nNOWHERE\nA=1\nA\n",
    "a bare name at the end": "A=1\nSHELL_ONLY",
    "the last of equal names": "A=1\nA=2\nA='3'\n",
    "single quotes": "A='$X ${X} \\n \\' \\\\ \" # '\nB='a\nb'\nC='a\\\\'\n",
    "double quotes": 'A="\\$X $$X \\n\\t\\r \\" \\\\ \' # \\a\\b\\f\\v\\c\\q \\x41 \\0101 \\018 \\0 \\0400"',
    "two on one line": "A='1' B='2' C=3 D='4'\n",
    "variables": 'A=1\nB=${A}2\nC=$B$A\nD=${NO:-d}\nE="${A}"\nF=${A:+set}\nG=a$$A\nH=\\$A\n',
    "the shell goes first": "BOTH=of the file\nA=$BOTH\nB=$SHELL_ONLY\n",
    "empty and unset": "A=\nB=${A:-x}\nC=${A-x}\nD=${A:+x}\nE=${A+x}\nF=${NO-x}\nG=${A:-${B:-y}}\n",
    "names": "a.b=1\nA-B=2\nA[0]=3\n1A=4\né=5\nA\tB=6\n",
    "other blanks": "A=b\x85\u2003\nB=\xa0c\x1c\n\u2028C=d\n",
    "quotes inside": "A=b'c'\nB=b\"c\"\nC=b\\\n",
    "a dollar at the end": "A=b$\nB='$'\nC=\"$\"\nD=$1\n",
    "refused: a blank in a name": "A B=c\n",
    "refused: a strange name": "A=1\nA/B=c\n",
    "refused: an open quote": "A=1\nB='secret\nC=2\n",
    "refused: an escaped quote": "A='b\\'\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_files_are_read_as_compose_reads_them(config: Config, text: str, request: pytest.FixtureRequest) -> None:
    expected = config("env-file", text.encode(), [])
    assert (expected is None) == request.node.callspec.id.startswith("refused")
    if expected is None:
        with pytest.raises(HardenError):
            dotenv.read(text, SHELL)
        return
    found = {name: value for name, value in dotenv.read(text, SHELL).items() if value is not None}
    # A bare name that ends a file is a value without a name to compose.
    assert found == {name: value for name, value in expected.items() if name and value is not None}


@SLOW
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", "export A", " D ", "A B", "", "BOTH"]),
            st.sampled_from(["=", ":", " = ", ""]),
            st.one_of(VALUES, st.sampled_from(["$A", "${B:-x}", "'$A'", '"$A"', '"${B}"', "'x", "${A:+$B}"])),
            st.sampled_from(["\n", "\r\n", " # c\n", " "]),
        ).map("".join),
        max_size=8,
    ).map("".join)
)
def test_any_file_is_read_as_compose_reads_it_or_said_to_be_unknown(config: Config, text: str) -> None:
    content = text.encode("utf-8", "surrogatepass").decode("utf-8", "ignore")
    expected = config("env-file", content.encode(), [])
    if expected is None:
        return
    entries = {entry.name: entry for entry in dotenv.entries(content, SHELL)}
    for name, value in expected.items():
        if name and value is not None:
            assert entries[name].value == value or not entries[name].resolved


@pytest.mark.parametrize(
    ("text", "value", "resolved"),
    [
        ("A=$X", "$X", False),
        ("A=a${X:?why}", "a${X:?why}", False),
        ("X=$Y\nA=${X:-a}", "${X:-a}", False),
        ("X\nA=${X:-a}", "${X:-a}", False),
        ("A=${X:-a}", "a", True),
        ("A='$X'", "$X", True),
    ],
)
def test_a_value_of_unknown_variables_is_as_written(text: str, value: str, resolved: bool) -> None:
    entry = list(dotenv.entries(text))[-1]
    assert (entry.name, entry.value, entry.resolved) == ("A", value, resolved)


def test_an_entry_tells_its_line() -> None:
    lines = {entry.name: entry.line for entry in dotenv.entries("\n# c\nA=1\nB='x\ny'\n\nC=3\nD\n")}
    assert lines == {"A": 3, "B": 4, "C": 7, "D": 8}


def test_what_is_refused_is_told_without_a_value() -> None:
    with pytest.raises(HardenError) as refused:
        dotenv.read("A=1\n  B='hunter2\n")
    assert str(refused.value) == ".env:2:5: an env file has a quote that is never closed"


@pytest.mark.parametrize(
    "text",
    [
        "A=" + " " * 500_000 + "x",
        "A='" + "\\" * 500_001 + "'",
        'A="' + '\\"' * 250_000,
        "A" + " \t" * 250_000 + "=x",
        "A=1\n" * 100_000,
        "# x\n" * 100_000 + "A=1",
        "A=" + "$" * 500_000,
        "A=" + "${X:-" * 100_000,
        "A=" + "${X:-" * 40 + "y" * 500_000 + "}" * 40,
        "A=" + "x" * 100_000 + "\n" + "A=$A$A$A$A\n" * 2_000,
        "A=$X\n" + "A=${A:-$A}\n" * 50_000,
        "\n" * 500_000,
        "export " * 100_000,
        "A='1' " * 100_000,
    ],
    ids=range(14),
)
@pytest.mark.usefixtures("ends")
def test_hostile_files_take_no_long_time(text: str) -> None:
    try:
        size = sum(len(entry.value or "") for entry in dotenv.entries(text))
    except HardenError:
        size = 0
    assert size < 4 * len(text) + 50 * dotenv.LONGEST_VALUE
