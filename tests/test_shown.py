"""What objects show of themselves: enough to tell them apart, and no value."""

import pytest

from hardener import Change, Confidence, load
from hardener.model import Port, Service
from hardener.model.project import read_project
from hardener.shown import name
from hardener.source import Tagged, dotted

TEXT = """\
services:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: hunter2, "B=hunter2": x}
    ports: ["5432:5432"]
"""


def test_a_repr_names_places_and_keys() -> None:
    document = load(TEXT)
    project = read_project(document)
    assert repr(document).startswith("Document(file='compose.yml', root=Mapping(start=0, ")
    assert "services={'db'}" in repr(project)
    assert repr(project.services["db"]) == str(project.services["db"]).replace(" ", ", ").join(["Service(", ")"])
    assert repr(project.services["db"]) == "Service('image', 'environment', 'ports')"
    assert repr(document.scalar(("services", "db", "image"))) == "Scalar(start=27, end=38, style='')"
    path = ("services", "db", "environment", "B=hunter2")
    change = Change("a-rule", "db", path, "set", "hunter2", "hunter2", Confidence.KNOWN)
    told = "Change(rule='a-rule', service='db', path=('services', 'db', 'environment', 'B=…'), action='set', "
    assert repr(change) == told + "confidence='known')"
    assert dotted(path) == "services.db.environment.B=…"
    assert "hunter2" not in f"{Tagged('!hunter2', 'hunter2')!r}{Port(0, 'hunter2')!r}{Service(image='hunter2')!r}"


@pytest.mark.parametrize("text", ["POSTGRES_PASSWORD", "web-1", "postgres:16", "compose.yml:12:5", "./a/b.yml", "x"])
def test_names_stay(text: str) -> None:
    assert name(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("POSTGRES_PASSWORD=hunter2", "POSTGRES_PASSWORD=…"),
        ("POSTGRES_PASSWORD:hunter2", "POSTGRES_PASSWORD:…"),
        ("POSTGRES_PASSWORD: hunter2\nmore", "POSTGRES_PASSWORD:…"),
        ("postgres://u:hunter2@db", "postgres:…"),
        ("token hunter2", "token …"),
        ("x" * 200, "x" * 80 + "…"),
    ],
)
def test_values_in_names_do_not(text: str, told: str) -> None:
    assert name(text) == told
