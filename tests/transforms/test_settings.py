"""What each setting of each rule does, through the public API."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from pydantic import ValidationError

from hardener import (
    Init,
    Logging,
    NoNewPrivileges,
    ObsoleteVersion,
    Plan,
    Profile,
    ResourceLimits,
    RestartPolicy,
    Selection,
    StopGracePeriod,
    Transform,
    load,
    plan,
)
from hardener.model import Service
from hardener.transforms.base import Confidence
from hardener.transforms.read_only import ReadOnly
from hardener.transforms.resource_limits import Asked, Budget, Reservation, memory_asked, memory_limits

M = 1024 * 1024
G = 1024 * M


def planned(text: str, *transforms: Transform, **settings: Any) -> Plan:
    return plan(load(dedent(text)), Profile(transforms=transforms, **settings))


def service(made: Plan, name: str) -> dict[str, Any]:
    body = load(made.text).merged["services"][name]  # type: ignore[index,call-overload]
    assert isinstance(body, dict)
    return body


WEB = """
    services:
      web:
        image: nginx:1.27
    """


# restart-policy


@pytest.mark.parametrize("policy", ["always", "unless-stopped", "on-failure", "on-failure:5"])
def test_restart_policy(policy: str) -> None:
    assert service(planned(WEB, RestartPolicy(policy=policy)), "web")["restart"] == policy


@pytest.mark.parametrize("policy", ["no", "never", "on-failure:0", "on-failure:", "always ", ""])
def test_no_other_restart_policy(policy: str) -> None:
    with pytest.raises(ValidationError):
        RestartPolicy(policy=policy)


@pytest.mark.parametrize(
    "name",
    ["migrate", "db-migrations", "minio_init", "initdb", "setup", "seed", "seeds", "db-backup", "create-buckets"],
)
def test_a_name_of_a_job(name: str) -> None:
    made = planned(f"services:\n  {name}:\n    image: ghcr.io/acme/x:1\n", RestartPolicy(confidence=SURE))
    assert not made.changes
    assert "name" in made.verdicts[0].reason


@pytest.mark.parametrize("name", ["web", "api", "reseeder", "backend", "db", "latest", "testament"])
def test_a_name_of_no_job(name: str) -> None:
    assert planned(f"services:\n  {name}:\n    image: ghcr.io/acme/x:1\n", RestartPolicy(confidence=SURE)).changes


@pytest.mark.parametrize(
    "command",
    [
        "alembic upgrade head",
        "npx prisma migrate deploy",
        "./manage.py migrate --noinput",
        "sh -c 'sleep 5 && ./manage.py createsuperuser --noinput'",
        "flyway migrate",
        "pg_dump -h db -U shop -f /backup/shop.sql",
        "chown -R 1000:1000 /data",
        "sh -c 'chown -R 1000:1000 /data'",
        '["/bin/sh", "-c", "chown -R 1000:1000 /data"]',
        "certbot certonly --webroot -w /var/www",
    ],
)
def test_a_command_of_a_job(command: str) -> None:
    made = planned(
        f"services:\n  x:\n    image: ghcr.io/acme/x:1\n    command: {command}\n", RestartPolicy(confidence=SURE)
    )
    assert not made.changes


@pytest.mark.parametrize(
    "command",
    [
        "./manage.py migrate && gunicorn shop.wsgi",
        "sh -c 'alembic upgrade head; exec uvicorn app:app'",
        "bundle exec puma",
        "tail -f /dev/null",
        "sleep infinity",
    ],
)
def test_a_command_that_goes_on(command: str) -> None:
    made = planned(
        f"services:\n  x:\n    image: ghcr.io/acme/x:1\n    command: {command}\n", RestartPolicy(confidence=SURE)
    )
    assert service(made, "x")["restart"] == "unless-stopped"


# logging


def test_logging_as_asked() -> None:
    made = planned(WEB, Logging(driver="local", max_size="5m", max_file=2, options={"compress": "true"}))
    assert service(made, "web")["logging"] == {
        "driver": "local",
        "options": {"max-size": "5m", "max-file": "2", "compress": "true"},
    }


def test_syslog_gets_no_rotation() -> None:
    made = planned(WEB, Logging(driver="syslog", options={"syslog-address": "udp://10.0.0.5:514", "tag": "{{.Name}}"}))
    assert service(made, "web")["logging"] == {
        "driver": "syslog",
        "options": {"syslog-address": "udp://10.0.0.5:514", "tag": "{{.Name}}"},
    }
    assert service(planned(WEB, Logging(driver="syslog")), "web")["logging"] == {"driver": "syslog"}


FLUENTD = """
    services:
      web:
        image: nginx:1.27
      fluentd:
        image: fluent/fluentd:v1.17-1
      vector:
        image: ghcr.io/acme/collector:1
        ports: ["127.0.0.1:24224:24224"]
      relay:
        image: ghcr.io/acme/relay:1
        expose: ["24224"]
    """


def test_the_collector_does_not_log_to_itself() -> None:
    made = planned(FLUENTD, Logging(driver="fluentd", options={"fluentd-address": "127.0.0.1:24224"}))
    assert service(made, "web")["logging"] == {
        "driver": "fluentd",
        "options": {"fluentd-async": "true", "fluentd-address": "127.0.0.1:24224"},
    }
    for collector in ("fluentd", "vector", "relay"):
        assert service(made, collector)["logging"] == {
            "driver": "json-file",
            "options": {"max-size": "10m", "max-file": "3"},
        }


def test_an_option_of_the_setting_wins_over_a_default() -> None:
    made = planned(WEB, Logging(driver="fluentd", options={"fluentd-async": "false"}))
    assert service(made, "web")["logging"]["options"] == {"fluentd-async": "false"}


def test_an_explicit_driver_stays_whatever_the_setting() -> None:
    text = """
        services:
          a: {image: nginx, logging: {driver: json-file}}
          b: {image: nginx, logging: {driver: local, options: {max-size: 1m}}}
          c: {image: nginx, logging: {driver: gelf}}
          d: {image: nginx, logging: {driver: none}}
        """
    made = planned(text, Logging(driver="fluentd", max_size="7m", options={"fluentd-address": "x:1"}))
    assert service(made, "a")["logging"] == {"driver": "json-file", "options": {"max-size": "7m", "max-file": "3"}}
    assert service(made, "b")["logging"] == {"driver": "local", "options": {"max-size": "1m", "max-file": "3"}}
    assert service(made, "c")["logging"] == {"driver": "gelf"}
    assert service(made, "d")["logging"] == {"driver": "none"}
    assert [advice.service for advice in made.advice] == ["d"]


@pytest.mark.parametrize("options", [{"max_size": "10 MB"}, {"max_size": "0"}, {"max_file": 0}, {"driver": "none"}])
def test_logging_settings_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Logging(**options)


# no-new-privileges, stop-grace-period, init, obsolete-version


def test_no_new_privileges_of_an_unknown_image_is_assumed() -> None:
    text = "services:\n  a:\n    image: ghcr.io/acme/x:1\n  b:\n    image: redis:7\n"
    made = planned(text, NoNewPrivileges())
    assert [change.service for change in made.changes] == ["b"]
    assert [(change.service, change.confidence) for change in made.held] == [("a", Confidence.ASSUMED)]
    assert len(planned(text, NoNewPrivileges(confidence=Confidence.ASSUMED)).changes) == 2


def test_stop_grace_period() -> None:
    text = "services:\n  web:\n    image: nginx:1.27\n  db:\n    image: postgres:16\n"
    made = planned(text, StopGracePeriod(period="45s"))
    assert service(made, "web")["stop_grace_period"] == "45s"
    assert service(made, "db")["stop_grace_period"] == "90s"
    assert service(planned(text, StopGracePeriod(period="5m")), "db")["stop_grace_period"] == "5m"


@pytest.mark.parametrize("period", ["", "30", "1d", "-5s", "soon"])
def test_no_other_period(period: str) -> None:
    with pytest.raises(ValidationError):
        StopGracePeriod(period=period)


def test_init_names_its_evidence() -> None:
    (change,) = planned("services:\n  api:\n    image: node:20\n", Init()).changes
    assert change.value is True
    assert change.evidence[0].source


def test_obsolete_version_of_a_file() -> None:
    (change,) = planned("version: '3'\nservices:\n  a:\n    image: nginx\n", ObsoleteVersion()).changes
    assert (change.action, change.path, change.service) == ("remove", ("version",), None)


def test_what_a_provider_runs_is_no_container() -> None:
    """https://docs.docker.com/compose/how-tos/provider-services/: compose runs a program and starts nothing."""
    text = "services:\n  db:\n    provider:\n      type: awesomecloud\n"
    assert not planned(text, RestartPolicy(), Logging(), StopGracePeriod()).changes


