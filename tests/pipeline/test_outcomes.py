"""Every service and rule ends in exactly one outcome, and what was asked for is what runs."""

from collections import Counter
from textwrap import dedent

import pytest

from hardener import HardenError, Outcome, Plan, Profile, Selection, load, plan
from hardener.profile import Exemption
from hardener.transforms import find
from hardener.transforms.base import Confidence, Transform

PRODUCTION = Profile.read("production")
SHOP = """
    version: "3.8"
    x-app: &app
      build: .
    services:
      web:
        <<: *app
        ports: ["8000:8000"]
        depends_on:
          schema: {condition: service_completed_successfully}
      schema:
        <<: *app
        command: ./manage.py upgrade
      db:
        image: postgres:16
        restart: always
        logging: {driver: none}
      thing:
        image: ghcr.io/acme/thing:1
        security_opt: ["no-new-privileges:false"]
    """
FILES = {
    "shop": SHOP,
    "one": "services:\n  web:\n    image: nginx\n",
    "aliases": "services:\n  a: &a\n    image: nginx\n  b: *a\n  c:\n    <<: *a\n    restart: always\n",
    "extends": "services:\n  a: {extends: b}\n  b: {image: nginx}\n  c: {extends: {file: nowhere.yml, service: x}}\n",
    "bodiless": "services:\n  a:\n  b: {}\n",
    "fragment": "x-a: 1\nvolumes:\n  data:\n",
    "include": "include: [other.yml]\n",
    "empty services": "services: {}\n",
    "reset": "services:\n  a:\n    image: nginx\n    restart: !reset null\n    deploy: !reset {}\n",
}


def planned(text: str, selection: Selection = Selection(), **changes: object) -> Plan:  # noqa: B008
    from dataclasses import replace

    return plan(load(dedent(text)), replace(PRODUCTION, **changes), selection)  # type: ignore[arg-type]


def outcome(made: Plan, rule: str, service: str | None) -> Outcome:
    (verdict,) = (verdict for verdict in made.verdicts if (verdict.rule, verdict.service) == (rule, service))
    return verdict.outcome


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
@pytest.mark.parametrize("profile", ["development", "staging", "production", "strict"])
def test_every_service_and_rule_has_exactly_one_verdict(text: str, profile: str) -> None:
    chosen = Profile.read(profile)
    made = plan(load(dedent(text)), chosen)
    rules = [transform.id for transform in chosen.transforms]
    wanted = [(rule, None) for rule in rules if find(rule).run_file is not Transform.run_file]
    wanted += [(rule, name) for rule in rules if find(rule).run is not Transform.run for name in made.project.services]
    assert Counter((verdict.rule, verdict.service) for verdict in made.verdicts) == Counter(wanted)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_changed_is_said_of_exactly_what_changes(text: str) -> None:
    made = planned(text)
    changing = {(change.rule, change.service) for change in (*made.changes, *made.had)}
    said = {(verdict.rule, verdict.service) for verdict in made.verdicts if verdict.outcome is Outcome.CHANGED}
    assert said == changing


def test_a_verdict_that_is_no_change_has_a_reason() -> None:
    for text in FILES.values():
        for verdict in planned(text).verdicts:
            assert verdict.reason or verdict.outcome in (Outcome.CHANGED, Outcome.FINE)


def test_the_four_outcomes() -> None:
    made = planned(SHOP)
    assert outcome(made, "restart-policy", "web") is Outcome.CHANGED
    assert outcome(made, "restart-policy", "db") is Outcome.FINE
    assert outcome(made, "restart-policy", "schema") is Outcome.SKIPPED
    assert outcome(made, "logging", "db") is Outcome.ADVICE
    assert outcome(made, "no-new-privileges", "thing") is Outcome.ADVICE
    assert outcome(made, "resource-limits", "thing") is Outcome.SKIPPED
    assert outcome(made, "obsolete-version", None) is Outcome.CHANGED


