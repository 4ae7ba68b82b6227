from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from hardener import load
from hardener.graph import Graph, read_graph
from hardener.knowledge import facts_of
from hardener.model.project import read_project

Read = Callable[..., Graph]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(services: str, files: Mapping[str, str] | None = None, top: str = "") -> Graph:
        """The graph of `services`, as YAML below that key, with other files beside the compose file."""
        for name, text in (files or {}).items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text), encoding="utf-8")
        compose = tmp_path / "compose.yml"
        compose.write_text("services:\n" + indent(services) + dedent(top), encoding="utf-8")
        return read_graph(read_project(load(compose.read_text(encoding="utf-8"), str(compose))), facts_of)

    return read


def indent(text: str) -> str:
    return "".join(f"  {line}\n" for line in dedent(text).strip().splitlines())
