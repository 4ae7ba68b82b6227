"""What stays open: who is undecided, and whom a service may talk to although nothing shows it."""

import pytest

from .conftest import Read

STORE = "db: {image: 'postgres:16', env_file: [missing.env]}\n"
# The rest of a project, and whether `x` in it is undecided.
UNDECIDED = {
    "alone": ("", "x: {build: .}", False),
    "a store says nothing": (STORE, "x: {image: redis}", False),
    "a store with its own command": (STORE, "x: {image: redis, command: redis-server --appendonly yes}", False),
    "a store with a secret from outside": (STORE, "x: {image: mysql, environment: [MYSQL_ROOT_PASSWORD]}", False),
    "a store that is built, by its name": (STORE, "cache: {build: ./cache}\nx: {image: mongo}", False),
    "a store of no data file": (STORE, "x: {image: 'mcr.microsoft.com/mssql/server'}", False),
    "told by a variable": (STORE, "x: {build: ., environment: {DB_HOST: db}}", False),
    "waits for its store": (STORE, "x: {build: ., depends_on: [db]}", False),
    "known to call nobody": (STORE, "x: {image: axllent/mailpit, env_file: [missing.env]}", False),
    "known, and told nothing": (STORE, "x: {image: 'vaultwarden/server'}", False),
    "a web server of files": (STORE, "x: {image: nginx, volumes: ['./html:/usr/share/nginx/html']}", False),
    "how it is called itself": (STORE, "x: {build: ., depends_on: [db], environment: ['PUBLIC_URL=${U}']}", False),
    "an unknown host, and one that fits": (STORE, "x: {build: ., environment: ['DB_HOST=${H}']}", True),
    "the same, and more is known": (STORE, "x: {build: ., depends_on: [db], environment: ['DB_HOST=${H}']}", False),
    "network of the host": (STORE, "x: {image: a/b, network_mode: host}", False),
    "no network": (STORE, "x: {image: a/b, network_mode: none}", False),
    "a network of its own": (STORE, "x: {image: a/b, networks: [alone]}", False),
    "an env file that may be missing": (
        STORE,
        "x: {build: ., depends_on: [db], env_file: [{path: no.env, required: false}]}",
        False,
    ),
    "an unknown image": (STORE, "x: {image: a/b}", True),
    "built here, says nothing": (STORE, "x: {build: .}", True),
    "a base image with a command": (STORE, "x: {image: alpine, command: sleep 10}", True),
    "a client in the image of a store": (STORE, "x: {image: redis, command: sh -c 'redis-cli monitor'}", True),
    "a store's image, another program": (STORE, "x: {image: postgres, entrypoint: [sh, /backup.sh]}", True),
    "an unknown host": (STORE, "x: {build: ., depends_on: [db], environment: ['ACCOUNTS_URL=${U}']}", True),
    "a host from the shell": (STORE, "x: {build: ., depends_on: [db], environment: [ACCOUNTS_URL]}", True),
    "part of a host": (STORE, "x: {build: ., depends_on: [db], environment: {LEDGER_URL: 'http://${N}-api:80'}}", True),
    "env file missing": (STORE, "x: {build: ., depends_on: [db], env_file: [missing.env]}", True),
    "env file elsewhere": (STORE, "x: {build: ., depends_on: [db], env_file: [/etc/x.env]}", True),
    "configuration missing": (STORE, "x: {image: a/b, depends_on: [db], volumes: ['./no.yml:/app/config.yml']}", True),
    "scraper without its targets": (
        STORE,
        "x: {image: prom/prometheus, volumes: ['./p.yml:/etc/prometheus/prometheus.yml']}",
        True,
    ),
    "set in its own pages": (STORE, "x: {image: 'louislam/uptime-kuma:1'}", True),
    "part of a service": (STORE, "x: {depends_on: [db]}", True),
    "extends what is not there": (
        STORE,
        "x: {extends: {file: no.yml, service: y}, image: a/b, depends_on: [db]}",
        True,
    ),
    "a cache in front of others": (STORE, "x: {image: varnish, volumes: ['./no.vcl:/etc/varnish/default.vcl']}", True),
    "a folder of settings that is missing": (
        STORE,
        "x: {image: a/b, depends_on: [db], volumes: ['./etc:/etc/shop']}",
        True,
    ),
    "the same, and it is told its store": (
        STORE,
        "x: {image: a/b, environment: {DB_HOST: db}, volumes: ['./etc:/etc/shop']}",
        False,
    ),
    "what is the system's is no setting": (
        STORE,
        "x: {image: a/b, depends_on: [db], volumes: ['/etc/localtime:/etc/localtime', '/srv/tls:/etc/ssl/private']}",
        False,
    ),
    "a scraper with its data in a volume": (STORE, "x: {image: prom/prometheus, volumes: ['data:/prometheus']}", False),
    "opens web pages alone": (STORE, "x: {image: 'selenium/standalone-chrome'}", False),
    "a variable decides its network": (STORE, "x: {image: a/b, depends_on: [db], network_mode: '${MODE}'}", True),
}