def test_of_a_service_that_another_file_says_more_of_only_what_stands_here_changes() -> None:
    """An override, or a part of one: what it adds would win over the file that says what runs."""
    proxy = "  proxy:\n    environment:\n      API_TOKEN: s3cr3t-Xy9\n    depends_on: [app]\n"
    made = planned(f"services:\n{proxy}  app:\n    image: redis:7\n")
    assert {change.rule for change in made.changes if change.service == "proxy"} == {"secrets", "depends-on-healthy"}
    assert "networks" not in {change.rule for change in made.changes}
    assert "restart-policy" in {change.rule for change in made.changes if change.service == "app"}
    ways = {verdict.rule: verdict for verdict in made.verdicts if verdict.service == "proxy"}
    assert ways["restart-policy"].outcome == "skipped"
    assert "another file says what it runs" in str(ways["restart-policy"].reason)
    assert not [advice for advice in made.advice if advice.service == "proxy"]


def test_an_exemption_gives_its_reason_and_touches_nothing_else() -> None:
    exempt = (Exemption(services=["w*"], rules=["restart-*", "init"], reason="blue/green restarts it"),)
    made = planned(SHOP, exempt=exempt)
    (verdict,) = (v for v in made.verdicts if (v.rule, v.service) == ("restart-policy", "web"))
    assert verdict.outcome is Outcome.SKIPPED
    assert "blue/green restarts it" in verdict.reason
    assert outcome(made, "logging", "web") is Outcome.CHANGED
    assert outcome(made, "restart-policy", "thing") is Outcome.CHANGED


def test_an_exemption_of_everything() -> None:
    made = planned(SHOP, exempt=(Exemption(services=["*"], reason="not today"),))
    assert {change.rule for change in made.changes} == {"obsolete-version"}


def test_only_and_skip() -> None:
    rules = {transform.id for transform in PRODUCTION.transforms}
    made = planned(SHOP, Selection(only=("logging", "init")))
    assert {verdict.rule for verdict in made.verdicts} == {"logging", "init"}
    made = planned(SHOP, Selection(skip=("logging", "init")))
    assert {verdict.rule for verdict in made.verdicts} == rules - {"logging", "init"}
    made = planned(SHOP, Selection(only=("logging", "init"), skip=("init",)))
    assert {verdict.rule for verdict in made.verdicts} == {"logging"}


def test_services_limits_the_run_to_them() -> None:
    made = planned(SHOP, Selection(services=("db",)))
    assert {verdict.service for verdict in made.verdicts} - {None} == {"db"}
    assert {change.service for change in made.changes} == {"db"}
    assert 'version: "3.8"' in made.text


@pytest.mark.parametrize(
    ("level", "least", "most"), [("safe", 1, 10), ("known", 11, 20), ("assumed", 21, 60)], ids=lambda v: str(v)
)
def test_confidence_overrides_profile_and_rules(level: str, least: int, most: int) -> None:
    made = planned(SHOP, Selection(confidence=Confidence(level)))
    assert all(Confidence(level).covers(change.confidence) for change in made.changes)
    assert not any(Confidence(level).covers(change.confidence) for change in made.held)
    assert least <= len(made.changes) <= most


def test_what_is_held_back_is_counted_and_shown_by_the_flag() -> None:
    sure, all_of_it = (planned(SHOP, Selection(confidence=Confidence(level))) for level in ("safe", "assumed"))
    made = {(change.rule, change.service) for change in (*all_of_it.changes, *all_of_it.had)}
    assert sure.held
    assert {(change.rule, change.service) for change in sure.held} <= made
    assert not all_of_it.held
    for change in sure.held:
        (verdict,) = (v for v in sure.verdicts if (v.rule, v.service) == (change.rule, change.service))
        assert verdict.outcome in (Outcome.SKIPPED, Outcome.CHANGED, Outcome.ADVICE)
        if verdict.outcome is Outcome.SKIPPED:
            assert change.confidence.value in verdict.reason


