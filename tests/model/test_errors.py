"""Model errors, as a person reads them."""

from typing import Any

import pytest
from pydantic import ValidationError

from hardener.model import ComposeFile, problems


def wrong(data: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        ComposeFile.model_validate(data)
    return [tuple(problem) for problem in problems(caught.value, data)]


def in_service(**fields: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return [(path[2:], message) for path, message in wrong({"services": {"web": fields}})]


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"ports": "80:80"}, ("ports",), '"ports" must be a list, not a string'),
        (
            {"ports": [["80"]]},
            ("ports", 0),
            'item 1 of "ports" must be a string, number or boolean, or a map, not a list',
        ),
        ({"ports": [{"target": []}]}, ("ports", 0, "target"), '"target" must be a number or a string, not a list'),
        ({"environment": "A=1"}, ("environment",), '"environment" must be a map or a list, not a string'),
        ({"environment": {"A": [1]}}, ("environment", "A"), '"A" must be a string, number or boolean, not a list'),
        ({"environment": ["A", {"B": 1}]}, ("environment", 1), 'item 2 of "environment" must be a string, not a map'),
        ({"image": 5}, ("image",), '"image" must be a string, not a number'),
        ({"build": []}, ("build",), '"build" must be a string or a map, not a list'),
        ({"build": {"args": 5}}, ("build", "args"), '"args" must be a map or a list, not a number'),
        ({"build": {"Build": 1, "args": 5}}, ("build", "args"), '"args" must be a map or a list, not a number'),
        ({"dns": {"str": []}}, ("dns",), '"dns" must be a string or a list, not a map'),
        ({"init": 1}, ("init",), '"init" must be true, false or a string, not a number'),
        ({"healthcheck": "curl"}, ("healthcheck",), '"healthcheck" must be a map, not a string'),
        (
            {"deploy": {"resources": {"limits": []}}},
            ("deploy", "resources", "limits"),
            '"limits" must be a map, not a list',
        ),
        ({"networks": {"a": []}}, ("networks", "a"), '"a" must be a map, not a list'),
        ({"volumes": {"a": "b"}}, ("volumes",), '"volumes" must be a list, not a map'),
        ({"labels": {1: "a"}}, ("labels", 1), "the key 1 must be a string: put it in quotes"),
        ({2: "a"}, (2,), "the key 2 must be a string: put it in quotes"),
    ],
)
def test_one_message_for_one_wrong_value(fields: Any, path: tuple[str | int, ...], message: str) -> None:
    assert [(found[2:], text) for found, text in wrong({"services": {"web": fields}})] == [(path, message)]


@pytest.mark.parametrize("entry", ["80:x", "80:70000", "a:80:80", 0, 70000, "80/icmp", "8000-8010:80-81"])
def test_what_is_no_port(entry: Any) -> None:
    assert in_service(ports=["80", entry]) == [
        (("ports", 1), f'"{entry}" is not a port — expected [HOST:]CONTAINER[/PROTO]')
    ]


def test_every_wrong_value_is_told_once() -> None:
    found = wrong({"services": {"web": {"ports": 1, "build": {"args": 1, "tags": 1}}, "db": []}, "volumes": []})
    assert [path for path, _ in found] == [
        ("services", "web", "build", "args"),
        ("services", "web", "build", "tags"),
        ("services", "web", "ports"),
        ("services", "db"),
        ("volumes",),
    ]


@pytest.mark.parametrize(("data", "kind"), [([], "a list"), ("x", "a string"), (5, "a number"), (True, "a boolean")])
def test_a_file_that_is_no_map(data: Any, kind: str) -> None:
    assert wrong(data) == [((), f"a compose file must be a map, not {kind}")]


def test_messages_hold_no_values() -> None:
    secret = "hunter2"
    data = {
        "services": {
            "web": {"environment": [[secret]], "secrets": {secret: 1}, "image": {"a": secret}, "ports": secret}
        }
    }
    with pytest.raises(ValidationError) as caught:
        ComposeFile.model_validate(data)
    assert secret not in str(caught.value)
    assert secret not in "".join(message for _, message in problems(caught.value, data))