@pytest.mark.parametrize(("others", "x", "undecided"), UNDECIDED.values(), ids=UNDECIDED)
def test_who_is_undecided(others: str, x: str, undecided: bool, read: Read) -> None:
    graph = read(others + x)
    assert ("x" in graph.undecided) is undecided
    assert "db" not in graph.undecided
    assert all(graph.undecided.values())


# Services, and the pairs that must not be cut although nothing names them.
POSSIBLE = {
    "nothing missing": (
        "web: {image: nginx, depends_on: [api]}\napi: {build: ., environment: {DB_HOST: db}}\ndb: {image: postgres}",
        set(),
    ),
    "a face and what is behind": (
        "frontend: {build: ./f, depends_on: [api]}\napi: {build: ./api, depends_on: [db]}\ndb: {image: postgres}",
        set(),
    ),
    "a store that nobody is known to use": (
        "api: {build: ./api, environment: {DB_HOST: db}}\ndb: {image: postgres}\nkv: {image: redis}",
        {"api>kv"},
    ),
    "what the one it waits for uses": (
        "admin: {build: ./a, depends_on: [api]}\napi: {build: ./b, environment: {DB_HOST: db}}\ndb: {image: postgres}",
        {"admin>db", "api>admin"},
    ),
    "a worker that waits for the queue only": (
        "api: {build: ./a, environment: {DB_HOST: db, MQ: 'mq:5672'}}\nworker: {build: ./w, depends_on: [mq]}\n"
        "db: {image: postgres}\nmq: {image: rabbitmq}",
        {"worker>db", "worker>api"},
    ),
    "a worker that is only told its database": (
        "app: {image: me/app, environment: {DB_HOST: db, MQ: 'mq:5672'}}\n"
        "beat: {image: me/beat, environment: {DB_HOST: db}}\n"
        "db: {image: postgres}\nmq: {image: redis}",
        {"beat>mq", "beat>app"},
    ),
    "a store that only its admin page names": (
        "app: {image: me/app, ports: ['80'], environment: {KV: 'kv:6379'}}\nadmin: {image: phpmyadmin}\n"
        "db: {image: mysql}\n"
        "kv: {image: redis}",
        {"app>db"},
    ),
    "a queue that only its worker names": (
        "app: {image: me/app, environment: {DB_HOST: db}}\n"
        "worker: {image: me/w, environment: {DB_HOST: db, MQ: 'mq:5672'}}\n"
        "db: {image: postgres}\nmq: {image: rabbitmq}",
        {"app>mq", "worker>app"},
    ),
    "the same code": (
        "api: {image: me/shop, environment: {DB_HOST: db}}\ncron: {image: me/shop, environment: {MQ: 'mq:5672'}}\n"
        "db: {image: postgres}\nmq: {image: rabbitmq}",
        {"cron>db", "api>mq"},
    ),
    "a variable without value, by its name": (
        "api: {build: ./a, environment: ['REDIS_URL=${R}', 'PGHOST=${P}']}\nkv: {image: redis}\nsql: {image: postgres}",
        {"api>kv", "api>sql"},
    ),
    "a program that shares the files of another": (
        "wp: {image: wordpress, environment: {WORDPRESS_DB_HOST: sql}}\n"
        "cli: {image: 'wordpress:cli', volumes_from: [wp]}\n"
        "sql: {image: mariadb}",
        {"cli>sql"},
    ),
    "a web server that shares the files of another": (
        "wp: {image: 'wordpress:fpm', volumes: ['www:/x'], environment: {WORDPRESS_DB_HOST: sql}}\n"
        "web: {image: nginx, volumes: ['www:/y']}\nsql: {image: mariadb}",
        set(),
    ),
    "a backup": (
        "app: {image: me/app, environment: {DB_HOST: db, MQ: 'mq:5672'}}\ndb: {image: postgres}\n"
        "mq: {image: rabbitmq}\nbackup: {image: me/backup, environment: {DB_HOST: db}}",
        {"backup>app"},
    ),
    "a registry of names": (
        "eureka: {image: a/b, environment: {X_URL: 'http://one:1'}}\n"
        "one: {image: a/c, environment: {E: 'http://eureka:8761'}}\ntwo: {image: a/d, environment: {E: 'http://eureka:8761'}}",
        {"one>two", "two>one", "eureka>two"},
    ),
    "a web server whose configuration is missing": (
        "web: {image: nginx, volumes: ['./no.conf:/etc/nginx/nginx.conf']}\n"
        "api: {build: ./a, environment: {DB_HOST: db, S3: 'http://s3:9000'}}\n"
        "db: {image: postgres}\ns3: {image: minio/minio}",
        {"web>api", "web>s3"},
    ),
    "stores that are set up as one": (
        "m1: {image: mongo, command: --replSet rs}\nm2: {image: mongo, command: --replSet rs}\n"
        "api: {build: ./a, environment: {M: 'mongodb://m1,m2/x'}}",
        {"m1>m2", "m2>m1"},
    ),
    "stores that are not": (
        "m1: {image: mongo}\nm2: {image: mongo}\napi: {build: ./a, environment: {M: 'mongodb://m1/', N: 'mongodb://m2/'}}",
        set(),
    ),
    "a store whose configuration is missing": (
        "ch: {image: clickhouse/clickhouse-server, volumes: ['./no.xml:/etc/clickhouse-server/config.d/zk.xml']}\n"
        "zk: {image: zookeeper}\napi: {build: ./a, environment: {C: 'http://ch:8123'}}",
        {"api>zk", "ch>zk"},
    ),
    "a page where servers are added": (
        "pg: {image: postgres}\ndb: {image: mysql}\nkv: {image: redis}\nx: {image: dpage/pgadmin4}\n"
        "api: {build: ., environment: {A_HOST: pg, B_HOST: db, C_HOST: kv}}",
        {"x>pg", "x>db"},
    ),
    "a host that is nearly a service": (
        "api: {build: ., environment: {A_URL: 'http://shop_postgres', B: 'kv:6379'}}\ndb: {image: postgres}\n"
        "kv: {image: redis}\ntool: {image: adminer}",
        {"api>db"},
    ),
    "plug-ins": (
        "wp: {image: wordpress, environment: {WORDPRESS_DB_HOST: sql}}\nsql: {image: mariadb}\nkv: {image: redis}\n"
        "api: {build: ., environment: {KV: 'kv:6379'}}",
        {"wp>kv"},
    ),
    "a worker whose queue nobody fills": (
        "app: {image: me/app, ports: ['80'], environment: {DB_HOST: db}}\n"
        "other: {image: me/other, environment: {MQ: 'mq:5672'}}\n"
        "worker: {image: me/w, environment: {DB_HOST: db, MQ: 'mq:5672'}}\n"
        "db: {image: postgres}\nmq: {image: rabbitmq}",
        {"app>mq", "worker>app", "worker>other", "app>other", "other>app"},
    ),
    "a mail catcher": (
        "web: {image: me/web, ports: ['80'], environment: {DB_HOST: db}}\nmail: {image: schickling/mailcatcher}\n"
        "jobs: {image: me/jobs, environment: {DB_HOST: db}}\ndb: {image: postgres}",
        {"web>mail", "jobs>mail"},
    ),
    "a browser": (
        "api: {build: ., ports: ['80'], environment: {DB_HOST: db, C_URL: 'ws://chrome:3000'}}\n"
        "chrome: {image: browserless/chrome}\ndb: {image: postgres}",
        {"chrome>api"},
    ),
    "a screen whose name says what it shows": (
        "redis-ui: {image: me/redis-ui, ports: ['80'], depends_on: [app]}\n"
        "app: {image: me/app, environment: {DB_HOST: db}}\ndb: {image: postgres}\nkv: {image: redis}",
        {"redis-ui>kv", "app>kv"},
    ),
    "a store that reads from a queue": (
        "ch: {image: clickhouse/clickhouse-server}\nmq: {image: 'bitnami/kafka:3'}\n"
        "api: {build: ., environment: {C_HOST: ch, MQ: 'mq:9092'}}",
        {"ch>mq"},
    ),
    "not in one network": (
        "api: {build: ./a, networks: [a], environment: {DB_HOST: db}}\ndb: {image: postgres, networks: [a]}\n"
        "kv: {image: redis, networks: [b]}",
        set(),
    ),
}


