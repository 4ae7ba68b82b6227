"""Reading keeps everything as written: on hand-made corner cases and on every file of the corpus."""

import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hardener.model import ComposeFile, Part, unknown_keys


def same(left: Any, right: Any) -> bool:
    """Equality that tells 1 from True and 1.0, and minds the order of keys."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) or left != left


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"volumes": {"data": None}, "services": {"web": None, "db": {}}, "networks": None},
        {
            "x-a": {"b": [1, {"c": None}]},
            "services": {"web": {"x-b": 1, "image": "x", "typo": [1], "build": "."}},
            "z": 1,
        },
        {"services": {"web": {"ports": [80, "80:80", {"target": "80", "x-y": {}, "published": 80}, "${PORT}:80"]}}},
        {"services": {"web": {"environment": {"A": 1, "B": 1.0, "C": True, "D": None, "E": "1"}}}},
        {
            "services": {
                "web": {"environment": ["A=1", "B"], "privileged": "true", "init": True, "cpus": 1, "scale": "1"}
            }
        },
        {"services": {"web": {"deploy": {"resources": {"limits": {"memory": "1g", "cpus": "0.5"}}, "replicas": 1}}}},
        {"services": {"web": {"name": 1, "model_dump": 2, "_keys": 3, "as_written": 4, "__class__": 5}}},
        {"services": {"web": {"ulimits": {"nofile": 5, "nproc": {"hard": 2, "soft": 1}}, "networks": {"a": None}}}},
        {"services": {"web": {"cpus": float("nan"), "cpu_shares": 10**30, "image": "\ud800"}}},
    ],
)
def test_dump_gives_the_data_back(data: Any) -> None:
    file = ComposeFile.model_validate(data)
    assert same(file.model_dump(), data)
    assert same(pickle.loads(pickle.dumps(file)).model_dump(), data)


def test_a_part_dumps_by_itself() -> None:
    file = ComposeFile.model_validate({"services": {"web": {"x-a": 1, "healthcheck": {"retries": 3, "test": "a"}}}})
    web = file.read_services()["web"]
    assert web.name == "web"
    assert web.model_dump() == {"x-a": 1, "healthcheck": {"retries": 3, "test": "a"}}
    assert web.healthcheck and same(web.healthcheck.model_dump(), {"retries": 3, "test": "a"})


def test_a_missing_body_reads_as_an_empty_part() -> None:
    file = ComposeFile.model_validate({"services": {"web": None}, "volumes": {"data": None}})
    assert file.read_services()["web"].read_ports() == []
    assert file.volumes and file.volumes["data"].is_external is False


def test_unknown_keys_are_found_at_every_level_and_extensions_are_not() -> None:
    data = {
        "x-top": {"typo": 1},
        "service": {},
        "services": {
            "web": {"imgae": "x", "x-a": 1, "build": {"contxt": "."}, "ports": ["80", {"target": 80, "publish": 1}]},
            "db": {"networks": {"a": {"alias": []}}, "labels": {"anything": 1}, "environment": {"typo": 1}},
        },
    }
    assert set(unknown_keys(ComposeFile.model_validate(data))) == {
        ("service",),
        ("services", "web", "imgae"),
        ("services", "web", "build", "contxt"),
        ("services", "web", "ports", 1, "publish"),
        ("services", "db", "networks", "a", "alias"),
    }


class Loader(yaml.CSafeLoader):
    """YAML 1.2 scalars and tags without meaning, as compose reads them."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 — as in the class above


for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
    ("merge", r"<<", "<"),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def corpus() -> list[Path]:
    folder = os.environ.get("HARDENER_CORPUS")
    if not folder:
        pytest.skip("HARDENER_CORPUS names no folder of compose files")
    return sorted(path for path in Path(folder).rglob("*.y*ml") if path.is_file())


def parts(value: Any) -> list[Part]:
    inner = value.__dict__.values() if isinstance(value, Part) else value.values() if isinstance(value, dict) else value
    found = [part for item in inner if isinstance(item, Part | dict | list) for part in parts(item)]
    return [value, *found] if isinstance(value, Part) else found


def test_the_corpus_is_read_without_loss_and_without_a_crash() -> None:
    files = corpus()
    assert len(files) > 100
    for path in files:
        data = yaml.load(path.read_text("utf-8-sig"), Loader)
        file = ComposeFile.model_validate(data)
        assert same(file.model_dump(), data), path
        assert list(unknown_keys(file)) == [], path
        for part in parts(file):
            for name in dir(type(part)):
                if name.startswith("read_") and callable(getattr(part, name)):
                    getattr(part, name)()
