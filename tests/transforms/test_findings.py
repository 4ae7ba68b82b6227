"""What the rules that only advise say, beyond the fixtures: reasons, outcomes, and that they never edit."""

from textwrap import dedent

import pytest

from hardener import Outcome, Plan, Profile, Selection, load, plan

RULES = (
    "privileged",
    "host-namespaces",
    "docker-socket",
    "sensitive-mounts",
    "dangerous-capabilities",
    "unconfined-profiles",
)
STAGING = Profile.read("staging")
ALL = """
    services:
      quiet:
        image: nginx:1.27
      loud:
        image: ghcr.io/acme/a:1
        privileged: true
        pid: host
        volumes: ["/var/run/docker.sock:/var/run/docker.sock", "/etc:/etc"]
        cap_add: [SYS_ADMIN]
        security_opt: ["seccomp:unconfined"]
    """


def planned(text: str) -> Plan:
    return plan(load(dedent(text)), STAGING, Selection(only=RULES))


def reasons(settings: str) -> list[str]:
    return [one.reason for one in planned(f"services:\n  a:\n    image: ghcr.io/acme/a:1\n    {settings}\n").advice]


def test_nothing_to_say_is_fine() -> None:
    made = planned(ALL)
    outcomes = {(verdict.service, verdict.rule): verdict.outcome for verdict in made.verdicts}
    assert [outcomes["quiet", rule] for rule in RULES] == [Outcome.FINE] * 6
    assert [outcomes["loud", rule] for rule in RULES] == [Outcome.ADVICE] * 6


def test_advice_never_edits() -> None:
    made = planned(ALL)
    assert made.text == made.document.text
    assert not made.changes and not made.held


@pytest.mark.parametrize("profile", ["staging", "production", "strict"])
def test_profiles_that_advise(profile: str) -> None:
    assert set(RULES) <= {rule.id for rule in Profile.read(profile).transforms}


def test_read_only_is_no_remedy_for_a_socket() -> None:
    (plain,) = reasons('volumes: ["/var/run/docker.sock:/d.sock"]')
    (read_only,) = reasons('volumes: ["/var/run/docker.sock:/d.sock:ro"]')
    assert ":ro" not in plain
    assert "`:ro` does not change that" in read_only
    (folder,) = reasons('volumes: ["/var/run:/host/run:ro"]')
    assert "`:ro` does not help" in folder


def test_writable_is_worse() -> None:
    (writable,) = reasons('volumes: ["/etc:/x"]')
    (read_only,) = reasons('volumes: ["/etc:/x:ro"]')
    assert writable.startswith("writable, /etc gives")
    assert read_only.startswith("even read-only, /etc shows")


def test_each_tier_of_capabilities() -> None:
    host, neighbours, resources = reasons("cap_add: [SYS_MODULE, NET_ADMIN, SYS_TIME]")
    assert "take over the host" in host
    assert "beyond the container" in neighbours
    assert "on the host share" in resources


def test_a_proxy_of_the_socket_is_left_alone_with_the_reason() -> None:
    made = planned(
        """
        services:
          api:
            image: lscr.io/linuxserver/socket-proxy:latest
            volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
            ports: ["2375:2375"]
          quiet:
            image: wollomatic/socket-proxy:1
            volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
        """
    )
    verdicts = {one.service: one for one in made.verdicts if one.rule == "docker-socket"}
    assert verdicts["quiet"].outcome is Outcome.SKIPPED
    assert "filter" in verdicts["quiet"].reason
    assert [one.path[2] for one in made.advice] == ["ports"], "its own port is another matter"


def test_every_advice_has_all_that_a_person_asks() -> None:
    for one in planned(ALL).advice:
        assert one.message.endswith((".", "…")), one.message
        assert len(one.message) < 210 and len(one.reason) < 210
        assert one.references
