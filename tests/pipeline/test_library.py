"""The package as a library: what the README shows, and what somebody would try next."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

import hardener
from hardener import (
    Confidence,
    Context,
    HardenError,
    Logging,
    Outcome,
    Plan,
    Profile,
    RestartPolicy,
    Result,
    Selection,
    Transform,
    harden,
    load,
    plan,
    rewrite,
)

TEXT = "services:\n  web:\n    image: nginx:1.27  # pinned\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_every_public_name_is_there() -> None:
    for name in hardener.__all__:
        assert getattr(hardener, name) is not None
    assert dir(hardener) == sorted(hardener.__all__)
    with pytest.raises(AttributeError, match="no attribute 'hardn'"):
        hardener.hardn  # noqa: B018


def test_the_package_says_that_it_is_typed() -> None:
    assert Path(hardener.__file__).with_name("py.typed").exists()


def test_importing_it_costs_nothing() -> None:
    code = "import sys, hardener; print([m for m in ('pydantic', 'ruamel', 'deepdiff', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_hardening_imports_nothing_heavy() -> None:
    code = f"""
import sys
from hardener import Profile, load, plan
plan(load({TEXT!r}), Profile.read("production"))
print([m for m in ("deepdiff", "rich", "typer", "asyncio") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_harden_and_write(file: Path) -> None:
    result = harden(str(file), profile="production")
    assert result.changed
    assert result.before == TEXT == file.read_text(encoding="utf-8")
    for change in result.changes:
        assert (change.service, change.reason) != ("", "")
    result.write()
    assert file.read_text(encoding="utf-8") == result.after
    again = harden(file)
    assert not again.changed
    assert not again.changes
    again.write()


def test_a_plan_from_a_list_of_transforms() -> None:
    made = plan(load(TEXT), [RestartPolicy(policy="always"), Logging(max_size="5m")])
    assert made.text == TEXT + (
        "    restart: always\n"
        "    logging:\n"
        "      driver: json-file\n"
        "      options:\n"
        "        max-size: 5m\n"
        '        max-file: "3"\n'
    )


def test_harden_takes_a_profile_or_transforms(file: Path) -> None:
    one = harden(str(file), [RestartPolicy()])
    two = harden(str(file), Profile.of([RestartPolicy()]))
    three = harden(str(file), "production", Selection(only=("restart-policy",)))
    assert one.after == two.after == three.after == TEXT + "    restart: unless-stopped\n"
    assert three.profile == "production"


# The example of the README: a rule of one's own.


class PullPolicy(Transform):
    """Images of ours are pulled at every start."""

    id: ClassVar = "pull-policy"
    title: ClassVar = "Pull our own images"

    registry: str = "ghcr.io/acme/"

    def run(self, service: Any, context: Context) -> Iterator[Any]:
        if (service.image or "").startswith(self.registry):
            yield self.set(service, "pull_policy", "always", "an old build must not run", Confidence.SAFE)
        else:
            yield self.skip(service, "it is not ours")


def test_a_transform_of_ones_own() -> None:
    made = plan(load("services:\n  api:\n    image: ghcr.io/acme/api\n  web:\n    image: nginx\n"), [PullPolicy()])
    assert made.text == (
        "services:\n  api:\n    image: ghcr.io/acme/api\n    pull_policy: always\n  web:\n    image: nginx\n"
    )
    assert [(v.service, v.outcome) for v in made.verdicts] == [("api", Outcome.CHANGED), ("web", Outcome.SKIPPED)]
    assert not plan(load(made.text), [PullPolicy()]).changes


def test_a_transform_is_checked_like_any_other() -> None:
    with pytest.raises(ValueError, match="registy"):
        PullPolicy(registy="x")  # type: ignore[call-arg]


class Labels(Transform):
    """Several changes at once: a map, a list, and a value deep down."""

    id: ClassVar = "labels"
    title: ClassVar = "Labels"

    def run(self, service: Any, context: Context) -> Iterator[Any]:
        yield self.set(service, "labels", {"team": "shop", "tier": "1"}, "so that we know", Confidence.SAFE)
        yield self.set(service, ("healthcheck", "disable"), False, "say so", Confidence.SAFE)
        yield self.append(service, "cap_drop", "NET_RAW", "nobody pings", Confidence.SAFE)


def test_a_transform_with_many_changes() -> None:
    text = "services:\n  web:\n    image: nginx\n    labels:\n      team: web\n    cap_drop: [MKNOD]\n"
    made = plan(load(text), [Labels()])
    assert load(made.text).data == {
        "services": {
            "web": {
                "image": "nginx",
                "labels": {"team": "web", "tier": "1"},
                "cap_drop": ["MKNOD", "NET_RAW"],
                "healthcheck": {"disable": False},
            }
        }
    }
    harden_again = plan(load(made.text), [Labels()])
    assert not harden_again.changes


def test_labels_in_list_form_are_not_overwritten() -> None:
    """A list cannot take a key. Nothing may be lost, and nothing may crash."""
    text = "services:\n  web:\n    image: nginx\n    labels:\n      - team=web\n"
    made = plan(load(text), [Labels()])
    assert "      - team=web\n" in made.text


class Crash(Transform):
    """A plugin with a mistake."""

    id: ClassVar = "crash"
    title: ClassVar = "Crash"

    def run(self, service: Any, context: Context) -> Iterator[Any]:
        raise KeyError("oops")
        yield


def test_a_transform_that_raises_is_named(file: Path) -> None:
    with pytest.raises(Exception, match="crash"):
        harden(str(file), [Crash()])


def test_results_can_be_pickled(file: Path) -> None:
    for result in (harden(str(file)), harden(str(file), [RestartPolicy()])):
        copy: Result = pickle.loads(pickle.dumps(result))
        assert copy == result
        assert copy.changes == result.changes
        assert copy.verdicts == result.verdicts
    copy.write()
    assert file.read_text(encoding="utf-8") == copy.after


def test_a_transform_and_a_profile_can_be_pickled() -> None:
    profile = Profile.read("production")
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_errors_can_be_pickled(tmp_path: Path) -> None:
    with pytest.raises(HardenError) as caught:
        harden(str(tmp_path / "none.yml"))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)


def test_rewrite_alone() -> None:
    document = load("# mine\na: 1  # one\nb: [x]\n")
    assert rewrite(document, document.data) == document.text
    assert rewrite(document, {"a": 2, "b": ["x", "z"]}) == "# mine\na: 2  # one\nb: [x, z]\n"


def test_limits_above_the_memory_of_the_host(tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text("services:\n  db:\n    image: postgres:16\n    deploy: {replicas: 3}\n", encoding="utf-8")
    warnings = harden(str(file), host_memory=2 * 1024**3).warnings
    assert any("3G" in warning and "2G" in warning for warning in warnings)
    assert not harden(str(file), host_memory=4 * 1024**3).warnings


def test_an_unknown_profile_or_file(file: Path, tmp_path: Path) -> None:
    with pytest.raises(HardenError, match="did you mean 'production'"):
        harden(str(file), "prodction")
    with pytest.raises(HardenError, match=r"none\.yml"):
        harden(str(tmp_path / "none.yml"))


def test_a_plan_does_not_change_the_document() -> None:
    document = load("services:\n  a: &a\n    image: nginx\n    security_opt: [label:disable]\n  b: *a\n")
    before = repr(document.data)
    made: Plan = plan(document, Profile.read("production"))
    assert made.text != document.text
    assert repr(document.data) == before
    assert plan(document, Profile.read("production")).text == made.text
