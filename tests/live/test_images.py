"""Each image, hardened: it serves as before, after a restart too, from a volume and a folder of the host; it stops.

And the checks can fail: with one capability less, or one tmpfs less, it does not come up.
"""

import pytest

from hardener.model.units import duration

from .cases import Case, dump, read_cases, yaml
from .conftest import Lay, Usual
from .stack import STAYS_UP, Stack, Users

pytestmark = pytest.mark.live

CASES = read_cases()
BINDS = [bound for case in CASES if (bound := case.binds)]
# A capability is missed most where a folder of the host is to be taken over.
NEEDS = [(case if need.startswith("/") else case.binds or case, need) for case in CASES for need in case.needs]
# Ended as asked, or by the very signal it was sent; 137 is the engine's kill, 1 an init that could not pass it on.
CLEAN = (0, 143)
PATIENCE, GIVE_UP = 90.0, 25.0
"""Seconds within which a service is to work, and those after which one that lacks something counts as broken."""


def life(stack: Stack, case: Case, usual: Users, within: float = PATIENCE) -> str:
    """First start, a restart, a new container with the old data, and the end. Returns what went wrong, or nothing."""
    service = yaml.load(stack.text)["services"][stack.service]
    # Who processes are to run as: the user that the file names, or who they always were.
    users = {name: {str(service["user"]).partition(":")[0]} for name in usual} if "user" in service else usual

    def wrong(stays: float = 0.3) -> str:
        if failed := stack.trouble(case.probe, within, stays):
            return failed
        # What runs besides are healthchecks.
        found = {name: ids for name, ids in stack.users().items() if name in users}
        return "" if found == users else f"it runs as {found}, not {users}"

    if failed := stack.up() or wrong(STAYS_UP):
        return f"first start: {failed}"
    if not stack.sh(case.write):
        return f"cannot do: {case.write}"
    stack.compose("restart")
    if failed := wrong():
        return f"restart: {failed}"
    if not stack.sh(case.kept):
        return "restart: what was written is lost"
    stack.down()
    if failed := stack.up() or wrong():
        return f"new container: {failed}"
    if not stack.sh(case.kept):
        return "new container: what was written is lost"
    status, took = stack.stop()
    if status not in CLEAN or took > duration(service.get("stop_grace_period", "10s")):
        return f"stop: exit {status} after {took:.1f} s"
    return ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lives_as_before(case: Case, lay: Lay, usual: Usual) -> None:
    assert not life(lay(case, hardened=True), case, usual(case))


@pytest.mark.parametrize("owner", [0, 1000])
@pytest.mark.parametrize("case", BINDS, ids=lambda case: case.name)
def test_lives_on_a_folder_of_the_host(case: Case, owner: int, lay: Lay, usual: Usual) -> None:
    if failed := life(lay(case, hardened=True, owner=owner), case, usual(case)):
        before = lay(case, owner=owner).starts(case.probe, GIVE_UP)
        assert before, failed
        pytest.skip(f"such a folder does not do before it is hardened either: {before}")


@pytest.mark.parametrize("case", [case for case in CASES if case.binds], ids=lambda case: case.name)
def test_takes_over_what_is_there(case: Case, lay: Lay) -> None:
    stack = lay(case)
    assert not stack.starts(case.probe)
    assert stack.sh(case.write)
    stack.down()
    stack.become(dump(case.hardened(stack.folder)))
    assert not stack.starts(case.probe)
    assert stack.sh(case.kept)


@pytest.mark.parametrize(("case", "need"), NEEDS, ids=lambda value: value.name if isinstance(value, Case) else value)
def test_can_fail(case: Case, need: str, lay: Lay, usual: Usual) -> None:
    assert life(lay(case, hardened=True, without=need), case, usual(case), GIVE_UP)
