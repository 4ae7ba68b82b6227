"""The models against two oracles: the JSON schema of the Compose Specification, and compose itself."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import cache
from importlib.resources import files
from pathlib import Path as File
from typing import Any

import pytest
from pydantic import ValidationError

from hardener.model import ComposeFile, byte_size, duration, port_range, unknown_keys

Path = tuple[str | int, ...]

# What a map needs beside the key under test, so that compose looks at that key. `*` stands for a name or an index.
COMPANIONS: dict[str, dict[str, Any]] = {
    "services.*": {"image": "x"},
    "services.*.volumes.*": {"type": "volume", "target": "/t"},
    "services.*.depends_on.*": {"condition": "service_started"},
    "services.*.devices.*": {"source": "/dev/x", "target": "/dev/x"},
    "services.*.configs.*": {"source": "k"},
    "services.*.secrets.*": {"source": "k"},
    "services.*.build.secrets.*": {"source": "k"},
    "services.*.env_file.*": {"path": ".env"},
    "services.*.ports.*": {"target": 80},
    "services.*.deploy.resources.reservations.devices.*": {"capabilities": ["gpu"]},
    "services.*.gpus.*": {"capabilities": ["gpu"]},
    "services.*.develop.watch.*": {"path": "p", "action": "rebuild"},
    "services.*.develop.watch.*.exec": {"command": ["a"]},
    "services.*.provider": {"type": "t"},
    "services.*.post_start.*": {"command": ["a"]},
    "services.*.pre_stop.*": {"command": ["a"]},
    "services.*.ulimits.*": {"soft": 1, "hard": 1},
    "services.*.build.ulimits.*": {"soft": 1, "hard": 1},
    "services.*.extends": {"service": "base"},
    "secrets.*": {"file": "f"},
    "configs.*": {"file": "f"},
    "models.*": {"model": "m"},
    "jobs.*": {"image": "x", "triggers": {"manual": True}},
    "jobs.*.triggers.schedule.*": {"cron": "* * * * *"},
}


@cache
def schema() -> dict[str, Any]:
    """The schema that check-jsonschema ships."""
    text = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text("utf-8")
    return json.loads(text)


def keys(node: Any, root: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The path of every key the schema names, with `k` for a free name and 0 for an item."""
    while "$ref" in node:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    for word in ("allOf", "anyOf", "oneOf"):
        for branch in node.get(word, ()):
            yield from keys(branch, root, path)
    for key, inner in node.get("properties", {}).items():
        yield (*path, key)
        yield from keys(inner, root, (*path, key))
    for pattern, inner in node.get("patternProperties", {}).items():
        if pattern != "^x-":
            yield from keys(inner, root, (*path, "k"))
    if "items" in node:
        yield from keys(node["items"], root, (*path, 0))


def all_keys(root: dict[str, Any]) -> list[Path]:
    """`keys(root)`, each once."""
    return list(dict.fromkeys(keys(root, root)))


def document(path: Path, value: Any, companions: bool = False) -> dict[str, Any]:
    """A compose file that has `value` at `path`, and on demand what compose needs beside it."""
    for depth in range(len(path), 0, -1):
        step = path[depth - 1]
        if step == 0:
            value = [value]
            continue
        beside = dict(COMPANIONS.get(".".join("*" if s in ("k", 0) else str(s) for s in path[: depth - 1]), {}))
        value = {**beside, step: value} if companions else {step: value}
    if companions and "services" not in value:
        value["services"] = {"base": {"image": "x"}}
    elif companions and isinstance(value["services"], dict):
        value["services"] = {"base": {"image": "x"}, **value["services"]}
    return value


def is_modelled(path: Path) -> bool:
    """Whether the part that holds the last key has a field for it: known beside a bogus key that is reported."""
    data = document(path, None)
    parent: Any = data
    for step in path[:-1]:
        parent = parent[step]
    parent["bogus"] = None
    return list(unknown_keys(ComposeFile.model_validate(data))) == [(*path[:-1], "bogus")]


@pytest.mark.parametrize("path", all_keys(schema()), ids=lambda path: ".".join(map(str, path)))
def test_every_key_of_the_specification_has_a_field(path: Path) -> None:
    assert is_modelled(path)


def test_a_key_without_a_field_would_be_noticed() -> None:
    grown = deepcopy(schema())
    grown["$defs"]["healthcheck"]["properties"]["mood"] = {"type": "string"}
    grown["$defs"]["container_spec"]["properties"]["blkio_config"]["properties"]["mood"] = {"type": "string"}
    missing = [path for path in all_keys(grown) if not is_modelled(path)]
    assert ("services", "k", "healthcheck", "mood") in missing
    assert ("services", "k", "blkio_config", "mood") in missing
    assert {path[-1] for path in missing} == {"mood"}


def compose() -> str:
    """The compose binary beside this Python or on PATH."""
    beside = shutil.which("docker-compose", path=File(sys.executable).parent)
    return beside or shutil.which("docker-compose") or pytest.skip("there is no docker-compose binary here")


def config(data: Any, folder: File, *options: str) -> subprocess.CompletedProcess[str]:
    """`docker compose config` of `data`, without checks between services."""
    command = [compose(), "-p", "p", "--project-directory", str(folder), "-f", "-", "config", "--no-consistency"]
    return subprocess.run([*command, *options], input=json.dumps(data), capture_output=True, text=True, check=False)


def accepted(data: Any) -> bool:
    try:
        ComposeFile.model_validate(data)
    except ValidationError:
        return False
    return True


