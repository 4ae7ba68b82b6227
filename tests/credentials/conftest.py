from collections.abc import Callable, Mapping
from textwrap import dedent

import pytest

from hardener import load
from hardener.credentials import Credential, credentials
from hardener.knowledge import facts_of
from hardener.model.project import read_project

Find = Callable[..., list[Credential]]
SeeAll = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def find() -> Find:
    def find(service: str, files: Mapping[str, str] | None = None, top: str = "") -> list[Credential]:
        """The credentials of `service`, its body in YAML."""
        body = "".join(f"    {line}\n" for line in dedent(service).strip("\n").splitlines())
        project = read_project(load(f"{dedent(top)}\nservices:\n  it:\n{body}", "compose.yml"))
        one = project.services["it"]
        return credentials(one, facts_of(one), (files or {}).get)

    return find


@pytest.fixture
def see(find: Find) -> SeeAll:
    def see(service: str, files: Mapping[str, str] | None = None) -> list[tuple[object, ...]]:
        """What is found: where below the service, its kind and its value."""
        return [(*credential.path[2:], credential.kind, credential.value) for credential in find(service, files)]

    return see
