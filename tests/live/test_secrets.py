"""Services whose passwords `harden` took out of the file: they start, let those in who know them, and nobody else.

Passwords hold what is special to YAML, to compose, to shells and to env files. PostgreSQL is asked from the network: it
lets in anybody from 127.0.0.1.
"""

import os
import stat
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .builder import Builder, NoImageError
from .cases import dump, yaml
from .engine import Engine
from .stack import Stack

pytestmark = pytest.mark.live

NASTY = """ p'a"s$HOME$$x#é漢\\n`{}: % """
"""Quotes, dollars, a comment, unicode, a backslash, and a blank at both ends."""
TRICKY = r"""'it"s \'${X:-y}\\"""
PASSWORDS = [NASTY, TRICKY, "hunter2-x"]
IDS = ["nasty", "tricky", "plain"]
WRONG = "no-such-password"
PATIENCE = 90.0

Lay = Callable[..., Stack]


def given(password: str) -> str:
    """A password as a word of bash."""
    return f'"$(echo {b64encode(password.encode()).decode()} | base64 -d)"'


def postgres(password: str) -> str:
    return f'PGPASSWORD={given(password)} psql -h "$(hostname -i)" -U postgres -tAc "SELECT 6 * 7" | grep -qx 42'


def mariadb(password: str) -> str:
    return f'MYSQL_PWD={given(password)} mariadb -h 127.0.0.1 -uroot -sNe "SELECT 6 * 7" | grep -qx 42'


def redis(password: str) -> str:
    return f"REDISCLI_AUTH={given(password)} redis-cli -h 127.0.0.1 incr probes | grep -qE '^[0-9]+$'"


IMAGES = {"postgres:16": ("postgres", postgres), "mariadb:11": ("mariadb", mariadb), "redis:7": ("redis", redis)}
DATA = {"postgres:16": "/var/lib/postgresql/data", "mariadb:11": "/var/lib/mysql", "redis:7": "/data"}


def written(text: str) -> str:
    """A text as a compose file has it."""
    return text.replace("$", "$$")


def service(image: str, password: str, **more: Any) -> dict[str, Any]:
    """A service as somebody would write it, with the password in it."""
    body: dict[str, Any] = {"image": image, "volumes": [f"data:{DATA[image]}"], **more}
    if image == "redis:7":
        return body | {"command": ["redis-server", "--requirepass", written(password)]}
    name = "POSTGRES_PASSWORD" if image == "postgres:16" else "MARIADB_ROOT_PASSWORD"
    return body | {"environment": {name: written(password)}}


@pytest.fixture
def lay(engine: Engine, images: Builder, tmp_path: Path) -> Iterator[Lay]:
    """`lay(services)`: a stack of these, not hardened and not started. The first service is the one in question."""
    stacks: list[Stack] = []

    def make(services: dict[str, Any]) -> Stack:
        for name in {body["image"] for body in services.values()}:
            try:
                images.provide(IMAGES[name][0], name)
            except NoImageError as reason:
                pytest.skip(str(reason))
        folder = tmp_path / f"secrets-{tmp_path.name}-{len(stacks)}"
        folder.mkdir()
        text = dump({"services": services, "volumes": {"data": None}})
        (folder / "compose.yml").write_text(text)
        stacks.append(Stack(engine, folder, next(iter(services)), text))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.down(volumes=True)


# The n-th time that a file would get its name, the process is gone.
KILLED = """
import os, signal, sys
left = int(sys.argv.pop(1))
def until(real):
    def call(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    return call
os.link, os.replace = until(os.link), until(os.replace)
from hardener.__main__ import main
main()
"""


