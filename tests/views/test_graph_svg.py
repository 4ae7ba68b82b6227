"""The SVG: well-formed, self-contained, and nothing on top of anything else."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest

from hardener.graph import Edge, Graph
from hardener.views.graph import Picture, draw
from hardener.views.graph.sheet import Rect, sheet
from hardener.views.style import columns

from .conftest import Draw

SVG = "{http://www.w3.org/2000/svg}"
ADVANCE = 0.602
"""The widest of the usual monospaced fonts, DejaVu Sans Mono: 1233 of 2048 units for every character."""

PICTURES = ["shop", "split_shop", "broken_shop", "forty"]


def tree(picture: Picture) -> ET.Element:
    return ET.fromstring(draw(picture, "svg"))


def measure(text: str, size: float) -> float:
    return columns(text) * size * ADVANCE


def rect(element: ET.Element) -> Rect:
    return Rect(*(float(element.get(key, "0")) for key in ("x", "y", "width", "height")))


def boxes(root: ET.Element) -> list[tuple[ET.Element, Rect]]:
    """The groups of services, and the rectangles of their boxes."""
    groups = (group for group in root.iter(f"{SVG}g") if "node" in (group.get("class") or "").split())
    return [(group, rect(next(group.iter(f"{SVG}rect")))) for group in groups]


@pytest.mark.parametrize("name", PICTURES)
def test_boxes_do_not_overlap(request: pytest.FixtureRequest, name: str) -> None:
    picture = request.getfixturevalue(name)
    placed = [one for _, one in boxes(tree(picture))]
    assert len(placed) == len(sheet(picture).boxes) > len(picture.boxes) / 2
    assert not [pair for pair in combinations(placed, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("name", PICTURES)
def test_text_stays_in_its_box_and_off_other_text(request: pytest.FixtureRequest, name: str) -> None:
    for group, box in boxes(tree(request.getfixturevalue(name))):
        lines = []
        for text in group.iter(f"{SVG}text"):
            size = 13.0 if text.get("class") == "name" else 10.5
            x, y = float(text.get("x", "")), float(text.get("y", ""))
            lines.append(Rect(x, y - size / 2, measure(text.text or "", size), size))
        for line in lines:
            assert box.x <= line.x and line.x + line.width <= box.x + box.width
            assert box.y <= line.y and line.y + line.height <= box.y + box.height
        assert not [pair for pair in combinations(lines, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("name", PICTURES)
def test_lines_go_around_boxes_and_end_at_theirs(request: pytest.FixtureRequest, name: str) -> None:
    assert not crossings(request.getfixturevalue(name))


def test_a_line_past_a_low_box_between_high_ones_keeps_its_distance(drawn: Draw) -> None:
    text = "services:\n  app: {depends_on: [db, redis, worker], ports: ['80:80']}\n  worker: {depends_on: [db]}\n"
    text += "  db: {image: x}\n  redis: {image: x}\n"
    assert not crossings(drawn(text, roles={"db": "database", "redis": "cache"}))


def crossings(picture: Picture) -> list[str]:
    """The links whose lines come nearer than two pixels to a box that is not theirs, or do not end at theirs."""
    made = sheet(picture)
    homes = {box.name: one.rect for one in made.boxes for box in one.boxes}
    found = []
    for drawn in made.links:
        link = drawn.links[0]
        ends = homes[link.source], homes[link.target]
        others = [one.rect for one in made.boxes if one.rect not in ends]
        for (x, y), (u, v) in zip(drawn.points, drawn.points[1:], strict=False):
            near = Rect(min(x, u) - 2, min(y, v) - 2, abs(x - u) + 4, abs(y - v) + 4)
            inside = Rect(min(x, u) + 0.2, min(y, v) + 0.2, max(abs(x - u) - 0.4, 0.1), max(abs(y - v) - 0.4, 0.1))
            if any(other.overlaps(near) for other in others) or any(end.overlaps(inside) for end in ends):
                found.append(f"{link.source} to {link.target} runs through a box")
        for end, (x, y) in zip(ends, (drawn.points[0], drawn.points[-1]), strict=True):
            if not end.overlaps(Rect(x - 1, y - 1, 2, 2)):
                found.append(f"{link.source} to {link.target} ends in the air")
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_everything_is_on_the_sheet(request: pytest.FixtureRequest, name: str) -> None:
    root = tree(request.getfixturevalue(name))
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    for group in root.iter(f"{SVG}g"):
        shift = re.match(r"translate\(([\d.-]+) ([\d.-]+)\)", group.get("transform") or "")
        if shift is None:
            continue
        left, top = map(float, shift.groups())
        for one in group.iter(f"{SVG}rect"):
            box = rect(one)
            assert left + box.x >= 0 and left + box.x + box.width <= width
            assert top + box.y >= 0 and top + box.y + box.height <= height
        for text in group.iter(f"{SVG}text"):
            if not (text.get("transform") or text.get("text-anchor")):
                assert left + float(text.get("x", "")) + measure(text.text or "", 10.5) <= width


def test_evidence_shows_where_the_mouse_rests(broken_shop: Picture) -> None:
    titles = [title.text or "" for title in tree(broken_shop).iter(f"{SVG}title")]
    (told,) = {title for title in titles if title.startswith("worker → cache: CUT, BUT USED\n")} or {""}
    assert "REDIS_URL is redis://:****@cache:6379/0 (compose.yml:8:5)" in told
    assert any(title.startswith("app → db\n") for title in titles)


def test_faults_are_red_and_nothing_else_is(broken_shop: Picture, split_shop: Picture) -> None:
    kinds = [group.get("class") or "" for group in tree(broken_shop).iter(f"{SVG}g")]
    assert kinds.count("link fault") == len(broken_shop.faults) == 2
    calm = draw(split_shop, "svg").partition("</style>")[2]
    assert not re.search(r'class="[^"]*(fault|alarm|broken|badge)', calm)


def test_the_matrix_has_a_cell_for_every_pair(split_shop: Picture) -> None:
    root = tree(split_shop)
    areas = {path.get("class"): (path.get("d") or "").count("z") for path in root.iter(f"{SVG}path")}
    used = len(split_shop.links)
    assert areas["cut"] == 2 * len(split_shop.cut)
    # Both ways, but those that are used have a cell of their own.
    assert areas["can"] == 2 * len(split_shop.can) - used
    cells = [one for one in root.iter(f"{SVG}rect") if one.get("class") == "used" and one.get("width") == "12.0"]
    assert len(cells) == used


def test_it_needs_nothing_from_elsewhere(forty: Picture) -> None:
    shown = draw(forty, "svg").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|url\(|@import|<script|<image|href|onload", shown)


def test_the_same_picture_is_the_same_text(forty: Picture) -> None:
    assert draw(forty, "svg") == draw(forty, "svg")


@pytest.mark.parametrize("name", ['<b a="1">&', "\x00\x1b\ufffe", "]]>", "x" * 400, "日本語の名前", "🐳" * 40])
def test_no_name_breaks_it(drawn: Draw, name: str) -> None:
    services = (name, "b")
    edges = (Edge(name, "b", "label", f"{name} talks", f"{name}:1"),)
    root = tree(drawn("services:\n  b: {image: x}\n", graph=Graph(services, edges, undecided={name: name})))
    ((_, one), (_, other)) = boxes(root)
    assert not one.overlaps(other)
    assert one.width < 320


def test_services_can_be_many(drawn: Draw) -> None:
    names = [f"service-{index}" for index in range(150)]
    edges = tuple(Edge(a, b, "links", "x", "y:1") for a, b in zip(names, names[3:], strict=False))
    text = "services:\n" + "".join(f"  {name}: {{image: x}}\n" for name in names)
    placed = [one for _, one in boxes(tree(drawn(text, graph=Graph(tuple(names), edges))))]
    assert len(placed) == 150
    assert not [pair for pair in combinations(placed, 2) if pair[0].overlaps(pair[1])]


def test_services_that_are_alike_share_a_box(drawn: Draw) -> None:
    text = "services:\n  queue: {image: x}\n  web: {depends_on: [queue], ports: ['80:80']}\n"
    text += "".join(f"  worker-{index}: {{depends_on: [queue]}}\n" for index in range(9))
    made = sheet(drawn(text))
    assert [[box.name for box in one.boxes] for one in made.boxes] == [
        ["queue"],
        ["web"],
        [f"worker-{index}" for index in range(9)],
    ]
    assert sorted(len(one.links) for one in made.links) == [1, 9]
    shown = draw(drawn(text), "svg")
    assert all(f">worker-{index}</text>" in shown for index in range(9))


def test_two_alike_or_many_that_talk_to_nobody_have_boxes_of_their_own(drawn: Draw) -> None:
    text = "services:\n  db: {image: x}\n  a: {depends_on: [db]}\n  b: {depends_on: [db]}\n"
    text += "".join(f"  lone-{index}: {{image: x}}\n" for index in range(5))
    assert {len(one.boxes) for one in sheet(drawn(text)).boxes} == {1}


def test_what_is_only_possible_has_a_cell_and_no_line(drawn: Draw) -> None:
    text = "services:\n  a: {image: x}\n  b: {image: x}\n"
    edge = Edge("a", "b", "possible", "nobody is known to use b", "c.yml:1")
    picture = drawn(text, graph=Graph(("a", "b"), (edge,)))
    kinds = [one.get("class") for one in tree(picture).iter()]
    assert "maybe" in kinds and "link" not in kinds and "used" not in kinds
