"""The normalised meaning of fields with several syntaxes."""

from typing import Any

import pytest

from hardener.model import (
    ComposeFile,
    Dependency,
    EnvFile,
    Extends,
    Grant,
    Mount,
    Port,
    Service,
    Ulimit,
    parse_port,
    port_range,
)


def service(**fields: Any) -> Service:
    return ComposeFile.model_validate({"services": {"web": fields}}).read_services()["web"]


def test_ports_of_every_syntax() -> None:
    long = {"target": 80, "published": "8080", "host_ip": "127.0.0.1", "protocol": "UDP", "mode": "host", "name": "web"}
    ports = service(ports=[80, "8080:80", None, "[::1]:53:53/UDP", "8000-8010:8000-8010", long, {"published": 1}])
    assert ports.read_ports() == [
        Port(0, "80"),
        Port(1, "80", "8080"),
        Port(3, "53", "53", "::1", "udp"),
        Port(4, "8000-8010", "8000-8010"),
        Port(5, "80", "8080", "127.0.0.1", "udp", "host", "web"),
    ]
    assert port_range("8000-8010") == range(8000, 8011)
    assert [port_range(text) for text in (None, "${PORT}", "65536", "9-8", "")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("${PORT:-8080}:80", Port(0, "80", "8080")),
        ("${PORT}:80", Port(0, "80", "${PORT}")),
        ("${IP:-127.0.0.1}:${PORT:?no}:80/udp", Port(0, "80", "${PORT:?no}", "${IP:-127.0.0.1}", "udp")),
        ("$PORT", Port(0, "$PORT")),
        ("80:x", None),
    ],
)
def test_ports_with_variables(text: str, port: Port | None) -> None:
    assert parse_port(text) == port


@pytest.mark.parametrize(
    ("entry", "mount"),
    [
        ("/data", Mount(0, "volume", None, "/data")),
        ("data:/data", Mount(0, "volume", "data", "/data")),
        ("./x:/data:ro,z", Mount(0, "bind", "./x", "/data", True, ("ro", "z"))),
        ("~/x:/data", Mount(0, "bind", "~/x", "/data")),
        ("C:\\x:/data", Mount(0, "bind", "C:\\x", "/data")),
        ("${DIR:-./x}:/data", Mount(0, "bind", "./x", "/data")),
        ("${DIR}/x:/data", Mount(0, "bind", "${DIR}/x", "/data")),
        ("${DIR}:/data:ro", Mount(0, None, "${DIR}", "/data", True, ("ro",))),
        ("my_${NAME}:/data", Mount(0, "volume", "my_${NAME}", "/data")),
        ({"type": "bind", "source": "/x", "target": "/y", "read_only": "true"}, Mount(0, "bind", "/x", "/y", True)),
        ({"type": "tmpfs", "target": "/y"}, Mount(0, "tmpfs", None, "/y")),
    ],
)
def test_volumes(entry: Any, mount: Mount) -> None:
    assert service(volumes=[entry]).read_volumes() == [mount]


def test_tmpfs_and_anonymous_volumes() -> None:
    assert service(tmpfs="/run").read_tmpfs() == [Mount(0, "tmpfs", None, "/run")]
    assert service(tmpfs=["/a", "/b:ro,size=64m"]).read_tmpfs()[1] == Mount(
        1, "tmpfs", None, "/b", True, ("ro", "size=64m")
    )
    assert [mount.anonymous for mount in service(volumes=["/a", "bb:/b", None, "$C"]).read_volumes()] == [
        True,
        False,
        False,
    ]


def test_environment_and_labels_as_map_and_list() -> None:
    assert service(environment={"A": 1, "B": True, "C": 1.5, "D": 2.0, "E": None, "F": "yes"}).read_environment() == {
        **{"A": "1", "B": "true", "C": "1.5", "D": "2", "E": None, "F": "yes"},
    }
    assert service(environment=["A=1", "B=x=y", "C", "D=", None]).read_environment() == {
        **{"A": "1", "B": "x=y", "C": None, "D": ""},
    }
    assert service(labels=["a=b", "c"]).read_labels() == service(labels={"a": "b", "c": None}).read_labels()
    assert service().read_environment() == {}