def test_what_the_writer_cannot_do_becomes_advice_and_the_rest_goes_on() -> None:
    text = "services:\n  web:\n    image: nginx\n    security_opt: [  # none needed\n    ]\n"
    made = planned(text, Selection(only=("no-new-privileges", "restart-policy")))
    assert made.text == text + "    restart: unless-stopped\n"
    assert outcome(made, "no-new-privileges", "web") is Outcome.ADVICE
    (advice,) = made.advice
    assert "comment" in advice.reason


def test_what_goes_into_a_block_of_text_is_advice_and_the_rest_goes_on() -> None:
    made = planned('x-a: |+\n  text\nversion: "3.8"\n\nservices:\n  web:\n    image: nginx\n')
    assert outcome(made, "obsolete-version", None) is Outcome.ADVICE
    assert outcome(made, "restart-policy", "web") is Outcome.CHANGED


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ('"${NNP:-no-new-privileges:true}"', Outcome.FINE),
        ('"${NNP:-label:disable}", "no-new-privileges${COLON:-:}true"', Outcome.FINE),
        ('"${OPTION}"', Outcome.ADVICE),
        ('"no-new-privileges:${ON}"', Outcome.FINE),
        ('label:disable, "no-new-${WHAT}:true"', Outcome.ADVICE),
        ('"no-new${REST?}"', Outcome.ADVICE),
        ('"${NNP:-no-new-privileges:false}"', Outcome.ADVICE),
        ('"${NNP:-label:disable}"', Outcome.CHANGED),
        ('"apparmor:${PROFILE}", "seccomp:$SECCOMP"', Outcome.CHANGED),
        ('"[a-z]*", "$$OPTION"', Outcome.CHANGED),
    ],
)
def test_an_item_that_a_variable_may_name_is_not_added_twice(options: str, expected: Outcome) -> None:
    made = planned(f"services: {{web: {{image: nginx, security_opt: [{options}]}}}}")
    assert outcome(made, "no-new-privileges", "web") is expected


def test_a_default_counts_as_an_item_of_any_list() -> None:
    made = planned('services: {web: {image: "nginx:1.27", cap_drop: ["${DROP:-ALL}"], cap_add: ["${ADD:-CHOWN}"]}}')
    assert "cap_drop" not in {change.path[-1] for change in made.changes}
    assert "CHOWN" not in [change.value for change in made.changes]


def test_what_the_writer_refuses_at_an_anchor_others_get_in_a_copy() -> None:
    """The shared block cannot be edited: the service that has it gets advice, its alias gives way to a copy."""
    text = """
        services:
          a:
            image: nginx
            logging: &log {  # the default will do
            }
          b:
            image: nginx
            logging: *log
        """
    made = planned(text, Selection(only=("logging", "restart-policy")))
    assert not made.had
    assert outcome(made, "logging", "a") is Outcome.ADVICE
    assert outcome(made, "logging", "b") is Outcome.CHANGED
    assert "&log {  # the default will do" in made.text
    for name in ("a", "b"):
        assert outcome(made, "restart-policy", name) is Outcome.CHANGED


@pytest.mark.parametrize(
    "text",
    ["- a\n", "just text\n", "services: []\n", "services:\n  web: nginx\n", "services:\n  web:\n    ports: 80\n"],
)
def test_what_is_no_compose_file_is_told_with_its_place(text: str) -> None:
    with pytest.raises(HardenError) as caught:
        planned(text)
    assert caught.value.where is not None
    assert caught.value.where.line >= 1


def test_an_empty_file_has_nothing_to_harden() -> None:
    for text in ("", "\n", "# nothing yet\n", "---\n", "services:\n"):
        made = planned(text)
        assert made.text == text
        assert not made.changes


def test_a_change_carries_what_a_reviewer_asks() -> None:
    for change in planned(SHOP).changes:
        assert change.reason
        assert change.references
        assert change.confidence in Confidence
        assert change.path[:2] == ("services", change.service) if change.service else change.path == ("version",)
