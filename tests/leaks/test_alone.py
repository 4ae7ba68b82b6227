"""One secret that is alone in its file, where nothing else says that there may be some."""

from pathlib import Path

import pytest

from hardener import harden
from hardener.views.diff import diff
from hardener.views.table import table

SECRET = "hunTer2x9Qk"
APP = "image: example/app:1"
ALONE = {
    "the password of a URL": f"{APP}\n    environment: {{DB: 'postgres://u:{SECRET}@db/x'}}",
    "a default": f"{APP}\n    environment: {{APP_DB: '${{DB_PASSWORD:-{SECRET}}}'}}",
    "a default in a command": f"{APP}\n    command: run ${{DB_PASSWORD:-{SECRET}}}",
    "a default in a shell": f"{APP}\n    command: sh -c 'run $${{DB_PASSWORD:-{SECRET}}}'",
    "user, password and host": f"{APP}\n    environment: {{SMTP: 'user:{SECRET}@smtp.example.com:25'}}",
    "the same in a command": f"{APP}\n    command: run user:{SECRET}@db:5432",
    "of Go": f"{APP}\n    environment: {{DB: 'u:{SECRET}@tcp(db:3306)/x'}}",
    "of Oracle": f"{APP}\n    environment: {{DB: 'jdbc:oracle:thin:scott/{SECRET}@db'}}",
    "a login": f"{APP}\n    environment: {{RABBIT_LOGIN: 'user:{SECRET}'}}",
    "a list of users": f"{APP}\n    environment: ['USERS=user:{SECRET}']",
    "a header": f"{APP}\n    command: [curl, -H, 'Authorization: Bearer {SECRET}', db]",
    "an option": f"{APP}\n    command: redis-cli -a {SECRET} ping",
    "a label": f"{APP}\n    labels: {{x.basicauth.users: 'me:{SECRET}'}}",
    "what an image takes for one": f"image: plexinc/pms-docker\n    environment: {{PLEX_CLAIM: {SECRET}}}",
    "an access key that is called a user": f"image: minio/minio\n    environment: {{MINIO_ROOT_USER: {SECRET}}}",
}


@pytest.mark.parametrize("service", ALONE.values(), ids=ALONE)
def test_a_secret_that_is_alone_is_not_shown(service: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    path.write_text(f"services:\n  it:\n    {service}\n")
    for profile in ("production", "strict", "staging"):
        result = harden(path, profile)
        assert result.changed
        for shown in (diff(result).text, diff(result, raw=True).text, table(result)):
            assert SECRET not in shown, profile
