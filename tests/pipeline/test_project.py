"""What a service is once `extends`, `include` and `<<` are read, compared with what compose makes of it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hardener import Profile, load, plan
from hardener.model.project import Project, read_project

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(**files: str) -> Path:
        """Files by name, `__` for a slash, all `.yml`; gives the path of `compose`."""
        for name, text in files.items():
            file = tmp_path / f"{name.replace('__', '/')}.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text), encoding="utf-8")
        return tmp_path / "compose.yml"

    return write


def project(file: Path) -> Project:
    return read_project(load(file.read_text(encoding="utf-8"), str(file)))


def by_compose(compose: Path, file: Path) -> dict[str, Any]:
    command = [str(compose), "-f", str(file), "--profile", "*", "config", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert isinstance(services, dict)
    return services


COMMON = """
    services:
      base:
        image: nginx
        restart: always
        environment:
          - A=1
          - B=2
        security_opt: [label:disable]
        logging:
          driver: local
          options: {max-size: 5m}
        command: serve
    """
# Keys compared with compose, by name of what is merged.
MERGES = {
    "what the heir does not say": ("image: redis", ["restart", "command"]),
    "an empty key says nothing": ("environment: {C: '3'}", ["environment"]),
    "environment in another form": ("environment: {B: '7', C: '3'}", ["environment"]),
    "lists are joined": ('security_opt: ["no-new-privileges:true"]', ["security_opt"]),
    "a list item twice": ('security_opt: ["label:disable"]', ["security_opt"]),
    "commands are replaced": ("command: [other]", ["command"]),
    "logging with the same driver": ("logging: {driver: local, options: {max-file: '7'}}", ["logging"]),
    "logging with another driver": ("logging: {driver: syslog}", ["logging"]),
    "logging without a driver": ("logging: {options: {max-file: '7'}}", ["logging"]),
    "a scalar is replaced": ('restart: "no"', ["restart"]),
    "override": ("security_opt: !override ['apparmor:x']", ["security_opt"]),
    "override of logging": ("logging: !override {driver: local}", ["logging"]),
    "reset": ("restart: !reset null", ["restart"]),
    "reset of a list": ("security_opt: !reset []", ["security_opt"]),
    "reset of a driver": ("logging: {driver: !reset {}, options: {max-file: '7'}}", ["logging"]),
}


@pytest.mark.parametrize(("own", "keys"), MERGES.values(), ids=MERGES)
def test_a_merge_is_that_of_compose(own: str, keys: list[str], write: Write, compose: Path) -> None:
    """Bodies are for rules to read: a key that compose drops is not there, or null."""
    file = write(
        compose=f"services:\n  web:\n    extends: {{file: common.yml, service: base}}\n    {own}\n", common=COMMON
    )
    theirs, ours = by_compose(compose, file)["web"], project(file).services["web"]
    for key in keys:
        found = {"environment": ours.read_environment, "command": ours.read_command}.get(key, lambda: None)()
        if found is None:
            found = project(file).bodies["web"].get(key)
        assert found == theirs.get(key)


@pytest.mark.parametrize("driver", ["${DRIVER:-local}", "${DRIVER:-syslog}", "${DRIVER}"])
def test_options_go_with_a_driver_that_a_variable_names(driver: str, write: Write, compose: Path) -> None:
    own = f"logging: {{driver: '{driver}', options: {{max-file: '7'}}}}"
    file = write(
        compose=f"services:\n  web:\n    extends: {{file: common.yml, service: base}}\n    {own}\n", common=COMMON
    )
    assert project(file).bodies["web"]["logging"]["options"] == by_compose(compose, file)["web"]["logging"]["options"]


def test_extends_in_the_same_file(write: Write) -> None:
    file = write(
        compose="services:\n  a: {extends: b}\n  b: {extends: {service: c}}\n  c: {image: x, restart: always}\n"
    )
    found = project(file)
    assert found.services["a"].restart == "always"
    assert found.heirs("c") == ["b"]
    assert found.heirs("b") == ["a"]
    assert found.written["a"] == {"extends": "b"}


def test_extends_from_another_folder(write: Write, compose: Path) -> None:
    file = write(
        compose="services:\n  web: {extends: {file: sub/base.yml, service: base}}\n",
        sub__base="services:\n  base: {extends: {file: deep.yml, service: deep}, image: nginx}\n",
        sub__deep="services:\n  deep: {image: x, restart: always}\n",
    )
    assert by_compose(compose, file)["web"]["restart"] == "always"
    assert project(file).services["web"].restart == "always"


def test_extends_goes_back_and_forth_between_files(write: Write, compose: Path) -> None:
    file = write(
        compose="services:\n  web: {extends: {file: other.yml, service: x}}\n  last: {image: nginx, restart: always}\n",
        other="services:\n  x: {extends: {file: compose.yml, service: last}}\n",
    )
    assert by_compose(compose, file)["web"]["restart"] == "always"
    assert project(file).services["web"].restart == "always"


@pytest.mark.parametrize(
    "extends",
    [
        "{file: none.yml, service: x}",
        "{file: common.yml, service: none}",
        "{file: '${BASE}/common.yml', service: base}",
        "{file: broken.yml, service: x}",
        "{file: 'https://github.com/acme/base.git', service: x}",
        "web",
        "circle",
        "{file: compose.yml, service: web}",
        "{file: folder, service: x}",
    ],
)
def test_what_cannot_be_followed_is_left_alone_with_a_reason(extends: str, write: Write, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    file = write(
        compose=f"services:\n  web: {{image: nginx, extends: {extends}}}\n"
        "  circle: {extends: web}\n  other: {image: nginx}\n",
        common=COMMON,
        broken="services: [",
    )
    found = project(file)
    assert "web" in found.unresolved
    assert any("compose.yml:2:" in warning for warning in found.warnings)
    made = plan(found.document, Profile.read("production"))
    assert not [change for change in made.changes if change.service == "web"]
    assert [change for change in made.changes if change.service == "other"]


def test_warnings_name_files_as_the_compose_file_does(write: Write) -> None:
    file = write(
        sub__compose="""
        include: [gone.yml]
        services:
          one: {extends: {file: ../none.yml, service: x}}
          two: {extends: {file: ../common.yml, service: none}}
        """,
        common=COMMON,
    )
    file = file.parent / "sub" / "compose.yml"
    told = [warning.partition("compose.yml:")[2].partition(" ")[2] for warning in project(file).warnings]
    assert told == [
        "../none.yml: cannot read: No such file or directory; what it sets is not known",
        "service 'none', which is extended here, is not in ../common.yml",
        "gone.yml: cannot read: No such file or directory; what it sets is not known",
    ]


def test_a_default_in_the_path_of_extends(write: Write) -> None:
    file = write(compose="services:\n  web: {extends: {file: '${BASE:-common}.yml', service: base}}\n", common=COMMON)
    assert project(file).services["web"].restart == "always"


@pytest.mark.parametrize("length", [50, 3000])
def test_a_long_chain_ends_in_a_result(length: int, write: Write) -> None:
    links = "".join(f"  s{i}:\n    extends: s{i + 1}\n" for i in range(length))
    file = write(compose=f"services:\n{links}  s{length}:\n    image: nginx\n    restart: always\n")
    found = project(file)
    assert found.services["s0"].restart == "always" or "s0" in found.unresolved


def test_include_is_read_for_who_waits_for_whom(write: Write, compose: Path) -> None:
    waiting = "services:\n  w: {image: x, depends_on: {schema: {condition: service_completed_successfully}}}\n"
    for include in ("[sub/c.yml]", "[{path: sub/c.yml}]", "[{path: [sub/c.yml, sub/d.yml]}]"):
        file = write(
            compose=f"include: {include}\nservices:\n  schema: {{image: acme/x}}\n",
            sub__c=waiting,
            sub__d="services:\n  w: {restart: always}\n",
        )
        assert "w" in by_compose(compose, file)
        made = plan(load(file.read_text(encoding="utf-8"), str(file)), Profile.read("production"))
        assert not [change for change in made.changes if change.rule == "restart-policy"]


def test_an_include_in_an_include(write: Write, compose: Path) -> None:
    file = write(
        compose="include: [sub/c.yml]\nservices:\n  schema: {image: acme/x}\n",
        sub__c="include: [d.yml]\n",
        sub__d="services:\n  w: {image: x, depends_on: {schema: {condition: service_completed_successfully}}}\n",
    )
    assert "w" in by_compose(compose, file)
    made = plan(load(file.read_text(encoding="utf-8"), str(file)), Profile.read("production"))
    assert not [change for change in made.changes if change.rule == "restart-policy"]


@pytest.mark.parametrize("include", ["[none.yml]", "['https://x.example/c.yml']", "[{path: '${X}/c.yml'}]", "none.yml"])
def test_an_include_that_cannot_be_read_is_a_warning(include: str, write: Write) -> None:
    file = write(compose=f"include: {include}\nservices:\n  web: {{image: nginx}}\n")
    try:
        found = project(file)
    except Exception as error:
        assert type(error).__name__ == "HardenError"  # `include` must be a list
        assert include == "none.yml"
        return
    assert found.included == {}
    assert found.warnings


def test_merge_keys_are_read(write: Write) -> None:
    file = write(
        compose="""
        x-a: &a {restart: always, image: one}
        x-b: &b {<<: *a, image: two}
        services:
          web: {<<: [*b, *a], init: true}
        """
    )
    assert project(file).bodies["web"] == {"restart": "always", "image": "two", "init": True}


@pytest.mark.parametrize("merge", ["*a", "[*a]", "[*a, *b]", "[*b, *a]"])
def test_tags_in_merge_keys_are_read_as_compose_does(merge: str, write: Write, compose: Path) -> None:
    text = f"""
    services:
      w: {{image: nginx, restart: always, security_opt: ["label:disable"]}}
      a: &a {{image: redis, restart: !reset null, security_opt: !override ["apparmor:x"]}}
      b: &b {{image: redis, security_opt: ["seccomp:unconfined"]}}
      web:
        <<: {merge}
        extends: w
    """
    file = write(compose=text)
    theirs, ours = by_compose(compose, file)["web"], project(file).bodies["web"]
    assert ours.get("restart") == theirs.get("restart")
    assert ours["security_opt"] == theirs["security_opt"]


def test_an_unknown_key_is_a_warning_with_its_place(write: Write) -> None:
    file = write(compose="services:\n  web:\n    image: nginx\n    restrat: always\n")
    (warning,) = project(file).warnings
    assert "compose.yml:4:5" in warning
    assert "restrat" in warning


def test_hardening_a_base_in_the_same_file_reaches_compose(write: Write, compose: Path) -> None:
    file = write(compose="services:\n  web: {extends: base, ports: ['80:80']}\n  base: {image: nginx}\n")
    file.write_text(plan(project(file).document, Profile.read("strict")).text, encoding="utf-8")
    for service in by_compose(compose, file).values():
        assert service["restart"] == "on-failure:5"
        assert service["security_opt"] == ["no-new-privileges:true"]
