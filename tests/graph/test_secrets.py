"""No secret of a file, or of what lies beside it, is in any drawing of who talks to whom."""

from pathlib import Path
from typing import get_args

import pytest

from hardener import picture
from hardener.views.graph import Format, draw

# Every secret has this in it. Where it can, it looks like the name of a host, or of a container of the project.
CANARY = "kanarie"
FILES = {
    "compose.yml": """\
x-secret: &secret {API_TOKEN: kanarie-0}
services:
  web:
    image: nginx:1.27
    ports: ["${WEB_PORT:-8080}:80", "${KEY:-8443}:443"]
    volumes: ["./site.conf:/etc/nginx/conf.d/site.conf:ro", "./kanarie-1.secret.conf:/etc/nginx/nginx.conf"]
    depends_on: [app]
  app:
    image: acme/app:1
    environment:
      <<: *secret
      REDIS_URL: redis://:kanarie-2@cache:6379
      DATABASE_URL: postgres://u:kanarie-3@db:5432@db/app?password=kanarie-4
      AMQP_URL: amqp://kanarie-5:kanarie@cache-6@queue:5672/kanarie-7
      MONGO_URL: mongodb://kanarie-8@one,db:27017/?authSource=kanarie-9
      DB_CONNECTION: Server=db;User Id=sa;Password=kanarie-10;Host=cache
      HEALTH_URL: http://queue:15672/kanarie-11?key=kanarie-12
      SENTRY_DSN: https://kanarie-13@sentry.example.com/1
      BACKUP_HOST: ${BACKUP_HOST:-kanarie-14}
      DB_PASSWORD: kanarie@kanarie-db-1
      LICENSE: kanarie@kanarie-db-1
      MASTER_KEY: "kanarie-cache-1:6379"
      WEBHOOK_URL: https://hooks.slack.com/services/kanarie-23
      OTHER_PASSWORD: kanarie-15:5432
      SECRET_URL: https://kanarie-cache-1:kanarie-16@kanarie.example.com
    env_file: app.env
  worker:
    image: acme/worker:1
    command: ["--redis", "redis://:kanarie-17@cache", "--password", "kanarie-18", "-h", "db", "-pkanarie-19"]
    healthcheck: {test: "curl -u admin:kanarie-20 http://app:8000/?token=kanarie-21"}
    labels:
      traefik.http.middlewares.auth.basicauth.users: admin:kanarie-22@app:8000
    env_file: [missing.env]
  vpn:
    image: acme/vpn:1
    network_mode: ${VPN}
  db: {image: "postgres:16", ports: ["5432:5432"], environment: {POSTGRES_PASSWORD: kanarie-24}}
  cache: {image: "redis:7", command: redis-server --requirepass kanarie-25}
  queue: {image: "rabbitmq:3", environment: ["RABBITMQ_DEFAULT_PASS=kanarie-26"]}
""",
    "app.env": "SMTP_URL=smtp://kanarie-27:kanarie-28@smtp.example.com\nQUEUE_URL=amqp://u:kanarie-29@queue\n",
    ".env": "BACKUP_HOST=kanarie-30\n",
    "site.conf": """\
# password kanarie-31
server {
  location / {
    proxy_set_header Authorization "Basic kanarie-32";
    proxy_pass http://u:kanarie-33@app:8000/kanarie-34;
  }
}
""",
}


@pytest.mark.parametrize("form", get_args(Format))
@pytest.mark.parametrize("profile", [None, "production"])
def test_no_secret_is_in_a_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Format, profile: str) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    made = picture("compose.yml", profile)
    assert {("app", "cache"), ("app", "db"), ("app", "queue"), ("worker", "app"), ("web", "app")} <= {
        (link.source, link.target) for link in made.links
    }
    shown = draw(made, form, width=400)
    assert not [line for line in shown.replace("kanarie-1.secret.conf", "").splitlines() if CANARY in line]
