"""A block scalar of which a part changes: it stays one, and only the lines that must differ do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hardener import HardenError
from hardener.source import RewriteError, load, rewrite
from hardener.source.tree import Scalar, children

Case = tuple[str, str, str, str]

# Name: the text; what is replaced in every string of it, and by what; the text after.
# The block is as it was; then: it cannot say it, and quotes do; then: its lines change.
KEPT: dict[str, Case] = {
    "nothing to replace": ("a: |\n  x\n   \nb: 1\n", "none", "new", "a: |\n  x\n   \nb: 1\n"),
    "a value below": ("a: |\n  x\n\nb: old\n", "old", "new", "a: |\n  x\n\nb: new\n"),
    "a value above": ("b: old\na: |+\n  x", "old", "new", "b: new\na: |+\n  x"),
}
QUOTED: dict[str, Case] = {
    "the last line break goes": ("a: |\n  one\n  old\n", "\nold\n", "", "a: one\n"),
    "a last line break comes": ("a: |-\n  one\n  old\n", "old", "new\n", 'a: "one\\nnew\\n"\n'),
    "a second last line break comes": ("a: |\n  old\n", "old\n", "new\n\n", 'a: "new\\n\\n"\n'),
    "nothing is left": ("a: |-\n  old\n", "old", "", 'a: ""\n'),
    "a control character": ("a: |\n  old\n", "old", "n\x07w", 'a: "n\\x07w\\n"\n'),
    "a carriage return": ("a: |\n  old\n", "old", "n\rw", 'a: "n\\rw\\n"\n'),
    "a byte order mark": ("a: |\n  old\n", "old", "n\ufeffw", 'a: "n\\ufeffw\\n"\n'),
    "a break that only some take for one": ("a: |\n  old\n", "old", "n\u2028w", 'a: "n\\u2028w\\n"\n'),
    "a first line that starts with a blank": ("a: |\n  old\n", "old", " new", 'a: " new\\n"\n'),
    "a first line that starts with a tab": ("a: |\n  old\n", "old", "\tnew", 'a: "\\tnew\\n"\n'),
    "a first line of blanks": ("a: |\n  old\n  x\n", "old", "   ", 'a: "   \\nx\\n"\n'),
    "folded, across its line breaks": ("a: >\n  one old\n  old two\n", "old old", "new", 'a: "one new two\\n"\n'),
    "folded, with a line break": ("a: >\n  one old\n", "old", "n\nw", 'a: "one n\\nw\\n"\n'),
    "folded, a line that would be empty": ("a: >\n  one\n  old\n  two\n", "old", "", 'a: "one  two\\n"\n'),
    "folded, a blank before the line break": ("a: >-\n  one\n  old\n", "one", "one ", "a: one  old\n"),
    "a text of blank lines": ("a: |+\n\n\nb: 1\n", "\n", "old\n", 'a: "old\\nold\\n"\nb: 1\n'),
    "an anchor on a line above": ("a: &x\n  |\n  old\nb: *x\n", "\n", "", "a: &x old\nb: *x\n"),
}
CHANGED: dict[str, Case] = {
    "literal": ("a: |\n  one\n  two old\n  three\nb: 1\n", "old", "new", "a: |\n  one\n  two new\n  three\nb: 1\n"),
    "clipped, blank lines below": ("a: |\n  old\n\n\nb: 1\n", "old", "new", "a: |\n  new\n\n\nb: 1\n"),
    "stripped": ("a: |-\n  one\n  old\n\nb: 1\n", "old", "new", "a: |-\n  one\n  new\n\nb: 1\n"),
    "kept blank lines": ("a: |+\n  old\n\n\nb: 1\n", "old", "new", "a: |+\n  new\n\n\nb: 1\n"),
    "kept blank lines with blanks": ("a: |+\n  old\n \n\nb: 1\n", "old", "new", "a: |+\n  new\n \n\nb: 1\n"),
    "a kept blank line less": ("a: |+\n  old\n\n\nb: 1\n", "\n\n\n", "\n\n", "a: |+\n  old\n\nb: 1\n"),
    "a kept blank line more": ("a: |+\n  old\n\nb: 1\n", "\n\n", "\n\n\n", "a: |+\n  old\n\n\nb: 1\n"),
    "a comment behind the header": ("a: | # why: |\n  old\n", "old", "new", "a: | # why: |\n  new\n"),
    "a comment below": ("a: |\n  old\n # why\nb: 1\n", "old", "new", "a: |\n  new\n # why\nb: 1\n"),
    "what looks like a comment in it": ("a: |\n  # old\n  old\n", "# old", "# new", "a: |\n  # new\n  old\n"),
    "an indentation told": ("a: |2\n     one\n  old\n", "old", "new", "a: |2\n     one\n  new\n"),
    "an indentation and a sign": (
        "a:\n  b: |1-\n      one\n   old\n",
        "old",
        "new",
        "a:\n  b: |1-\n      one\n   new\n",
    ),
    "a first line with a tab, indentation told": ("a: |2\n  \tone\n  old\n", "old", "new", "a: |2\n  \tone\n  new\n"),
    "tabs": ("a: |\n  one\told\t\n  \ttwo\n", "old", "n\tw", "a: |\n  one\tn\tw\t\n  \ttwo\n"),
    "empty lines, and lines of blanks": (
        "a: |\n  one\n\n \n     \n  old\n",
        "old",
        "new",
        "a: |\n  one\n\n \n     \n  new\n",
    ),
    "lines of blanks first": ("a: |\n \n\n  old\n", "old", "new", "a: |\n \n\n  new\n"),
    "CRLF": ("a: |\r\n  one\r\n\r\n  old\r\nb: 1\r\n", "old", "new", "a: |\r\n  one\r\n\r\n  new\r\nb: 1\r\n"),
    "CRLF, more lines": ("a: |\r\n  old\r\nb: 1\r\n", "old", "n\nw", "a: |\r\n  n\r\n  w\r\nb: 1\r\n"),
    "CR alone": ("a: |\r  one\r  old\rb: 1\r", "old", "new", "a: |\r  one\r  new\rb: 1\r"),
    "no line break at the end of the file": ("a: |\n  one\n  old", "old", "new", "a: |\n  one\n  new"),
    "the same, more lines": ("a: |\n  one\n  old", "old", "n\nw", "a: |\n  one\n  n\n  w"),
    "the same, fewer lines": ("a: |\n  one\n  old", "\nold", "", "a: |\n  one"),
    "the same, kept": ("a: |+\n  old\n  one", "old", "new", "a: |+\n  new\n  one"),
    "a byte order mark at the start": ("\ufeffa: |\n  old\n", "old", "new", "\ufeffa: |\n  new\n"),
    "letters of all kinds": ("a: |\n  née\xa0🐳 old\n", "old", "ñü🐋", "a: |\n  née\xa0🐳 ñü🐋\n"),
    "an item": ("- |\n one\n old\n- two\n", "old", "new", "- |\n one\n new\n- two\n"),
    "an item of an item": ("- - |2\n     one\n    old\n", "old", "new", "- - |2\n     one\n    new\n"),
    "an item at the column of its key": ("a:\n- |2\n   one\n  old\n", "old", "new", "a:\n- |2\n   one\n  new\n"),
    "an item that is a variable": (
        "a:\n  - >-\n    KEY=old\n  - |-\n    K=old\n",
        "old",
        "new",
        "a:\n  - >-\n    KEY=new\n  - |-\n    K=new\n",
    ),
    "a key in an item": ("- a: 1\n  b: |2\n     one\n    old\n", "old", "new", "- a: 1\n  b: |2\n     one\n    new\n"),
    "below its key": ("a:\n  # why\n  |\n  old\nb: 1\n", "old", "new", "a:\n  # why\n  |\n  new\nb: 1\n"),
    "a key with a question mark": ("? a\n: |1\n  one\n old\n", "old", "new", "? a\n: |1\n  one\n new\n"),
    "an anchor": ("a: &x | # why\n  one\n  old\nb: *x\n", "old", "new", "a: &x | # why\n  one\n  new\nb: *x\n"),
    "an anchor that looks like a header": ("a: &x|y |\n  old\n", "old", "new", "a: &x|y |\n  new\n"),
    "a tag": ("a: !!str |\n  one\n  old\n", "old", "new", "a: !!str |\n  one\n  new\n"),
    "more lines": ("a: |\n  one\n  old\n \n  two\n", "old", "n\n\n w", "a: |\n  one\n  n\n\n   w\n \n  two\n"),
    "fewer lines": ("a: |\n  one\n \n  old\n  old\n \n  two\n", "old\nold\n", "", "a: |\n  one\n \n \n  two\n"),
    "the first line goes": ("a: |\n  old\n  one\n", "old\n", "", "a: |\n  one\n"),
    "the last line goes": ("a: |\n  one\n  old\n\nb: 1\n", "old\n", "", "a: |\n  one\n\nb: 1\n"),
    "two lines": ("a: |\n  old one\n \n  one old\n", "old", "new", "a: |\n  new one\n \n  one new\n"),
    "an empty line instead": ("a: |\n  one\n  old\n  two\n", "old", "", "a: |\n  one\n\n  two\n"),
    "marks of a document": ("a: |\n  old\n  ...\n", "old", "---", "a: |\n  ---\n  ...\n"),
    "folded": (
        "a: >\n  one\n  two old\n\n  three\n    four old\n  five\nb: 1\n",
        "old",
        "new",
        "a: >\n  one\n  two new\n\n  three\n    four new\n  five\nb: 1\n",
    ),
    "folded, a first word of a line": ("a: >-\n  one\n  old\n  two\n", "old", "new", "a: >-\n  one\n  new\n  two\n"),
    "folded, a part of a word": ("a: >\n  http://u:old@h\n  x\n", "old", "${P}", "a: >\n  http://u:${P}@h\n  x\n"),
    "folded, words for one": ("a: >\n  one\n  an old\n  two\n", "old", "n  w", "a: >\n  one\n  an n  w\n  two\n"),
    "folded, one for words": ("a: >\n  one\n  an o l d\n  two\n", "o l d", "new", "a: >\n  one\n  an new\n  two\n"),
    "folded, one goes": ("a: >\n  one\n  an old x\n  two\n", " old", "", "a: >\n  one\n  an x\n  two\n"),
    "folded, kept": ("a: >+ # why\n  old\n  x\n\n\nb: 1\n", "old", "new", "a: >+ # why\n  new\n  x\n\n\nb: 1\n"),
    "folded, indentation told": ("a: >2\n     old\n  one\n  two\n", "old", "new", "a: >2\n     new\n  one\n  two\n"),
    "folded, CRLF": ("a: >\r\n  one\r\n  old\r\n\r\n  x\r\n", "old", "new", "a: >\r\n  one\r\n  new\r\n\r\n  x\r\n"),
    "folded, no line break at the end": ("a: >\n  one\n  old", "old", "new", "a: >\n  one\n  new"),
    "folded, tabs": ("a: >\n  one\told\n  two\n  \tthree\n", "old", "new", "a: >\n  one\tnew\n  two\n  \tthree\n"),
}


def replaced(data: Any, old: str, new: str) -> Any:
    """`data` with `old` replaced in every string."""
    if isinstance(data, str):
        return data.replace(old, new)
    if isinstance(data, list):
        return [replaced(item, old, new) for item in data]
    return {key: replaced(item, old, new) for key, item in data.items()} if isinstance(data, dict) else data


CASES = KEPT | QUOTED | CHANGED


@pytest.mark.parametrize(("before", "old", "new", "after"), CASES.values(), ids=CASES)
def test_rewritten(before: str, old: str, new: str, after: str) -> None:
    document = load(before)
    target = replaced(document.data, old, new)
    assert rewrite(document, target) == after
    assert load(after).data == target


def ruamel(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def told(read: Callable[[str], Any], text: str) -> Any:
    """What another reader makes of `text`; some refuse what compose reads."""
    try:
        return read(text)
    except (yaml.YAMLError, YAMLError):
        return None


@pytest.mark.parametrize("read", [yaml.safe_load, ruamel])
def test_other_readers_read_it(read: Callable[[str], Any]) -> None:
    agreed = 0
    for before, _, _, after in CASES.values():
        if told(read, before) == load(before).data:
            assert read(after) == load(after).data
            agreed += 1
    assert agreed > 60


def test_compose_reads_it(read_by_compose: Any, tmp_path: Path) -> None:
    """Each text as the value of a key of its own; those that start with a mark of their own stand for themselves."""
    texts = {f"x-{number}": text for number, (_, _, _, text) in enumerate((QUOTED | CHANGED).values())}
    texts = {
        key: text for key, text in texts.items() if "\r" not in text and text.endswith("\n") and "\ufeff" not in text
    }
    lines = [
        f"{key}:\n" + "".join(f" {line}" for line in text.splitlines(keepends=True)) for key, text in texts.items()
    ]
    model, complaint = read_by_compose("services: {a: {image: x}}\n" + "".join(lines), tmp_path, "--no-interpolate")
    assert model, complaint
    assert {key: model[key] for key in texts} == {key: load(text).data for key, text in texts.items()}
    for text in (text for _, _, _, text in CHANGED.values() if "\r" in text or not text.endswith("\n")):
        newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text else "\n"
        whole = f"services: {{a: {{image: x}}}}{newline}x-t:{newline} " + text.replace(newline, f"{newline} ")
        model, complaint = read_by_compose(whole, tmp_path, "--no-interpolate")
        assert model, complaint
        assert model["x-t"] == load(whole).data["x-t"]  # type: ignore[index, call-overload]


def test_lines_below_an_unterminated_block() -> None:
    """It says `|-` from then on, and the change in it is made all the same."""
    document = load("a: |\n  one\n  old")
    assert rewrite(document, {"a": "one\nnew", "b": 1}) == "a: |-\n  one\n  new\n\nb: 1"


PIECES = st.sampled_from(
    ["a", "bc", "\n", "\n", " ", "  ", "\t", "#", ": ", "- ", "é", "🐳", "'", '"', "\\", "|", "$X", "---"]
)
WORDS = st.lists(PIECES, max_size=5).map("".join)
BLANK_LINES = st.sampled_from(["", "", " ", "   "])


@st.composite
def blocks(draw: st.DrawFn) -> tuple[str, str, str]:
    """The text of a block scalar with its key or dash, what is below it, and the line break of both."""
    style, chomp = draw(st.sampled_from("|>")), draw(st.sampled_from(["", "-", "+"]))
    width, newline = draw(st.integers(1, 4)), draw(st.sampled_from(["\n", "\n", "\r\n"]))
    told = draw(st.sampled_from(["", str(width)]))
    comment = draw(st.sampled_from(["", " # why", "\t#"]))
    line = WORDS.map(lambda text: text.replace("\n", ""))
    lines = draw(st.lists(st.one_of(line.map(lambda text: " " * width + text), BLANK_LINES), min_size=1, max_size=7))
    if not told and draw(st.booleans()):
        lines[0] = " " * width + "x" + lines[0].strip()
    opened = draw(st.sampled_from(["k: ", "k: &x ", "- "])) + style + told + chomp + comment
    last = draw(st.sampled_from(["", newline, newline + ("- z" if opened[0] == "-" else "z: 1") + newline]))
    return newline.join((opened, *lines)), last, newline


def opened(text: str) -> tuple[Any, Scalar]:
    """The first value of a document, as a node, and the step to it."""
    step, node = next(children(load(text).root))
    assert isinstance(node, Scalar)
    return step, node


def shown(lines: list[str]) -> list[str]:
    """Without the blanks of blank lines."""
    return [line if line.strip() else "" for line in lines]


def tail(value: str) -> str:
    """The line breaks that it ends in."""
    return value[len(value.rstrip("\n")) :]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks(), st.data())
def test_a_random_part_of_a_random_block(block: tuple[str, str, str], data: st.DataObject) -> None:
    text, last, newline = block
    try:
        step, node = opened(text + last)
    except HardenError:
        assume(False)
        return
    value = node.data
    assume(isinstance(value, str) and value.strip())
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 5)))
    new = value[:start] + data.draw(WORDS) + value[end:]
    document = load(text + last)
    target = {**document.data, step: new} if isinstance(step, str) else [new, *document.data[1:]]
    # What cannot be said there: an end of another kind, a first line that says how deep all are, a folded line.
    excused = node.style == ">" or not new.strip() or new.lstrip("\n")[:1] in (" ", "\t") or tail(value) != tail(new)
    try:
        after = rewrite(document, target)
    except RewriteError:
        assert excused
        assert "#" in text.partition(newline)[0]
        return
    assert load(after).data == target
    for read in (yaml.safe_load, ruamel):
        if told(read, text + last) == document.data:
            assert read(after) == target
    old_lines, new_lines = (text + last).split(newline), after.split(newline)
    if new_lines[0] != old_lines[0]:
        assert excused
    elif node.style == "|":
        above = 1 + value[:start].count("\n")
        below = len(old_lines) - 1 - above - value[start:end].count("\n")
        assert new_lines[:above] == old_lines[:above]
        # Of equal lines one or the other can have gone; those may differ in blanks that mean nothing.
        assert shown(new_lines[len(new_lines) - below :]) == shown(old_lines[len(old_lines) - below :])