# resource-limits

SURE = Confidence.ASSUMED
APP = """
    services:
      app:
        build: .
    """


def limits(made: Plan, name: str = "app") -> dict[str, Any]:
    found = service(made, name).get("deploy", {}).get("resources", {}).get("limits", {})
    assert isinstance(found, dict)
    return found


def test_the_seed_values_of_an_app() -> None:
    made = planned(APP, ResourceLimits(confidence=SURE))
    assert service(made, "app")["deploy"] == {
        "resources": {
            "limits": {"cpus": "1.0", "memory": "512M", "pids": 512},
            "reservations": {"cpus": "0.5", "memory": "256M"},
        }
    }


def test_what_is_built_here_is_only_assumed() -> None:
    assert [change.confidence for change in planned(APP, ResourceLimits()).held] == [Confidence.ASSUMED]


def test_a_budget_limits_only_what_it_names() -> None:
    made = planned(APP, ResourceLimits(confidence=SURE, roles={"app": Budget(memory="1G")}))
    assert service(made, "app")["deploy"] == {"resources": {"limits": {"memory": "1G"}}}
    made = planned(APP, ResourceLimits(confidence=SURE, roles={"app": Budget(reservations=Reservation(cpus="0.5"))}))
    assert service(made, "app")["deploy"] == {"resources": {"reservations": {"cpus": "0.5"}}}


