"""Profiles: what they extend, what they override, and what is said where one is wrong."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hardener import HardenError, Logging, Profile, RestartPolicy
from hardener.profile import schema, shipped
from hardener.transforms import builtin
from hardener.transforms.base import Confidence, Transform

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a profile and gives its path."""

    def write(text: str, name: str = "mine.yml") -> str:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return str(file)

    return write


def rule(profile: Profile, name: str) -> Any:
    (found,) = (transform for transform in profile.transforms if transform.id == name)
    return found


def ids(profile: Profile) -> list[str]:
    return [transform.id for transform in profile.transforms]


def test_shipped_profiles_go_from_mild_to_strict() -> None:
    assert list(shipped()) == ["development", "staging", "production", "strict"]
    profiles = [Profile.read(name) for name in shipped()]
    for mild, strict in pairwise(profiles):
        assert set(ids(mild)) <= set(ids(strict))
        assert strict.confidence.covers(mild.confidence)
    # Where variables stand is a matter of taste: no profile moves them unasked.
    assert set(ids(profiles[-1])) == set(builtin()) - {"env-file"}
    assert all(profile.description for profile in profiles)
    assert [profile.name for profile in profiles] == list(shipped())


def test_strict_restarts_as_cis_asks() -> None:
    assert rule(Profile.read("strict"), "restart-policy").policy == "on-failure:5"
    assert rule(Profile.read("production"), "restart-policy").policy == "unless-stopped"


def test_a_profile_by_its_own_path(write: Write) -> None:
    profile = Profile.read(write("transforms:\n  restart-policy: {policy: always}\n", "eu-west.yml"))
    assert profile.name == "eu-west"
    assert profile.transforms == (RestartPolicy(policy="always"),)
    assert profile.confidence is Confidence.KNOWN


def test_a_path_may_go_without_a_suffix(write: Write) -> None:
    assert ids(Profile.read(write("transforms:\n  init:\n", "mine"))) == ["init"]


def test_extends_and_overrides(write: Write) -> None:
    path = write(
        """
        extends: production
        description: Ours.
        confidence: safe
        transforms:
          restart-policy: {policy: always}
          logging: {max_size: 5m}
          init: false
          resource-limits:
            roles:
              app: {memory: 1G}
        roles:
          thing: database
        exempt:
          - services: [legacy-*]
            rules: [init]
            reason: leaves in May
        """
    )
    profile, base = Profile.read(path), Profile.read("production")
    assert profile.description == "Ours."
    assert profile.confidence is Confidence.SAFE
    assert ids(profile) == [name for name in ids(base) if name != "init"]
    assert rule(profile, "restart-policy").policy == "always"
    assert rule(profile, "logging") == Logging(max_size="5m", max_file=3)
    app, base_app = (rule(p, "resource-limits").roles["app"] for p in (profile, base))
    assert app == base_app.model_copy(update={"memory": "1G"})
    assert rule(profile, "resource-limits").confidence is Confidence.ASSUMED
    assert profile.roles == {"thing": "database"}
    assert [exemption.reason for exemption in profile.exempt] == ["leaves in May"]


def test_a_chain_of_own_profiles(write: Write) -> None:
    write(
        """
        extends: staging
        transforms: {restart-policy: false, stop-grace-period: {period: 1m}}
        roles: {a: app}
        exempt: [{services: [a], reason: one}]
        """,
        "base/ours.yml",
    )
    path = write(
        """
        extends: base/ours.yml
        transforms: {restart-policy: {policy: always}}
        roles: {b: cache}
        exempt: [{services: [b], reason: two}]
        """
    )
    profile = Profile.read(path)
    assert rule(profile, "restart-policy").policy == "always"
    assert rule(profile, "stop-grace-period").period == "1m"
    assert profile.roles == {"a": "app", "b": "cache"}
    assert [exemption.reason for exemption in profile.exempt] == ["one", "two"]


