"""Standard input and output: exact bytes, whatever stands at their other end."""

import os
import subprocess
from pathlib import Path

import pytest

from .conftest import SHOP, Harden, command, environment

BOM = b"\xef\xbb\xbf"
TEXTS = {
    "plain": SHOP.encode(),
    "bom": BOM + SHOP.encode(),
    "crlf": SHOP.replace("\n", "\r\n").encode(),
    "bom and crlf": BOM + SHOP.replace("\n", "\r\n").encode(),
    "no final newline": SHOP.rstrip("\n").encode(),
    "not ascii": SHOP.replace("the shop", "das Lädchen 🛒").encode(),
    "utf-16": b"\xff\xfe" + SHOP.encode("utf-16-le"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nothing_to_do_gives_back_the_bytes(harden: Harden, text: bytes) -> None:
    ran = harden("-", "--only", "obsolete-version", stdin=text)
    assert (ran.status, ran.out) == (0, text)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_document_is_what_the_file_would_be(harden: Harden, tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "compose.yml"
    path.write_bytes(text)
    piped, shown = harden("-", stdin=text), harden(path, "-o", "-")
    assert piped.status == shown.status == harden(path).status == 0
    assert piped.out == shown.out == path.read_bytes() != text
    assert piped.out.startswith(text[:20]) and "restart-policy" in piped.err
    ending = b"\r\n" if b"\r\n" in text else b"\n"
    if not text.startswith(b"\xff\xfe"):
        assert piped.out.count(b"\n") == piped.out.count(ending)


def test_stdin_dry_run_and_check(harden: Harden) -> None:
    ran = harden("-", "-n", stdin=SHOP.encode())
    assert ran.status == 0 and b"@@" in ran.out
    assert harden("-", "--check", "-q", stdin=SHOP.encode()).status == 1


def test_stdin_to_a_file(harden: Harden, tmp_path: Path) -> None:
    ran = harden("-", "-o", tmp_path / "out.yml", stdin=SHOP.encode())
    assert ran.status == 0 and "restart" in (tmp_path / "out.yml").read_text()


def test_errors_in_stdin_have_a_place(harden: Harden) -> None:
    ran = harden("-", stdin=b"services: {}\nservices: {}\n")
    assert ran.status == 2 and ran.out == b"" and "<stdin>:2:1: " in ran.err


def test_ascii_streams(process: Harden, tmp_path: Path) -> None:
    path = tmp_path / "lädchen.yml"
    path.write_text(SHOP.replace("db:", "dätenbank:"), encoding="utf-8")
    for coding in ("ascii", "latin-1", "utf-16"):
        ran = process(path, "-n", env={"PYTHONIOENCODING": coding})
        assert ran.status == 0 and "dätenbank" in ran.out.decode(), "a pipe gets the bytes of the file"


def test_a_name_that_is_no_text(process: Harden, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.yml"
    Path(os.fsdecode(name)).write_text(SHOP)
    ended = subprocess.run([*command(), name, "-n"], env=environment(), capture_output=True, timeout=60)
    assert ended.returncode == 0 and b"/\xff.yml\n" in ended.stdout and b"Traceback" not in ended.stderr


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`harden … | head -1`: nothing is told, and the work and its status are the same."""
    for number in range(300):
        (tmp_path / f"{number}.yml").write_text(SHOP)
    files = " ".join(f"{number}.yml" for number in range(300))
    script = f'"$@" {files} --no-compose-check -y 2>err | head -1; echo ${{PIPESTATUS[0]}}'
    ended = subprocess.run(
        ["bash", "-c", script, "x", *command()],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout == "--- a/0.yml\n0\n"
    told = (tmp_path / "err").read_text()
    assert "Traceback" not in told and "Error" not in told and "300 files hardened" in told
    assert all("restart" in (tmp_path / f"{number}.yml").read_text() for number in range(300))


@pytest.mark.parametrize(
    ("redirection", "args", "status"),
    [
        (">&-", "-n", 0),
        (">&-", "-o -", 2),
        ("2>&-", "-n", 0),
        (">&- 2>&-", "--check", 1),
        (">/dev/full", "-n", 2),
        (">/dev/full", "-o -", 2),
        ("2>/dev/full", "-n", 0),
        ("<&-", "-n", 0),
    ],
)
def test_closed_and_full_streams(shop: Path, redirection: str, args: str, status: int) -> None:
    script = f'"$@" shop.yml {args} {redirection}'
    ended = subprocess.run(
        ["bash", "-c", script, "x", *command()],
        cwd=shop.parent,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr and "Exception" not in ended.stderr


def test_closed_stdin(shop: Path) -> None:
    ended = subprocess.run(
        ["bash", "-c", '"$@" - <&-', "x", *command()], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2 and "error: " in ended.stderr and "Traceback" not in ended.stderr


def test_the_console_script(shop: Path) -> None:
    script = Path(command()[0]).parent / "harden"
    if not script.exists():
        pytest.skip("the package is not installed beside this Python")
    ended = subprocess.run([script, shop, "-n"], env=environment(), capture_output=True, timeout=60)
    assert ended.returncode == 0 and ended.stdout.startswith(b"--- a/")


def test_help_needs_nothing_heavy() -> None:
    """What takes long to import is not on the way of `--help`, and what only few runs need not on that of `--check`."""
    program = "import sys; from hardener.cli import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"

    def imported(*args: str) -> set[str]:
        ended = subprocess.run(
            [command()[0], "-c", program, *args],
            env=environment(),
            input=SHOP,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return set(ended.stderr.split())

    assert not imported("--help") & {"pydantic", "ruamel", "rich", "deepdiff", "hardener.session"}
    assert not imported("-", "--check", "--quiet") & {"rich", "deepdiff", "hardener.views.diff", "hardener.views.table"}
