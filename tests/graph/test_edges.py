"""Which words of a project make edges. First those that only look like hosts."""

from pathlib import Path

import pytest

from hardener import load
from hardener.graph import Graph, read_graph
from hardener.knowledge import facts_of
from hardener.model.dotenv import read as read_env_file
from hardener.model.project import read_project
from hardener.source.companions import NewFile, NewLine

from .conftest import Read


def shown(graph: Graph, *kinds: str) -> set[str]:
    """Edges as `a>b`, without those that are only possible."""
    return {
        f"{edge.source}>{edge.target}"
        for edge in graph.edges
        if (edge.kind in kinds if kinds else edge.kind != "possible")
    }


OTHERS = """
db: {image: postgres}
redis: {image: redis}
app: {image: someone/thing}
"""

NO_EDGE = {
    "a word in a command": "command: [serve, app, db]",
    "a word of a shell": "command: sh -c 'migrate app && start db'",
    "a path": "command: cat /db/redis",
    "a file": "command: load db.sql",
    "a tag": "environment: {BASE_IMAGE: 'redis:7000'}",
    "a version": "environment: {STACK: 'postgres:16 redis:7'}",
    "the name of a database": "environment: {POSTGRES_DB: db, MYSQL_DATABASE: app, DB_NAME: db}",
    "a user": "environment: {DB_USER: app, POSTGRES_USER: db}",
    "a password": "environment: {DB_PASSWORD: 'redis', REDIS_AUTH: 'app:12345'}",
    "a driver": "environment: {CACHE_DRIVER: redis, QUEUE_TYPE: redis}",
    "a mode": "environment: {CONTAINER_ROLE: app, MODE: db}",
    "another host that starts like it": "environment: {DB_HOST: db.example.com, URL: 'http://app-staging/x'}",
    "another host that ends like it": "environment: {DB_URL: 'postgres://u:p@prod-db:5432/db'}",
    "a path of a URL": "environment: {API_URL: 'https://example.com/app/db:5432'}",
    "user and password of a URL": "environment: {API_URL: 'https://app:redis@example.com/'}",
    "localhost": "environment: {DB_HOST: localhost, API_URL: 'http://127.0.0.1:5432'}",
    "itself": "environment: {LISTEN_ADDR: 'web:8080', KAFKA_ADVERTISED: 'PLAINTEXT://web:9092'}",
    "a label without a proxy": "labels: {'traefik.http.services.app.loadbalancer.server.port': '80'}",
    "a volume": "volumes: ['db:/data', 'redis:/x']",
    "an option of a log driver": "logging: {driver: fluentd, options: {fluentd-address: 'app:24224'}}",
    "a port": "ports: ['8080:80']",
    "a check of its own": "healthcheck: {test: [CMD, curl, -f, 'http://localhost:80/app']}",
    "a check that is off": "healthcheck: {disable: true, test: [CMD, curl, 'http://app']}",
}


@pytest.mark.parametrize("body", NO_EDGE.values(), ids=NO_EDGE)
def test_what_only_looks_like_a_host_makes_no_edge(body: str, read: Read) -> None:
    graph = read(f"{OTHERS.strip()}\nweb:\n  image: someone/web\n  {body}\n", top="volumes: {db: , redis: }\n")
    assert shown(graph) == set()


