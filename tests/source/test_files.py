"""Files as a caller of the library meets them: read, replaced, made."""

import fcntl
import os
from pathlib import Path

import pytest

from hardener.errors import HardenError
from hardener.source.files import create, create_new, read

TEXT = "services: {}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yml"
    path.write_text(TEXT)
    return path


def test_links_stay_and_what_they_lead_to_is_replaced(file: Path) -> None:
    link, dangling = file.parent / "link.yml", file.parent / "dangling.yml"
    link.symlink_to(file.name)
    dangling.symlink_to("new.yml")
    source = read(str(link))
    source.write("a: 1\n")
    create(str(dangling), "b: 2\n", source)
    assert link.is_symlink() and file.read_text() == "a: 1\n"
    assert dangling.is_symlink() and (file.parent / "new.yml").read_text() == "b: 2\n"


def test_links_in_a_circle_are_an_error_and_stay(file: Path) -> None:
    source = read(str(file))
    one, two = file.parent / "one.yml", file.parent / "two.yml"
    one.symlink_to(two.name)
    two.symlink_to(one.name)
    with pytest.raises(HardenError, match=r"one\.yml: cannot read: Too many levels"):
        read(str(one))
    with pytest.raises(HardenError, match=r"one\.yml: cannot write: Too many levels"):
        create(str(one), TEXT, source)
    file.unlink()
    file.symlink_to(one.name)
    with pytest.raises(HardenError, match=r"compose\.yml: cannot write: Too many levels"):
        source.write("a: 1\n")
    assert one.is_symlink() and two.is_symlink() and file.is_symlink()
    assert sorted(path.name for path in file.parent.iterdir()) == ["compose.yml", "one.yml", "two.yml"]


def test_an_empty_name_is_said_to_be_empty() -> None:
    with pytest.raises(HardenError, match=r"^the name of a file is empty — "):
        read("")


def test_what_a_killed_run_left_goes_and_what_another_run_writes_stays(tmp_path: Path) -> None:
    gone, fresh, held, other = (
        tmp_path / name for name in (".harden-a.tmp", ".harden-b.tmp", ".harden-c.tmp", "d.tmp")
    )
    for file in (gone, fresh, held, other):
        file.write_text("hunter2-x")
    for file in (gone, held, other):
        os.utime(file, (0, 0))
    with held.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        create_new(tmp_path / "new", b"x", 0o600)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".harden-b.tmp", ".harden-c.tmp", "d.tmp", "new"]
    create_new(tmp_path / "newer", b"x", 0o600)
    assert not held.exists()
