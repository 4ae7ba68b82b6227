"""The formats that are text: exactly what is in tests/views/graphs for the shop, and safe for any name."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hardener.graph import Edge, Graph
from hardener.views.graph import Format, Picture, draw
from hardener.views.style import columns

from .conftest import Draw

GRAPHS = Path(__file__).parent / "graphs"
HOSTILE = [
    'a"]]; alert(1)',
    "<script>alert(1)</script>",
    "end",
    "#quot;",
    "`b`",
    "c\nd",
    "e\x1b[31m",
    "\u202egnp",
    "x" * 300,
    "日本語",
    "🐳🐳",
    "--> z",
    "\\",
    "\\N",
    "%%{init}%%",
    "&amp;",
    "style s1 fill:#f00",
    " ",
]


@pytest.fixture
def hostile(drawn: Draw) -> Picture:
    """Services and networks of names that every format takes for something else."""

    def text(split: bool) -> str:
        quoted = [json.dumps(name, ensure_ascii=False) for name in HOSTILE]
        lines = ["services:"]
        for index, name in enumerate(quoted):
            lines.append(f"  {name}: {{depends_on: [{quoted[index - 1]}], ports: ['80{index:02}:80']")
            lines[-1] += f", networks: [{name}]}}" if split else "}"
        return "\n".join([*lines, "networks:", *(f"  {name}:" for name in quoted)]) + "\n"

    one: Picture = drawn(text(False), text(True), roles={name: name for name in HOSTILE})
    return one


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "json"])
@pytest.mark.parametrize("name", ["shop", "split_shop", "broken_shop"])
def test_the_shop_looks_as_it_did(request: pytest.FixtureRequest, name: str, form: Format) -> None:
    shown = draw(request.getfixturevalue(name), form)
    assert shown == (GRAPHS / f"{name}.{form}").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "svg", "json"])
@pytest.mark.parametrize("name", ["shop", "split_shop"])
def test_no_alarm_where_nothing_is_lost(request: pytest.FixtureRequest, name: str, form: Format) -> None:
    assert "CUT" not in draw(request.getfixturevalue(name), form)


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "svg"])
def test_what_is_lost_is_loud(broken_shop: Picture, form: Format) -> None:
    assert "CUT" in draw(broken_shop, form)


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "svg", "json"])
def test_an_empty_project_can_be_drawn(drawn: Draw, form: Format) -> None:
    assert draw(drawn("services: {}\n"), form)


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "svg", "json"])
def test_no_character_reaches_a_terminal_raw(hostile: Picture, form: Format) -> None:
    assert not set("\x1b\u202e\x07\r") & set(draw(hostile, form, color=False))


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_text_fits(forty: Picture, broken_shop: Picture, width: int) -> None:
    for one in (forty, broken_shop):
        # Five columns keep eight characters each.
        assert max(map(columns, draw(one, "text", width=width).splitlines())) <= max(width, 5 * 10)


def test_text_tells_who_can_reach_whom_and_why(split_shop: Picture) -> None:
    lines = [" ".join(line.split()) for line in draw(split_shop, "text", width=160).splitlines()]
    assert "proxy all 6 app app" in lines
    assert "logs all 6 - -" in lines
    assert "cache 6379→6379 127.0.0.1:6379→6379 (this host only)" in lines
    assert "21 of 21 pairs of services could talk, 11 still can, 7 do" in lines


def test_text_marks_a_fault_in_red(broken_shop: Picture) -> None:
    red = [line for line in draw(broken_shop, "text", width=160, color=True).splitlines() if "\x1b[31m" in line]
    assert any("worker to cache" in line for line in red)
    assert any(line.split()[1:3] == ["worker", "cache"] for line in red)
    assert not any(line.split()[1:3] == ["worker", "db"] for line in red)


def test_json_keeps_its_keys(broken_shop: Picture) -> None:
    told = json.loads(draw(broken_shop, "json"))
    assert list(told) == [
        *("version", "file", "profile", "services", "networks", "ports", "edges", "pairs", "outgoing", "notes"),
    ]
    faults = [(edge["source"], edge["target"]) for edge in told["edges"] if edge["fault"]]
    assert faults == [("worker", "cache"), ("migrate", "cache")]
    cut = {"reachable": {"before": True, "after": False}, "used": False, "possible": False}
    assert {"services": ["proxy", "logs"], **cut} in told["pairs"]


def test_mermaid_draws_networks_around_services_where_they_nest(drawn: Draw) -> None:
    text = "services:\n  a: {networks: [x]}\n  b: {networks: [x, y]}\n  c: {networks: [z]}\nnetworks: {x: , y: , z: }\n"
    lines = [line.strip() for line in draw(drawn(text), "mermaid").splitlines()]
    inner = ['subgraph n1["y"]', 's1["b"]', "end", "class n1 around"]
    outer = ['subgraph n0["x"]', 's0["a"]', *inner, "end", "class n0 around"]
    assert lines[1 : 1 + len(outer)] == outer


def test_mermaid_names_networks_in_the_boxes_where_they_overlap(split_shop: Picture) -> None:
    shown = draw(split_shop, "mermaid")
    assert "subgraph" not in shown
    assert 's1["app<br/>(app)<br/>serves 8000<br/>[frontend, backend]"]' in shown


def test_mermaid_makes_faults_red(broken_shop: Picture) -> None:
    lines = [line.strip() for line in draw(broken_shop, "mermaid").splitlines()]
    arrows = [line for line in lines if "-->" in line or "-.->" in line]
    (red,) = (line for line in lines if line.startswith("linkStyle"))
    assert "stroke:#d1242f" in red
    marked = {arrows[int(index)] for index in red.split()[1].split(",")}
    assert marked == {arrow for arrow in arrows if "CUT" in arrow}
    assert 's2 -.->|"CUT"| s5' in marked


def test_mermaid_has_no_more_arrows_than_a_viewer_takes(drawn: Draw) -> None:
    names = [f"s{index}" for index in range(40)]
    edges = tuple(Edge(a, b, "links", "x", "y:1") for a in names for b in names[:15] if a != b)
    before = "services:\n" + "".join(f"  {name}: {{image: x}}\n" for name in names)
    after = before.replace("s39: {image: x", "s39: {image: x, networks: [far]") + "networks: {far: }\n"
    lines = draw(drawn(before, after, graph=Graph(tuple(names), edges)), "mermaid").splitlines()
    assert sum("->" in line for line in lines) == 500
    assert f'  more["and {len(edges) - 500} arrows more"]' in lines
    assert sum("CUT" in line for line in lines) == 15


def test_mermaid_quotes_everything_that_comes_from_a_file(hostile: Picture) -> None:
    for line in draw(hostile, "mermaid").splitlines():
        assert line.count('"') in (0, 2)
        if '"' in line:
            label = line.split('"')[1].replace("<br/>", "")
            assert label
            assert not set('<>"`&') & set(label)


def test_graphviz_takes_it(hostile: Picture, forty: Picture, broken_shop: Picture) -> None:
    program = shutil.which("dot")
    if program is None:
        pytest.skip("no dot on the PATH: install graphviz")
    for one in (hostile, forty, broken_shop):
        drawing = subprocess.run(
            [program, "-Tsvg"], input=draw(one, "dot").encode(), capture_output=True, check=False, timeout=60
        )
        assert drawing.returncode == 0, drawing.stderr
        assert drawing.stdout.count(b'class="node"') >= len(one.boxes)


def test_dot_leaves_nothing_unquoted(hostile: Picture) -> None:
    for line in draw(hostile, "dot").splitlines():
        assert line.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0