EDGE = {
    "depends_on, list": ("depends_on: [db]", "web>db", "depends_on"),
    "depends_on, map": ("depends_on: {db: {condition: service_healthy}}", "web>db", "depends_on"),
    "links": ("links: ['db:database']", "web>db", "links"),
    "the alias of a link": (
        "{links: ['db:database'], environment: {DB_HOST: database}}",
        "web>db",
        "environment",
    ),
    "URL": ("environment: {DATABASE: 'postgres://u:p@db:5432/app'}", "web>db", "environment"),
    "URL, odd password": ("environment: {X: 'postgres://u:p@ss:w0rd@db/app'}", "web>db", "environment"),
    "URL, only password": ("environment: {X: 'redis://:secret@redis:6379/0'}", "web>redis", "environment"),
    "URL, variables as credentials": ("environment: ['X=postgres://${U}:${P}@db/${N}']", "web>db", "environment"),
    "several hosts": ("environment: {X: 'mongodb://u:p@other:27017,db:27017/x?y=z'}", "web>db", "environment"),
    "JDBC": ("environment: {X: 'jdbc:postgresql://db:5432/app'}", "web>db", "environment"),
    "SQL Server, TCP": ("environment: {X: 'Server=tcp:db,1433;Database=redis'}", "web>db", "environment"),
    "PHP": ("environment: {X: \"define('CACHE_HOST', 'db');\"}", "web>db", "environment"),
    "Ruby": ("environment: {X: \"rails['db_host'] = 'db'\"}", "web>db", "environment"),
    "one word": ("environment: {APPDBHOST: db}", "web>db", "environment"),
    "JDBC, Oracle": ("environment: {X: 'jdbc:oracle:thin:@db:1521:XE'}", "web>db", "environment"),
    "SQL Server": ("environment: {X: 'Server=db,1433;Database=x;User Id=sa'}", "web>db", "environment"),
    "SQL Server, other words": ("environment: {X: 'Data Source=db;Initial Catalog=x'}", "web>db", "environment"),
    "libpq": ("environment: {X: 'host=db user=app dbname=app'}", "web>db", "environment"),
    "PDO": ("environment: {X: 'mysql:host=db;dbname=app'}", "web>db", "environment"),
    "Go": ("environment: {X: 'u:p@tcp(db:3306)/app'}", "web>db", "environment"),
    "host and port": ("environment: {CACHE: 'redis:6379'}", "web>redis", "environment"),
    "host and unknown port": ("environment: {CACHE: 'redis:${P}'}", "web>redis", "environment"),
    "bare": ("environment: {DB_HOST: db}", "web>db", "environment"),
    "bare, camel": ("environment: {spring_datasourceHost: db}", "web>db", "environment"),
    "bare, list form": ("environment: [DB_HOSTNAME=db]", "web>db", "environment"),
    "list of hosts": ("environment: {ES_HOSTS: 'other,db'}", "web>db", "environment"),
    "list of addresses": ("environment: {KAFKA_BROKERS: 'x:9092,app:9092'}", "web>app", "environment"),
    "voters": ("environment: {QUORUM_VOTERS: '1@web:9093,2@app:9093'}", "web>app", "environment"),
    "JSON": ("environment: {ES_HOSTS: '[\"http://db:9200\"]'}", "web>db", "environment"),
    "default": ("environment: ['DB_HOST=${DB_HOST:-db}']", "web>db", "environment"),
    "nested default": ("environment: ['DB_HOST=${A:-${B:-db}}']", "web>db", "environment"),
    "upper case": ("environment: {DB_HOST: DB}", "web>db", "environment"),
    "a name of the engine's": ("environment: {DB_HOST: shop-db-1}", "web>db", "environment"),
    "tasks of a swarm": ("environment: {DB_HOST: tasks.db}", "web>db", "environment"),
    "flag with =": ("command: [serve, --db-host=db]", "web>db", "command"),
    "flag, next word": ("command: [psql, -h, db]", "web>db", "command"),
    "address in a shell": ("command: sh -c 'wait-for-it.sh db:5432 -- serve'", "web>db", "command"),
    "host and port apart": ("command: sh -c 'until nc -z db 5432; do sleep 1; done'", "web>db", "command"),
    "device of bash": ("command: bash -c '</dev/tcp/db/5432'", "web>db", "command"),
    "client": ("command: sh -c 'curl -s app/health'", "web>app", "command"),
    "URL of an entrypoint": ("entrypoint: [mc, alias, set, x, 'http://app:9000']", "web>app", "command"),
    "check": ("healthcheck: {test: 'curl -f http://app:80'}", "web>app", "healthcheck"),
    "network of another": ("network_mode: service:app", "web>app", "shared"),
    "network of another's container": ("network_mode: container:thing", "web>app", "shared"),
    "extra host": (
        "{extra_hosts: ['api.local:172.28.0.9'], environment: {X: 'http://api.local'}}",
        "web>app",
        "environment",
    ),
    "static address": ("environment: {API_HOST: 172.28.0.9}", "web>app", "environment"),
    "container_name": ("environment: {API_HOST: thing}", "web>app", "environment"),
    "hostname": ("environment: {API_URL: 'http://api-host:80/'}", "web>app", "environment"),
    "alias": ("environment: {API_URL: 'http://api.internal:80/'}", "web>app", "environment"),
}
NAMED = """
db: {image: postgres}
redis: {image: redis}
app:
  image: someone/thing
  container_name: thing
  hostname: api-host
  networks: {default: {aliases: [api.internal], ipv4_address: 172.28.0.9}}
"""


