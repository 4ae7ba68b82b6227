"""Transforms of other packages: found by entry point, loaded only when a profile names them."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from hardener import HardenError, Profile, load, plan

pytestmark = pytest.mark.usefixtures("fresh_rules")
Install = Callable[..., str]

PULL = """
    from typing import ClassVar

    from hardener import Confidence, Transform


    class PullPolicy(Transform):
        \"\"\"Always the newest.\"\"\"

        id: ClassVar = "pull-policy"
        title: ClassVar = "Pull"
        policy: str = "always"

        def run(self, service, context):
            yield self.set(service, "pull_policy", self.policy, "it may be old", Confidence.SAFE)
    """


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with an entry point on the path, as pip would."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(module: str, code: str, entry: str) -> str:
        (site / f"{module}.py").write_text(dedent(code), encoding="utf-8")
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[hardener.transforms]\n{entry}\n", encoding="utf-8")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, module, raising=False)
        profile = tmp_path / f"{module}.yml"
        profile.write_text(f"transforms:\n  {entry.partition('=')[0].strip()}: {{}}\n", encoding="utf-8")
        return str(profile)

    return install


def test_a_plugin_runs_like_any_rule(install: Install) -> None:
    profile = Profile.read(install("acme_pull", PULL, "pull-policy = acme_pull:PullPolicy"))
    made = plan(load("services:\n  web:\n    image: nginx\n"), profile)
    assert made.text == "services:\n  web:\n    image: nginx\n    pull_policy: always\n"


def test_its_settings_are_checked(install: Install, tmp_path: Path) -> None:
    install("acme_pull", PULL, "pull-policy = acme_pull:PullPolicy")
    mine = tmp_path / "mine.yml"
    mine.write_text("transforms:\n  pull-policy: {policy: missing}\n", encoding="utf-8")
    assert Profile.read(str(mine)).transforms[0].policy == "missing"  # type: ignore[attr-defined]
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("transforms:\n  pull-policy: {polcy: missing}\n", encoding="utf-8")
    with pytest.raises(HardenError, match="did you mean 'policy'"):
        Profile.read(str(wrong))


def test_a_plugin_is_not_loaded_unless_it_is_named(install: Install) -> None:
    install("acme_loud", "raise SystemExit('loaded')", "loud = acme_loud:Loud")
    made = plan(load("services:\n  web:\n    image: nginx\n"), Profile.read("strict"))
    assert made.changes
    assert "acme_loud" not in sys.modules


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ImportError('libfoo is missing')", "libfoo is missing"),
        ("raise ValueError('bad day')", "bad day"),
        ("def (", "cannot be loaded"),
        ("", "cannot be loaded"),
        ("Rule = 5", "Transform"),
        ("class Rule: id = 'broken'", "Transform"),
        (PULL.replace("PullPolicy", "Rule"), "id 'broken'"),
    ],
    ids=["import error", "value error", "syntax error", "no such name", "a number", "another class", "another id"],
)
def test_a_broken_plugin_is_told_in_a_sentence(install: Install, code: str, words: str) -> None:
    path = install("acme_broken", code, "broken = acme_broken:Rule")
    with pytest.raises(HardenError, match=words) as caught:
        Profile.read(path)
    assert caught.value.where is not None, "and where it is named"
    assert caught.value.hint


def test_a_plugin_cannot_take_the_name_of_a_rule_here(install: Install) -> None:
    code = PULL.replace('"pull-policy"', '"init"')
    path = install("acme_init", code, "init = acme_init:PullPolicy")
    assert type(Profile.read(path).transforms[0]).__module__ == "hardener.transforms.init"
