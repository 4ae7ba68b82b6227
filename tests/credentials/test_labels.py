"""How well credentials are told from what is none, on real values; one half was held out while rules were tuned."""

import tomllib
import zlib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from hardener import load
from hardener.credentials import Credential, credentials
from hardener.knowledge import facts_of
from hardener.model.project import read_project

LABELS: dict[str, list[list[str | int]]] = tomllib.loads(
    Path(__file__).with_name("labels.toml").read_text(encoding="utf-8")
)
ENTRIES = [(label, str(file), tuple(path)) for label, places in LABELS.items() for file, *path in places]
HELD_OUT = [entry for entry in ENTRIES if not zlib.crc32(entry[1].encode()) % 2]


@cache
def found(file: Path) -> dict[tuple[str | int, ...], list[Credential]]:
    """The credentials of a file by their place, without `services`."""
    project = read_project(load(file.read_bytes().decode("utf-8"), str(file)))
    places: dict[tuple[str | int, ...], list[Credential]] = {}
    for service in project.services.values():
        for credential in credentials(service, facts_of(service), lambda name: None):
            places.setdefault(credential.path[1:], []).append(credential)
    return places


def taken_for(corpus: Path, file: str, path: tuple[str | int, ...]) -> str:
    here = found(corpus / file).get(path, [])
    return "credential" if any(not one.placeholder for one in here) else "placeholder" if here else "not"


def test_there_is_enough_to_measure() -> None:
    assert len(ENTRIES) == len({entry[1:] for entry in ENTRIES}) > 700
    assert {label: len(places) for label, places in LABELS.items()} == {
        "credential": 187,
        "placeholder": 32,
        "not": 490,
    }


@pytest.mark.parametrize(("entries", "name"), [(ENTRIES, "all"), (HELD_OUT, "held out")], ids=["all", "held out"])
def test_precision_and_recall(
    entries: list[tuple[str, str, tuple[str | int, ...]]], name: str, corpus: Path, summary: list[str]
) -> None:
    counts = Counter((label, taken_for(corpus, file, path)) for label, file, path in entries)
    right = counts["credential", "credential"]
    taken = sum(count for (_, taken), count in counts.items() if taken == "credential")
    real = sum(count for (label, _), count in counts.items() if label == "credential")
    summary.append(
        f"credentials, {name}: {len(entries)} values, precision {right / taken:.1%}, recall {right / real:.1%}"
    )
    assert right / taken >= 0.97
    assert right / real >= 0.95


def test_no_stand_in_is_taken_for_a_credential(corpus: Path) -> None:
    taken = [(file, path) for label, file, path in ENTRIES if label == "placeholder"]
    assert not [place for place in taken if taken_for(corpus, *place) == "credential"]


def test_no_known_secret_variable_is_missed(corpus: Path) -> None:
    """Every literal in a variable that its image is known to keep a secret in, over all files."""
    missed = []
    total = 0
    for file in sorted({corpus / entry[1] for entry in ENTRIES}):
        project = read_project(load(file.read_bytes().decode("utf-8"), str(file)))
        for service in project.services.values():
            facts = facts_of(service)
            known = facts.secret_env.value if facts and facts.secret_env else []
            told = {one.name for one in credentials(service, facts, lambda name: None)}
            for name, value in service.read_environment().items():
                if name in known and value and "$" not in value and value not in ("none",) and "://" not in value:
                    total += 1
                    missed += [(file, service.name, name)] if name not in told else []
    assert total > 90
    assert not missed
