"""Each rule over its fixture files. `NAME.yml` becomes `NAME.production.yml`; without one, it stays as it is.

Of a rule that advises, `NAME.advice.txt` holds the advice, a line for each: the line of the file it is about, the
service, the path and what to do. Without one there is none. A folder `parts` holds files that fixtures extend or
include. A rule that `production` does not have is tried with `strict`, and one that no profile has with its defaults.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardener import Profile, Selection, harden, load, plan
from hardener.transforms import builtin, find

FIXTURES = Path(__file__).parent / "fixtures"
EXPECTED = (".production.yml", ".advice.txt")
CASES = sorted(file for file in FIXTURES.glob("*/*.yml") if not file.name.endswith(".production.yml"))
# The cases where nothing is to change come first: those are the ones that matter.
CASES.sort(key=lambda file: (file.parent.name, any(file.with_suffix(end).exists() for end in EXPECTED)))

CHANGING = [file for file in CASES if file.with_suffix(".production.yml").exists()]
ADVISING = [file for file in CASES if file.with_suffix(".advice.txt").exists()]


def case_id(file: Path) -> str:
    return f"{file.parent.name}-{file.stem}"


def profile_for(file: Path) -> Profile:
    for name in ("production", "strict"):
        profile = Profile.read(name)
        if any(rule.id == file.parent.name for rule in profile.transforms):
            return profile
    return Profile.of([find(file.parent.name)()])


def text_of(file: Path) -> str:
    return file.read_bytes().decode()


@pytest.mark.parametrize("file", CASES, ids=case_id)
def test_fixture(file: Path) -> None:
    expected = file.with_suffix(".production.yml")
    only = Selection(only=(file.parent.name,))
    before = text_of(file)
    after = text_of(expected) if expected.exists() else before
    result = harden(str(file), profile_for(file), only)
    assert result.after == after
    assert result.changed == (after != before)
    assert plan(load(after, str(file)), profile_for(file), only).text == after, "a second run changes it"


@pytest.mark.parametrize(
    "file", [file for file in CASES if file.parent in {each.parent for each in ADVISING}], ids=case_id
)
def test_advice(file: Path) -> None:
    expected = file.with_suffix(".advice.txt")
    assert told(file) == (text_of(expected).splitlines() if expected.exists() else [])


def told(file: Path) -> list[str]:
    """The advice on a fixture, as its `.advice.txt` has it."""
    document = load(text_of(file), str(file))
    made = plan(document, Profile.read("production"), Selection(only=(file.parent.name,)))
    return [
        f"{document.where(one.path).line} {one.service} {'.'.join(map(str, one.path))}: {one.message}"
        for one in made.advice
    ]


@pytest.mark.parametrize("file", CHANGING, ids=case_id)
def test_compose_accepts_what_it_accepted(
    file: Path, read_by_compose: Callable[..., tuple[dict[str, Any] | None, str]]
) -> None:
    expected = file.with_suffix(".production.yml")
    before, _ = read_by_compose(text_of(file), file.parent, "--no-env-resolution")
    if before is None:
        pytest.skip("compose does not accept the file as it is")
    after, complaint = read_by_compose(text_of(expected), file.parent, "--no-env-resolution")
    assert after is not None, complaint


def test_every_rule_has_fixtures_of_both_kinds() -> None:
    for rule in builtin():
        cases = [file for file in CASES if file.parent.name == rule]
        telling = [file for file in cases if file in CHANGING or file in ADVISING]
        assert len(telling) >= 3
        assert len(cases) - len(telling) >= 3


def test_every_expectation_has_its_file() -> None:
    for end in EXPECTED:
        for expected in FIXTURES.glob(f"*/*{end}"):
            assert expected.with_name(expected.name.removesuffix(end) + ".yml") in CASES
