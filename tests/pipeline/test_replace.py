"""`replace`: a rule that means the value which is there. One for images, one that gives `depends_on` its long form."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from textwrap import dedent
from typing import Any, ClassVar

import pytest
from hypothesis import given

from hardener import HardenError, Outcome, Plan, Profile, Transform, load, plan
from hardener.profile import Exemption
from hardener.transforms.base import Advice, Answer, Confidence
from hardener.verify import verify

from .test_laws import COMMENT, EXAMPLES, SEEDS, Text


class Pin(Transform):
    """Pins images, one by one."""

    id: ClassVar = "pin"
    title: ClassVar = "Pins"

    def run(self, service: Any, context: Any) -> Iterator[Answer]:
        if service.image and "@" not in service.image:
            yield self.replace(service, "image", f"{service.image}@sha256:1", "so it stays", Confidence.SAFE)


class Long(Transform):
    """The long form of `depends_on`."""

    id: ClassVar = "long"
    title: ClassVar = "Long"

    def run(self, service: Any, context: Any) -> Iterator[Answer]:
        if isinstance(service.depends_on, list):
            names = {str(name): {"condition": "service_healthy"} for name in service.depends_on}
            yield self.replace(service, "depends_on", names, "it waits until it can answer", Confidence.SAFE)  # type: ignore[arg-type]


BOTH = Profile.of([Pin(), Long()])


def replaced(text: str, *exempt: str, profile: Profile = BOTH) -> Plan:
    if exempt:
        profile = replace(profile, exempt=(Exemption(services=list(exempt), reason="on purpose"),))
    made = plan(load(dedent(text)), profile)
    verify(made, profile)
    assert plan(load(made.text), profile).text == made.text
    return made


def reasons(made: Plan) -> list[str]:
    return [advice.reason for advice in made.advice]


KEPT = {
    "what is not there": "services:\n  a:\n    build: .\n",
    "what is so already": "services:\n  a:\n    image: x:1@sha256:1\n    depends_on:\n      b: {condition: x}\n",
    "what is reset": "services:\n  a:\n    image: !reset x\n    build: .\n",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_left_alone(text: str) -> None:
    made = replaced(text)
    assert made.text == text
    assert not made.advice


class Wrong(Transform):
    """Wants `value` for `key`, whatever is there, as long as the image is `x`."""

    id: ClassVar = "wrong"
    title: ClassVar = "Wrong"
    key: str
    value: Any

    def run(self, service: Any, context: Any) -> Iterator[Answer]:
        if service.image == "x":
            yield self.replace(service, self.key, self.value, "why not", Confidence.SAFE)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", ["y"]),
        ("image", {"a": 1}),
        ("image", None),
        ("depends_on", "b"),
        ("depends_on", []),
        ("depends_on", ["d"]),
        ("depends_on", ["c", "b", "c"]),
        ("depends_on", {"b": {}}),
        ("depends_on", {"c": {}, "b": {}}),
        ("depends_on", {"b": {}, "c": {}, "d": {}}),
        ("build", "."),
        ("build", {"context": "elsewhere"}),
    ],
)
def test_another_form_is_for_a_person(key: str, value: Any) -> None:
    text = "services:\n  a:\n    image: x\n    build: {context: .}\n    depends_on: [b, c]\n"
    made = replaced(text, profile=Profile.of([Wrong(key=key, value=value)]))
    assert made.text == text
    assert reasons(made) == [f"what stands at services.a.{key} has another form"]


class Item(Transform):
    """Wants `value` at `place` of services that have an image."""

    id: ClassVar = "item"
    title: ClassVar = "Item"
    place: tuple[str | int, ...]
    value: Any

    def run(self, service: Any, context: Any) -> Iterator[Answer]:
        if service.image is not None:
            yield self.replace(service, self.place, self.value, "why not", Confidence.SAFE)


LIST = """\
services:
  a:
    image: x
    cap_add:
      - ONE  # first

      # of two
      - 'TWO'
    dns: [one, "two"]
