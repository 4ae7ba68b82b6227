"""What each option does, on real files."""

import os
import re
from pathlib import Path

import pytest

from hardener import __version__

from .conftest import BARE, SHOP, Harden


def test_writes_and_then_has_nothing_to_do(harden: Harden, shop: Path) -> None:
    first = harden(shop)
    after = shop.read_text()
    assert first.status == 0 and "1 file hardened" in first.err and "restart: unless-stopped" in after
    assert [line for line in after.splitlines() if line in SHOP.splitlines()] == SHOP.splitlines()
    second = harden(shop)
    assert second.status == 0 and second.out == b"" and "unchanged" in second.err
    assert shop.read_text() == after


def test_plan_and_summary_on_stderr_diff_on_stdout(harden: Harden, shop: Path) -> None:
    ran = harden(shop)
    assert ran.out.startswith(f"--- a{shop}\n+++ b{shop}\n@@ ".encode())
    assert re.search(r"^web$", ran.err, re.M) and re.search(
        r"^  restart-policy +restart: unless-stopped", ran.err, re.M
    )
    assert "restart-policy" not in ran.out.decode()


@pytest.mark.parametrize(("flag", "status"), [("--dry-run", 0), ("-n", 0), ("--check", 1)])
def test_dry_run_and_check_write_nothing(harden: Harden, shop: Path, flag: str, status: int) -> None:
    ran = harden(shop, flag)
    assert ran.status == status and b"+    restart: unless-stopped" in ran.out
    assert "1 file would change (nothing written)" in ran.err
    assert shop.read_text() == SHOP and os.listdir(shop.parent) == ["shop.yml"]


def test_check_of_a_hardened_file(harden: Harden, shop: Path) -> None:
    harden(shop)
    assert harden(shop, "--check").status == 0


def test_quiet_prints_nothing_but_errors(harden: Harden, shop: Path) -> None:
    ran = harden(shop, "--check", "--quiet")
    assert (ran.status, ran.out, ran.err) == (1, b"", "")
    ran = harden(shop, "-q")
    assert (ran.status, ran.out, ran.err) == (0, b"", "")
    assert shop.read_text() != SHOP
    assert harden("missing.yml", "-q").err.startswith("error: missing.yml: ")


def test_output_path(harden: Harden, shop: Path) -> None:
    target = shop.parent / "new.yml"
    assert harden(shop, "-o", target).status == 0
    assert shop.read_text() == SHOP and "restart: unless-stopped" in target.read_text()
    again = shop.parent / "again.yml"
    assert harden(target, "--output", again).status == 0, "a file with nothing to do is an output too"
    assert again.read_text() == target.read_text()
    assert harden(shop, "-n", "-o", shop.parent / "not.yml").status == 0
    assert not (shop.parent / "not.yml").exists()


def test_output_to_the_file_itself(harden: Harden, shop: Path) -> None:
    shop.chmod(0o600)
    assert harden(shop, "-o", shop).status == 0
    assert "restart" in shop.read_text() and shop.stat().st_mode & 0o777 == 0o600


def test_output_to_no_file(harden: Harden, shop: Path) -> None:
    for path in (shop.parent, Path(os.devnull), shop.parent / "no" / "folder.yml"):
        ran = harden(shop, "-o", path)
        assert ran.status == 2 and ran.err.splitlines()[-2].startswith(f"error: {path}: "), path
    assert Path(os.devnull).is_char_device()
    assert "1 file failed" in ran.err


def test_output_to_stdout(harden: Harden, shop: Path) -> None:
    ran = harden(shop, "-o", "-")
    assert ran.status == 0 and ran.out.startswith(b"# the shop\n") and b"restart: unless-stopped" in ran.out
    assert shop.read_text() == SHOP and "restart-policy" in ran.err
    quiet = harden(shop, "-o", "-", "-q")
    assert quiet.out == ran.out and quiet.err == ""
    assert harden(shop, "-o", "-", "-n").out.startswith(b"--- a/")


def test_output_is_for_one_file(harden: Harden, shop: Path) -> None:
    (shop.parent / "two.yml").write_text(SHOP)
    for args in (["-o", "out.yml", shop, shop.parent / "two.yml"], [shop, "-"]):
        ran = harden(*args, stdin=SHOP.encode())
        assert ran.status == 2 and "one file only" in ran.err
    assert shop.read_text() == SHOP