@pytest.mark.parametrize(("body", "edge", "kind"), EDGE.values(), ids=EDGE)
def test_what_names_a_service_makes_an_edge(body: str, edge: str, kind: str, read: Read) -> None:
    web = f"web: {body}" if body.startswith("{") else f"web:\n  image: someone/web\n  {body}"
    graph = read(f"{NAMED.strip()}\n{web}\n")
    assert shown(graph, kind) == {edge}


CONFIGURATIONS = {
    "nginx": ("/etc/nginx/nginx.conf", "location / {\n  proxy_pass http://app:3000/;\n}", {"web>app"}),
    "nginx, fastcgi": ("/etc/nginx/conf.d/x.conf", "fastcgi_pass app:9000;", {"web>app"}),
    "nginx, upstream": (
        "/etc/nginx/nginx.conf",
        "upstream db {\n  server app:80 weight=5;\n}\nlocation / { proxy_pass http://db; }",
        {"web>app"},
    ),
    "nginx, no port": ("/etc/nginx/nginx.conf", "upstream x {\n  server app;\n}", {"web>app"}),
    "nginx, variable": ("/etc/nginx/nginx.conf", "set $up app;\nproxy_pass http://$up:80;", {"web>app"}),
    "nginx, comment": ("/etc/nginx/nginx.conf", "# proxy_pass http://app:3000;", set()),
    "nginx, names": ("/etc/nginx/nginx.conf", "server_name app db;\nroot /db;\nuser app;", set()),
    "haproxy": ("/usr/local/etc/haproxy/haproxy.cfg", "backend x\n  server s1 app:80 check", {"web>app"}),
    "Caddyfile": ("/etc/caddy/Caddyfile", "example.com {\n  reverse_proxy /api/* app:80 db\n}", {"web>app", "web>db"}),
    "prometheus": ("/etc/prometheus/prometheus.yml", "- targets: ['app:9100', 'x:1']", {"web>app"}),
    "fluentd": ("/fluentd/etc/fluent.conf", "<match **>\n  host app\n  port 9200\n</match>", {"web>app"}),
    "apache": ("/usr/local/apache2/conf/x.conf", "ProxyPass / fcgi://app:9000/srv", {"web>app"}),
    "varnish": ("/etc/varnish/default.vcl", 'backend d {\n  .host = "app";\n}', {"web>app"}),
    "redis": ("/etc/redis.conf", "replicaof db 6379", {"web>db"}),
    "XML": ("/app/config.xml", "<node>\n  <host>db</host>\n  <name>redis</name>\n</node>", {"web>db"}),
    "YAML": ("/app/config.yml", "database:\n  host: db\n  name: app\n  user: redis", {"web>db"}),
    "JSON": ("/app/config.json", '{"redisHost": "redis", "mode": "app"}', {"web>redis"}),
    "words": ("/app/config.ini", "[app]\nname = db\ncache = redis\ntitle = the app and its db", set()),
}