def test_lists_that_can_be_one_text() -> None:
    assert service(env_file=".env").read_env_file() == [EnvFile(".env")]
    assert service(env_file=["a", {"path": "b", "required": False, "format": "raw"}]).read_env_file() == [
        EnvFile("a"),
        EnvFile("b", False, "raw"),
    ]
    build = service(build="./app").read_build()
    assert build and build.context == "./app" and build.read_args() == {}
    assert service().read_build() is None
    assert service(extends="base").read_extends() == Extends("base")
    assert service(extends={"service": "base", "file": "b.yml"}).read_extends() == Extends("base", "b.yml")
    includes = ComposeFile.model_validate({"include": ["a.yml", {"path": ["b.yml", "c.yml"], "env_file": "x"}]})
    assert [include.read_path() for include in includes.read_include()] == [["a.yml"], ["b.yml", "c.yml"]]


def test_dependencies_and_networks() -> None:
    assert service(depends_on=["db"]).read_depends_on() == {"db": Dependency()}
    long = {"db": {"condition": "service_healthy", "restart": "true"}, "mq": {"required": False}}
    assert service(depends_on=long).read_depends_on() == {
        "db": Dependency("service_healthy", True, True),
        "mq": Dependency(required=False),
    }
    assert list(service(networks=["a", "b"]).read_networks()) == ["a", "b"]
    networks = service(networks={"a": None, "b": {"aliases": ["x"]}}).read_networks()
    assert networks["a"].aliases is None
    assert networks["b"].aliases == ["x"]


def test_grants() -> None:
    granted = service(secrets=["a", {"source": "b", "target": "c", "mode": 256}, {"source": "d", "target": "/e"}])
    assert granted.read_secrets() == [
        Grant(0, "a", "/run/secrets/a"),
        Grant(1, "b", "/run/secrets/c", mode=256),
        Grant(2, "d", "/e"),
    ]
    assert service(configs=["a"]).read_configs() == [Grant(0, "a", "/a")]


def test_commands() -> None:
    assert service(command="npm run 'my start'").read_command() == ["npm", "run", "my start"]
    assert service(command="it's broken").read_command() == ["it's broken"]
    assert service(command=["a b", "c"]).read_command() == ["a b", "c"]
    assert service(command=[]).read_command() == service(command="").read_command() == []
    assert service().read_command() is None


def test_healthcheck() -> None:
    def check(**fields: Any) -> Any:
        return service(healthcheck=fields).healthcheck

    assert check(test="curl x").read_test() == ["CMD-SHELL", "curl x"]
    assert check(test=["CMD", "true"], interval="1m30s", retries="3").read_interval() == 90
    assert [check(disable=True).disabled, check(disable="yes").disabled, check(test=["NONE"]).disabled] == [True] * 3
    assert [check().disabled, check(test="x").disabled] == [False] * 2


def test_limits() -> None:
    web = service(
        **{"mem_limit": "512m", "cpus": "0.5", "pids_limit": 100, "stop_grace_period": "1m"},
        ulimits={"nofile": 5, "nproc": {"soft": 1, "hard": "${X}"}},
        deploy={"resources": {"limits": {"memory": "${MEM:-1G}", "cpus": 2, "pids": "50"}}, "replicas": "2"},
    )
    assert (web.read_mem_limit(), web.read_cpus(), web.read_pids_limit(), web.read_stop_grace_period()) == (
        *(512 << 20, 0.5, 100, 60),
    )
    assert web.read_ulimits() == {"nofile": Ulimit(5, 5), "nproc": Ulimit(1, None)}
    assert web.deploy and web.deploy.resources and web.deploy.resources.limits
    limits = web.deploy.resources.limits
    assert (limits.read_memory(), limits.read_cpus(), limits.read_pids(), web.read_scale()) == (1 << 30, 2, 50, 2)