@pytest.mark.parametrize(("services", "pairs"), POSSIBLE.values(), ids=POSSIBLE)
def test_what_is_possible(services: str, pairs: set[str], read: Read) -> None:
    graph = read(services)
    assert {f"{edge.source}>{edge.target}" for edge in graph.edges if edge.kind == "possible"} == pairs


def test_an_example_stands_in_for_a_missing_env_file(read: Read) -> None:
    graph = read(
        STORE + "x: {build: ., env_file: [.env.prod]}\n",
        {".env.prod.example": "DATABASE_URL=postgres://u:p@db/x\nACCOUNTS_URL=http://localhost:80\n"},
    )
    assert [(edge.target, edge.where) for edge in graph.edges if edge.kind == "environment"] == [
        ("db", ".env.prod.example:1")
    ]
    assert "ACCOUNTS_URL" in graph.undecided["x"]
    assert any(".env.prod.example" in note for note in graph.notes)


MOUNTS = (
    "./big.conf:/etc/nginx/nginx.conf",
    "./bin.conf:/etc/nginx/b.conf",
    "/dev/zero:/etc/nginx/c.conf",
    "./no.conf:/d.conf",
)


def test_files_that_cannot_be_read_are_notes(read: Read) -> None:
    graph = read(
        f"{STORE}x:\n  image: nginx\n  volumes: {list(MOUNTS)}\n",
        {"big.conf": "x" * 300_000, "bin.conf": "proxy_pass http://db;\0"},
    )
    told = "\n".join(graph.notes)
    assert "big.conf cannot be read: larger than 256 KiB" in told
    assert "bin.conf cannot be read: not text" in told
    assert "no.conf cannot be read" in told
    assert not [edge for edge in graph.edges if edge.kind == "config"]


