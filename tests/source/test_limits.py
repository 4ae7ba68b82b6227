"""Text that is too deep, too large or broken: an answer in seconds, with a place, and never a traceback."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from hardener.errors import HardenError
from hardener.source import load, rewrite

Linear = Callable[[Callable[[int], object], int], bool]
DEEP = 10_000
SAMPLES = sorted((Path(__file__).parents[2] / "samples").rglob("*.y*ml"))

TOO_MUCH: dict[str, tuple[str, str]] = {
    "flow lists": ("a: " + "[" * DEEP + "]" * DEEP, "levels deep"),
    "open brackets": ("[" * DEEP, "levels deep"),
    "open braces": ("{" * DEEP, "levels deep"),
    "open braces with keys": ("{a: " * DEEP, "levels deep"),
    "quoted keys": ('["a":' * DEEP, "levels deep"),
    "dashes": ("- " * DEEP + "a", "levels deep"),
    "question marks": ("? " * DEEP, "levels deep"),
    "indentation": ("".join(" " * depth + "a:\n" for depth in range(1000)), "levels deep"),
    "lists at the margin of their keys": (
        "".join("  " * depth + "a:\n" + "  " * depth + "-\n" for depth in range(500)),
        "levels deep",
    ),
    "closing brackets": ("a: " + "]" * DEEP, "not valid YAML"),
    "a billion laughs": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join(f'*{a} ' for _ in range(9))}]\n" for a, b in pairwise("abcdefghi")),
        "aliases expand to more than 1,000,000 values",
    ),
    "a billion laughs in merges": (
        "a: &a {x: 1}\n"
        + "".join(f"k{n}: &k{n} {{p: *{a} , q: *{a} }}\n" for n, a in enumerate(["a"] + [f"k{n}" for n in range(30)])),
        "aliases expand to more than",
    ),
    "an alias inside its anchor": ("a: &a [b, *a ]", "stands inside the value it names"),
    "a merge of itself": ("&a {<<: *a }", "stands inside the value it names"),
    "aliases and nothing else": ("*a " * 100_000, "has no anchor"),
    "anchors and nothing else": ("&a " * 100_000, "not valid YAML"),
    "a tag of a megabyte": ("a: !" + "x" * 1_000_000, "tag"),
    "a version of a megabyte": ("%YAML " + "1" * 1_000_000, "directive"),
    "commas": ("[" + "," * 100_000, "not valid YAML"),
    "one key again and again": ("a: 1\n" * 100_000, "set twice"),
}


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize("name", TOO_MUCH)
def test_refused_at_once(name: str) -> None:
    text, message = TOO_MUCH[name]
    with pytest.raises(HardenError) as caught:
        load(text)
    assert message in str(caught.value)
    assert caught.value.where and caught.value.where.line


# Texts of any length by the size wanted: twice the text may take about twice the time.
LONG = {
    "a word": lambda size: "a: " + "x" * size,
    "words": lambda size: "a: " + "xx " * (size // 3),
    "words in quotes": lambda size: 'a: "' + "xx " * (size // 3) + '"',
    "a number": lambda size: "a: " + "1" * size,
    "blanks": lambda size: "a: b" + " " * size + "c",
    "tabs": lambda size: "a: b\n" + "\t\n" * (size // 2),
    "line breaks": lambda size: "a: b\n" + "\n" * size + "c: d",
    "comments": lambda size: "a: b\n" + "# c\n" * (size // 4),
    "a block scalar": lambda size: "a: |\n" + "  x\n" * (size // 4),
    "an empty block scalar": lambda size: "a: |+\n" + "\n" * size,
    "a flow list on one line": lambda size: "a: [" + "b," * (size // 8) + "]",
    "a flow list in flow lists": lambda size: "a: " + "[" * 90 + "b," * (size // 8) + "]" * 90,
    "pairs on one line": lambda size: "a: [" + "b: c, " * (size // 16) + "]",
    "dashes without values": lambda size: "a:\n" + "-\n" * (size // 8),
    "keys without values": lambda size: "".join(f"k{number}:\n" for number in range(size // 12)),
    "anchors": lambda size: "".join(f"k{number}: &k{number} 1\n" for number in range(size // 40)),
    "tags on nothing": lambda size: "- !x\n" * (size // 12),
    "a tag far above the next key": lambda size: "a: !x\n" + "\n" * size + "b: 1",
}


@pytest.mark.parametrize("name", LONG)
def test_time_grows_with_the_text(name: str, linear: Linear) -> None:
    assert linear(lambda size: load(LONG[name](size)), 25_000)


def test_a_hundred_levels() -> None:
    text = "".join(" " * depth + "a:\n" for depth in range(99)) + " " * 99 + "a: b\n"
    document = load(text)
    assert rewrite(document, document.data) == text


ODD = (
    *"\t \n\r\x85\u2028\ufeff\0\x07\ud800😀\xa0:-?#\"',[]{}\\%@`!|>~&*",
    *(
        "\n  ",
        "\n- ",
        ": ",
        "- ",
        "? ",
        " #",
        "&a ",
        "*a ",
        "!t ",
        "|\n",
        ">-\n",
        "|2\n",
        "<<: ",
        "\n\t",
        "\t\n",
        "---",
    ),
    *("...", "\n---\n", "\n...\n", "a: b\n", "[a, b]", "{a: b}", '"a":1', r'"\UFFFFFFFF"', r'"\x4"', "%TAG ! x\n"),
    *("!<", "!a!b ", "!<%zz> x", "!%4 x", "? [a]\n: b", "!!float x", "&a [*a ]", "*a : ", "!!merge a: ", ": c", "{?}"),
)
SEEDS = (
    "services:\n  a:\n    image: x # c\n    command: [a, 'b', \"c\\n\"]\n    ports:\n      - 80:80\n",
    "x: &x {a: 1, ? b : c}\ny:\n  <<: *x\n  ? d\n  : |+\n    e\n\n  f: >-\n    g\n     h\n",
    "z: [a: b, 'c':d, &k e, *k , {l:, \"m\":n, o}, ?p, ::q]\n# r\n\t# s\nt: u\tv\t# w\n",
    "%TAG !e! tag:e,2000:\n--- # c\n- !e!a b\n- !reset\n- - a\n  -\n  - \"d\n\n    e\"\n- !!int '1'\n...\n",
)


def test_broken_text_never_ends_in_a_traceback() -> None:
    """Random damage: HardenError with a place, or a document that the writer gives back as it is."""
    seeds = [*SEEDS, *(path.read_text(encoding="utf-8")[:1500] for path in SAMPLES[:20])]
    chance = random.Random(1)
    read = 0
    for _ in range(4000):
        text = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            index, cut = chance.randrange(len(text) + 1), chance.choice((0, 0, 0, 1, 3, 20))
            text = text[:index] + chance.choice((*ODD, "")) + text[index + cut :]
        try:
            document = load(text)
        except HardenError as error:
            assert error.where and error.where.line, text
            continue
        read += 1
        assert rewrite(document, document.data) == text
    assert read > 300
