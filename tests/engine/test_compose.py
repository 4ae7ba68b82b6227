"""What is told of compose's complaints: why it refuses a file, and no value of that file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardener.engine.compose import without_values

# Fields that compose quotes in its complaints, in the ways it does: in quotes, in backticks, bare, over several lines.
FIELDS = {
    "interpolation": 'environment: {P: "hun-Ter2xyz${x"}',
    "interpolation with quotes": "environment: {P: 'a\"hun-Ter2xyz\"${x'}",
    "interpolation of lines": "environment: {P: 'a\n\n      hun-Ter2xyz ${x'}",
    "message of a variable": "environment: {P: '${V:?hun-Ter2xyz is it}'}",
    "message of lines": "environment: {P: '${V:?a\n\n      hun-Ter2xyz}'}",
    "host port": "ports: ['hun-Ter2xyz:80']",
    "container port": "ports: ['80:hun-Ter2xyz']",
    "boolean": "init: hun-Ter2xyz",
    "number": "scale: hun-Ter2xyz",
    "duration": "stop_grace_period: hun-Ter2xyz",
    "volume": "volumes: ['a:/b:hun-Ter2xyz:c:d:e:f']",
    "network": "networks: [hun-Ter2xyz]",
    "secret": "secrets: [hun-Ter2xyz]",
    "dependency": "depends_on: [hun-Ter2xyz]",
    "device": "devices: ['a:b:hun-Ter2xyz:d']",
    "kind of network": "network_mode: 'service:hun-Ter2xyz'",
    "tag": "user: !!int hun-Ter2xyz",
}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_complaint_shows_no_value(field: str, tmp_path: Path, read_by_compose: Callable[..., Any]) -> None:
    text = f"services:\n  db:\n    image: postgres:16\n    {field}\n"
    model, complaint = read_by_compose(text, tmp_path)
    assert model is None
    for line in complaint.splitlines():
        told = without_values(line, text)
        assert bool(told) is bool(line) and not re.search("hun|Ter2|xyz", told)


def test_what_compose_says_stays_readable() -> None:
    text = "services:\n  db:\n    networks: [back]\n    labels: [the network of the service]\n"
    told = without_values('service "db" refers to undefined network back: invalid compose project', text)
    assert told == 'service "…" refers to undefined network …: invalid compose project'
    told = without_values("validating -: services.db.environment.P must be a boolean, null, number or string", text)
    assert told == "validating -: services.db.environment.P must be a boolean, null, number or string"