def test_every_key_the_binary_knows_has_a_field() -> None:
    binary = File(compose()).read_bytes()
    start = binary.rfind(b"{", 0, binary.find(b'"compose_spec.json"'))
    if start < 0:
        pytest.skip("this compose binary does not hold its schema as text")
    root = json.JSONDecoder().raw_decode(binary[start : start + 500_000].decode("utf-8", "replace"))[0]
    assert [path for path in all_keys(root) if not is_modelled(path)] == []


def test_what_the_model_refuses_compose_refuses(tmp_path: File) -> None:
    (tmp_path / ".env").touch()
    probes = [5, "text", ["a"], {"a": "b"}]
    paths = [path for path in all_keys(schema()) if len(path) <= 3 and path[0] != "jobs"]
    documents = [document(path, deepcopy(probe), companions=True) for path in paths for probe in probes]
    refused = [data for data in documents if not accepted(data)]
    assert len(refused) > 200
    with ThreadPoolExecutor() as pool:
        results = pool.map(lambda data: config(data, tmp_path, "--quiet"), refused)
    assert [data for data, result in zip(refused, results, strict=True) if result.returncode == 0] == []


SPECS = """
    80 80:80 +80:80 -1:80 0 80:0 65535 65536 080 80:x x ::80 :80 80: : :::80 80:80: 0:80 22:22 80- -80 8_0 0x50 80.0
    [::1]:80:80 ::1:80:80 [::1:80:80 [127.0.0.1]:80:80 fe80::1%eth0:80:80 ::ffff:1.2.3.4:80:80 [::]:80:80/TCP
    127.0.0.1:80:80 127.0.0.1::80 127.0.0.01:80:80 256.0.0.1:80:80 localhost:80:80 1.2.3:80:80 *:80:80
    80/tcp 80/UDP 80/ 80// /tcp 80/tcp/x 80/sctp 80/icmp
    8000-8010:8000-8010/udp 8000-8010:80 8000-8010:80-81 80-79 80-80 127.0.0.1:8000-8010:80
"""


def test_ports_are_read_as_compose_reads_them(tmp_path: File) -> None:
    def by_compose(spec: str) -> Any:
        result = config({"services": {"web": {"image": "x", "ports": [spec]}}}, tmp_path, "--format", "json")
        return None if result.returncode else json.loads(result.stdout)["services"]["web"]["ports"]

    def by_us(spec: str) -> Any:
        data = {"services": {"web": {"image": "x", "ports": [spec]}}}
        return ComposeFile.model_validate(data).read_services()["web"].read_ports() if accepted(data) else None

    with ThreadPoolExecutor() as pool:
        for spec, theirs in zip(SPECS.split(), pool.map(by_compose, SPECS.split()), strict=True):
            ours = by_us(spec)
            assert (theirs is None) == (ours is None), spec
            if ours:
                first = min(theirs, key=lambda port: port["target"])
                assert len(port_range(ours[0].target) or ()) == len(theirs), spec
                assert (first.get("host_ip"), first["protocol"]) == (ours[0].host_ip, ours[0].protocol), spec
                assert ("published" in first) == (ours[0].published is not None), spec


def normalised(field: str, values: list[str], folder: File) -> dict[str, Any]:
    """What compose makes of each value of a field of a service."""
    services = {f"s{index}": {"image": "x", field: value} for index, value in enumerate(values)}
    result = config({"services": services}, folder, "--format", "json")
    assert result.returncode == 0, result.stderr
    read = json.loads(result.stdout)["services"]
    return {value: read[f"s{index}"].get(field) for index, value in enumerate(values)}


def test_byte_sizes_are_read_as_compose_reads_them(tmp_path: File) -> None:
    sizes = "1024 512M 512m 1gb 1GB 1.5g 64KiB 1k 7b 1t .5g 1e3 1.g +5m 0.0000001p -1"
    for text, size in normalised("memswap_limit", [*sizes.split(), "64 MiB", "1 k"], tmp_path).items():
        assert byte_size(text) == int(size), text


def test_durations_are_read_as_compose_reads_them(tmp_path: File) -> None:
    texts = ["1m30s", "1.5s", "500ms", "2h45m", "1d", "1w", "100us", "1.5h", ".5s", "1.s", "+3s", "-3s", "0", "1h1h"]
    for text, canonical in normalised("stop_grace_period", texts, tmp_path).items():
        assert duration(text) == pytest.approx(duration(canonical)), text


def test_volumes_are_read_as_compose_reads_them(tmp_path: File) -> None:
    specs = [
        *("/data", "./x:/data", "../x:/data:ro", "/x:/data:rw,z", "~/x:/data", "data:/data", "data:/data:ro,nocopy"),
        *("C:\\x:/data", "c:/x:/data:ro", "data:C:\\x", ".:/data", "d", "${X:-./x}:/data", "${X:-vol}:/data:ro"),
    ]
    services = {f"s{index}": {"image": "x", "volumes": [spec]} for index, spec in enumerate(specs)}
    result = config({"services": services}, tmp_path, "--format", "json", "--no-path-resolution")
    theirs = json.loads(result.stdout)["services"]
    ours = ComposeFile.model_validate({"services": services}).read_services()
    for index, spec in enumerate(specs):
        (mount,), volume = ours[f"s{index}"].read_volumes(), theirs[f"s{index}"]["volumes"][0]
        assert (mount.type, mount.source, mount.target, mount.read_only) == (
            *(volume["type"], volume.get("source"), volume["target"], volume.get("read_only", False)),
        ), spec
