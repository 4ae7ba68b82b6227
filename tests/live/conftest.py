"""One engine and one set of images for all live tests; where there can be none, the reason why they are skipped."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .builder import Builder, NoImageError
from .cases import Case, dump
from .engine import Engine, NoEngineError, locked, shared_engine
from .stack import Stack, Users

Lay = Callable[..., Stack]
Usual = Callable[[Case], Users]
_WORKER = "PYTEST_XDIST_WORKER" in os.environ


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all processes of a run: pytest-xdist gives each of them one of its own in there."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if _WORKER else base


@pytest.fixture(scope="session")
def engine(compose: Path, shared: Path) -> Iterator[Engine]:
    try:
        with shared_engine(compose, shared) as engine:
            if _WORKER and not engine.own:
                raise NoEngineError("several processes need an engine of their own: leave out -n")
            yield engine
    except NoEngineError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def images(engine: Engine, shared: Path) -> Iterator[Builder]:
    builder = Builder(engine, shared)
    yield builder
    builder.untag()


@pytest.fixture
def ports(shared: Path) -> Iterator[None]:
    """The ports of this machine, for one test at a time."""
    with locked(shared / "ports.lock"):
        yield


@pytest.fixture
def lay(engine: Engine, images: Builder, tmp_path: Path) -> Iterator[Lay]:
    """`lay(case, hardened=False, owner=0, without="")`: the case's stack in a folder of its own, not yet started.

    `owner` is the user id of the folder where it keeps its data, if it does; `without` is what the hardened service is
    to lack. All stacks end with the test.
    """
    stacks: list[Stack] = []

    def make(case: Case, *, hardened: bool = False, owner: int = 0, without: str = "") -> Stack:
        try:
            images.provide(case.name, case.stands_for)
        except NoImageError as reason:
            pytest.skip(str(reason))
        folder = tmp_path / re.sub(r"\W+", "-", f"{case.name}-{tmp_path.name}-{len(stacks)}")
        case.lay_out(folder)
        if case.bound:
            (folder / "data").mkdir()
            os.chown(folder / "data", owner, owner)
        text = case.text
        if hardened:
            data = case.hardened(folder)
            text = case.without(without, data) if without else dump(data)
        stack = Stack(engine, folder, case.service, text, case.user)
        stacks.append(stack)
        return stack

    yield make
    for stack in stacks:
        stack.down(volumes=True)


@pytest.fixture(scope="session")
def known_users() -> dict[str, Users]:
    return {}


@pytest.fixture
def usual(lay: Lay, known_users: dict[str, Users]) -> Usual:
    """`usual(case)`: who the processes of a service run as before it is hardened. Fails where it does not work then."""

    def run(case: Case) -> Users:
        if case.name not in known_users:
            stack = lay(case.unbound)
            assert not stack.starts(case.probe)
            known_users[case.name] = stack.users()
            stack.down(volumes=True)
        assert known_users[case.name]
        return known_users[case.name]

    return run
