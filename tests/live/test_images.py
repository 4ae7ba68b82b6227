"""Each image, hardened: it serves as before, after a restart too, from a volume and a folder of the host; it stops.

And the checks can fail: with one capability less, or one tmpfs less, it does not come up.
"""

import pytest

from hardener.model.units import duration

from .cases import Case, read_cases, yaml
from .conftest import Lay, Usual
from .stack import Stack, Users

pytestmark = pytest.mark.live

CASES = read_cases()
BINDS = [bound for case in CASES if (bound := case.binds)]
NEEDS = [(case, need) for case in CASES for need in case.needs]
# Ended as asked, or by the very signal it was sent; 137 is the engine's kill, 1 an init that could not pass it on.
CLEAN = (0, 143)
GIVE_UP = 25.0
"""Seconds after which a service that lacks something counts as one that does not come up."""


def users_wanted(stack: Stack, before: Users) -> Users:
    """Who processes are to run as: the user that the hardened file names, or who they were before."""
    user = yaml.load(stack.text)["services"][stack.service].get("user")
    return {name: {str(user).partition(":")[0]} for name in before} if user is not None else before


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_serves_as_before(case: Case, lay: Lay, usual: Usual) -> None:
    stack = lay(case, hardened=True)
    users = users_wanted(stack, usual(case))
    assert not stack.up()
    assert not stack.trouble(case.probe)
    assert stack.users() == users
    assert stack.sh(case.write)

    stack.compose("restart")
    assert not stack.trouble(case.probe)
    assert stack.users() == users
    assert stack.sh(case.kept), "lost in a restart"

    stack.down()
    assert not stack.up()
    assert not stack.trouble(case.probe)
    assert stack.users() == users
    assert stack.sh(case.kept), "not on the volume"

    status, took = stack.stop()
    grace = duration(yaml.load(stack.text)["services"][stack.service].get("stop_grace_period", "10s"))
    assert status in CLEAN
    assert took < grace


@pytest.mark.parametrize("owner", [0, 1000])
@pytest.mark.parametrize("case", BINDS, ids=lambda case: case.name)
def test_serves_from_a_folder_of_the_host(case: Case, owner: int, lay: Lay, usual: Usual) -> None:
    stack = lay(case, hardened=True, owner=owner)
    if failed := stack.up() or stack.trouble(case.probe):
        before = lay(case, owner=owner)
        assert before.up() or before.trouble(case.probe), failed
        pytest.skip(f"such a folder does not do before hardening either: {failed}")
    assert stack.users() == users_wanted(stack, usual(case))
    assert stack.sh(case.write)
    stack.down()
    assert not stack.up()
    assert not stack.trouble(case.probe)
    assert stack.sh(case.kept)


@pytest.mark.parametrize(("case", "need"), NEEDS, ids=lambda value: value.name if isinstance(value, Case) else value)
def test_can_fail(case: Case, need: str, lay: Lay, usual: Usual) -> None:
    stack = lay(case, hardened=True, without=need)
    assert not stack.up()
    assert stack.trouble(case.probe, GIVE_UP) or stack.users() != users_wanted(stack, usual(case))
