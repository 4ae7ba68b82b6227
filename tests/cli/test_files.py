"""Several files, and what writing must keep."""

import os
from pathlib import Path

import pytest

from hardener.errors import VerificationError

from .conftest import BARE, SHOP, Harden


def test_one_bad_file_does_not_stop_the_others(harden: Harden, tmp_path: Path) -> None:
    one, bad, two = tmp_path / "one.yml", tmp_path / "bad.yml", tmp_path / "two.yml"
    one.write_text(SHOP)
    bad.write_text("services: [\n")
    two.write_text(BARE)
    ran = harden(one, bad, tmp_path / "missing.yml", two)
    assert ran.status == 2
    assert "restart" in one.read_text() and "restart" in two.read_text() and bad.read_text() == "services: [\n"
    assert f"error: {bad}:" in ran.err and "missing.yml: cannot read" in ran.err
    assert ran.err.splitlines()[-1].startswith("2 files hardened, 2 files failed; ")


def test_the_worst_status_wins(harden: Harden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hardener.api

    one, bad, two = tmp_path / "one.yml", tmp_path / "bad.yml", tmp_path / "two.yml"
    one.write_text(SHOP)
    bad.write_text("[")
    two.write_text(SHOP)
    assert harden(one, bad, "--check").status == 2
    real = hardener.api.verify

    def verify(made: object, *rest: object) -> object:
        if made.document.file == str(one):  # type: ignore[attr-defined]
            raise VerificationError("law 3, untouched: line 4 is not in the output as it was")
        return real(made, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(hardener.api, "verify", verify)
    ran = harden(one, bad, two)
    assert ran.status == 3 and one.read_text() == SHOP and two.read_text() != SHOP
    assert f"error: {one}: law 3, untouched: line 4" in ran.err
    for words in ("bug of harden", "nothing was written", "report", "harden 0."):
        assert words in ran.err


def test_files_named_twice_are_read_once(harden: Harden, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.parent)
    os.symlink("shop.yml", "link.yml")
    ran = harden("shop.yml", "./shop.yml", shop, "link.yml")
    assert ran.status == 0 and "1 file hardened" in ran.err and ran.out.count(b"\n--- a/") == 0


def test_a_service_of_any_file_is_known(harden: Harden, shop: Path) -> None:
    bad = shop.parent / "bad.yml"
    bad.write_text("[")
    ran = harden(shop, bad, "--service", "nowhere")
    assert ran.status == 2 and "no service" not in ran.err, "it may be in the file that is not readable"


def test_symlink_mode_and_neighbours_are_kept(harden: Harden, shop: Path) -> None:
    shop.chmod(0o640)
    link = shop.parent / "link.yml"
    link.symlink_to("shop.yml")
    assert harden(link).status == 0
    assert link.is_symlink() and "restart" in shop.read_text() and shop.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(shop.parent)) == ["link.yml", "shop.yml"]


def test_a_file_that_may_not_be_written(harden: Harden, shop: Path) -> None:
    shop.chmod(0o444)
    ran = harden(shop)
    assert ran.status == 2 and "read-only" in ran.err and "--output" in ran.err and shop.read_text() == SHOP
    assert harden(shop, "--check").status == 1


def test_a_file_that_changes_meanwhile(harden: Harden, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hardener.api

    real = hardener.api.verify

    def verify(*args: object) -> object:
        shop.write_text("services: {}\n")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(hardener.api, "verify", verify)
    ran = harden(shop)
    assert ran.status == 2 and "changed" in ran.err and shop.read_text() == "services: {}\n"


def fake_compose(tmp_path: Path, *, refuses: str) -> tuple[str, ...]:
    """A compose that refuses what has the word `refuses` in it, and leaves a trace of being asked."""
    program = tmp_path / "docker-compose"
    program.write_text(
        f"#!/bin/sh\ntouch {tmp_path}/asked\nif grep -q '{refuses}'; then echo 'no \"hunter2\"' >&2; exit 1; fi\n"
        "echo '{}'\n"
    )
    program.chmod(0o755)
    return (str(program),)


class TestComposeCheck:
    """Law 6: compose judges before anything is written, and only then."""

    @pytest.fixture(autouse=True)
    def compose(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("hardener.engine.compose.find_compose", lambda: fake_compose(tmp_path, refuses="restart"))

    def test_what_it_refuses_is_not_written(self, harden: Harden, shop: Path) -> None:
        ran = harden(shop)
        assert ran.status == 3 and "docker compose accepts the file before and not after" in ran.err
        assert shop.read_text() == SHOP and "hunter2" not in ran.err
        ran = harden(shop, "-o", "-")
        assert ran.status == 3 and ran.out == b""

    @pytest.mark.parametrize("flag", ["--check", "--dry-run", "--no-compose-check"])
    def test_where_it_is_not_asked(self, harden: Harden, shop: Path, flag: str) -> None:
        assert harden(shop, flag).status in (0, 1)
        assert not (shop.parent / "asked").exists()