def test_profile_by_name_and_by_path(harden: Harden, shop: Path, tmp_path: Path) -> None:
    assert b"restart" not in harden(shop, "-n", "--profile", "development").out
    own = tmp_path / "own.yml"
    own.write_text("extends: development\ntransforms: {restart-policy: {policy: always}}\n")
    assert b"restart: always" in harden(shop, "-n", "-p", own).out


def test_only_and_skip(harden: Harden, shop: Path) -> None:
    only = harden(shop, "-n", "--only", "restart-policy", "--only", "init").out
    assert b"restart:" in only and b"init:" in only and b"logging:" not in only
    skip = harden(shop, "-n", "--skip", "restart-policy", "--skip", "init").out
    assert b"restart:" not in skip and b"init:" not in skip and b"logging:" in skip


def test_only_a_rule_that_the_profile_does_not_have(harden: Harden, shop: Path) -> None:
    ran = harden(shop, "-p", "development", "--only", "init")
    assert ran.status == 0 and "warning: the profile development does not have the rule init" in ran.err
    assert shop.read_text() == SHOP


def test_service(harden: Harden, shop: Path) -> None:
    out = harden(shop, "-n", "--service", "db").out
    assert out.count(b"+    restart:") == 1 and out.index(b"   db:") < out.index(b"+    restart:")
    other = shop.parent / "other.yml"
    other.write_text(BARE)
    ran = harden(shop, other, "--service", "db", "--service", "thing")
    assert ran.status == 0 and "2 files hardened" in ran.err


def test_confidence_and_what_is_held_back(harden: Harden, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    path.write_text(BARE)
    held = harden(path, "-n", "-p", "staging")
    assert re.search(r"\d+ changes? held back, --confidence assumed shows them", held.err)
    shown = harden(path, "-n", "-p", "staging", "--confidence", "assumed")
    assert "held back" not in shown.err and len(shown.out) > len(held.out)
    assert len(harden(path, "-n", "--confidence", "safe").out) < len(held.out)


def test_host_memory(harden: Harden, shop: Path) -> None:
    assert "memory limits add up to" in harden(shop, "-n", "--host-memory", "512M").err
    assert "memory limits add up to" not in harden(shop, "-n", "--host-memory", "64 GiB").err


@pytest.mark.parametrize("size", ["lots", "0", "-4G", "4X", ""])
def test_host_memory_that_is_none(harden: Harden, shop: Path, size: str) -> None:
    ran = harden(shop, f"--host-memory={size}")
    assert ran.status == 2 and "--host-memory" in ran.err and "4G" in ran.err and shop.read_text() == SHOP


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--only", "restart-polcy"], "did you mean 'restart-policy'?"),
        (["--skip", "restart_policy"], "did you mean 'restart-policy'?"),
        (["--service", "wab"], "did you mean 'web'?"),
        (["--profile", "prodution"], "did you mean 'production'?"),
        (["--profile", "./no.yml"], "no.yml: cannot read"),
        (["--confidence", "sure"], "'safe', 'known', 'assumed'"),
        (["--color", "blue"], "'auto', 'always', 'never'"),
        (["--no-such-option"], "No such option"),
        (["--output"], "--output"),
        (["--facts", ""], "an empty name is no folder"),
        (["--facts", "missing"], "missing is no folder"),
    ],
)
def test_usage_that_is_wrong(harden: Harden, shop: Path, args: list[str], told: str) -> None:
    ran = harden(shop, *args)
    assert ran.status == 2 and ran.out == b"" and told.lower() in ran.err.lower()
    assert shop.read_text() == SHOP


@pytest.mark.parametrize(
    "content", [b'[[variants]]\ntags = ["1"]\nunknown = ["nonsense"]\n', b"\xe4", b"a = " + b"[" * 3000]
)
def test_a_broken_data_file_ends_the_run_before_it_begins(harden: Harden, tmp_path: Path, content: bytes) -> None:
    path, broken, profile = tmp_path / "compose.yml", tmp_path / "facts" / "x.toml", tmp_path / "ours.yml"
    path.write_text(BARE)
    broken.parent.mkdir()
    broken.write_bytes(b'names = ["example.org/unknown"]\n' + content)
    profile.write_text("extends: production\nfacts: [facts]\n")
    for args in ([path, "--facts", broken.parent], [path, "-p", profile], ["graph", path, "--facts", broken.parent]):
        ran = harden(*args)
        assert ran.status == 2 and ran.out == b"" and ran.err.startswith(f"error: {broken}:"), args
        assert "bug" not in ran.err
    assert harden("images", "--facts", broken.parent).status == 2
    assert path.read_text() == BARE