def test_an_empty_budget_changes_nothing() -> None:
    assert not planned(APP, ResourceLimits(confidence=SURE, roles={"app": Budget()})).changes


def test_budgets_by_role() -> None:
    text = """
        services:
          app: {build: .}
          db: {image: mariadb:11}
          cache: {image: valkey/valkey:8}
        """
    roles = {"app": Budget(memory="64M"), "database": Budget(memory="2G")}
    made = planned(text, ResourceLimits(confidence=SURE, roles=roles))
    assert (limits(made), limits(made, "db"), limits(made, "cache")) == ({"memory": "64M"}, {"memory": "2G"}, {})


def test_a_role_of_the_profile_for_an_unknown_image() -> None:
    text = "services:\n  search:\n    image: ghcr.io/acme/search:1\n"
    rule = ResourceLimits(confidence=SURE, roles={"search": Budget(memory="3G")})
    assert not planned(text, rule).changes
    made = planned(text, rule, roles={"search": "search"})
    assert limits(made, "search") == {"memory": "3G"}
    assert made.changes[0].evidence[0].source == "profile"


def test_a_reservation_is_lowered_to_a_lower_limit() -> None:
    # As in a profile that lowers a limit and extends one that reserves.
    budget = Budget.model_validate({"memory": "128M", "reservations": {"memory": "256M"}})
    made = planned("services:\n  app:\n    build: .\n", ResourceLimits(confidence=SURE, roles={"app": budget}))
    resources = {"limits": {"memory": "128M"}, "reservations": {"memory": "128M"}}
    assert made.changes[0].value == {"resources": resources}


