"""What holds of every credential, whatever the file: its place is exact, its time bounded, and masking knows it."""

import tomllib
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardener import load
from hardener.credentials import Credential, credentials
from hardener.knowledge import facts_of, secrets
from hardener.model.interpolation import resolve_defaults
from hardener.model.project import read_service
from hardener.model.short import as_text
from hardener.views.secrets import mask_text

Linear = Callable[[Callable[[int], object], int], bool]
NAMES = st.sampled_from(
    [
        *("DB_PASSWORD", "POSTGRES_PASSWORD", "API_KEY", "DATABASE_URL", "AUTH", "KEY", "LOG_LEVEL", "JAVA_OPTS"),
        *("NEO4J_AUTH", "BASIC_AUTH_USERS", "NUM_TOKENS", "PUBLIC_KEY", "traefik.x.basicauth.users"),
    ]
)
PIECES = st.sampled_from(
    [
        *(
            "postgres://",
            "me",
            ":",
            "@",
            "db",
            "/",
            "?password=",
            "password=",
            ";",
            "&",
            ",",
            " ",
            "\n",
            '"',
            "'",
            "\\",
        ),
        *("${PW}", "${PW:-", "}", "$$", "$", "{", "--token ", "--password=", "-p", "mysql ", "redis-cli -a ", "geheim"),
        *("changeme", "12", "Authorization: Bearer ", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "é"),
        *("ghp_abcdefghijklmnop", "$$2y$$05$$abcdefghij", "\ue000", "sh -c ", "@tcp(", "true", "\t", "="),
    ]
)
VALUES = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20) | st.integers() | st.booleans()
TEXTS = VALUES.map(as_text)


def entries(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.lists(st.tuples(NAMES, TEXTS), max_size=4)
    return st.dictionaries(NAMES, values, max_size=4) | pairs.map(lambda all: [f"{name}={text}" for name, text in all])


COMMANDS = TEXTS | st.lists(TEXTS, max_size=5)
SERVICES = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from(["postgres:16", "neo4j:5", "vaultwarden/server", "example/app"]),
        "environment": entries(VALUES),
        "labels": entries(VALUES),
        "command": COMMANDS,
        "entrypoint": COMMANDS,
        "healthcheck": st.fixed_dictionaries({"test": COMMANDS}),
        "build": st.fixed_dictionaries({"args": entries(VALUES)}),
        "logging": st.fixed_dictionaries({"options": st.dictionaries(NAMES, VALUES, max_size=2)}),
    },
)


def read(body: dict[str, Any]) -> list[Credential]:
    service = read_service("it", body)
    return credentials(service, facts_of(service), {"x.env": "DB_PASSWORD=geheim\n"}.get)


def at(body: dict[str, Any], credential: Credential) -> str:
    return as_text(reduce(lambda value, step: value[step], credential.path[2:], body))


def put(body: Any, path: tuple[str | int, ...], text: str) -> Any:
    if not path:
        return text
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = put(body[path[0]], path[1:], text)
    return copy


@settings(deadline=None, max_examples=600)
@given(SERVICES)
def test_the_place_of_a_credential_is_exact(body: dict[str, Any]) -> None:
    for credential in read(body):
        text = at(body, credential)
        span = text[credential.start : credential.end]
        assert resolve_defaults(span) == credential.value
        assert credential.value.strip()
        assert (credential.variable is None) == (credential.kind != "default")
        # What is put there is there, and nothing else has changed.
        marked = f"{text[: credential.start]}MARK3R${{NAME}}{text[credential.end :]}"
        changed = put(body, credential.path[2:], marked)
        again = at(changed, credential)
        assert again[credential.start :].startswith("MARK3R")
        assert again.replace("MARK3R${NAME}", span) == text
        assert put(changed, credential.path[2:], text) == put(body, credential.path[2:], text)


@settings(deadline=None, max_examples=300)
@given(SERVICES)
def test_credentials_of_one_scalar_are_apart(body: dict[str, Any]) -> None:
    ends: dict[tuple[str | int, ...], int] = {}
    for credential in read(body):
        assert credential.start >= ends.get(credential.path, 0)
        ends[credential.path] = credential.end


