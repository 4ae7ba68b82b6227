"""The question on a terminal, through a real one."""

import os
import pty
import re
import select
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import SHOP, command, environment


def on_terminal(args: list[str], answer: bytes, **how: Any) -> tuple[int, str, bytes]:
    """Runs the command with a terminal as standard input and error; gives its status, its talk, and its data."""
    main, other = pty.openpty()
    running = subprocess.Popen(
        [*command(), *args, "--no-compose-check"],
        stdin=other,
        stderr=other,
        **{"stdout": subprocess.PIPE, "env": environment(), **how},
    )
    os.close(other)
    talk, given = b"", False
    while True:
        if answer and not given and talk.endswith(b"[y/N] "):
            os.write(main, answer)
            given = True
        # Python hears of a signal that comes right before it reads only with the next one.
        while given and not select.select([main], [], [], 10)[0]:
            os.write(main, answer)
        try:
            read = os.read(main, 65536)
        except OSError:  # how Linux tells that the other side is closed
            read = b""
        if not read:
            break
        talk += read
    data = running.stdout.read() if running.stdout else b""
    if running.stdout:
        running.stdout.close()
    status = running.wait(timeout=60)
    os.close(main)
    assert b"Traceback" not in talk
    return status, talk.decode(errors="replace"), data


@pytest.mark.parametrize(
    ("answer", "written"),
    [(b"y\n", True), (b"Yes\n", True), (b"n\n", False), (b"\n", False), (b"\x04", False), (b"\xff\n", False)],
)
def test_it_asks_and_no_is_the_default(shop: Path, answer: bytes, written: bool) -> None:
    strict = {**environment(), "PYTHONIOENCODING": "utf-8:strict"}
    status, talk, data = on_terminal([str(shop)], answer, env=strict)
    assert status == 0 and f"Write {shop}? [y/N]" in talk
    assert ("1 file hardened" if written else "1 file not written") in talk
    assert (shop.read_text() != SHOP) is written
    assert data.startswith(b"--- a/") and b"\x1b[" not in data, "data in a pipe has no colours"
    assert "\x1b[36mrestart-policy" in talk


@pytest.mark.parametrize("args", [["--yes"], ["-y"], ["--check"], ["-n"], ["-o", "-"]])
def test_where_it_does_not_ask(shop: Path, args: list[str]) -> None:
    _, talk, _ = on_terminal([str(shop), *args], b"")
    assert "[y/N]" not in talk
    assert (shop.read_text() != SHOP) is (args[0] in ("--yes", "-y"))


def test_nothing_to_do_is_no_question(shop: Path) -> None:
    on_terminal([str(shop)], b"y\n")
    assert "[y/N]" not in on_terminal([str(shop)], b"")[1]


def test_quiet_still_asks(shop: Path) -> None:
    _, talk, data = on_terminal([str(shop), "-q"], b"y\n")
    assert data == b"" and shop.read_text() != SHOP
    assert re.search(rf"Write {shop} with \d+ changes, not shown\? \[y/N\]", talk), "it says how much is not seen"


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_terminals_without_colors(shop: Path, plain: dict[str, str]) -> None:
    _, talk, _ = on_terminal([str(shop), "-n"], b"", env={**environment(), **plain})
    assert "\x1b[" not in talk


def test_many_files_show_how_far_it_is(tmp_path: Path) -> None:
    names = [str(tmp_path / f"{number}.yml") for number in range(20)]
    for name in names:
        Path(name).write_text(SHOP)
    status, talk, _ = on_terminal([*names, "--check"], b"")
    assert status == 1 and f"20/20 {names[-1]}"[:40] in talk
    assert "20/20" not in on_terminal([*names, "--check", "-q"], b"")[1]


def test_an_interrupt_at_the_question(shop: Path) -> None:
    status, talk, _ = on_terminal([str(shop)], b"\x03", start_new_session=True, preexec_fn=_own_terminal)
    assert status == 130 and "interrupted" in talk and shop.read_text() == SHOP


def _own_terminal() -> None:
    """Makes standard input the controlling terminal, so that Ctrl-C typed there becomes a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