def test_true_turns_a_rule_on_again_with_the_settings_it_had(write: Write) -> None:
    write("extends: production\ntransforms: {logging: {max_size: 5m}}\n", "one.yml")
    write("extends: ./one.yml\ntransforms: {logging: false}\n", "two.yml")
    path = write("extends: ./two.yml\ntransforms: {logging: true}\n", "three.yml")
    assert rule(Profile.read(path), "logging").max_file == 3


def test_anchors_and_merge_keys_in_a_profile(write: Write) -> None:
    path = write(
        """
        extends: production
        transforms:
          resource-limits:
            roles:
              app: &small {memory: 128M}
              web: {<<: *small, pids: 64}
        """
    )
    assert rule(Profile.read(path), "resource-limits").roles["web"].memory == "128M"


def test_a_profile_without_rules_is_an_error_and_one_to_extend_is_not(write: Write) -> None:
    """As a gate it would let everything pass."""
    empty = write("", "empty.yml")
    assert ids(Profile.read(write("extends: ./empty.yml\ntransforms: {init: }\n"))) == ["init"]
    for name in (empty, write("extends: ./empty.yml\n"), write("confidence: safe\ntransforms: {init: false}\n")):
        with pytest.raises(HardenError, match="this profile has no rules") as raised:
            Profile.read(name)
        assert raised.value.where and raised.value.where.file == name


def test_a_profile_changed_on_disk_is_read_again(write: Write) -> None:
    path = write("transforms: {restart-policy: {policy: always}}\n")
    assert rule(Profile.read(path), "restart-policy").policy == "always"
    write("transforms: {restart-policy: {policy: on-failure}}\n")
    assert rule(Profile.read(path), "restart-policy").policy == "on-failure"