@settings(deadline=None, max_examples=300)
@given(SERVICES)
def test_what_gave_way_to_a_variable_is_found_no_more(body: dict[str, Any]) -> None:
    """Found, moved away one after the other, and found again: it comes to an end."""
    for _ in range(60):
        found = read(body)
        if not found:
            return
        last = found[-1]
        text = at(body, last)
        body = put(body, last.path[2:], f"{text[: last.start]}${{NAME}}{text[last.end :]}")
    raise AssertionError("it does not come to an end")


def test_env_files_have_places_too() -> None:
    for value in ("geheim", "pa$word", "postgres://me:pa$word@db/x"):
        service = read_service("it", {"env_file": ["x.env"]})
        (credential,) = credentials(service, None, {"x.env": f"# one\nDB_PASSWORD='{value}'\n"}.get)
        assert value[credential.start : credential.end] == credential.value
        assert credential.line == 2


LONG = 10_000


@pytest.mark.parametrize(
    "text",
    [
        *(
            "token=",
            "password='",
            'token="',
            "key=",
            "://a:",
            "a@",
            ",a:",
            "://a:b@",
            "eyJ-",
            "${",
            "${A:-",
            "$$",
            "--token ",
        ),
        *(
            "mysql -p",
            "user:pass ",
            "-----BEGIN PRIVATE KEY-----",
            "authorization: basic ",
            "x",
            "/",
            "a/",
            "A1b2",
            "<a",
            "\\'",
        ),
        *(
            '\\"',
            "your ",
            "change ",
            "basic ",
            "ghp_",
            "sk-",
            "postgres://u:p@h,",
            ":thin:a/",
            "=a:",
            "\n",
            "{{",
            "a.b",
        ),
        *("f({ pwd: x, ", "let a = {", "mc alias set '", "vault login ${", 'LoginModule user_a="', "mysql 'x\n"),
    ],
)
def test_time_grows_with_length_only(text: str, linear: Linear) -> None:
    def run(length: int) -> None:
        value = (text * (length // len(text) + 1))[:length]
        body = {
            "environment": [f"{name}={value}" for name in ("KEY", "AUTH", "SOME_URL", "PASSWORD")],
            "command": value,
        }
        credentials(read_service("it", body), None, {}.get)

    assert linear(run, LONG)


@pytest.mark.usefixtures("ends")
def test_a_megabyte_ends() -> None:
    service = read_service("it", {"environment": {"DB_PASSWORD": "mysql -pgeheim token=x " * 45_000}})
    assert credentials(service, None, {}.get)


@pytest.mark.usefixtures("ends")
def test_defaults_inside_of_defaults_take_no_time() -> None:
    value = "${A:-" * 49 + "geheim" + "}" * 49
    (credential,) = read({"environment": {"DB_PASSWORD": value}})
    assert credential.value == "geheim"
    read({"environment": {"LEVEL": value, "OTHER": "${A:-x" * 49 + "}" * 49}})


@pytest.mark.usefixtures("ends")
def test_many_variables_end() -> None:
    body = {"environment": {f"NAME_{number}_PASSWORD": f"geheim{number}" for number in range(20_000)}}
    assert len(read(body)) == 20_000


def names() -> list[str]:
    data = tomllib.loads(Path(secrets.__file__).with_suffix(".toml").read_text(encoding="utf-8"))["names"]
    return [entry for key in ("secrets", "tokens") for entry in data[key]]


@pytest.mark.parametrize("entry", names())
def test_masking_knows_every_name_that_finding_knows(entry: str, see: Callable[[str], list[object]]) -> None:
    for name in (
        entry.replace("*", "my").replace(" ", "_").upper(),
        entry.replace("*", "my ").replace(" ", "-"),
        f"a{entry.replace('*', '').title().replace(' ', '').replace('4J', '4j_')}",
    ):
        assert see(f"environment: {{{name}: geheim}}"), name
        assert "geheim" not in mask_text(f"      {name}: geheim\n"), name


def test_masking_hides_what_is_found_by_its_form() -> None:
    for token in ("dckr_pat_abcdefghijklmnopqr", "hvs.CAESIJlU02LQZq3fbOzHAtj", "{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc="):
        text = f"      - x={token}\n"
        assert read(load(f"environment:\n{text}").data)
        assert token not in mask_text(text)