@pytest.mark.parametrize(
    "budget",
    [
        {"memory": "512"},
        {"memory": "0M"},
        {"cpus": "all"},
        {"pids": 0},
    ],
)
def test_budgets_are_checked(budget: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Budget.model_validate(budget)


def test_budgets_are_for_roles_there_are() -> None:
    with pytest.raises(ValidationError):
        ResourceLimits.model_validate({"roles": {"databse": {"memory": "1G"}}})


def test_no_less_than_its_image_needs() -> None:
    text = "services:\n  q:\n    image: rabbitmq:3\n"
    made = planned(text, ResourceLimits(confidence=SURE, roles={"queue": Budget(memory="64M")}))
    assert limits(made, "q") == {"memory": "192M"}


@pytest.mark.parametrize(
    "own",
    [
        "mem_reservation: 700m",
        "deploy: {resources: {reservations: {memory: 700M}}}",
        "shm_size: 700m",
        "tmpfs: ['/tmp:size=350m,mode=1777', '/run']",
        "volumes: [{type: tmpfs, target: /x, tmpfs: {size: 367001600}}]",
        "command: java -Xmx450m -jar x.jar",
    ],
)
def test_no_less_than_the_service_asks_for(own: str) -> None:
    made = planned(f"services:\n  app:\n    build: .\n    {own}\n", ResourceLimits(confidence=SURE))
    (size,) = memory_limits(made_services(made)).values()
    assert size >= 675 * M


def test_no_fewer_processors_than_it_reserves() -> None:
    own = 'deploy: {resources: {reservations: {cpus: "2"}}}'
    made = planned(f"services:\n  app:\n    build: .\n    {own}\n", ResourceLimits(confidence=SURE))
    assert float(limits(made).get("cpus", 2)) >= 2


def test_no_more_than_memory_and_swap_together() -> None:
    made = planned("services:\n  app:\n    build: .\n    memswap_limit: 300m\n", ResourceLimits(confidence=SURE))
    assert "memory" not in limits(made)


def test_room_for_what_the_read_only_root_puts_into_memory() -> None:
    """In whatever order the rules are listed."""
    made = planned(
        "services:\n  db:\n    image: mariadb:11\n", ResourceLimits(roles={"database": Budget(memory="1G")}), ReadOnly()
    )
    assert memory_limits(made_services(made))["db"] >= 2 * G


@pytest.mark.parametrize("image", ["ollama/ollama:0.5.1", "gitlab/gitlab-ce:17.5.1-ce.0"])
def test_no_limit_on_processors_where_it_costs_more_than_that_share(image: str) -> None:
    made = planned(f"services:\n  app:\n    image: {image}\n", ResourceLimits(confidence=SURE))
    assert {"memory", "pids"} <= limits(made).keys() and "cpus" not in limits(made)


def test_as_many_threads_as_its_image_starts() -> None:
    budget = {"database": Budget(memory="1G", pids=512)}
    made = planned("services:\n  db:\n    image: clickhouse/clickhouse-server:24.8\n", ResourceLimits(roles=budget))
    assert limits(made, "db") == {"memory": "4G", "pids": 4096}


@pytest.mark.parametrize("size", ["9999999999g", "8388607t", "99999999999999999999g"])
def test_no_limit_that_no_machine_could_have(size: str) -> None:
    made = planned(f"services:\n  app:\n    build: .\n    tmpfs: /v:size={size}\n", ResourceLimits(confidence=SURE))
    assert "memory" not in limits(made)


@pytest.mark.parametrize("own", ["cpu_quota: 50000", "cpu_period: 100000"])
def test_no_cpus_beside_a_quota(own: str) -> None:
    made = planned(f"services:\n  app:\n    build: .\n    {own}\n", ResourceLimits(confidence=SURE))
    assert "cpus" not in limits(made)


def made_services(made: Plan) -> dict[str, Service]:
    from hardener.model.project import read_project

    return read_project(load(made.text)).services


def test_the_sum_of_limits_counts_every_container() -> None:
    text = """
        services:
          a: {image: x, mem_limit: 100m, scale: 3}
          b: {image: x, deploy: {replicas: 2, resources: {limits: {memory: 1G}}}}
          c: {image: x}
        """
    assert memory_limits(made_services(planned(text))) == {"a": 300 * M, "b": 2 * G}


# What a service asks for. Never below; how much above is a matter of taste, so only a factor of two is checked.


def asked(**keys: Any) -> Asked | None:
    return memory_asked(Service.model_validate({"image": "x", **keys}))


@pytest.mark.parametrize(
    ("keys", "least"),
    [
        ({"command": "java -Xmx512m -jar app.jar"}, 512 * M),
        ({"command": "java -Xms64m -Xmx2G -jar app.jar"}, 2 * G),
        ({"command": ["java", "-Xmx1073741824", "-jar", "app.jar"]}, G),
        ({"command": "java -Xmx262144k -jar app.jar"}, 256 * M),
        ({"entrypoint": ["java", "-Xmx3g"], "command": ["-jar", "app.jar"]}, 3 * G),
        ({"command": "sh -c 'exec java -Xmx768m -jar app.jar'"}, 768 * M),
        ({"environment": {"JAVA_OPTS": "-Xms1g -Xmx1g"}}, G),
        ({"environment": {"ES_JAVA_OPTS": "-Xms4g -Xmx4g"}}, 4 * G),
        ({"environment": ["ES_JAVA_OPTS=-Xms512m -Xmx512m"]}, 512 * M),
        ({"environment": ['"ES_JAVA_OPTS=-Xms512m -Xmx512m"']}, 512 * M),
        ({"environment": {"KAFKA_HEAP_OPTS": "-Xmx1G -Xms1G"}}, G),
        ({"environment": {"JAVA_TOOL_OPTIONS": "-XX:+UseG1GC -Xmx600M"}}, 600 * M),
        ({"environment": {"ES_JAVA_OPTS": "-Xmx${HEAP:-1g}"}}, G),
        ({"environment": {"ES_JAVA_OPTS": "${OPTS:--Xms3g -Xmx3g}"}}, 3 * G),
        ({"command": "node --max-old-space-size=4096 server.js"}, 4 * G),
        ({"command": "node --max_old_space_size=2048 server.js"}, 2 * G),
        ({"environment": {"NODE_OPTIONS": "--max-old-space-size=1536"}}, 1536 * M),
        ({"environment": {"NODE_OPTIONS": '--max-old-space-size="1024"'}}, G),
        ({"command": "redis-server --maxmemory 256mb --maxmemory-policy allkeys-lru"}, 256 * M),
        ({"command": ["redis-server", "--maxmemory", "2gb"]}, 2 * G),
        ({"command": "redis-server --maxmemory 104857600"}, 100 * M),
        ({"command": "postgres -c shared_buffers=256MB -c max_connections=200"}, 256 * M),
        ({"command": ["postgres", "-c", "shared_buffers=4GB"]}, 4 * G),
        ({"command": "postgres -c shared_buffers=65536"}, 512 * M),
        ({"command": "postgres -c 'shared_buffers = 1GB'"}, G),
        ({"command": "postgres -c shared_buffers=524288kB"}, 512 * M),
        ({"command": "mysqld --innodb-buffer-pool-size=1G"}, G),
        ({"command": ["--innodb_buffer_pool_size=536870912"]}, 512 * M),
        ({"command": "mysqld --innodb_buffer_pool_size 2G"}, 2 * G),
        ({"shm_size": "2gb"}, 2 * G),
        ({"tmpfs": "/x:size=1g"}, 2 * G),
        ({"tmpfs": ["/x:mode=1777,size=512m", "/y:noexec"]}, G),
        ({"shm_size": 268435456}, 256 * M),
        ({"shm_size": "1gb", "command": "postgres -c shared_buffers=1GB"}, 2 * G),
        ({"command": "java -Xmx1g -jar a.jar", "environment": {"JAVA_OPTS": "-Xmx256m"}}, G),
    ],
)
def test_memory_asked(keys: dict[str, Any], least: int) -> None:
    found = asked(**keys)
    assert found is not None
    assert least <= found.size <= 2 * least


@pytest.mark.parametrize(
    "keys",
    [
        {"command": "java -Xmx${HEAP} -jar app.jar"},
        {"command": "java -Xmx$HEAP -jar app.jar"},
        {"command": "sh -c 'java -Xmx$$HEAP -jar app.jar'"},
        {"environment": {"ES_JAVA_OPTS": "-Xms${HEAP:?} -Xmx${HEAP:?}"}},
        {"environment": {"ES_JAVA_OPTS": "${ES_JAVA_OPTS}"}},
        {"command": "redis-server --maxmemory ${REDIS_MEMORY}"},
        {"command": "postgres -c shared_buffers=${BUFFERS}"},
        {"command": "node --max-old-space-size=${HEAP_MB:-${FALLBACK}} x.js"},
        {"command": "java -Xmx512m -Xmx${HEAP} -jar app.jar"},
    ],
)
def test_memory_asked_by_a_variable_is_not_known(keys: dict[str, Any]) -> None:
    found = asked(**keys)
    assert found is not None
    assert found.size == 0


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"command": "redis-server --maxmemory-policy noeviction"},
        {"command": "redis-server --appendonly yes"},
        {"environment": {"HEAP": "12g"}},
        {"command": "postgres -c max_connections=200"},
        {"command": "java -XX:MaxRAMPercentage=75 -jar app.jar"},
    ],
)
def test_no_memory_asked(keys: dict[str, Any]) -> None:
    assert asked(**keys) is None


