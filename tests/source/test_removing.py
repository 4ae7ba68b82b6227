"""A key that goes between a block scalar and what follows it: the scalar must not take that in."""

import pytest

from hardener.source import RewriteError, load, rewrite

# What stands above `gone`, and below it.
APART = {
    "a blank line below |": ("text: |\n  one\n", "\nlast: 1\n"),
    "a blank line below |-": ("text: |-\n  one\n", "\nlast: 1\n"),
    "no line below |+": ("text: |+\n  one\n", "last: 1\n"),
    "a comment below |+": ("text: |+\n  one\n", "# last\n\nlast: 1\n"),
    "a comment that ends |+": ("text: |+\n  one\n# end\n", "\n  # deep\nlast: 1\n"),
    "a comment at the margin": ("text: >\n  one\n", "# last\nlast: 1\n"),
    "a blank line below another style": ("text: one\n", "\n  # deep\nlast: 1\n"),
}
JOINED = {
    "a blank line below |+": ("text: |+\n  one\n", "\nlast: 1\n"),
    "a blank line below >+": ("text: >+\n  one\n", "\n\nlast: 1\n"),
    "a deep comment": ("text: |\n  one\n", "  # deep\nlast: 1\n"),
    "a deep comment below a blank line": ("text: >-\n  one\n", "\n    # deep\nlast: 1\n"),
    "a line of blanks": ("text: |\n  one\n", "     \nlast: 1\n"),
}


@pytest.mark.parametrize(("above", "below"), APART.values(), ids=APART)
def test_a_key_goes_alone(above: str, below: str) -> None:
    document = load(f"{above}gone: 1\n{below}")
    data = {key: value for key, value in document.data.items() if key != "gone"}  # type: ignore[union-attr]
    assert rewrite(document, data) == above + below
    assert load(above + below).data == data


@pytest.mark.parametrize(("above", "below"), JOINED.values(), ids=JOINED)
def test_refused_where_the_text_above_would_grow(above: str, below: str) -> None:
    document = load(f"{above}gone: 1\n{below}")
    data = {key: value for key, value in document.data.items() if key != "gone"}  # type: ignore[union-attr]
    assert load(above + below).data != data
    with pytest.raises(RewriteError) as caught:
        rewrite(document, data)
    assert caught.value.paths == [("gone",)]
