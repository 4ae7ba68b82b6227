"""The plan as a table, and the summary of a run."""

from collections import Counter
from pathlib import Path

import pytest

from hardener import Advice, Change, Confidence, Result, harden
from hardener.api import SourceFile
from hardener.views.style import columns, escape, pad, wrap
from hardener.views.summary import Tally, summary
from hardener.views.table import in_short, table

SAFE = Confidence.SAFE


def change(path: tuple[str, ...], value: object, action: str = "set", service: str | None = "web") -> Change:
    return Change("a-rule", service, path, action, value, "it is better so", SAFE)  # type: ignore[arg-type]


def result(*changes: Change, advice: tuple[Advice, ...] = (), held: tuple[Change, ...] = ()) -> Result:
    return Result(SourceFile("c.yml", b"a", "utf-8"), "production", "b", changes, (), held, advice, (), ())


@pytest.mark.parametrize(
    ("one", "short"),
    [
        (change(("services", "web", "restart"), "no"), 'restart: "no"'),
        (change(("services", "web", "security_opt"), "a:b", "append"), "security_opt: + a:b"),
        (change(("version",), None, "remove", None), "- version"),
        (change(("services", "web", "deploy"), {"resources": {"a": 1, "b": 2}}), "deploy.resources: {a: 1, b: 2}"),
        (change(("services", "web", "logging", "options", "max-file"), "3"), 'logging.options.max-file: "3"'),
    ],
)
def test_a_change_in_short(one: Change, short: str) -> None:
    assert in_short(one) == short


@pytest.mark.parametrize("width", [20, 40, 71, 72, 80, 100, 200])
def test_it_fits(width: int) -> None:
    made = harden(Path(__file__).parents[2] / "samples" / "shop" / "compose.yml", "strict")
    lines = table(made, width=width).splitlines()
    assert max(map(columns, lines[1:])) <= max(width, 26)
    words = " ".join(" ".join(lines).split())
    for one in made.changes:
        assert one.rule in words
    for service in {one.service for one in made.changes} - {None}:
        assert service in lines


def test_a_service_is_shown_once_with_all_that_concerns_it() -> None:
    advice = Advice("other-rule", "web", ("services", "web", "x"), "Do it.", "nobody else can")
    text = table(result(change(("services", "web", "init"), True), advice=(advice,)))
    assert text.splitlines() == [
        "c.yml, profile production",
        "",
        "web",
        "  a-rule  init: true  it is better so",
        "  for you to decide",
        "    other-rule  x",
        "      Do it.",
        "      nobody else can",
    ]


def test_the_same_advice_for_several_places_is_told_once() -> None:
    advice = (
        Advice("a-rule", "web", ("services", "web", "volumes", 0), "Do it.", "first"),
        Advice("a-rule", "web", ("services", "base", "volumes", 1), "Do it.", "second"),
        Advice("a-rule", "web", ("services", "web", "x"), "Do that.", "third"),
        Advice("a-rule", None, ("volumes", "x"), "Mind a_password=hunter2", "fourth"),
    )
    text = table(result(advice=advice), width=40)
    assert text.splitlines() == [
        "c.yml, profile production",
        "",
        "the file",
        "  for you to decide",
        "    a-rule  volumes.x",
        "      Mind a_password=****",
        "      fourth",
        "",
        "web",
        "  for you to decide",
        "    a-rule  volumes.0, base.volumes.1",
        "      Do it.",
        "      first",
        "      second",
        "    a-rule  x",
        "      Do that.",
        "      third",
    ]


def test_secrets_and_control_characters() -> None:
    one = change(
        ("services", "we\x1b[2Jb", "environment"), {"A_PASSWORD": "hunter2", "B": "\u202e"}, service="we\x1b[2Jb"
    )
    text = table(result(one), color=True)
    assert "hunter2" not in text and "A_PASSWORD: ****" in text
    assert "\x1b[2J" not in text and "\\x1b[2J" in text and "\u202e" not in text


def test_nothing_to_show() -> None:
    assert table(result()) == ""


def test_text_of_any_width() -> None:
    assert columns("日本") == 4 and columns("ä") == 1 and pad("日本", 6) == "日本  "
    assert wrap("aa bb cc", 8) == ("aa bb cc",) and wrap("one two three", 8) == ("one two", "three")
    assert escape("a\tb\r\n\x07é\x85\u2028") == "a\\tb\\r\\n\\x07é\\x85\\u2028"


def test_summary_of_nothing_and_of_much() -> None:
    assert summary(Tally()) == "no files"
    tally = Tally()
    held = (change(("services", "db", "x"), 1), Change("r", "db", ("x",), "set", 1, "", Confidence.ASSUMED))
    tally.add(result(change(("services", "web", "init"), True), held=held), "hardened", masked=True)
    tally.add(result(), "unchanged")
    tally.files["failed"] += 2
    assert summary(tally) == (
        "1 file hardened, 1 file unchanged, 2 files failed; 1 change in 1 service; "
        "2 changes held back, --confidence assumed shows them; "
        "values that look secret are masked here, the file has them"
    )
    assert summary(tally, color=True).startswith("\x1b[31m")
    assert tally.held == Counter({SAFE: 1, Confidence.ASSUMED: 1})