def test_the_same_relative_path_in_another_folder_is_another_profile(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, policy in (("a", "always"), ("b", "on-failure")):
        write(f"transforms: {{restart-policy: {{policy: {policy}}}}}\n", f"{folder}/mine.yml")
        monkeypatch.chdir(tmp_path / folder)
        assert rule(Profile.read("./mine.yml"), "restart-policy").policy == policy


# What is wrong with a profile: the text, the place, and words of the message.
WRONG = {
    "unknown rule": ("transforms:\n  restart-polcy: {}\n", "2:3", ["restart-polcy", "did you mean 'restart-policy'"]),
    "unknown setting": (
        "transforms:\n  restart-policy:\n    polcy: always\n",
        "3:5",
        ["transforms.restart-policy.polcy", "did you mean 'policy'"],
    ),
    "unknown setting further down": (
        "transforms:\n  resource-limits:\n    roles:\n      app: {memry: 512M}\n",
        "4:13",
        ["roles.app.memry", "did you mean 'memory'"],
    ),
    "unknown key": ("transform:\n  init: {}\n", "1:1", ["transform", "did you mean 'transforms'"]),
    "unknown key of an exemption": (
        "exempt:\n  - services: [a]\n    reasn: x\n    reason: y\n",
        "3:5",
        ["reasn", "did you mean 'reason'"],
    ),
    "no reason": ("exempt:\n  - services: [a]\n", "2:5", ["exempt", "reason"]),
    "empty reason": ("exempt:\n  - services: [a]\n    reason: ''\n", "3:5", ["reason"]),
    "no services": ("exempt:\n  - services: []\n    reason: x\n", "2:5", ["services"]),
    "wrong value": (
        "extends: production\ntransforms:\n  restart-policy: {policy: sometimes}\n",
        "3:20",
        ["restart-policy.policy"],
    ),
    "wrong value of a list": ("transforms: {logging: {driver: jsonfile}}\n", "1:24", ["logging.driver", "json-file"]),
    "settings that are text": ("transforms:\n  init: please\n", "2:3", ["transforms.init"]),
    "settings that are a list": ("transforms:\n  init: [1]\n", "2:3", ["transforms.init"]),
    "transforms that are a list": ("transforms: [init]\n", "1:1", ["transforms"]),
    "unknown confidence": ("confidence: sure\n", "1:1", ["confidence", "safe"]),
    "unknown role": ("roles:\n  db: databse\n", "2:3", ["roles.db", "database"]),
    "unknown base": ("extends: prodction\n", "1:1", ["prodction", "did you mean 'production'"]),
    "a list": ("- init\n", "1:1", ["profile"]),
    "two keys alike": ("transforms:\n  init: {}\n  init: {}\n", "3:3", ["init"]),
    "no YAML": ("transforms: {\n", "", []),
}


@pytest.mark.parametrize(("text", "place", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place(text: str, place: str, words: list[str], write: Write) -> None:
    path = write(text)
    with pytest.raises(HardenError) as caught:
        Profile.read(path)
    told = str(caught.value)
    assert told.startswith(f"{path}:{place}: " if place else f"{path}:")
    for word in words:
        assert word in told
    assert ": : " not in told
    assert "dict[" not in told, "the words of pydantic are not those of a person"


def test_an_error_names_the_file_of_the_chain_it_is_in(write: Write) -> None:
    base = write("transforms: {logging: {max_size: much}}\n", "base.yml")
    path = write("extends: ./base.yml\ntransforms: {logging: {max_file: 2}}\n")
    with pytest.raises(HardenError) as caught:
        Profile.read(path)
    assert str(caught.value).startswith(f"{base}:1:24: ")


def test_a_circle(write: Write) -> None:
    one = write("extends: ./two.yml\n", "one.yml")
    two = write("extends: ./one.yml\n", "two.yml")
    with pytest.raises(HardenError, match="extends itself") as caught:
        Profile.read(one)
    assert caught.value.where is not None
    assert caught.value.where.file in (one, two)
    with pytest.raises(HardenError, match="extends itself"):
        Profile.read(write("extends: ./self.yml\n", "self.yml"))


def test_a_base_that_is_not_there(write: Write, tmp_path: Path) -> None:
    with pytest.raises(HardenError, match=r"nowhere\.yml"):
        Profile.read(write("extends: ./nowhere.yml\n"))
    with pytest.raises(HardenError, match=r"nowhere\.yml"):
        Profile.read(str(tmp_path / "nowhere.yml"))


def test_a_name_nobody_knows() -> None:
    with pytest.raises(HardenError, match="did you mean 'production'"):
        Profile.read("producton")


# The JSON Schema


def valid(data: Any) -> bool:
    return Draft202012Validator(schema()).is_valid(data)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_schema_accepts_every_shipped_profile() -> None:
    for name, file in shipped().items():
        assert valid(yaml.safe_load(file.read_text(encoding="utf-8"))), name


def test_the_schema_knows_every_rule_and_setting() -> None:
    rules = schema()["properties"]["transforms"]["properties"]
    assert set(rules) == set(builtin())
    assert valid({"transforms": {name: {} for name in builtin()}})
    assert valid({"transforms": dict.fromkeys(builtin(), False)})
    assert valid({"transforms": {"another-package": {"whatever": 1}}})


@pytest.mark.parametrize(
    "data",
    [
        {"transform": {}},
        {"confidence": "sure"},
        {"transforms": {"restart-policy": {"polcy": "always"}}},
        {"transforms": {"restart-policy": {"policy": "sometimes"}}},
        {"transforms": {"restart-policy": "always"}},
        {"transforms": {"logging": {"max_file": "many"}}},
        {"transforms": {"logging": {"driver": "none"}}},
        {"transforms": {"stop-grace-period": {"period": ""}}},
        {"transforms": {"resource-limits": {"roles": {"app": {"memry": "1G"}}}}},
        {"transforms": {"resource-limits": {"roles": {"app": {"memory": 512}}}}},
        {"transforms": {"resource-limits": {"roles": {"databse": {"memory": "1G"}}}}},
        {"roles": {"db": "databse"}},
        {"exempt": [{"services": ["a"]}]},
        {"exempt": [{"services": [], "reason": "x"}]},
        {"extends": 5},
    ],
)
def test_the_schema_rejects(data: Any) -> None:
    assert not valid(data)


def test_every_setting_has_words() -> None:
    for name in builtin():
        from hardener.transforms import find

        kind: type[Transform] = find(name)
        assert kind.__doc__
        assert all(field.description for field in kind.model_fields.values()), name