"""


@pytest.mark.parametrize(
    ("place", "value", "old", "new"),
    [
        (("cap_add", 0), "UNO", "- ONE  #", "- UNO  #"),
        (("cap_add", 1), "DUE", "- 'TWO'", "- 'DUE'"),
        (("cap_add", 0), "yes", "- ONE  #", '- "yes"  #'),
        (("dns", 0), "uno", "[one,", "[uno,"),
        (("dns", 1), "due", '"two"', '"due"'),
        (("cap_add",), ["TWO"], "      - ONE  # first\n", ""),
        (("cap_add",), ["ONE"], "      - 'TWO'\n", ""),
        (("dns",), ["two"], '[one, "two"]', '["two"]'),
    ],
)
def test_an_item_of_a_list(place: tuple[str | int, ...], value: Any, old: str, new: str) -> None:
    made = replaced(LIST, profile=Profile.of([Item(place=place, value=value)]))
    assert old in LIST
    assert made.text == LIST.replace(old, new)


@pytest.mark.parametrize(
    ("place", "value"),
    [(("cap_add", 0), ["X"]), (("cap_add", "0"), "X"), (("image", 0), "X"), (("cap_add",), ["TWO", "ONE"])],
)
def test_an_item_of_another_form(place: tuple[str | int, ...], value: Any) -> None:
    made = replaced(LIST, profile=Profile.of([Item(place=place, value=value)]))
    assert made.text == LIST
    assert [reason.endswith("has another form") for reason in reasons(made)] == [True]


def test_an_item_that_is_in_the_list_already() -> None:
    made = replaced(LIST, profile=Profile.of([Item(place=("cap_add", 0), value="TWO")]))
    assert made.text == LIST
    assert reasons(made) == ["the list has that already, and compose takes an item once"]


def test_an_item_that_is_not_there() -> None:
    made = replaced(LIST, profile=Profile.of([Item(place=("cap_add", 2), value="X")]))
    assert (made.text, reasons(made)) == (LIST, [])


class Drop(Transform):
    """Takes `ports` away."""

    id: ClassVar = "drop"
    title: ClassVar = "Drop"

    def run(self, service: Any, context: Any) -> Iterator[Answer]:
        if service.ports:
            yield self.remove(service, "ports", "nobody needs it", Confidence.SAFE)


def test_a_key_of_a_service_is_taken_away() -> None:
    text = (
        'services:\n  a:\n    image: x\n    ports:  # two\n      - "1:1"\n      - "2:2"\n    # below\n    tty: true\n'
    )
    rest = "services:\n  a:\n    image: x\n    # below\n    tty: true\n"
    flow = "services: {a: {image: x, ports: [1, 2], tty: true}}\n"
    assert replaced("services:\n  a: {image: x}\n", profile=Profile.of([Drop()])).changes == []
    assert reasons(replaced(text, profile=Profile.of([Drop()]))) == [
        "the text cannot be edited there: a comment inside it would be lost"
    ]
    assert replaced(text.replace("  # two", ""), profile=Profile.of([Drop()])).text == rest
    assert replaced(flow, profile=Profile.of([Drop()])).text == "services: {a: {image: x, tty: true}}\n"


INHERITED = """\
services:
  base:
    image: x
    ports: ["1:1", "2:2"]
  heir:
    extends: base
    tty: true