@pytest.mark.parametrize("own", ["cpus: 0.5", "pids_limit: 100", "mem_limit: 600m", "mem_reservation: 32m"])
def test_the_short_form_is_joined(
    own: str, read_by_compose: Callable[..., tuple[dict[str, Any] | None, str]], tmp_path: Any
) -> None:
    made = planned(f"services:\n  app:\n    build: .\n    {own}\n", ResourceLimits(confidence=SURE))
    body = service(made, "app")
    assert "deploy" not in body
    assert {"cpus", "mem_limit", "pids_limit"} <= body.keys()
    model, complaint = read_by_compose(made.text, tmp_path)
    assert model is not None, complaint


SENSIBLE = [{"cpus": "0.01"}, {"cpus": "64"}, {"memory": "6M"}, {"memory": "2048G"}, {"pids": 1}, {}]
SENSELESS = [
    ({"cpus": "0"}, "0 is not between 0.01 and 8192"),  # no limit, to the engine
    ({"cpus": "0.0"}, "leave the key out"),
    ({"cpus": "0.005"}, "not between"),
    ({"cpus": "1" + "0" * 400}, "not between"),
    ({"memory": "1M"}, "less than 6M, the least that the engine accepts"),
    ({"memory": "999999999999999999G"}, "more memory than a machine has"),
    ({"pids": 0}, "greater than or equal to 1"),
    ({"pids": 2**31}, "less than or equal to"),
]


