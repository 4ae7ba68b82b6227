"""Where a secret stands in a file does not matter, nor how it is written there: it is masked, and the rest is not."""

from pathlib import Path

import pytest

from hardener import harden
from hardener.source.files import decode
from hardener.views.diff import diff
from hardener.views.style import split_lines
from hardener.views.table import table
from hardener.views.veil import Veil

SECRET = "hunTer2x"


def shown(text: str, name: str = "compose.yml") -> str:
    """All of a file, as a view shows it."""
    veil = harden(decode(text.encode(), name)).veil
    return "".join(veil.lines(split_lines(text), veil.before))


def service(lines: str) -> str:
    return "services:\n  web:\n    image: nginx:1.27\n" + "".join(f"    {line}\n" for line in lines.split("\n"))


@pytest.mark.parametrize(
    "lines",
    [
        "hostname: web",
        "environment: {PASSWORD_FILE: /run/secrets/x, TOKEN: '${TOKEN}'}",
        'environment:\n  API_KEY: "${API_KEY}"\n  B: "a\\x41"',
        "command: >\n  serve --port 80\n  --verbose",
        "labels:\n  - 'a=b'\n# a comment\n",
        "environment: {MODE: password, DB_PASSWORD: password}",
    ],
)
def test_what_is_no_secret_stays(lines: str) -> None:
    text = service(lines)
    assert shown(text).replace("DB_PASSWORD: ****", "DB_PASSWORD: password") == text


@pytest.mark.parametrize(
    ("lines", "masked"),
    [
        ('environment: {"P\\x41SSWORD": hunTer2x, B: c}', 'environment: {"P\\x41SSWORD": ****, B: c}'),
        ('environment: {PASSWORD: "hunTe\\x722x", B: c}', "environment: {PASSWORD: ****, B: c}"),
        ("environment: {PASSWORD: hunTer2x,\n  B: c}", "environment: {PASSWORD: ****,\n  B: c}"),
        (
            "environment:\n  PASSWORD: >-\n    hunTer2x\n    b\n  B: c",
            "environment:\n  PASSWORD: ****\n    ****\n    ****\n  B: c",
        ),
        ("environment:\n  PASSWORD: 'a\n\n    hunTer2x'\n  B: c", "environment:\n  PASSWORD: ****\n\n    ****\n  B: c"),
        ("environment:\n  ? PASSWORD\n  : hunTer2x\n  B: c", "environment:\n  ? PASSWORD\n  : ****\n  B: c"),
        ("environment:\n  PASSWORD: '#hunTer2x'\n  B: c", "environment:\n  PASSWORD: ****\n  B: c"),
        ("environment:\n  PASSWORD: !hunTer2x\n  B: c", "environment:\n  PASSWORD: ****\n  B: c"),
        ('environment:\n- "PASSWORD=a\n  hunTer2x"\n- B=c', "environment:\n- ****\n  ****\n- B=c"),
        ("environment:\n- 'A=postgres://u:hunTer2x@db/x'\n- B=c", "environment:\n- 'A=postgres://u:****@db/x'\n- B=c"),
        (
            "environment:\n  PASSWORD: hunTer2x # no, hunTer2x\nhostname: w",
            "environment:\n  PASSWORD: ****\nhostname: w",
        ),
        ("entrypoint:\n- mongosh\n- -p\n- hunTer2x\n- c", "entrypoint:\n- mongosh\n- -p\n- ****\n- c"),
        ("entrypoint:\n- -p\n- hunTer2x\n- c", "entrypoint:\n- -p\n- ****\n- c"),
        (
            "environment: {TOKEN: hunTer2x}\nhostname: x-hunTer2x # hunTer2x",
            "environment: {TOKEN: ****}\nhostname: x-**** # ****",
        ),
        ('environment: {TOKEN: hunTer2x}\nhostname: "\\x68unTer2x"', "environment: {TOKEN: ****}\nhostname: ****"),
        ("environment: {TOKEN: 'hunTer2x''s'}\n# it is hunTer2x's", "environment: {TOKEN: ****}\n# it is ****"),
        ("environment: {TOKEN: 'hunTer2x/a'}\n# hunTer2x%2Fa", "environment: {TOKEN: ****}\n# ****"),
        ("environment: {TOKEN: 12345678}\n# 12345678, a12345678", "environment: {TOKEN: ****}\n# ****, a12345678"),
    ],
)
def test_however_it_is_written(lines: str, masked: str) -> None:
    assert shown(service(lines)) == service(masked)
    crlf = service(lines).replace("\n", "\r\n")
    assert shown("\ufeff" + crlf) == "\ufeff" + service(masked).replace("\n", "\r\n")


def test_through_an_alias_and_a_merge() -> None:
    text = "x-value: &value hunTer2x\nx-map: &map {PASSWORD: &other 'hunTer3x'}\nx-plain: &plain value\n" + service(
        "environment:\n  <<: *map\n  TOKEN: *value\n  B: *plain"
    )
    assert shown(text) == text.replace("&value hunTer2x", "&value ****").replace("&other 'hunTer3x'", "****").replace(
        "TOKEN: *value", "TOKEN: ****"
    )


def test_what_comes_from_another_file(tmp_path: Path) -> None:
    """Its values are masked; the name of the service it comes from is not."""
    (tmp_path / "base.yml").write_text(service("environment: {PASSWORD: hunTer2x}"))
    path = tmp_path / "compose.yml"
    path.write_text("services:\n  own:\n    extends: {file: base.yml, service: web}\n    hostname: a-hunTer2x\n")
    veil = harden(path).veil
    assert "".join(veil.lines(split_lines(path.read_text()), veil.before)) == path.read_text().replace(SECRET, "****")


def test_a_sentence_that_quotes_a_secret() -> None:
    result = harden(decode(service("environment: {PIN_TOKEN: 24680135, DB_PASSWORD: password}").encode(), "c.yml"))
    told = "the port 24680135 is taken: password: none, see https://u:hunTer2x@x"
    assert result.veil.text(told) == "the port **** is taken: password: none, see https://u:****@x"
    assert "24680135" not in table(result) + diff(result).text + repr(result)


def test_without_a_tree_lines_are_masked() -> None:
    lines = ["PASSWORD: hunTer2x\n", "a: b\n"]
    assert Veil().lines(lines, ()) == ["PASSWORD: ****\n", "a: b\n"]


@pytest.mark.parametrize(
    "service",
    [
        "command:\n      - rabbitmqctl\n      - add_user\n      - bob\n      - Sup3rS3cret!xY9\n",
        "command: |\n      rabbitmqctl \\\n        add_user bob \\\n        Sup3rS3cret!xY9\n",
        'command: ["mc", "alias", "set", "m", "http://x", "ak", "Sup3rS3cret!xY9"]\n',
    ],
)
def test_the_words_of_one_command_in_several_lines(service: str, tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text(f"services:\n  a:\n    image: example.com/a:1\n    {service}")
    result = harden(file)
    shown = diff(result).text + table(result)
    assert "S3cret" not in shown and "max-size" in shown


def test_many_equal_commands_take_no_longer_than_they_are_long(tmp_path: Path) -> None:
    """With what is between two masks a part of what they hide, there are as many ways to part a line as the number of
    its masks to the power of two."""
    lines = "".join(f'          user_u="Pw{number}aX!9"\n' for number in range(60))
    file = tmp_path / "compose.yml"
    head = "services:\n  a:\n    image: x/y\n    environment:\n      K_JAAS_CONFIG: >-\n"
    file.write_text(f"{head}          a.PlainLoginModule required\n{lines}")
    assert "aX!9" not in diff(harden(file)).text