def test_color(harden: Harden, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"\x1b[" not in harden(shop, "-n").out
    ran = harden(shop, "-n", "--color", "always")
    assert b"\x1b[32m+    restart: unless-stopped\x1b[0m" in ran.out and "\x1b[1mweb\x1b[0m" in ran.err
    monkeypatch.setenv("NO_COLOR", "1")
    assert b"\x1b[" in harden(shop, "-n", "--color", "always").out, "what is asked for counts more"
    assert b"\x1b[" not in harden(shop, "-n", "--color", "never").out


def test_version_and_help(harden: Harden) -> None:
    assert harden("--version").out == f"harden {__version__}\n".encode()
    for flag in ("--help", "-h"):
        ran = harden(flag)
        assert ran.status == 0
        for word in (b"FILES", b"--dry-run", b"--no-compose-check", b"explain", b"profiles", b"Exit status"):
            assert word in ran.out


class TestNoFile:
    """The file that compose itself would take."""

    def test_in_composes_order(self, harden: Harden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        for name in ("docker-compose.yaml", "docker-compose.yml", "compose.yml", "compose.yaml"):
            (tmp_path / name).write_text(SHOP)
            ran = harden("-n")
            assert ran.status == 0 and f"found {name}\n" in ran.err and ran.out.startswith(f"--- a/{name}\n".encode())

    def test_in_a_folder_above(self, harden: Harden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "compose.yml").write_text(SHOP)
        (tmp_path / "a" / "b").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "a" / "b")
        assert "found ../../compose.yml\n" in harden().err
        assert "restart" in (tmp_path / "compose.yml").read_text()

    def test_nowhere(self, harden: Harden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("hardener.inputs.COMPOSE_FILES", ("no-such-name.yml",))
        ran = harden()
        assert ran.status == 2 and "no compose file here or above" in ran.err and "docker-compose.yml" in ran.err

    def test_a_folder_is_its_compose_file(self, harden: Harden, tmp_path: Path) -> None:
        (tmp_path / "compose.yml").write_text(SHOP)
        assert harden(tmp_path).status == 0
        assert "restart" in (tmp_path / "compose.yml").read_text()


class TestCommands:
    def test_a_file_named_like_a_command(self, harden: Harden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("rules").write_text(SHOP)
        assert b"restart-policy" in harden("rules").out and Path("rules").read_text() == SHOP
        assert harden("./rules").status == 0 and "restart" in Path("rules").read_text()
        assert "1 file unchanged" in harden("-n", "rules").err, "only the first argument is a command"

    def test_rules(self, harden: Harden) -> None:
        lines = harden("rules").out.decode().splitlines()
        restart = next(line for line in lines if line.startswith("restart-policy "))
        assert "staging production strict" in restart and "development" not in restart
        assert "Restart after a crash" in restart

    def test_explain(self, harden: Harden) -> None:
        page = harden("explain", "logging").out.decode()
        assert page.startswith("logging: Logs that rotate\n")
        for words in ("max-size: 10m", "  max_file: 3\n", "Files kept", "References", "OWASP Docker Rule 10"):
            assert words in page
        ran = harden("explain", "loging")
        assert ran.status == 2 and "did you mean 'logging'?" in ran.err

    def test_every_rule_has_a_page(self, harden: Harden) -> None:
        from hardener.transforms import builtin

        for rule in builtin():
            ran = harden("explain", rule)
            assert ran.status == 0 and ran.out.startswith(rule.encode())

    def test_profiles(self, harden: Harden) -> None:
        lines = harden("profiles").out.decode().splitlines()
        assert [line.split()[0] for line in lines] == ["profile", "development", "staging", "production", "strict"]
        ran = harden("profiles", "strickt")
        assert ran.status == 2 and "did you mean 'strict'?" in ran.err

    @pytest.mark.parametrize("name", ["development", "staging", "production", "strict"])
    def test_a_profile_shown_is_a_profile_that_means_the_same(self, harden: Harden, tmp_path: Path, name: str) -> None:
        from hardener import Profile

        shown = tmp_path / f"{name}.yml"
        shown.write_bytes(harden("profiles", name).out)
        assert Profile.read(str(shown)) == Profile.read(name)

    def test_schema(self, harden: Harden) -> None:
        import json

        schema = json.loads(harden("schema").out)
        assert "restart-policy" in schema["properties"]["transforms"]["properties"]

    def test_too_many_arguments(self, harden: Harden) -> None:
        assert harden("rules", "restart-policy").status == 2
        assert harden("explain").status == 2