def test_included_services_talk_too(read: Read) -> None:
    graph = read(
        STORE,
        {"more.yml": "services: {job: {image: a/b, environment: {DB_HOST: db}}}\n"},
        top="include: [more.yml]\n",
    )
    assert graph.services == ("db",)
    assert [(edge.source, edge.target) for edge in graph.edges] == [("job", "db")]


def test_a_prober_is_asked_for_what_its_scraper_names(read: Read) -> None:
    graph = read(
        "prom: {image: prom/prometheus, volumes: ['./p.yml:/etc/prometheus/prometheus.yml']}\n"
        "probe: {image: me/probe, environment: {A: 'x:1'}}\ndb: {image: postgres}\napp: {build: .}\n",
        {
            "p.yml": """
            - targets: ['db:5432', 'http://app:80']
              relabel_configs:
                - source_labels: [__address__]
                  target_label: __param_target
                - target_label: __address__
                  replacement: probe:9115  # it looks for us
            """
        },
    )
    assert {"db", "app"} <= {edge.target for edge in graph.edges if edge.source == "probe"}
    assert "db" not in {edge.target for edge in graph.edges if edge.source == "app" and "asks it" in edge.claim}


def test_stores_and_proxies(read: Read) -> None:
    graph = read(
        "a: {image: 'ghcr.io/acme/postgres:1'}\nb: {image: redpandadata/redpanda}\nc-db: {build: ./c}\n"
        "d: {image: postgres, entrypoint: [sh, /backup.sh]}\ne: {image: caddy}\nf: {image: lscr.io/linuxserver/swag}\n"
    )
    assert graph.stores == {"a", "b", "c-db"}
    assert graph.proxies == {"e", "f"}