@pytest.mark.parametrize("budget", SENSIBLE, ids=str)
def test_limits_that_are_taken(budget: dict[str, Any]) -> None:
    reserved = {key: value for key, value in budget.items() if key != "pids"}
    made = ResourceLimits.model_validate({"roles": {"app": {**budget, "reservations": reserved}}})
    assert made.roles["app"].model_dump(exclude_none=True) == {**budget, "reservations": reserved}


@pytest.mark.parametrize(("budget", "told"), SENSELESS, ids=str)
def test_limits_that_are_none(budget: dict[str, Any], told: str) -> None:
    for role in (budget, {"reservations": budget}) if "pids" not in budget else (budget,):
        with pytest.raises(ValidationError, match=told):
            ResourceLimits.model_validate({"roles": {"app": role}})


def rules_that_change(text: str, *rules: str, folder: Path | None = None) -> set[tuple[str, str | None]]:
    document = load(text, str(folder / "compose.yml") if folder else "compose.yml")
    made = plan(document, Profile.read("production"), Selection(only=rules))
    return {(change.rule, change.service) for change in made.changes}


@pytest.mark.parametrize(
    "more",
    [
        "tmpfs: /var/lib/postgresql/data",
        "volumes: ['${DATA:-data}:/var/lib/postgresql/data']",
        "volumes: [{type: volume, source: data, target: /var/lib/postgresql/data, volume: {nocopy: true}}]",
        "environment: {PGDATA: /elsewhere}",
        "working_dir: /elsewhere",
        "network_mode: ${NET:-host}",
        "env_file: not-there.env",
    ],
)
def test_another_user_is_not_locked_out(more: str) -> None:
    text = f"services:\n  db:\n    image: postgres:16\n    {more}\nvolumes: {{data: {{}}}}\n"
    assert not rules_that_change(text, "non-root")


