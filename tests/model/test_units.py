"""Durations, sizes, counts, booleans and variables: tables."""

from typing import Any

import pytest

from hardener.model import (
    Variable,
    boolean,
    byte_size,
    duration,
    format_bytes,
    integer,
    number,
    resolve_defaults,
    variables,
)
from hardener.model.interpolation import split_outside_braces


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("1m30s", 90), ("1.5s", 1.5), ("500ms", 0.5), ("1h", 3600), ("1d", 86400), ("1w2d", 777600), ("0", 0)),
        *(("-1s", -1), ("+1s", 1), (".5s", 0.5), ("1.s", 1), ("10us", 1e-5), ("10µs", 1e-5), ("1s1s", 2)),
        *(("${X:-30s}", 30), ("${X:-${Y:-5s}}", 5)),
        *(("30", None), ("", None), ("s", None), ("1", None), ("1S", None), ("1 s", None), ("1s ", None), ("1x", None)),
        *(("${X}", None), ("$X", None), (".s", None), ("-", None), (None, None), (30, None), ("9" * 400 + "w", None)),
    ],
)
def test_duration(text: Any, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("value", "size"),
    [
        *((1024, 1024), ("1024", 1024), ("512M", 512 << 20), ("512m", 512 << 20), ("1gb", 1 << 30), ("1GiB", 1 << 30)),
        *(
            ("1.5g", 3 << 29),
            ("64 KiB", 65536),
            ("7b", 7),
            ("7B", 7),
            ("-1", -1),
            (-1, -1),
            ("1e3", 1000),
            ("2t", 2 << 40),
        ),
        *(("${MEM:-256M}", 256 << 20), ("${MEM:-256}M", 256 << 20), (1.5, 1)),
        *(("", None), ("M", None), ("1x", None), ("1bb", None), ("1mi", None), ("1  m", None), ("-1m", None)),
        *(("${MEM}", None), ("${MEM}M", None), (None, None), (True, None), ("inf", None), (float("inf"), None)),
        *(("9" * 5000, None), ("9" * 400 + "p", None)),
    ],
)
def test_byte_size(value: Any, size: int | None) -> None:
    assert byte_size(value) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *((512 << 20, "512M"), (1 << 30, "1G"), (1536 << 20, "1536M"), (1000, "1000b"), (1024, "1K"), (0, "0b")),
        *((1 << 40, "1T"), (-1, "-1"), ((1 << 30) + 1, "1073741825b")),
    ],
)
def test_format_bytes_reads_back(size: int, text: str) -> None:
    assert format_bytes(size) == text
    assert byte_size(text) == size


def test_numbers_and_booleans() -> None:
    assert [number(v) for v in (1, 0.5, "0.5", "1.50", "${X:-2}")] == [1, 0.5, 0.5, 1.5, 2]
    assert [number(v) for v in (None, "", "a", "$X", True, "1_0", "1e999", "nan")] == [None] * 8
    assert [integer(v) for v in (3, "3", 3.0, "-1", "${X:-2}")] == [3, 3, 3, -1, 2]
    assert [integer(v) for v in (None, "", "3.5", 3.5, "$X", True, float("inf"), "9" * 5000)] == [None] * 8
    assert [boolean(v) for v in (True, "true", "Yes", "on", "y", "${X:-TRUE}")] == [True] * 6
    assert [boolean(v) for v in (False, "false", "No", "off", "n", "${X-false}")] == [False] * 6
    assert [boolean(v) for v in (None, "", "1", 1, "$X")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        *(("plain", "plain"), ("$$5", "$5"), ("$${A}", "${A}"), ("cost: 5$", "cost: 5$"), ("$5", "$5"), ("", "")),
        *(("${A:-b}", "b"), ("${A-b}", "b"), ("${A:-}", ""), ("x${A:-b}y${C-d}", "xbyd"), ("${A:-${B:-c}}", "c")),
        *(("${A:-{}}", "{}"), ("${A:-a:b}:80", "a:b:80"), ("${A:-$$x}", "$x"), ("${A:-b?c}", "b?c")),
        *(("$A", None), ("${A}", None), ("${A:?no}", None), ("${A:+b}", None), ("${A:-$B}", None), ("${1}", None)),
        *(("${", None), ("${A", None), ("${}", None), ("${A:-" * 5000 + "}" * 5000, None)),
    ],
)
def test_resolve_defaults(text: str, resolved: str | None) -> None:
    assert resolve_defaults(text) == resolved


def test_variables() -> None:
    assert variables("$A ${B} ${C:-d} ${E?why} ${F:+g} $$H $${I}") == [
        *(Variable("A"), Variable("B"), Variable("C", default="d", colon=True), Variable("E", required=True)),
        Variable("F", replacement="g", colon=True),
    ]
    assert variables("${A:-${B-c}}") == [Variable("A", default="${B-c}", colon=True), Variable("B", default="c")]
    assert variables("${A-}") == [Variable("A", default="")]
    assert variables("${A:-x:${B:?}}") == [
        Variable("A", default="x:${B:?}", colon=True),
        Variable("B", required=True, colon=True),
    ]


def test_split_outside_braces() -> None:
    assert split_outside_braces("${A:-b:c}:80:${D:?e}", ":") == ["${A:-b:c}", "80", "${D:?e}"]
    assert split_outside_braces("a:{b:c}", ":") == ["a", "{b", "c}"]
