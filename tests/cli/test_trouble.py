"""Bad input ends in a sentence: what, where, what to do next. Never in a traceback, never with a secret in it."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import SHOP, Harden, command, environment

SECRET = "hunter2-correct-horse"
CONTENTS = {
    "binary": b"\x7fELF\x02\x01\x01\x00\xff\xfe\x80",
    "nul": b"services:\x00",
    "deep": b"[" * 10_000,
    "deep map": b"{a: " * 10_000,
    "deep block": b"".join(b" " * depth + b"a:\n" for depth in range(1500)),
    "two documents": b"a: 1\n---\nb: 2\n",
    "duplicate key": b"services: {}\nservices: {}\n",
    "unknown alias": b"services: *nothing\n",
    "list": b"- 1\n",
    "scalar": b"hello\n",
    "services list": b"services: [a]\n",
    "service text": b"services: {a: b}\n",
    "bad port": b"services: {a: {image: b, ports: ['80:x']}}\n",
    "tab indent": b"services:\n\ta: 1\n",
    "latin-1": b"services: {a: {image: \xe4}}\n",
    "secret in an error": f"services: {{a: {{environment: {{PASSWORD: [{SECRET}]}}}}}}\n".encode(),
    "secret in bad yaml": f'services:\n  a:\n    environment:\n      PASSWORD: "{SECRET}\n'.encode(),
    "secret twice": f"PASSWORD: {SECRET}\nPASSWORD: {SECRET}\n".encode(),
}
NOTHING_TO_DO = {
    "empty": b"",
    "only a comment": b"# hi\n",
    "null": b"null\n",
    "fragment": b"x-a: 1\n",
    "bom": b"\xef\xbb\xbf",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_what_is_no_compose_file(harden: Harden, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "compose.yml"
    path.write_bytes(content)
    ran = harden(path)
    assert ran.status == 2 and ran.err.startswith(f"error: {path}") and ran.out == b""
    assert len(ran.err) < 1000 and SECRET not in ran.err
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", NOTHING_TO_DO.values(), ids=NOTHING_TO_DO)
def test_what_has_no_services(harden: Harden, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "compose.yml"
    path.write_bytes(content)
    assert harden(path).status in (0, 2)
    assert path.read_bytes() == content


def test_what_is_no_file(harden: Harden, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "huge").write_bytes(b"# " + b"x" * 9_000_000)
    for name in ("missing", "fifo", "folder", "loop", "huge", "missing/compose.yml", "huge/compose.yml", "a" * 300):
        ran = harden(tmp_path / name)
        assert ran.status == 2 and ran.err.startswith(f"error: {tmp_path / name}: "), name
        assert " — " in ran.err, "every error has a hint"


def test_an_empty_name(harden: Harden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for args in (["", "-n"], ["graph", ""]):
        ran = harden(*args)
        assert ran.status == 2 and ran.err.startswith("error: the name of a file is empty — give a path"), args


def test_a_profile_that_is_none(harden: Harden, shop: Path, tmp_path: Path) -> None:
    for content, told in [
        ("transforms: {restart-polcy: {}}", "own.yml:1:14: there is no rule 'restart-polcy'"),
        ("transforms: {restart-policy: {polcy: always}}", "did you mean 'policy'?"),
        ("extends: nothing", "there is no profile 'nothing'"),
        ("extends: ./own.yml", "extends itself"),
        ("transforms: 5", "own.yml:1:1"),
        ("[", "own.yml:1:"),
        ("- a", "own.yml:1:1"),
        ("[]", "own.yml:1:1: a profile must be a map"),
        ("''", "own.yml:1:1: a profile must be a map"),
        ("", "own.yml:1:1: this profile has no rules"),
        ("# extends: production\n", "this profile has no rules"),
        ("transforms: {init: false}", "this profile has no rules"),
    ]:
        (tmp_path / "own.yml").write_text(content)
        ran = harden(shop, "-p", tmp_path / "own.yml")
        assert ran.status == 2 and ran.err.startswith("error: ") and told in ran.err, content
        assert shop.read_text() == SHOP


def test_a_profile_that_is_no_file(harden: Harden, shop: Path, tmp_path: Path) -> None:
    for name in (f"{tmp_path}/", "/dev/null"):
        ran = harden(shop, "-p", name)
        assert ran.status == 2 and "not a regular file — a profile is a YAML file" in ran.err
    assert "cannot read: No such file" in harden(shop, "-p", tmp_path / "missing.yml").err


def test_an_output_that_can_be_no_file(harden: Harden, shop: Path, tmp_path: Path) -> None:
    loop, new = tmp_path / "loop", tmp_path / "new.yml"
    loop.symlink_to("loop")
    (tmp_path / "link").symlink_to("new.yml")
    assert harden(shop, "-o", tmp_path / "link").status == 0 and "restart" in new.read_text()
    ran = harden(shop, "-o", loop)
    assert ran.status == 2 and f"error: {loop}: cannot write: Too many levels of symbolic links — " in ran.err
    ran = harden(shop, "-o", "")
    assert ran.status == 2 and ran.err.startswith("error: --output names no file — ")
    assert loop.is_symlink() and shop.read_text() == SHOP


def test_a_system_that_refuses_is_no_bug_of_ours(
    process: Harden, harden: Harden, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "wb") as full:
        for args in (["--help"], ["rules", "--help"], ["rules"]):
            ran = process(*args, stdout=full, capture_output=False, stderr=subprocess.PIPE)
            assert ran.status == 2 and "No space left on device" in ran.err and "bug" not in ran.err, args

    def fail(*args: object) -> None:
        raise OSError(24, "Too many open files", "x")

    monkeypatch.setattr("hardener.api.plan", fail)
    ran = harden(shop)
    assert ran.status == 2 and ran.err.startswith(f"error: {shop}: x: Too many open files")


def test_a_folder_that_cannot_be_written(harden: Harden, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, who runs the tests, is refused nothing

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    ran = harden(shop)
    assert ran.status == 2 and "cannot write: Permission denied" in ran.err and shop.read_text() == SHOP


def test_an_internal_error_is_one_line(harden: Harden, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr("hardener.api.plan", fail)
    ran = harden(shop)
    assert ran.status == 3 and SECRET not in ran.err and shop.read_text() == SHOP
    assert ran.err.startswith(f"error: {shop}: internal error: KeyError in hardener.api:")
    assert "report" in ran.err


def test_a_debug_run_shows_the_traceback(shop: Path) -> None:
    program = "import hardener.api; hardener.api.plan = None; from hardener.__main__ import main; main()"
    ended = subprocess.run(
        [command()[0], "-c", program, str(shop)],
        env={**environment(), "HARDENER_DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 3 and "Traceback" in ended.stderr and "internal error: TypeError" in ended.stderr


def test_secrets_stay_in_the_file(harden: Harden, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    text = (
        "services:\n  db:\n    image: postgres:16\n    environment:\n"
        f"      POSTGRES_PASSWORD: {SECRET}\n      URL: postgres://u:{SECRET}@db/x\n"
    )
    for args in ([], ["-n"], ["-n", "--color", "always"], ["--check"]):
        path.write_text(text)
        ran = harden(path, *args)
        assert SECRET not in ran.err and SECRET.encode() not in ran.out
        assert b"POSTGRES_PASSWORD: ****" in ran.out and "masked" in ran.err
    assert SECRET in path.read_text() and SECRET.encode() in harden(path, "-o", "-").out


def test_names_in_the_file_give_no_commands_to_the_terminal(harden: Harden, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    path.write_text('services:\n  "a\\e]0;owned\\a": {image: nginx}\n')
    for args in ([path, "-n", "--color", "always"], [path, "--service", "\x1b[2J"], ["\x1b[2J.yml"]):
        ran = harden(*args)
        assert "\x1b]" not in ran.err and "\x1b[2J" not in ran.err and b"\x1b]" not in ran.out


HOSTILE = r"""
names = ["example.org/hostile"]
programs = {value = ["a\u001b[2Jb"], confidence = "measured", source = "c\u001b]0;owned\u0007d"}
[read_only]
value = true
confidence = "derived"
source = "e\u202Ef\nerror: g"
note = "h\u009b2Ji"
unless = {mounts = ["/j\u001b[2Jk"]}
[[variants]]
tags = ["l\u001b[2Jm"]
unknown = ["user"]
init = {value = "none", confidence = "measured", source = "n"}
"""


def test_data_files_give_no_commands_to_the_terminal(harden: Harden, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(HOSTILE)
    shown = ""
    for args in ([], ["--verify"], ["example.org/hostile"]):
        text = harden("images", *args, "--facts", tmp_path).out.decode()
        assert not [char for char in text if char != "\n" and not char.isprintable()], args
        assert "example.org/hostile" in text or "hostile" in text
        shown += text
    for told in (r"c\x1b]0;owned\x07d", r"e\u202ef\nerror: g", r"h\x9b2Ji", r"(l\x1b[2Jm)"):
        assert told in shown


def test_interrupt(tmp_path: Path) -> None:
    """Ctrl-C while it waits for standard input."""
    running = subprocess.Popen(
        [*command(), "-"], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(0.8)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130 and out == b"" and b"Traceback" not in err