def harden(stack: Stack, *options: str, killed_at: int | None = None) -> int:
    """Runs the command on the stack's file, and takes its file as it is then. Returns the exit status."""
    program = ["-m", "hardener"] if killed_at is None else ["-c", KILLED, str(killed_at)]
    done = subprocess.run(
        [sys.executable, *program, "compose.yml", "--yes", *(options or ("--profile", "production"))],
        cwd=stack.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert killed_at is not None or done.returncode == 0, done.stdout + done.stderr
    stack.become((stack.folder / "compose.yml").read_text())
    return done.returncode


def trouble(stack: Stack, opens: Callable[[str], str], password: str) -> str:
    """Starts the stack, lets those in who know the password and no others; a restart, and a new container on the old
    data. Returns what went wrong, or nothing.
    """
    if failed := stack.starts(opens(password), PATIENCE):
        return f"first start: {failed}"
    for step, again in (("restart", ("restart",)), ("new container", ("up", "--detach", "--force-recreate"))):
        if any(stack.sh(opens(other)) for other in {WRONG, password.strip(), password[:-1], ""} - {password}):
            return f"before {step}: a wrong password will do"
        stack.compose(*again)
        if failed := stack.trouble(opens(password), PATIENCE, 0.3):
            return f"{step}: {failed}"
    return ""


def keeps_nothing(stack: Stack, password: str) -> None:
    assert password not in stack.text
    assert written(password) not in stack.text
    assert repr(password)[1:-1] not in stack.text


@pytest.mark.parametrize("password", PASSWORDS, ids=IDS)
@pytest.mark.parametrize("image", IMAGES)
def test_hardened_with_the_production_profile(image: str, password: str, lay: Lay) -> None:
    stack = lay({"db": service(image, password)})
    harden(stack)
    keeps_nothing(stack, password)
    assert yaml.load(stack.text)["services"]["db"]["cap_drop"] == ["ALL"]
    assert not trouble(stack, IMAGES[image][1], password)


# Who starts, with which rights; the mode that the file needs so that it can be read.
STARTS: dict[str, tuple[dict[str, Any], int]] = {
    "as-the-image-does": ({}, 0o600),
    "as-its-user": ({"user": "999:999"}, 0o644),
    "as-its-user-without-capabilities": ({"user": "999:999", "cap_drop": ["ALL"]}, 0o644),
    "as-root-with-what-it-needs": (
        {"cap_drop": ["ALL"], "cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]},
        0o600,
    ),
}


@pytest.mark.parametrize("owner", [0, 1000])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("image", ["postgres:16", "mariadb:11"])
def test_whoever_reads_the_file_can(image: str, start: str, owner: int, lay: Lay) -> None:
    more, mode = STARTS[start]
    stack = lay({"db": service(image, NASTY, **more)})
    harden(stack, "--only", "secrets")
    keeps_nothing(stack, NASTY)
    (secret,) = (stack.folder / "secrets").iterdir()
    assert secret.read_bytes() == NASTY.encode()
    assert stat.S_IMODE(secret.stat().st_mode) == mode
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    # As if that user of the host had run it.
    for path in (secret.parent, secret):
        os.chown(path, owner, owner)
    assert not trouble(stack, IMAGES[image][1], NASTY)


@pytest.mark.parametrize("password", PASSWORDS, ids=IDS)
@pytest.mark.parametrize("more", [{}, {"user": "999:999"}], ids=["root", "user"])
def test_a_secret_from_the_environment(password: str, more: dict[str, Any], lay: Lay) -> None:
    stack = lay({"db": service("postgres:16", password, **more)})
    (stack.folder / "by-environment.yml").write_text("transforms: {secrets: {store: environment}}\n")
    harden(stack, "--profile", "./by-environment.yml")
    keeps_nothing(stack, password)
    (declared,) = yaml.load(stack.text)["secrets"].values()
    assert set(declared) == {"environment"}
    assert not (stack.folder / "secrets").exists()
    assert not trouble(stack, postgres, password)


@pytest.mark.parametrize("password", PASSWORDS, ids=IDS)
def test_a_client_has_the_password_of_its_server(password: str, lay: Lay) -> None:
    """The image of the server reads a file, its client has `${NAME}`: one value, kept once."""
    client = {
        "image": "postgres:16",
        "command": ["sleep", "infinity"],
        "environment": {"PGPASSWORD": written(password)},
    }
    stack = lay({"client": client, "db": service("postgres:16", password)})
    harden(stack, "--only", "secrets")
    keeps_nothing(stack, password)
    asks = "psql -h db -U postgres -tAc 'SELECT 6 * 7' | grep -qx 42"
    assert not stack.starts(asks, PATIENCE)
    assert not stack.sh(f"PGPASSWORD={WRONG} {asks}")
    stack.compose("restart")
    assert not stack.trouble(asks, PATIENCE, 0.3)


def test_killed_at_any_file_it_starts_as_before_and_a_second_run_completes_it(lay: Lay) -> None:
    services = {"db": service("postgres:16", NASTY), "cache": service("redis:7", "hunter2-x")}
    services["cache"]["volumes"] = []
    step = 0
    while True:
        step += 1
        stack = lay(services)
        (stack.folder / ".git").mkdir()
        before = stack.text
        if harden(stack, "--only", "secrets", killed_at=step) == 0:
            break  # there is no step of this number
        assert stack.text == before
        assert not stack.starts(postgres(NASTY), PATIENCE), f"killed at file {step}"
        harden(stack, "--only", "secrets")
        keeps_nothing(stack, NASTY)
        keeps_nothing(stack, "hunter2-x")
        assert not list(stack.folder.rglob(".harden-*.tmp")), "a run that was killed leaves values behind"
        assert not stack.starts(postgres(NASTY), PATIENCE), f"completed after file {step}"
        assert not stack.sh(postgres(WRONG))
        stack.service = "cache"
        assert not stack.trouble(redis("hunter2-x"), PATIENCE, 0.3)
        stack.down(volumes=True)
    assert step > 4


def test_it_can_fail(lay: Lay) -> None:
    """What these tests look for is found: a file that nobody may read, and another password."""
    stack = lay({"db": service("postgres:16", NASTY, user="999:999")})
    harden(stack, "--only", "secrets")
    (secret,) = (stack.folder / "secrets").iterdir()
    secret.chmod(0o600)
    assert "first start" in trouble(stack, postgres, NASTY)
    stack.down(volumes=True)
    secret.chmod(0o644)
    secret.write_text(WRONG)
    assert not stack.starts(postgres(WRONG), PATIENCE)
    assert not stack.sh(postgres(NASTY))
