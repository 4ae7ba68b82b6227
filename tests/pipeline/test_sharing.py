"""Anchors, aliases, merge keys and `extends`: a change reaches the services that want it, and no other.

Each file is hardened, and then every service, as compose reads it, is compared with what its rules asked for.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hardener import Outcome, Plan, Profile, Selection, load, plan
from hardener.model.units import byte_size, duration, number
from hardener.profile import Exemption
from hardener.transforms.base import Change
from hardener.verify import verify

PRODUCTION = Profile.read("production")
Read = Callable[..., tuple[dict[str, Any] | None, str]]

# Rules that are exempt, by service, stand in front of each file.
CASES: dict[str, tuple[dict[str, list[str]], str]] = {
    "a service is an alias of another": (
        {},
        """
        services:
          a: &a
            image: nginx
          b: *a
        """,
    ),
    "the alias is exempt": (
        {"b": ["*"]},
        """
        services:
          a: &a
            image: nginx
          b: *a
        """,
    ),
    "the anchor is exempt": (
        {"a": ["*"]},
        """
        services:
          a: &a
            image: nginx
          b: *a
        """,
    ),
    "the anchor is exempt from one rule": (
        {"a": ["logging"]},
        """
        services:
          a: &a
            image: nginx
          b: *a
        """,
    ),
    "the anchor is exempt from the last rule": (
        {"a": ["no-new-privileges"]},
        """
        services:
          a: &a
            image: nginx
          b: *a
          c: *a
        """,
    ),
    "a service merged into another": (
        {},
        """
        services:
          web: &web
            image: nginx
            ports: ["80:80"]
          twin:
            <<: *web
            ports: ["81:80"]
          migrate:
            <<: *web
            command: ./manage.py migrate
        """,
    ),
    "a merged service with its own value": (
        {},
        """
        services:
          web: &web
            image: nginx
          twin:
            <<: *web
            restart: always
        """,
    ),
    "merge from several sources": (
        {},
        """
        x-log: &log
          logging:
            driver: json-file
        x-limits: &limits
          deploy:
            resources:
              limits:
                memory: 300M
        services:
          a:
            <<: [*log, *limits]
            image: nginx
          b:
            <<: [*limits, *log]
            build: .
          c:
            <<: *log
            image: redis
        """,
    ),
    "merged block, one service exempt": (
        {"c": ["logging"]},
        """
        x-log: &log
          logging:
            driver: json-file
        services:
          a:
            <<: *log
            image: nginx
          c:
            <<: *log
            image: redis
        """,
    ),
    "a template nobody uses": (
        {},
        """
        x-template: &template
          image: nginx
        services:
          a:
            image: redis
        """,
    ),
    "nested anchors": (
        {},
        """
        x-base: &base
          image: nginx
          logging: &log
            driver: json-file
        services:
          a:
            <<: *base
          b:
            image: redis
            logging: *log
          c: &c
            <<: *base
            ports: ["80:80"]
          d: *c
        """,
    ),
    "a merge of a merge": (
        {},
        """
        x-one: &one
          logging: {driver: local}
        x-two: &two
          <<: *one
          image: nginx
        services:
          a:
            <<: *two
          b:
            <<: *two
            logging: {driver: json-file}
          c:
            <<: *one
            image: redis
        """,
    ),
    "aliases of a logging block": (
        {},
        """
        x-logging: &logging
          driver: json-file
        services:
          a:
            image: nginx
            logging: *logging
          b:
            image: redis
            logging: *logging
        """,
    ),
    "an alias of a logging block in an exempt service": (
        {"b": ["logging"]},
        """
        services:
          a:
            image: nginx
            logging: &logging
              driver: json-file
          b:
            image: redis
            logging: *logging
        """,
    ),
    "an exempt service has the anchor of a logging block": (
        {"a": ["logging"]},
        """
        services:
          a:
            image: nginx
            logging: &logging
              driver: json-file
          b:
            image: redis
            logging: *logging
        """,
    ),
    "aliases of options": (
        {},
        """
        x-options: &options
          max-size: 5m
        services:
          a:
            image: nginx
            logging:
              driver: json-file
              options: *options
          b:
            image: redis
            logging:
              driver: local
              options:
                <<: *options
        """,
    ),
    "an alias of security options": (
        {},
        """
        services:
          a:
            image: nginx
            security_opt: &options
              - label:disable
          b:
            image: redis
            security_opt: *options
        """,
    ),
    "an alias of security options in an exempt service": (
        {"b": ["no-new-privileges"]},
        """
        services:
          a:
            image: nginx
            security_opt: &options
              - label:disable
          b:
            image: redis
            security_opt: *options
        """,
    ),
    "security options through a merge key": (
        {},
        """
        x-base: &base
          security_opt:
            - label:disable
        services:
          a:
            <<: *base
            image: nginx
          b:
            <<: *base
            image: redis
          c:
            <<: *base
            image: dpage/pgadmin4
        """,
    ),
    "limits of a service and a job": (
        {},
        """
        x-limits: &limits
          resources:
            limits:
              memory: 300M
        services:
          api:
            build: .
            deploy: *limits
          migrate:
            build: .
            deploy: *limits
        """,
    ),
    "limits that are alike": (
        {},
        """
        services:
          api:
            build: .
            deploy: &limits
              resources:
                limits:
                  memory: 300M
          worker:
            build: .
            deploy:
              <<: *limits
              replicas: 2
        """,
    ),
    "limits for two roles": (
        {},
        """
        x-limits: &limits
          resources:
            limits:
              memory: 300M
        services:
          api:
            build: .
            deploy: *limits
          db:
            image: postgres
            deploy: *limits
        """,
    ),
    "extends a base above it": (
        {},
        """
        services:
          base:
            image: nginx
          web:
            extends: base
            ports: ["80:80"]
        """,
    ),
    "extends a base below it": (
        {},
        """
        services:
          web:
            extends:
              service: base
            ports: ["80:80"]
          base:
            image: nginx
        """,
    ),
    "a chain of heirs, the last first": (
        {},
        """
        services:
          c:
            extends: b
          b:
            extends: a
            logging: {driver: json-file}
          a:
            image: nginx
        """,
    ),
    "a job extends a service": (
        {},
        """
        services:
          web:
            build: .
          migrate:
            extends: web
            command: ./manage.py migrate
        """,
    ),
    "an exempt service extends a service": (
        {"b": ["*"]},
        """
        services:
          a:
            image: nginx
          b:
            extends: a
        """,
    ),
    "an heir has it already": (
        {},
        """
        services:
          a:
            image: nginx
          b:
            extends: a
            restart: "no"
            security_opt: ["no-new-privileges:true"]
            logging: {driver: syslog}
        """,
    ),
    "an heir limits itself in the short form": (
        {},
        """
        services:
          a:
            build: .
          b:
            extends: a
            mem_limit: 1g
        """,
    ),
    "an heir of an alias": (
        {},
        """
        services:
          a: &a
            image: nginx
          b: *a
          c:
            extends: b
            restart: always
        """,
    ),
    "an heir that merges": (
        {},
        """
        x-log: &log
          logging: {driver: local}
        services:
          a:
            image: nginx
          b:
            <<: *log
            extends: a
        """,
    ),
    "an override in an heir": (
        {},
        """
        services:
          a:
            image: nginx
            security_opt: ["label:disable"]
            logging: {driver: json-file, options: {max-size: 1m}}
          b:
            extends: a
            security_opt: !override ["label:disable"]
            logging: !override {driver: json-file}
        """,
    ),
    "an empty override": (
        {},
        """
        services:
          a:
            image: nginx
            security_opt: !override []
        """,
    ),
    "a reset in an heir": (
        {},
        """
        services:
          a:
            image: nginx
          b:
            extends: a
            restart: !reset null
            logging: !reset null
            security_opt: !reset []
        """,
    ),
    "an anchor on a value": (
        {},
        """
        services:
          a:
            image: &image nginx
            restart: &policy always
          b:
            image: *image
            restart: *policy
          c:
            image: *image
        """,
    ),
    "a refused change of an heir hides nothing": (
        {},
        """
        services:
          base: {image: redis:7}
          api: {extends: base, build: .}
          worker: {extends: api, deploy: {resources: {limits: {cpus: "0.05"}}}}
        """,
    ),
    "a refused change of an heir that is a job": (
        {},
        """
        services:
          a: {image: nginx}
          b: {extends: a, image: "postgres:16"}
          c: {extends: b, command: npm run migrate}
        """,
    ),
    "a refused change to a template of an heir": (
        {},
        """
        x-c: &x {deploy: {resources: {limits: {cpus: "0.5"}}}}
        services:
          base: {image: nginx}
          api: {<<: *x, extends: base}
          api2: {<<: *x, image: "postgres:16"}
        """,
    ),
    "a base with an empty logging block": (
        {},
        """
        services:
          base: {image: "python:3.12-slim", logging: {}}
          worker: {extends: base, logging: {driver: syslog}}
        """,
    ),
    "a base with options for no driver": (
        {},
        """
        services:
          base: {image: nginx, logging: {options: {max-size: 1m}}}
          worker: {extends: base, logging: {driver: local}}
          twin: {extends: base, logging: {}}
        """,
    ),
    "a base with an empty logging block from a template": (
        {},
        """
        x-local: &local {logging: {driver: local}}
        x-empty: &empty {logging: {}}
        services:
          base: {<<: *empty, image: grafana/grafana}
          api: {<<: *local, extends: base}
        """,
    ),
    "an heir with its driver in a variable": (
        {},
        """
        services:
          base: {image: nginx}
          api: {extends: base, logging: {driver: "${LOG_DRIVER:-json-file}"}}
        """,
    ),
    "an heir with its driver in a variable without a default": (
        {},
        """
        services:
          base: {image: nginx}
          api: {extends: base, logging: {driver: "${LOG_DRIVER}"}}
        """,
    ),
    "a base with its driver in a variable": (
        {},
        """
        services:
          base: {image: nginx, logging: {driver: "${LOG_DRIVER:-json-file}", options: {max-size: 1m}}}
          api: {extends: base, logging: {driver: json-file}}
        """,
    ),
    "an option that a variable may set": (
        {},
        """
        services:
          web: {image: nginx, security_opt: ["${NNP:-no-new-privileges:true}"]}
          twin: {extends: web}
          other: {image: nginx, security_opt: ["${OPTION-}", "label:disable"]}
        """,
    ),
    "a merged service that extends": (
        {},
        """
        services:
          w: {image: "traefik:v3"}
          a: &a {image: "elasticsearch:8.1.0", extends: w}
          c: {<<: *a, image: nginx}
        """,
    ),
    "a merged service beside extends": (
        {},
        """
        services:
          y: &y {image: "postgres:16"}
          w: {image: nginx}
          api: {extends: w, build: ., <<: *y}
        """,
    ),
    "a template with an empty block": (
        {},
        """
        x-frag: &frag
          logging: {}
          deploy:
        services:
          a: {<<: *frag, image: "rabbitmq:3"}
          b: {<<: *frag, image: "nginx:1.27"}
        """,
    ),
    "a merged service that gets other items": (
        {},
        """
        services:
          a: &a {image: "rabbitmq:3", volumes: ["./x:/y"]}
          b: {<<: *a, image: "python:3.12-slim"}
        """,
    ),
    "a merged service that gets more items": (
        {},
        """
        services:
          a: &a {image: "python:3.12-slim", volumes: ["./x:/y"]}
          b: {<<: *a, image: "postgres:16"}
        """,
    ),
    "a merged service that extends limits": (
        {},
        """
        services:
          w: {image: busybox, deploy: {resources: {limits: {pids: 10}}}}
          a: &a {image: "python:3.12-slim", extends: w}
          b: {<<: *a, image: "postgres:16"}
        """,
    ),
    "a merged service between two that are alike": (
        {},
        """
        services:
          w: {image: "python:3.12-slim", deploy: {resources: {limits: {pids: 10}}}}
          a: &a {image: "postgres:16", extends: w}
          b: {<<: *a, image: "python:3.12-slim"}
        """,
    ),
    "two merged maps of which the second has the key": (
        {},
        """
        x-frag: &frag {deploy: {replicas: 2}, logging: {driver: json-file, options: {max-file: "2"}}}
        services:
          a: &a {image: "python:3.12-slim"}
          b: {<<: [*a, *frag]}
          c: {<<: [*frag, *a]}
        """,
    ),
    "a list that a merged service completes": (
        {},
        """
        services:
          a: &a {image: "rabbitmq:3", volumes: ["./x:/y"], cap_add: [NET_RAW]}
          b: {<<: *a, image: "python:3.12-slim"}
        """,
    ),
    "an heir that gets more items": (
        {},
        """
        services:
          a: {image: "python:3.12-slim", volumes: ["./x:/y"]}
          b: {extends: a, image: "rabbitmq:3"}
        """,
    ),
    "a job extends an heir": (
        {},
        """
        services:
          web: {build: .}
          api: {extends: web}
          migrate: {extends: api, command: ./manage.py migrate}
        """,
    ),
    "an exempt heir of a service with an alias": (
        {"heir": ["logging"]},
        """
        x-logging: &logging {driver: json-file}
        services:
          web: {image: nginx, logging: *logging}
          api: {image: redis, logging: *logging}
          heir: {extends: api}
        """,
    ),
    "a reset beside a merge key": (
        {},
        """
        x-log: &log {restart: always, logging: {driver: json-file}}
        services:
          a: {<<: *log, image: nginx}
          b: {<<: *log, image: redis, logging: !reset null}
          c: {<<: *log, image: redis, logging: {driver: syslog}}
        """,
    ),
    "a reset in a template of an heir": (
        {},
        """
        services:
          w: {image: nginx}
          a: &a {image: redis, logging: !reset null, restart: !reset null}
          one: {<<: *a, extends: w}
          listed: {<<: [*a], extends: w}
        """,
    ),
    "an override in a template of an heir": (
        {},
        """
        x-t: &t {security_opt: !override ["label:disable"], logging: !override {driver: local}}
        services:
          w: {image: nginx, security_opt: ["seccomp:unconfined"], logging: {driver: local}}
          one: {<<: *t, extends: w}
          listed: {<<: [*t], extends: w}
        """,
    ),
    "a reset in one of several templates": (
        {},
        """
        x-r: &r {cap_drop: !reset null, restart: !reset null}
        services:
          one: {<<: [*r], image: nginx}
          db: &db {image: "traefik:v3"}
          two: {<<: [*r, *db]}
        """,
    ),
    "an heir with more networks": (
        {},
        """
        services:
          web: {image: nginx, ports: ["80:80"]}
          cache: {image: redis}
          tool: {extends: cache, image: ghcr.io/acme/x}
          more: {extends: tool}
        """,
    ),
    "an anchor redefined": (
        {},
        """
        services:
          a: &x
            image: nginx
          b: *x
          c: &x
            image: redis
          d: *x
        """,
    ),
}

EXEMPTING = {name: case for name, case in CASES.items() if case[0]}


def profile(exempt: dict[str, list[str]]) -> Profile:
    exemptions = [Exemption(services=[name], rules=rules, reason="asked") for name, rules in exempt.items()]
    return replace(PRODUCTION, exempt=tuple(exemptions))


def wanted(before: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    """The services as compose read them, with the changes of each service made by hand."""
    services = deepcopy(before)
    for change in changes:
        place: Any = {"services": services}
        for step in change.path[:-1]:
            if place.get(step) is None:
                place[step] = {}
            place = place[step]
        last = change.path[-1]
        if change.action == "append":
            place[last] = [*(place.get(last) or []), change.value]
        else:
            place[last] = change.value
    return {name: normal(body) for name, body in services.items()}


def normal(value: Any) -> Any:
    """Without what compose writes in its own way: sizes, durations, numbers, nulls."""
    if isinstance(value, dict):
        named = {key: list(item or ()) if key == "networks" else item for key, item in value.items()}
        kept = {key: normal(item) for key, item in named.items() if key not in ("command", "entrypoint")}
        return {key: item for key, item in kept.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=repr)
    if isinstance(value, str):
        read = (read(value) for read in (number, byte_size, duration))
        return next((found for found in read if found is not None), value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize(("exempt", "text"), CASES.values(), ids=CASES)
def test_every_law_holds(exempt: dict[str, list[str]], text: str) -> None:
    chosen = profile(exempt)
    made = plan(load(dedent(text)), chosen)
    verify(made, chosen)


@pytest.mark.parametrize(("exempt", "text"), CASES.values(), ids=CASES)
def test_every_service_gets_what_it_wants_and_nothing_else(
    exempt: dict[str, list[str]], text: str, read_by_compose: Read, tmp_path: Path
) -> None:
    text = dedent(text)
    before, complaint = read_by_compose(text, tmp_path)
    assert before is not None, complaint
    made = plan(load(text), profile(exempt))
    after, complaint = read_by_compose(made.text, tmp_path)
    assert after is not None, complaint
    services = {name: normal(body) for name, body in after["services"].items()}
    assert services == wanted(before["services"], [*made.changes, *made.had])


@pytest.mark.parametrize(("exempt", "text"), EXEMPTING.values(), ids=EXEMPTING)
def test_what_is_exempt_stays_as_it_is(
    exempt: dict[str, list[str]], text: str, read_by_compose: Read, tmp_path: Path
) -> None:
    text = dedent(text)
    before, _ = read_by_compose(text, tmp_path)
    made = plan(load(text), profile(exempt))
    after, complaint = read_by_compose(made.text, tmp_path)
    assert after is not None, complaint
    assert before is not None
    keys = {
        "logging": ["logging"],
        "no-new-privileges": ["security_opt"],
        "*": list(before["services"][next(iter(exempt))]),
    }
    for name, rules in exempt.items():
        for key in (key for rule in rules for key in keys[rule]):
            assert after["services"][name].get(key) == before["services"][name].get(key)


def run(text: str, *rules: str, **exempt: list[str]) -> Plan:
    return plan(load(dedent(text)), profile(exempt), Selection(only=rules))


def test_what_two_services_share_is_changed_once() -> None:
    made = run(CASES["a service is an alias of another"][1], "restart-policy")
    assert made.text.count("restart:") == 1
    assert [change.service for change in made.changes] == ["a"]
    assert [change.service for change in made.had] == ["b"]
    assert {verdict.outcome for verdict in made.verdicts} == {Outcome.CHANGED}


def test_what_a_merged_service_wants_too_it_gets_through_the_merge_key() -> None:
    made = run(CASES["a merged service with its own value"][1], "no-new-privileges", "logging")
    assert made.text.count("security_opt:") == made.text.count("logging:") == 1
    assert {change.service for change in made.had} == {"twin"}


def test_what_a_base_brings_its_heirs_do_not_repeat_in_either_order() -> None:
    for name in ("extends a base above it", "extends a base below it"):
        made = run(CASES[name][1], "restart-policy", "no-new-privileges", "logging")
        assert made.text.count("restart:") == made.text.count("security_opt:") == made.text.count("driver:") == 1
        assert {change.service for change in made.changes} == {"base"}
        assert {change.service for change in made.had} == {"web"}


def test_a_list_two_services_share_gets_an_item_once() -> None:
    made = run(CASES["an alias of security options"][1], "no-new-privileges")
    assert made.text.count("no-new-privileges:true") == 1


def test_a_job_that_inherits_from_a_service_gets_no_restart(read_by_compose: Read, tmp_path: Path) -> None:
    for name in ("a job extends a service", "a service merged into another"):
        made = run(CASES[name][1], "restart-policy")
        after, complaint = read_by_compose(made.text, tmp_path)
        assert after is not None, complaint
        assert "restart" not in after["services"]["migrate"]


def test_what_cannot_be_shared_is_advice() -> None:
    made = run(CASES["a job extends a service"][1], "restart-policy")
    (advice,) = made.advice
    assert advice.service == "web"
    assert "migrate" in advice.reason


def test_an_alias_gives_way_to_a_copy_of_its_own() -> None:
    made = run(CASES["the anchor is exempt"][1], "restart-policy", a=["*"])
    services = load(made.text).data["services"]  # type: ignore[index,call-overload]
    assert services == {"a": {"image": "nginx"}, "b": {"image": "nginx", "restart": "unless-stopped"}}


def test_a_tag_stays_on_what_it_stands() -> None:
    made = run(CASES["an empty override"][1], "no-new-privileges")
    assert "!override" in made.text


def test_an_anchor_that_goes_takes_no_other_line_along() -> None:
    text = 'version: &v "3.8"\nservices:\n  web:\n    image: nginx\n    labels:\n      v: *v\n'
    made = run(text, "obsolete-version")
    assert "      v: *v\n" in made.text or made.text == text
    verify(made, PRODUCTION, Selection(only=("obsolete-version",)))


def test_compose_reads_the_same_from_json(tmp_path: Path, read_by_compose: Read) -> None:
    """The oracle itself: a merge key and its content written out are one to compose."""
    text = dedent(CASES["a service merged into another"][1])
    written_out = json.dumps({"services": load(text).merged["services"]})  # type: ignore[index,call-overload]
    assert read_by_compose(text, tmp_path)[0] == read_by_compose(written_out, tmp_path)[0]
