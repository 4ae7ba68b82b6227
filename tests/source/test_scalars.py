"""Scalars: what compose reads in a plain one, and that what is written is read back by every reader."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hardener.source import load
from hardener.source.scalars import Quote, is_plain, quoted, resolve, written

# Value and the plain scalars that compose takes for it; checked against compose itself below.
VALUES: list[tuple[Any, str]] = [
    (None, "~ null Null NULL"),
    (True, "true True TRUE"),
    (False, "false False FALSE"),
    (0, "0 +0 00 -00 000 0_"),
    (1, "1 +1 1_ +_1 0b1 0B1"),
    (-1, "-1 -_1"),
    (1000, "1000 1_000 1__000"),
    (511, "0777 00777 0o777 0O777 07_77 0_o777"),
    (-511, "-0777 -0o777"),
    (31, "0x1F 0X1f +0x1F 0x_1F"),
    (3, "0b11 +0b1_1"),
    (20010101, "20010101 2001_01_01"),
    (2**63, "9223372036854775808"),
    (2**64 - 1, "18446744073709551615 0xFFFFFFFFFFFFFFFF"),
    (-(2**63), "-9223372036854775808"),
    (-0.0, "-0 -0.0 -0.00 -0e0"),
    (0.0, "0.0 +0.0 0e0 1e-400"),
    (1.1, "1.1 1.10 +1.1 1_.1"),
    (5.0, "5. 5.0"),
    (0.5, ".5 +.5 .5e0 .5_0"),
    (1000.0, "1e3 1E3 1e+3 1.e3 1_0e2"),
    (8.0, "08 08.0 0_8"),
    (777.5, "0777.5"),
    (float(2**64), "18446744073709551616"),
    (-float(2**63), "-9223372036854775809"),
]
STRINGS = """
yes Yes no NO on Off y N tRUE nULL none nil = < 1:30 190:20:30 22:22 0.0.0.0 1.2.3 1,000 0xZZ 0x 0o 0b 0o8 0b2
_1 ++1 +-1 ._5 .5_ .5__0 + . .. -. +. 1e 1e+ e3 .e3 1e400 -1e400 0x1p-2 0x10000000000000000 .iNF inf Infinity nan
-.nan 1k 512M 50% 1-2 2001-01 2001-13-01 2001-02-30 01-01-2001 2001-01-01T00:00:00 ١٢
"""
CASES = [(text, value) for value, texts in VALUES for text in texts.split()]
CASES += [(text, text) for text in STRINGS.split()]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_resolve(text: str, value: Any) -> None:
    assert repr(resolve(text)) == repr(value)


@pytest.mark.parametrize("text", [".inf", ".Inf", "+.INF", "-.inf", ".nan", ".NAN"])
def test_no_number_of_json(text: str) -> None:
    """Floats, in a file that compose refuses."""
    assert isinstance(resolve(text), float)


@pytest.mark.parametrize("text", ["2001-01-01", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43"])
def test_time_stamps_stay_strings(text: str) -> None:
    """Compose spells them anew (`2001-01-01T00:00:00Z`); the source is what a person wrote."""
    assert resolve(text) == text


def test_compose_resolves_alike(read_by_compose: Any, tmp_path: Path) -> None:
    lines = "".join(f"  - {text}\n" for text, _ in CASES)
    model, complaint = read_by_compose(f"services: {{a: {{image: x}}}}\nx-t:\n{lines}", tmp_path, "--no-interpolate")
    assert model, complaint
    # JSON knows one kind of number.
    numbers = (int, float)
    for (text, expected), found in zip(CASES, model["x-t"], strict=True):
        alike = type(found) is type(expected) or (type(found) in numbers and type(expected) in numbers)
        assert alike and (found == expected or found == pytest.approx(expected, rel=1e-15)), text


PIECES = st.sampled_from(
    (
        *"0123456789._+-eExob:,# '\"\\{}[]!&*|>%@`?=~/$ay",
        *"\n\t\r\x85\u2028\ufeff\xa0é\x7f\0\ue000\uffff\u200b🐳\U0010ffff",
        *("null", "true", "yes", "on", ".inf", ".nan", "---", "...", "- ", "? ", ": ", " #", "<<"),
        *("0x", "0o", "0b", "1e5", "12:30", "2001-01-01"),
    )
)
TEXTS = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.lists(PIECES).map("".join))


def places(text: str, quote: Quote) -> tuple[str, dict[str, Any]]:
    """Lines with `text` in every place where the writer puts a string, and what they mean. `<<` as a key is a merge."""
    block, flow = written(text, flow=False, quote=quote), written(text, flow=True, quote=quote)
    lines = f"value: {block}\nitems:\n  - {block}\nflow: [{flow}, z]\npairs: {{zz: {flow}, {flow}: z}}\n{block}: key\n"
    return lines, {"value": text, "items": [text], "flow": [text, "z"], "pairs": {"zz": text, text: "z"}, text: "key"}


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(TEXTS.filter(lambda text: text not in ("<<", "zz", "value", "items", "flow", "pairs")), st.sampled_from("'\""))
def test_every_reader_reads_what_is_written(text: str, quote: Quote) -> None:
    lines, expected = places(text, quote)
    assert load(lines).data == expected
    assert yaml.safe_load(lines) == expected  # YAML 1.1
    assert YAML(typ="safe", pure=True).load(lines) == expected  # YAML 1.2


AWKWARD = (
    *("", "''", "null", "yes", "0777", "0_o7", "1_e5", "1e_-5", "1:30", "2001-01-01", "1e400", ".5", "-", "--- a"),
    *("...", "a: b", "a:", "a #b", "#a", "a#b", ":a", "?a", "- a", "[a", "a,b", "{a}", "it's", '"', "\\", "a\tb"),
    *("a\nb", "\r", "\0", "\x07", "\x7f", "\x85", "\u2028", "\ufeff", "\xa0a", "\ue000", "\uffff", "\U0010ffff"),
    *("🐳", "é", " a", "a ", "|a", "%a", "@a", "`a", "!a", "&a", "*a", "=", "~", ".inf", "+", "_", "ON", "fe80::"),
    *("::1", "a?", "$a"),
)


def test_compose_reads_what_is_written(read_by_compose: Any, tmp_path: Path) -> None:
    blocks, expected = [], {}
    for number, (text, quote) in enumerate((text, quote) for text in AWKWARD for quote in ("'", '"')):
        lines, expected[f"k{number}"] = places(text, "'" if quote == "'" else '"')
        blocks.append(f"  k{number}:\n" + "".join(f"    {line}\n" for line in lines.split("\n")))
    text = "services: {a: {image: x}}\nx-t:\n" + "".join(blocks)
    model, complaint = read_by_compose(text, tmp_path, "--no-interpolate")
    assert model, complaint
    assert model["x-t"] == expected


@pytest.mark.parametrize(
    ("text", "flow", "plain"),
    [
        *(("always", True, True), ("unless-stopped", True, True), ("a b", True, True), ("10m", True, True)),
        *(("80:80", False, False), ("a:b", False, True), ("a:b", True, False), ("a,b", False, True)),
        *(("a,b", True, False), ("/run", True, True), ("no", False, False), ("<<", False, False), ("", False, False)),
        *(("2GB", False, True), ("1_000", False, False), ("0.5", False, False), ("1.2.3", False, True)),
    ],
)
def test_is_plain(text: str, flow: bool, plain: bool) -> None:
    assert is_plain(text, flow=flow) is plain


def test_quotes() -> None:
    assert (quoted("a", "'"), quoted("a", '"'), quoted("it's", "'")) == ("'a'", '"a"', "'it''s'")
    assert quoted("a\nb\x07\xa0", "'") == r'"a\nb\x07\xa0"'


@pytest.mark.parametrize("value", [None, True, False, 0, -1, 10**18, 0.5, -0.0, 1e16, 1e-7, 1e300, float("inf")])
def test_other_values(value: Any) -> None:
    text = written(value, flow=False, quote='"')
    assert repr(load(f"a: {text}").data) == repr({"a": value})
    assert repr(yaml.safe_load(f"a: {text}")) == repr({"a": value})