@pytest.mark.parametrize(("target", "text", "edges"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_mounted_configuration(target: str, text: str, edges: set[str], read: Read) -> None:
    name = Path(target).name
    graph = read(
        f"{OTHERS.strip()}\nweb:\n  image: someone/web\n  volumes: ['./conf/{name}:{target}:ro']\n",
        {f"conf/{name}": text},
    )
    assert shown(graph) == edges
    assert all(edge.where.startswith(f"conf/{name}:") for edge in graph.edges if edge.kind == "config")


def test_a_folder_of_configuration_is_read_and_its_lines_are_named(read: Read) -> None:
    graph = read(
        f"{OTHERS.strip()}\nweb:\n  image: nginx\n  volumes: ['./conf.d:/etc/nginx/conf.d']\n",
        {"conf.d/a.conf": "server {\n  location / { proxy_pass http://app:80; }\n}\n", "conf.d/b.png": "http://db"},
    )
    assert [(edge.target, edge.where) for edge in graph.edges if edge.source == "web"] == [("app", "conf.d/a.conf:2")]
    assert "web" not in graph.undecided


def test_a_config_by_content(read: Read) -> None:
    services = (
        f"{OTHERS.strip()}\nweb:\n  image: nginx\n  configs: [{{source: site, target: /etc/nginx/conf.d/a.conf}}]\n"
    )
    graph = read(services, top="configs:\n  site:\n    content: 'proxy_pass http://app:80;'\n")
    assert shown(graph) == {"web>app"}


def test_an_env_file_names_hosts_with_its_line(read: Read) -> None:
    graph = read(
        f"{OTHERS.strip()}\nweb: {{image: someone/web, env_file: [web.env]}}\n",
        {"web.env": "# DB_HOST=app\nexport A=1\nDATABASE_URL='postgres://u:hunter2@db/x'\n"},
    )
    assert [(e.target, e.where, e.claim) for e in graph.edges if e.kind != "possible"] == [
        ("db", "web.env:3", "DATABASE_URL names db")
    ]


def test_values_of_the_env_file_of_the_project_count_beside_defaults(read: Read) -> None:
    graph = read(
        f"{OTHERS.strip()}\nweb: {{environment: ['DB_HOST=${{H:-db}}', API_URL]}}\n",
        {".env": "H=redis\nAPI_URL=http://app\n"},
    )
    assert shown(graph) == {"web>db", "web>redis", "web>app"}


PROXIES = {
    "router": ("image: traefik", "labels: ['traefik.http.routers.x.rule=Host(`x`)']", {"proxy>app"}),
    "enabled": ("image: traefik", "labels: {traefik.enable: 'true'}", {"proxy>app"}),
    "labels of a task": ("image: traefik", "deploy: {labels: {traefik.enable: 'true'}}", {"proxy>app"}),
    "disabled": ("image: traefik", "labels: {traefik.enable: 'false', traefik.port: '80'}", set()),
    "middleware": (
        "image: traefik",
        "labels: ['traefik.http.middlewares.a.forwardauth.address=http://auth:9091']",
        {"proxy>app", "proxy>auth"},
    ),
    "no label": ("image: traefik", "labels: {com.example: traefik}", set()),
    "virtual host": ("image: nginxproxy/nginx-proxy", "environment: {VIRTUAL_HOST: a.example.com}", {"proxy>app"}),
    "caddy": ("image: lucaslorentz/caddy-docker-proxy", "labels: {caddy: a.example.com}", {"proxy>app"}),
}


@pytest.mark.parametrize(("proxy", "app", "edges"), PROXIES.values(), ids=PROXIES)
def test_proxies_that_discover(proxy: str, app: str, edges: set[str], read: Read) -> None:
    graph = read(f"proxy: {{{proxy}}}\napp:\n  image: x/y\n  {app}\nauth: {{image: x/z}}\ndb: {{image: postgres}}\n")
    assert shown(graph) == edges


def test_traefik_takes_all_but_stores_unless_told(read: Read) -> None:
    base = "app: {image: x/y}\ndb: {image: postgres}\n"
    told = read(
        base + "proxy: {image: traefik, command: [--providers.docker, --providers.docker.exposedByDefault=false]}\n"
    )
    free = read(base + "proxy: {image: traefik, command: [--providers.docker=true]}\n")
    assert [(e.source, e.target) for e in free.edges if e.source == "proxy"] == [("proxy", "app")]
    assert not [e for e in told.edges if e.source == "proxy"]


CLIENTS = {
    "phpMyAdmin": ("phpmyadmin", "", {"tool>db"}),
    "phpMyAdmin, told": ("phpmyadmin", "environment: {PMA_HOST: other}", {"tool>other"}),
    "Adminer": ("adminer:4", "", {"tool>db"}),
    "mongo-express": ("mongo-express", "", {"tool>mongo"}),
    "mongo-express, told in vain": (
        "mongo-express",
        "environment: {ME_CONFIG_MONGODB_SERVER: other}",
        {"tool>mongo", "tool>other"},
    ),
    "redis-commander, which is told": ("rediscommander/redis-commander:latest", "", set()),
    "Promtail": ("grafana/promtail", "links: ['redis:loki']", {"tool>redis"}),
}


@pytest.mark.parametrize(("image", "body", "edges"), CLIENTS.values(), ids=CLIENTS)
def test_what_images_connect_to_by_themselves(image: str, body: str, edges: set[str], read: Read) -> None:
    stores = "db: {image: mysql}\nother: {image: mariadb}\nmongo: {image: mongo}\nredis: {image: redis}\n"
    assert shown(read(f"{stores}tool:\n  image: {image}\n  {body}\n")) == edges


OUTSIDE = {
    "localhost": ("environment: {API_URL: 'http://localhost:80'}", False),
    "a service": ("environment: {API_URL: 'http://app:80'}", False),
    "how it is called itself": ("environment: {PUBLIC_URL: 'https://shop.example.com'}", False),
    "a number": ("environment: {SCALE_HOST: '0.5'}", False),
    "URL": ("environment: {API_URL: 'https://api.example.com/x'}", True),
    "mail": ("environment: {SMTP_HOST: smtp.example.com}", True),
    "the host": ("environment: {API_URL: 'http://host.docker.internal:80'}", True),
    "network of the host": ("network_mode: host", True),
    "known": ("image: containrrr/watchtower", True),
}


@pytest.mark.parametrize(("body", "leaves"), OUTSIDE.values(), ids=OUTSIDE)
def test_who_needs_the_outside(body: str, leaves: bool, read: Read) -> None:
    graph = read(f"app: {{image: x/y}}\nweb:\n  {body}\n")
    assert ("web" in {item.service for item in graph.outgoing}) is leaves


def test_exposures(read: Read) -> None:
    graph = read(
        "web: {image: x/y, ports: ['127.0.0.1:80:80']}\nedge: {image: x/z, ports: [{target: 443, published: '443'}]}\n"
    )
    assert [(item.service, item.port.target, item.port.loopback) for item in graph.exposures] == [
        ("web", "80", True),
        ("edge", "443", False),
    ]


def test_an_edge_says_where_it_stands(read: Read) -> None:
    graph = read("db: {image: postgres}\nweb:\n  environment:\n    - A=b\n    - DB_HOST=db\n")
    assert [edge.where.rpartition("/")[2] for edge in graph.edges if edge.kind == "environment"] == ["compose.yml:6:9"]
    graph = read("proxy: {image: nginxproxy/nginx-proxy}\nweb:\n  environment:\n    - A=b\n    - VIRTUAL_HOST=x.org\n")
    assert [edge.where.rpartition("/")[2] for edge in graph.edges if edge.kind == "label"] == ["compose.yml:6:9"]


def test_what_is_going_to_be_beside_the_file_is_read(tmp_path: Path) -> None:
    """Under the lines that it will have."""
    text = "services:\n  db: {image: postgres}\n  web: {image: x/y, env_file: [new.env, old.env]}\n"
    (tmp_path / "old.env").write_text("A=b\n")
    line = NewLine("old.env", "CACHE_HOST=db", 0o600, "it was in the file", "CACHE_HOST", read_env_file)
    beside = (NewFile("new.env", "DB_HOST=db\n", 0o600, "it was in the file"), line)
    graph = read_graph(read_project(load(text, str(tmp_path / "compose.yml"))), facts_of, beside)
    assert [edge.where for edge in graph.edges if edge.source == "web"] == ["new.env:1", "old.env:2"]
    assert not graph.undecided


def test_a_variable_of_the_shell_in_the_env_file_names_nobody(read: Read) -> None:
    services = (
        "postgres: {image: postgres}\nmysql: {image: mysql}\napp: {image: x/y, environment: ['DB_HOST=${DB_HOST}']}\n"
    )
    graph = read(services, {".env": "DB_HOST=${MYSQL}\n"})
    assert {edge.kind for edge in graph.edges} == {"possible"}
    assert "app" in graph.undecided


def test_secrets_are_in_no_claim(read: Read) -> None:
    graph = read(
        "db: {image: postgres}\nweb: {command: ['--url=postgres://u:hunter2@db/x'], environment: {"
        "U: 'https://hunter2@x.io', V: 'a://u:hunter2@db'}}\n"
    )
    assert "hunter2" not in repr(graph)
    assert shown(graph) == {"web>db"}


def test_who_shares_a_network_talks_as_its_owner(read: Read) -> None:
    graph = read(
        "vpn: {image: qmcgaw/gluetun}\n"
        "seed: {image: x/y, network_mode: 'service:vpn', environment: {DB_HOST: db}}\ndb: {image: postgres}\n"
    )
    assert "vpn>db" in shown(graph)