def test_what_an_env_file_sets_counts_as_set(tmp_path: Path) -> None:
    text = "services:\n  queue: {image: 'rabbitmq:3.13', env_file: queue.env}\n"
    (tmp_path / "queue.env").write_text("RABBITMQ_DEFAULT_USER=shop\n")
    assert rules_that_change(text, "healthcheck", folder=tmp_path)
    (tmp_path / "queue.env").write_text("RABBITMQ_NODE_PORT=5673\n")
    assert not rules_that_change(text, "healthcheck", folder=tmp_path)


@pytest.mark.parametrize(
    ("check", "relied"),
    [
        ("{test: pg_isready -U shop}", True),
        ('{test: ["CMD-SHELL", "pg_isready -U shop || exit 1"], interval: 5s, retries: 6}', True),
        ("{test: pg_isready, interval: 3s, retries: 3}", False),
        ("{test: pg_isready, interval: 3s, retries: 3, start_period: 1m}", True),
        ("{test: psql -c 'SELECT 1 FROM migrations'}", False),
        ("{test: pg_isready && psql -c 'SELECT 1 FROM migrations'}", False),
    ],
)
def test_a_check_of_a_store_is_relied_on_if_it_asks_only_whether_that_answers(check: str, relied: bool) -> None:
    text = (
        f"services:\n  app: {{image: x, depends_on: [db]}}\n  db:\n    image: postgres:16\n    healthcheck: {check}\n"
    )
    assert bool(rules_that_change(text, "depends-on-healthy")) is relied


def test_members_of_a_cluster_do_not_wait_for_one_another() -> None:
    text = "services:\n  one: {image: 'redis:7'}\n  two: {image: 'redis:7', depends_on: [one]}\n"
    assert rules_that_change(text, "healthcheck", "depends-on-healthy") == {
        ("healthcheck", "one"),
        ("healthcheck", "two"),
    }


@pytest.mark.parametrize(
    "more",
    [
        "cap_drop: [DAC_OVERRIDE, CHOWN]",
        "cap_drop: [cap_setuid]",
    ],
)
def test_what_is_taken_away_is_not_given_back(more: str) -> None:
    text = f"services:\n  cache:\n    image: redis:7\n    {more}\n    volumes: ['./d:/data']\n"
    assert not rules_that_change(text, "capabilities")


def test_code_of_ones_own_that_asks_for_more_is_left_alone() -> None:
    text = "services:\n  tool: {image: 'python:3.12', command: python tool.py, cap_add: [NET_ADMIN]}\n"
    assert not rules_that_change(text, "capabilities")


@pytest.mark.parametrize("mode", ["host", "${NET:-host}", "service:front"])
def test_on_the_network_of_the_host_low_ports_need_a_capability(mode: str) -> None:
    text = (
        f"services:\n  web: {{image: 'python:3.12', command: python app.py, network_mode: '{mode}'}}\n"
        "  front: {image: x, network_mode: host}\n"
    )
    made = plan(load(text), Profile.read("production"), Selection(only=("capabilities",)))
    assert "NET_BIND_SERVICE" in {change.value for change in made.changes if change.service == "web"}
