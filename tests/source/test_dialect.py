"""The YAML of `docker compose`, spelling by spelling: what it means, where it stands, and that compose agrees.

Each text is the value of `x-t`, in a file with one service; what follows is what compose makes of `x-t`.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML, events

from hardener.errors import HardenError
from hardener.source import Document, RewriteError, Tagged, dialect, load, rewrite
from hardener.source.tree import Alias, Mapping, Node, Scalar

HEAD = "services:\n  a:\n    image: x\n"
AB = {"a": "b"}

# Name: the text after `x-t:`, and the value.
SPELLINGS: dict[str, tuple[str, Any]] = {
    # Tabs
    "tab after a colon": ("\ta", "a"),
    "blank and tab after a colon": (" \ta", "a"),
    "tab before a colon": ("\n  a\t: b", AB),
    "tab after a colon that ends its line": ("\t\n  a: b", AB),
    "tab at the end of a plain value": (" a\t", "a"),
    "tab at the end of a quoted value": (' "a"\t', "a"),
    "tab after a flow list": (" [a]\t", ["a"]),
    "tab before a comment": (" a\t# c", "a"),
    "tab before a comment, no value": ("\t# c\n  a: b", AB),
    "tab inside a plain value": (" a\tb", "a\tb"),
    "tab inside a plain value in a flow list": (" [a\tb]", ["a\tb"]),
    "tab in the blanks of a second line": (" a\n  \tb", "a b"),
    "tab on a blank line after a value": (" a\n    \t\nx-u: b", "a"),
    "tab before a comment line": ("\n  # a\n\t# b\n  a: b", AB),
    "tab after a tag": (" !!str\t1", "1"),
    "tab after an anchor": (" &k\ta", "a"),
    "tab after a block header": (" |\t# c\n  a\n", "a\n"),
    "tabs in JSON": (' {\n\t"a": [\n\t\t"b"\n\t]\n}', {"a": ["b"]}),
    # Block scalars
    "blank first line with fewer spaces": (" |\n \n    a\n", "\na\n"),
    "comment right after a block header": (" |#c\n  a\n", "a\n"),
    "comment right after a chomping sign": (" |-#c\n  a\n", "a"),
    "blank line wider than the indentation": (" |\n  a\n    \n", "a\n  \n"),
    "indentation given, blank line wider": (" |1\n   a\n  \nx-u: b", "  a\n \n"),
    "indentation and sign in either order": ("\n  - |2-\n     a\n  - |-2\n     a", [" a", " a"]),
    "folded, with deeper lines": (" >\n  a\n  b\n\n  c\n   d\n  e\n", "a b\nc\n d\ne\n"),
    "kept blank lines": (" |+\n  a\n\n\nx-u: b", "a\n\n\n"),
    "block scalar of nothing": (" |\nx-u: b", ""),
    "block scalar without a last line break": (" |\n  a", "a"),
    "comment of less indentation after a block scalar": ("\n  a: |\n    b\n # c\nx-u: b", {"a": "b\n"}),
    # Flow collections
    "a colon before a brace": (" {a:}", {"a": None}),
    "a colon before a comma": (" {a:, b: 1}", {"a": None, "b": 1}),
    "a colon before a bracket": (" [a:]", [{"a": None}]),
    "an address that ends in colons": (" [fe80::]", [{"fe80:": None}]),
    "an address that starts with colons": (" [::1, a]", ["::1", "a"]),
    "a lone key": (" {a}", {"a": None}),
    "a key without a blank is a word": (" {a:1}", {"a:1": None}),
    "a quoted key with its value beside it": (' {"a":1}', {"a": 1}),
    "the same in a flow list": (' ["a":1]', [{"a": 1}]),
    "a question mark that starts a word": (" [?a, a?b]", ["?a", "a?b"]),
    "a question mark alone": (" [a, ?]", ["a", "?"]),
    "a key that starts with a colon": (" {a: b, :c}", {"a": "b", ":c": None}),
    "a comma too many": (" [a, b,]", ["a", "b"]),
    "a closing bracket at the margin": (" [\na\n]", ["a"]),
    "comments between items": (" [a, # c\n  b # d\n  ]", ["a", "b"]),
    # Keys
    "a key of 2,000 characters": ("\n  " + "k" * 2000 + ": b", {"k" * 2000: "b"}),
    "a question mark key": ("\n  ? a\n  : b", AB),
    "a question mark key without value": ("\n  ? a\n  ? b", {"a": None, "b": None}),
    "a key that starts with a colon after one without value": ("\n  ? a\n  :b: c", {"a": None, ":b": "c"}),
    "an alias as a key": (" {x: &k a, y: {*k: b}}", {"x": "a", "y": AB}),
    "an alias as a key, blank before the colon": (" {x: &k a, y: {*k : b}}", {"x": "a", "y": AB}),
    "an anchor ends at a colon": (" &a:b", ":b"),
    "an anchor of odd characters": (" [&a/b.c%d 1, *a/b.c%d ]", [1, 1]),
    "an anchor on nothing, and a tagged key below": ("\n  a: &k\n  !!str b: c", {"a": None, "b": "c"}),
    "a tag on a key": ("\n  !foo a: b", AB),
    # Strings
    "an escaped apostrophe": (r' "it\'s"', "it's"),
    "DEL and C1 characters": (" 'a\x7fb\x9fc'", "a\x7fb\x9fc"),
    "a no-break space is no indentation": ("\n  \xa0a: b", {"\xa0a": "b"}),
    "a comment right after a quote": (' "a"#c', "a"),
    "a hash inside a word": (" a#b", "a#b"),
    "a plain value of three lines": (" a\n  b\n\n  c", "a b\nc"),
    # Line breaks
    "NEL ends a line": (" a\x85x-u: b", "a"),
    "LINE SEPARATOR ends a line": (" a\u2028x-u: b", "a"),
    "PARAGRAPH SEPARATOR ends a comment": (" # c\u2029  a: b", AB),
    "CR alone": ("\r  a: b\rx-u: b\r", AB),
    # Tags
    "the tag of strings": (" !!str 1", "1"),
    "the tag of nothing in particular": (" ! 1", "1"),
    "the tag of integers": (' !!int "0x1F"', 31),
    "the tag of floats": (' !!float "1"', 1.0),
    "the tag of booleans": (' !!bool "True"', True),
    "an unknown core tag": (" !!foo 1", "1"),
    "a verbatim tag": (" !<tag:yaml.org,2002:str> 1", "1"),
    "a tag on a mapping": (" !foo\n  a: b", Tagged("!foo", AB)),
    # Lists
    "a dash and its list at the margin": ("\n- a\n- - b\n  - c", ["a", ["b", "c"]]),
    "a dash without value": ("\n-\n- a", [None, "a"]),
}

# The whole file, of which the value of `x-t` is `b`.
FILES: dict[str, str] = {
    "a version directive": "%YAML 1.1\n---\n" + HEAD + "x-t: b\n",
    "a tag directive, with a tab": "%TAG\t!e! tag:yaml.org,2002:\n---\n" + HEAD + "x-t: !e!str b\n",
    "an end marker first": "...\n" + HEAD + "x-t: b\n",
    "two end markers": HEAD + "x-t: b\n...\n...\n",
    "a start marker and a tab": "---\t\n" + HEAD + "x-t: b\n",
    "a start marker and a comment": "# c\n--- # d\n" + HEAD + "x-t: b\n",
    "a byte order mark": "\ufeff" + HEAD + "x-t: b\n",
    "CRLF": (HEAD + "x-t: b\n").replace("\n", "\r\n"),
    "the whole file indented": " services:\n   a: {image: x}\n x-t: b\n",
    "the whole file JSON": '{\n\t"services": {"a":{"image":"x"}},\n\t"x-t":"b"\n}',
    "a key after 2,000 characters on its line": '{"x-s": "' + "s" * 2000 + '", "services": {"a": {image: x}}, x-t: b}',
}

TEXTS = {name: f"{HEAD}x-t:{text}" for name, (text, _) in SPELLINGS.items()} | FILES


def bare(value: Any) -> Any:
    """`value` without its tags, as compose gives it."""
    if isinstance(value, Tagged):
        return bare(value.value)
    if isinstance(value, list):
        return list(map(bare, value))
    return {key: bare(item) for key, item in value.items()} if isinstance(value, dict) else value


def check(document: Document) -> None:
    """What the writer counts on: every part of the text is where the tree says that it is."""
    text = document.text
    assert rewrite(document, document.data) == text

    def scalar(node: Scalar) -> None:
        source = text[node.start : node.end]
        if node.style:
            assert node.style in source
            assert node.style in "|>" or source.endswith(node.style)
        elif source and isinstance(node.data, str) and not node.tag and not node.anchor and source[0] != "*":
            assert not set(source[0] + source[-1]) & set(" \t\r\n")
            assert source == node.data or set(source) & set(dialect.BREAKS)

    def visit(node: Node, low: int, high: int) -> None:
        assert low <= node.start <= node.end <= high
        if isinstance(node, Scalar):
            scalar(node)
        elif isinstance(node, Alias):
            assert text[node.start] == "*"
        elif isinstance(node, Mapping):
            cursor = node.start
            for entry in node.entries:
                assert cursor <= entry.start <= entry.key.start < entry.key.end <= entry.end <= node.end
                scalar(entry.key)
                assert entry.start == entry.key.start or text[entry.start] == "?"
                assert entry.colon == -1 or (text[entry.colon - 1] == ":" and entry.key.end < entry.colon)
                visit(entry.value, max(entry.key.end, entry.colon), node.end)
                cursor = entry.end
        else:
            cursor = node.start
            for item in node.items:
                assert cursor <= item.start <= item.value.start
                assert node.flow or text[item.start] == "-"
                visit(item.value, item.start, node.end)
                cursor = item.end
        if isinstance(node, Mapping) and node.flow and node.braced:
            assert text[node.end - 1] == "}"

    visit(document.root, 0, len(text))


@pytest.mark.parametrize("name", SPELLINGS)
def test_means(name: str) -> None:
    data: Any = load(TEXTS[name]).data
    assert (data["x-t"], data.get("x-u", "b")) == (SPELLINGS[name][1], "b")
    assert repr(data["x-t"]) == repr(SPELLINGS[name][1])  # 1 is not True, and not 1.0


@pytest.mark.parametrize("name", FILES)
def test_file_means(name: str) -> None:
    data: Any = load(TEXTS[name]).data
    assert (data["services"], data["x-t"]) == ({"a": {"image": "x"}}, "b")


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "after a byte order mark"])
@pytest.mark.parametrize("name", TEXTS)
def test_everything_is_where_the_tree_says(name: str, mark: str) -> None:
    check(load(mark + TEXTS[name].removeprefix("\ufeff")))


def test_compose_agrees(read_by_compose: Any, tmp_path: Path) -> None:
    """Every text here is one that compose accepts, with the meaning that the tables give it."""

    def disagreement(name: str) -> str | None:
        model, complaint = read_by_compose(TEXTS[name], tmp_path, "--no-interpolate")
        if model is None:
            return f"{name}: {complaint}"
        expected = bare(SPELLINGS[name][1]) if name in SPELLINGS else "b"
        found = model.get("x-t")
        return None if found == expected and list(model["services"]) == ["a"] else f"{name}: {found!r}"

    with ThreadPoolExecutor(4) as pool:
        assert [problem for problem in pool.map(disagreement, TEXTS) if problem] == []


def test_compose_accepts_what_the_writer_makes(read_by_compose: Any, tmp_path: Path) -> None:
    """A key added to the service, in every one of these files."""

    def problem(name: str) -> str | None:
        document = load(TEXTS[name])
        data: Any = document.data
        target = data | {"services": {"a": {"image": "x", "restart": "always"}}}
        try:
            text = rewrite(document, target)
        except RewriteError as error:
            # Where only some readers take a character for a line break, the writer writes nothing.
            return None if re.search("[\x85\u2028\u2029]", TEXTS[name]) else f"{name}: {error}"
        model, complaint = read_by_compose(text, tmp_path, "--no-interpolate")
        kept = model is not None and model["services"]["a"]["restart"] == "always"
        return None if kept and load(text).data == target else f"{name}: {complaint}"

    with ThreadPoolExecutor(4) as pool:
        assert [found for found in pool.map(problem, TEXTS) if found] == []


# What stays refused. Compose refuses all but the last two as well.
REFUSED: dict[str, tuple[str, str]] = {
    "a tab as indentation": ("x-t:\n\ta: b\n", "2:1: not valid YAML: found character '\\t' that cannot start"),
    "a key set twice": ("a: 1\na: 2\n", '2:1: key "a" is set twice'),
    "a key set twice, once in quotes": ('1: a\n"1": b\n', '2:1: key "1" is set twice'),
    "two merge keys": ("a: &a {}\nb:\n  <<: *a\n  <<: *a\n", '4:3: key "<<" is set twice'),
    "an unknown alias": ("a: *b\n", "1:4: this alias has no anchor"),
    "an alias to what is around it": ("a: &a\n  b: *a\n", "2:6: this alias stands inside"),
    "a list as a key": ("? [a]\n: b\n", "1:3: this key is not a string"),
    "no key": (": b\n", "1:1: this key is not a string"),
    "half a surrogate pair": (r'a: "\ud800"', "1:12: not valid YAML: an escape in this string names no character"),
    "an escape beyond Unicode": (r'a: "\UFFFFFFFF"', "1:7: not valid YAML: an escape in this string"),
    "a control character": ("a: b\n\x07\n", "2:1: not valid YAML: the character U+0007 is not allowed"),
    "a tag that is not closed": ("a: !<b\n", "1:4: not valid YAML: this tag is not complete"),
    "an alias without name": ("a: *\n", "1:4: not valid YAML: the name of an anchor or alias"),
    "another directive": ("%FOO\n---\na: b\n", "1:1: not valid YAML: this directive"),
    "a text after a block header": ("a: |x\n  b\n", "1:5: not valid YAML: only an indentation"),
    "two documents": ("a: b\n---\nc: d\n", "2:1: a second YAML document starts here"),
    "a merge key in quotes": ('a: &a {}\nb: {"<<": *a}\n', "2:5: cannot tell this key from a merge key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str) -> None:
    text, message = REFUSED[name]
    with pytest.raises(HardenError) as caught:
        load(text, "f")
    assert str(caught.value).startswith("f:" + message)
    assert caught.value.hint


def test_merge_keys_in_every_spelling() -> None:
    for key in ("<<:", "<<  :", "&m <<:", "!!merge <<:", "? <<\n  :"):
        document: Any = load(f"a: &a {{k: v}}\nb:\n  {key} *a\n")
        assert document.merged["b"] == {"k": "v"}, key


def ordinary(depth: int) -> st.SearchStrategy[str]:
    """YAML that ruamel.yaml and compose read alike, as text."""
    word = st.sampled_from(["a", "b c", "'d'", '"e:"', "1", "~", "http://f#g", "h  # i", "'j''k'", '"l\\n"', "é🐳"])
    if not depth:
        return word
    inner = ordinary(depth - 1)

    def block(parts: list[str], dash: bool) -> str:
        lines = [("- " if dash else f"k{number}: ") + part for number, part in enumerate(parts)]
        return "\n" + "\n".join(lines).replace("\n", "\n  ")

    indented = st.builds(lambda text: text.replace("\n", "\n  "), inner)
    return st.one_of(
        word,
        st.sampled_from(["|\n  a\n   b\n", ">-\n  a\n  b\n\n  c", "[a, {b: c}, 'd']", "{a: [b], c: }", "a\n  b"]),
        st.builds(block, st.lists(indented, min_size=1, max_size=3), st.booleans()),
    )


@settings(max_examples=300, deadline=None)
@given(ordinary(3))
def test_ordinary_yaml_reads_as_ever(text: str) -> None:
    """Where ruamel.yaml's own parser reads a text, these events are the same, but for the ends of block scalars, and
    the places of values that are not there.
    """

    def seen(event: Any) -> tuple[Any, ...]:
        scalar = isinstance(event, events.ScalarEvent)
        start = None if scalar and event.start_mark.index == event.end_mark.index else event.start_mark.index
        end = None if start is None or (scalar and event.style in ("|", ">")) else event.end_mark.index
        return type(event), start, end, getattr(event, "value", None)

    text = "x:" + (text if text.startswith("\n") else f" {text}")
    try:
        expected = list(map(seen, YAML(typ="safe", pure=True).parse(text)))
    except Exception:
        return
    assert list(map(seen, dialect.events(text))) == expected