"""


@pytest.mark.parametrize("rule", [Drop(), Item(place=("ports", 0), value="3:1"), Item(place=("ports",), value=["2:2"])])
@pytest.mark.parametrize(
    ("own", "exempt", "reason"),
    [
        ("", (), None),
        ("", ("heir",), "heir extends it, and must not get this"),
        ("", ("base",), "it comes through extends, and stays as it is there"),
        ('    ports: ["1:1"]\n', (), "heir extends it, and must not get this"),
        ('    ports: ["1:1", "2:2"]\n', (), "heir extends it, and must not get this"),
        ("    ports: !reset []\n", (), None),
    ],
)
def test_what_lists_join_is_changed_where_it_stands_or_not_at_all(
    rule: Transform, own: str, exempt: tuple[str, ...], reason: str | None
) -> None:
    made = replaced(INHERITED + own, *exempt, profile=Profile.of([rule]))
    assert (made.text == INHERITED + own) == (reason is not None)
    if reason is not None:
        assert reason in reasons(made)
        return
    assert not made.advice
    for name in ("base", "heir") if not own else ("base",):
        body = made.project.bodies[name]["ports"]
        assert body == ["1:1", "2:2"]
    assert made.text.endswith("    extends: base\n    tty: true\n" + own)


def test_two_rules_that_want_different_things() -> None:
    class Other(Wrong):
        id: ClassVar = "other"

    class Adds(Transform):
        id: ClassVar = "adds"
        title: ClassVar = "Adds"

        def run(self, service: Any, context: Any) -> Iterator[Answer]:
            yield self.append(service, "depends_on", "c", "why not", Confidence.SAFE)

    text = "services:\n  a:\n    image: x\n    depends_on: [b]\n"
    rules: list[list[Transform]] = [
        [Wrong(key="depends_on", value={"b": {}}), Other(key="depends_on", value={"b": {"restart": True}})],
        [Wrong(key="depends_on", value={"b": {}}), Adds()],
        [Adds(), Wrong(key="depends_on", value={"b": {}})],
    ]
    for pair in rules:
        made = replaced(text, profile=Profile.of(pair))
        assert [change.rule for change in made.changes] == [pair[0].id]
        assert [advice.rule for advice in made.advice] == [pair[1].id]


def test_a_later_rule_builds_on_it() -> None:
    class Restarts(Transform):
        id: ClassVar = "restarts"
        title: ClassVar = "Restarts"

        def run(self, service: Any, context: Any) -> Iterator[Answer]:
            if isinstance(service.depends_on, dict):
                for name in service.depends_on:
                    yield self.set(service, ("depends_on", name, "restart"), True, "why not", Confidence.SAFE)

    text = "services:\n  a:\n    image: nginx\n    depends_on:\n      - b # first\n"
    made = replaced(text, profile=Profile.of([Long(), Restarts()]))
    below = "        condition: service_healthy\n        restart: true\n"
    assert made.text == text.replace("- b # first\n", f"b: # first\n{below}")


SCALARS = {
    "plain": ("image: nginx:1  # pinned by hand", "image: nginx:1@sha256:1  # pinned by hand"),
    "single quotes": ("image:   'nginx:1'", "image:   'nginx:1@sha256:1'"),
    "double quotes": ('"image": "nginx:1" # x', '"image": "nginx:1@sha256:1" # x'),
    "below its key": ("image: # front\n      nginx:1", "image: # front\n      nginx:1@sha256:1"),
    "anchor": ("image: &i 'nginx:1' # x", "image: &i 'nginx:1@sha256:1' # x"),
    "folded": ("image: >-  # x\n      nginx:1", "image: >-  # x\n      nginx:1@sha256:1"),
    "literal": ("image: |-\n\n       nginx:1\n", "image: |-\n\n       nginx:1@sha256:1\n"),
}


@pytest.mark.parametrize(("before", "after"), SCALARS.values(), ids=SCALARS)
def test_a_scalar_keeps_its_form(before: str, after: str) -> None:
    frame = "services:\n  # The front.\n  a:\n    {}\n\n    restart: always\n"
    assert replaced(frame.format(before)).text == frame.format(after)


def test_a_scalar_in_flow_style() -> None:
    made = replaced('services: {a: {image: nginx, x-a: "1"}, b: {image: "redis:7"}} # all\n')
    assert made.text == ('services: {a: {image: "nginx@sha256:1", x-a: "1"}, b: {image: "redis:7@sha256:1"}} # all\n')


LISTS = {
    "block": (
        """
        depends_on:
          - b
          - "c"
        restart: always
        """,
        """
        depends_on:
          b:
            condition: service_healthy
          "c":
            condition: service_healthy
        restart: always
        """,
    ),
    "comments stay with their names": (
        """
        depends_on:  # the order
          # first
          - b   # the database

          # - old
          - c
            # below c
        # at the end
        """,
        """
        depends_on:  # the order
          # first
          b:   # the database
            condition: service_healthy

          # - old
          c:
            condition: service_healthy
            # below c
        # at the end
        """,
    ),
    "dashes not indented": (
        """
        depends_on:
        - b
        # then
        -   c # last
        restart: always
        """,
        """
        depends_on:
          b:
            condition: service_healthy
        # then
          c: # last
            condition: service_healthy
        restart: always
        """,
    ),
    "flow": (
        """
        depends_on: [b, c]  # the order
        restart: always
        """,
        """
        depends_on:  # the order
          b:
            condition: service_healthy
          c:
            condition: service_healthy
        restart: always
        """,
    ),
    "flow over lines": (
        """
        depends_on: [
          b,

          c ]
        """,
        """
        depends_on:
          b:
            condition: service_healthy
          c:
            condition: service_healthy
        """,
    ),
    "override": (
        """
        depends_on: !override
          - b
        """,
        """
        depends_on: !override
          b:
            condition: service_healthy
        """,
    ),
    "flow inside flow": (
        """
        x-a: {a: [b]}
        depends_on: !override [b]  # only
        """,
        """
        x-a: {a: [b]}
        depends_on: !override  # only
          b:
            condition: service_healthy
        """,
    ),
}


def in_service(lines: str, newline: str = "\n") -> str:
    body = "".join(f"    {line}\n" if line else "\n" for line in dedent(lines).strip("\n").split("\n"))
    return f"services:\n  a:\n{body}".replace("\n", newline)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("before", "after"), LISTS.values(), ids=LISTS)
def test_a_list_of_names_becomes_a_map(before: str, after: str, newline: str) -> None:
    assert replaced(in_service(before, newline)).text == in_service(after, newline)


def test_a_list_at_the_end_of_a_file_without_a_line_break() -> None:
    assert replaced("services:\n  a:\n    depends_on:\n      - b").text == (
        "services:\n  a:\n    depends_on:\n      b:\n        condition: service_healthy\n"
    ).rstrip("\n")


def test_a_list_in_a_flow_file() -> None:
    made = replaced('{"services": {"a": {"depends_on": ["b"]}, "b": {"build": "."}}}\n')
    assert made.text == (
        '{"services": {"a": {"depends_on": {"b": {"condition": "service_healthy"}}}, "b": {"build": "."}}}\n'
    )


REFUSED = {
    "a comment in a flow list": "depends_on: [\n  b, # first\n  c\n]",
    "a comment before a flow list": "depends_on: # order\n  [b]",
    "a name over two lines": 'depends_on:\n  - "b\\\n    c"',
    "a name with a tag": "depends_on:\n  - !!str b\n\n  - c",
    "a name with an anchor": "depends_on:\n  - &b b\n\n  - c",
    "a variable, which compose does not fill in where it is a key": "depends_on:\n  - ${DB:-db}",
    "a name twice": "depends_on: [b, b]",
}


@pytest.mark.parametrize("lines", REFUSED.values(), ids=REFUSED)
def test_what_would_lose_something_is_for_a_person(lines: str) -> None:
    made = replaced(in_service(lines))
    assert made.text == in_service(lines)
    assert [type(advice) for advice in made.advice] == [Advice]
    assert made.verdicts[-1].outcome is Outcome.ADVICE


# Shared values


def test_an_anchor_on_the_value_is_changed_once_for_all() -> None:
    text = """\
        services:
          a:
            image: &IMG nginx  # front
            depends_on: &deps
              - c # first
          b:
            image: *IMG
            depends_on: *deps
          c: {image: redis}
        x-images: {old: *IMG}
        """
    made = replaced(text)
    assert made.text == dedent("""\
        services:
          a:
            image: &IMG nginx@sha256:1  # front
            depends_on: &deps
              c: # first
                condition: service_healthy
          b:
            image: *IMG
            depends_on: *deps
          c: {image: "redis@sha256:1"}
        x-images: {old: *IMG}
        """)
    assert {change.service for change in made.had} == {"b"}


def test_an_alias_gives_way_where_the_anchor_must_not_change() -> None:
    made = replaced(
        """\
        services:
          a:
            image: &i nginx
            depends_on: &d [c]
          b:
            image: *i  # same
            depends_on: *d
          c: {build: .}
        """,
        "a",
    )
    assert made.text == dedent("""\
        services:
          a:
            image: &i nginx
            depends_on: &d [c]
          b:
            image: nginx@sha256:1  # same
            depends_on:
              c:
                condition: service_healthy
          c: {build: .}
        """)


def test_an_anchor_another_service_sees_is_not_changed_for_one() -> None:
    text = "services:\n  a: {image: &i nginx}\n  b: {image: *i }\n"
    made = replaced(text, "b")
    assert made.text == text
    assert reasons(made) == ["its text is shared with b by an anchor"]


def test_a_merged_value_changes_where_it_stands_or_not_at_all() -> None:
    text = (
        "x-a: &a\n  image: nginx\n  depends_on: [c]\nservices:\n  a:\n    <<: *a\n  b:\n    <<: *a\n  c: {build: .}\n"
    )
    made = replaced(text)
    assert "image: nginx@sha256:1\n" in made.text
    assert made.text.count("sha256") == made.text.count("service_healthy") == 1
    made = replaced(text, "b")
    assert made.text == text
    assert len(made.advice) == 2


def test_services_that_merge_one_list_and_want_different_maps() -> None:
    class Each(Transform):
        id: ClassVar = "each"
        title: ClassVar = "Each"

        def run(self, service: Any, context: Any) -> Iterator[Answer]:
            if isinstance(service.depends_on, list):
                names: Any = {name: {"condition": f"for_{service.name}"} for name in service.depends_on}
                yield self.replace(service, "depends_on", names, "why not", Confidence.SAFE)

    text = "x-a: &a\n  depends_on: [c]\nservices:\n  a: {<<: *a}\n  b: {<<: *a}\n  c: {build: .}\n"
    made = replaced(text, profile=Profile.of([Each()]))
    assert made.text == text
    assert len(made.advice) == 2


def test_an_anchor_inside_the_value_keeps_it() -> None:
    text = "services:\n  a: {depends_on: [&x c]}\n  b: {depends_on: [*x ]}\n  c: {build: .}\n"
    made = replaced(text, "b")
    assert made.text == text
    assert reasons(made) == ["its value has an anchor that is used elsewhere"]


def test_extends_hands_it_on_to_those_that_want_it() -> None:
    text = "services:\n  a:\n    image: nginx\n    depends_on: [c]\n  b:\n    extends: a\n  c: {build: .}\n"
    made = replaced(text)
    assert made.text.count("sha256") == made.text.count("service_healthy") == 1
    assert {change.service for change in made.had} == {"b"}
    made = replaced(text, "b")
    assert made.text == text
    assert reasons(made) == ["b extends it, and must not get this"] * 2


def test_what_is_extended_is_set_over_where_the_base_must_not_change() -> None:
    text = "services:\n  a:\n    image: nginx\n    depends_on: [c]\n  b:\n    extends: a\n  c: {build: .}\n"
    made = replaced(text, "a")
    data: Any = load(made.text).data
    assert data["services"]["a"] == {"image": "nginx", "depends_on": ["c"]}
    assert data["services"]["b"]["image"] == "nginx@sha256:1"
    assert data["services"]["b"]["depends_on"] == {"c": {"condition": "service_healthy"}}


def test_a_list_in_part_from_what_is_extended_is_for_a_person() -> None:
    text = "services:\n  a:\n    depends_on: [c]\n  b:\n    extends: a\n    depends_on: [d]\n"
    made = replaced(text)
    assert made.text == text
    assert sorted(reasons(made)) == [
        "a part of it comes through extends or another rule",
        "b extends it, and must not get this",
    ]


class Shared(Text):
    """A random file whose images and dependencies have anchors and aliases, too."""

    def file(self) -> str:
        self.anchors |= {"image": [], "depends": []}
        return super().file()

    def body(self) -> dict[str, Any]:
        body = super().body()
        if "image" in body:
            body["image"] = self.shared("image", body["image"])
        if self.chance(0.6):
            names = self.random.sample(["web", "db", '"quoted"', "'single'", "worker"], self.random.randint(1, 3))
            items: list[Any] = [("raw", name) for name in names]
            if self.chance(0.1):
                items[-1] = ("anchor", "image", items[-1])
            body["depends_on"] = self.shared("depends", items)
        return body

    def shared(self, kind: str, value: Any) -> Any:
        if self.anchors[kind] and self.chance(0.6):
            return ("alias", self.random.choice(self.anchors[kind]))
        return ("anchor", kind, value) if self.chance(0.5) else value


def test_the_laws_over_random_documents() -> None:
    done: Counter[str] = Counter()

    @EXAMPLES
    @given(**SEEDS)
    def law(seed: int, size: int) -> None:
        doc = load(Shared(seed, size).file())
        names = [["db"], ["web", "worker"], []][seed % 3]
        profile = replace(BOTH, exempt=(Exemption(services=names, reason="so"),)) if names else BOTH
        try:
            made = plan(doc, profile)
        except HardenError:
            return
        verify(made, profile)
        assert plan(load(made.text), profile).text == made.text
        assert Counter(COMMENT.findall(doc.text)) == Counter(COMMENT.findall(made.text))
        done.update(made=len(made.made), had=len(made.had), advice=len(made.advice), unshared=len(made.unshared))

    law()
    assert min(done.values()) > 10, done
    assert done["advice"] < done["made"], done
