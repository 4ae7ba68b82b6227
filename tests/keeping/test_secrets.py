"""What leaves the compose file is in the files beside it, to the letter, whatever happens in between."""

import io
import json
import os
import random
import shutil
import stat
import string
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardener import EnvFile, HardenError, Profile, Secrets, Selection, harden
from hardener.cli import run
from hardener.model.dotenv import read as read_env_file
from hardener.source import companions

SHOP = """\
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2-x  # told in person
  cache:
    image: redis:7
    command: redis-server --requirepass s3cr3t-x
  app:
    build: .
    environment:
      DATABASE_URL: postgres://app:hunter2-x@db/app
"""
VALUES = ("hunter2-x", "s3cr3t-x")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hardener.engine.compose.find_compose", lambda: None)
    for name in ("POSTGRES_PASSWORD", "CACHE_REQUIREPASS"):
        monkeypatch.delenv(name, raising=False)
    Path("compose.yml").write_text(SHOP)
    return tmp_path


def secrets(*arguments: str) -> int:
    return run(["compose.yml", "--only", "secrets", "--yes", *arguments])


def mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def held(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_values_go_into_files_that_are_closed(folder: Path) -> None:
    assert secrets() == 0
    assert not any(value in Path("compose.yml").read_text() for value in VALUES)
    assert Path("secrets/postgres_password").read_bytes() == b"hunter2-x"
    assert read_env_file(Path(".env").read_text()) == {
        "POSTGRES_PASSWORD": "hunter2-x",
        "CACHE_REQUIREPASS": "s3cr3t-x",
    }
    assert mode("secrets") == 0o700
    assert mode(".env") == mode("secrets/postgres_password") == 0o600
    assert Path(".gitignore").read_text() == "/secrets/\n/.env\n"
    assert Path(".dockerignore").read_text() == "secrets/\n.env\n"
    assert Path(".env.example").read_text() == "CACHE_REQUIREPASS=\nPOSTGRES_PASSWORD=\n"


def test_a_second_run_changes_nothing(folder: Path) -> None:
    secrets()
    before = held(folder)
    assert secrets() == 0
    assert held(folder) == before


def test_what_is_only_shown_writes_nothing(folder: Path) -> None:
    assert secrets("--dry-run") == 0
    assert secrets("--check") == 1
    assert held(folder) == {"compose.yml": SHOP}


@pytest.mark.parametrize("arguments", [("compose.yml", "--output", "-"), ("-",)])
def test_what_goes_to_standard_output_keeps_its_secrets(
    folder: Path,
    arguments: tuple[str, ...],
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SHOP.encode())))
    assert run([*arguments, "--only", "secrets"]) == 0
    assert capsysbinary.readouterr().out == SHOP.encode()
    assert held(folder) == {"compose.yml": SHOP}


def test_files_go_beside_the_output(folder: Path) -> None:
    Path("elsewhere").mkdir()
    assert secrets("--output", "elsewhere/compose.yml") == 0
    assert Path("compose.yml").read_text() == SHOP
    assert Path("elsewhere/secrets/postgres_password").read_text() == "hunter2-x"
    assert not Path("secrets").exists()


def test_what_is_there_is_completed_and_keeps_its_mode(folder: Path) -> None:
    Path(".env").write_bytes(b"TAG=1\r\nOTHER='x'")
    os.chmod(".env", 0o640)
    Path(".gitignore").write_text("node_modules\n.env\n/secrets/\n")
    Path(".env.example").write_text("TAG=\nCACHE_REQUIREPASS=set-me\n")
    assert secrets() == 0
    assert Path(".env").read_bytes() == (
        b"TAG=1\r\nOTHER='x'\r\nCACHE_REQUIREPASS='s3cr3t-x'\r\nPOSTGRES_PASSWORD='hunter2-x'\r\n"
    )
    assert mode(".env") == 0o640
    assert Path(".gitignore").read_text() == "node_modules\n.env\n/secrets/\n"
    assert Path(".env.example").read_text() == "TAG=\nCACHE_REQUIREPASS=set-me\nPOSTGRES_PASSWORD=\n"
    # A build may need a `.env` that was there before.
    assert Path(".dockerignore").read_text() == "secrets/\n"


def test_a_file_with_another_value_is_an_error_that_shows_neither(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("secrets").mkdir()
    Path("secrets/postgres_password").write_text("an0ther-value")
    before = held(folder)
    assert secrets() == 2
    out, err = capfd.readouterr()
    assert "secrets/postgres_password" in err
    assert "holds another value" in err
    assert not any(value in out + err for value in (*VALUES, "an0ther-value"))
    assert held(folder) == before


def test_a_variable_that_is_somebody_elses_gets_another_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("POSTGRES_PASSWORD=an0ther-value\n")
    monkeypatch.setenv("CACHE_REQUIREPASS", "of the shell")
    assert secrets() == 0
    found = read_env_file(Path(".env").read_text())
    assert found == {
        "POSTGRES_PASSWORD": "an0ther-value",
        "DB_POSTGRES_PASSWORD": "hunter2-x",
        "CACHE_REQUIREPASS_2": "s3cr3t-x",
    }


@pytest.mark.parametrize("broken", range(5))
def test_a_run_that_is_cut_short_leaves_what_worked_and_the_next_completes_it(
    folder: Path, broken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets()
    whole = held(folder)
    for name in whole:
        (folder / name).unlink()
    Path("secrets").rmdir()
    Path("compose.yml").write_text(SHOP)

    writes = iter(range(100))

    def fail(target: Path, *rest: Any) -> None:
        if next(writes) == broken:
            raise OSError(28, "No space left on device")
        original(target, *rest)

    original = companions.create_new
    with monkeypatch.context() as patch:
        patch.setattr(companions, "create_new", fail)
        assert secrets() == 2
    left = held(folder)
    assert left["compose.yml"] == SHOP
    assert all(whole[name].startswith(text) for name, text in left.items() if name != "compose.yml")
    assert secrets() == 0
    assert held(folder) == whole


def test_a_copy_under_another_name_goes_along(folder: Path) -> None:
    Path("compose.yml").write_text(SHOP + "      COPY: hunter2-x\n      MODE: app\n")
    assert secrets() == 0
    assert "COPY: ${POSTGRES_PASSWORD}\n      MODE: app" in Path("compose.yml").read_text()


def test_one_service_alone(folder: Path) -> None:
    assert secrets("--service", "cache") == 0
    assert "hunter2-x" in Path("compose.yml").read_text()
    assert read_env_file(Path(".env").read_text()) == {"CACHE_REQUIREPASS": "s3cr3t-x"}


def test_new_values_where_the_image_reads_them_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert secrets("--rotate") == 0
    new = Path("secrets/postgres_password").read_text()
    found = read_env_file(Path(".env").read_text())
    assert new not in VALUES
    assert len(new) == 32
    assert found == {"POSTGRES_PASSWORD": new, "CACHE_REQUIREPASS": "s3cr3t-x"}
    out, err = capfd.readouterr()
    assert new not in out + err
    assert "keeps the old value" in " ".join(err.split())


def test_the_environment_as_the_store(folder: Path) -> None:
    result = harden("compose.yml", [Secrets(store="environment")])
    result.write()
    assert "postgres_password:\n    environment: POSTGRES_PASSWORD\n" in result.after
    assert not Path("secrets").exists()
    assert read_env_file(Path(".env").read_text())["POSTGRES_PASSWORD"] == "hunter2-x"


def test_the_environment_cannot_be_the_store_of_a_read_only_service(folder: Path) -> None:
    text = SHOP.replace("image: postgres:16", "image: postgres:16\n    read_only: true")
    Path("compose.yml").write_text(text)
    assert "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}" in harden("compose.yml", [Secrets(store="environment")]).after


def test_a_swarm_as_the_store(folder: Path) -> None:
    result = harden("compose.yml", [Secrets(store="external")])
    assert "postgres_password:\n    external: true\n" in result.after
    assert any("docker secret create postgres_password" in change.reason for change in result.changes)


def test_the_reader_decides_about_the_mode(folder: Path) -> None:
    text = SHOP.replace("image: postgres:16", 'image: postgres:16\n    user: "999"')
    Path("compose.yml").write_text(text)
    assert secrets() == 0
    assert mode("secrets/postgres_password") == 0o644
    assert mode("secrets") == 0o700


def test_root_without_capabilities_is_a_reader_like_others(folder: Path) -> None:
    text = SHOP.replace("image: postgres:16", "image: postgres:16\n    cap_drop: [ALL]")
    Path("compose.yml").write_text(text)
    assert secrets() == 0
    assert mode("secrets/postgres_password") == 0o644


EXTENDED = """\
services:
  base:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2-x
  heir:
    extends: {service: base}
    environment:
      POSTGRES_PASSWORD: %s
"""


def test_who_extends_another_and_says_the_same_has_the_secret_of_both(folder: Path) -> None:
    Path("compose.yml").write_text(EXTENDED % "hunter2-x")
    assert secrets() == 0
    assert (
        Path("compose.yml")
        .read_text()
        .endswith(
            "  heir:\n    extends: {service: base}\n    environment: {}\n"
            "secrets:\n  postgres_password:\n    file: ./secrets/postgres_password\n"
        )
    )
    assert secrets("--check") == 0


def test_who_extends_another_and_has_a_value_of_its_own_keeps_a_variable(folder: Path) -> None:
    """Without it, that of the other would stand there."""
    Path("compose.yml").write_text(EXTENDED % "s3cr3t-x")
    assert secrets() == 0
    assert set(read_env_file(Path(".env").read_text()).values()) == {"hunter2-x", "s3cr3t-x"}
    assert not any(value in Path("compose.yml").read_text() for value in VALUES)


@pytest.mark.parametrize(
    "rights",
    [
        "cap_drop: [ALL]\n    cap_add: [ALL]",
        "privileged: true\n    cap_drop: [ALL]",
        "cap_drop: [DAC_READ_SEARCH]",
        "cap_drop: [ALL]\n    cap_add: [CAP_DAC_OVERRIDE]",
    ],
)
def test_root_that_may_read_all_needs_no_open_file(rights: str, folder: Path) -> None:
    Path("compose.yml").write_text(SHOP.replace("image: postgres:16", f"image: postgres:16\n    {rights}"))
    assert secrets() == 0
    assert mode("secrets/postgres_password") == 0o600


def test_many_values_of_one_name_get_a_name_each(folder: Path) -> None:
    labels = "".join(f"      site{number}.basicauth.users: me:s3cr3t-x{number}\n" for number in range(15))
    Path("compose.yml").write_text(f"services:\n  app:\n    image: a/b:1\n    labels:\n{labels}")
    assert secrets() == 0
    assert "s3cr3t" not in Path("compose.yml").read_text()
    assert len(set(read_env_file(Path(".env").read_text()).values())) == 15


def test_a_service_that_reads_all_of_the_env_file_gets_no_name_that_means_something_to_it(folder: Path) -> None:
    Path("compose.yml").write_text(SHOP + "    env_file: .env\n")
    Path(".env").write_text("")
    assert secrets() == 0
    assert set(read_env_file(Path(".env").read_text())) == {"DB_POSTGRES_PASSWORD"}
    # It would get the password of the cache, which it does not use.
    assert "--requirepass s3cr3t-x" in Path("compose.yml").read_text()


def test_a_folder_that_others_may_look_into_gets_no_file_that_they_could_read(folder: Path) -> None:
    Path("compose.yml").write_text(SHOP.replace("image: postgres:16", 'image: postgres:16\n    user: "999"'))
    Path("secrets").mkdir(mode=0o755)
    assert secrets() == 0
    assert not any(Path("secrets").iterdir())
    assert read_env_file(Path(".env").read_text())["POSTGRES_PASSWORD"] == "hunter2-x"
    assert mode(".env") == 0o600


def test_a_variable_that_has_the_value_already_stays_as_it_is_written(folder: Path) -> None:
    there = 'export POSTGRES_PASSWORD="hunter2-x" # told in person\r\nCACHE_REQUIREPASS=s3cr3t-x\r\n'
    Path(".env").write_bytes(there.encode())
    assert secrets() == 0
    assert Path(".env").read_bytes() == there.encode()
    assert "app:${POSTGRES_PASSWORD}@" in Path("compose.yml").read_text()


def test_a_file_that_is_read_only_stays_so(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text("TAG=1\n")
    os.chmod(".env", 0o444)
    before = held(folder)
    assert secrets() == 2
    assert ".env: the file is read-only" in capfd.readouterr().err
    assert held(folder) == before


def test_what_a_build_may_need_is_not_kept_from_it(folder: Path) -> None:
    Path("secrets").mkdir(mode=0o700)
    Path("secrets/of-the-build").touch()
    assert secrets() == 0
    assert Path(".dockerignore").read_text() == "secrets/postgres_password\n.env\n"


def test_a_build_from_the_folder_above_leaves_them_out(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> None:
    deploy = tmp_path_factory.mktemp("shop") / "deploy"
    deploy.mkdir()
    (deploy / "compose.yml").write_text(SHOP.replace("build: .", "build: .."))
    assert run([str(deploy / "compose.yml"), "--only", "secrets", "--yes"]) == 0
    assert (deploy.parent / ".dockerignore").read_text() == "deploy/secrets/\ndeploy/.env\n"


def test_an_env_file_under_version_control_gets_no_secret(folder: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    for name in (".env", "web.env", "sub/.env"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("TAG=1\n")
    for command in (["init", "-q"], ["add", "web.env", "sub/.env"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    assert "s3cr3t-x" not in harden("compose.yml", [Secrets()]).after  # those are others
    subprocess.run(["git", "add", ".env"], check=True, capture_output=True)
    result = harden("compose.yml", [Secrets()])
    assert "s3cr3t-x" in result.after  # by a file, the other value can go
    assert any("git rm --cached .env" in advice.reason for advice in result.advice)
    assert harden("compose.yml", [Secrets(store="environment")]).after == SHOP
    subprocess.run(["git", "rm", "-q", "--cached", ".env"], check=True, capture_output=True)
    assert "s3cr3t-x" not in harden("compose.yml", [Secrets()]).after


OTHER = """\
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: an0ther-value
      PGPASSWORD: ${PGPASSWORD:-an0ther-default}
"""


def test_compose_files_in_one_folder_leave_each_other_alone(folder: Path) -> None:
    """They share the folder `secrets` and `.env`."""
    Path("compose.dev.yml").write_text(OTHER)
    Path("compose.yml").write_text(SHOP + "      PGPASSWORD: ${PGPASSWORD:-a-def4ult}\n")
    assert secrets() == 0
    assert run(["compose.dev.yml", "--only", "secrets", "--yes"]) == 0
    assert Path("secrets/postgres_password").read_text() == "hunter2-x"
    assert Path("secrets/db_postgres_password").read_text() == "an0ther-value"
    assert "PGPASSWORD" not in Path(".env").read_text()


ODD = ["'", '"', "$", "\\", "#", " ", "\t", "\n", "é", "✓", "{", "}", ":", "%", "$$", "${X}", "`", "!", "&", "*", "-"]
TEXTS = st.text(alphabet=st.one_of(st.sampled_from("".join(ODD)), st.sampled_from(string.ascii_letters)), min_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=TEXTS, second=TEXTS, seed=st.integers())
def test_compose_gives_services_what_it_gave_them(
    first: str, second: str, seed: int, folder: Path, compose: Path
) -> None:
    for name in ("secrets/postgres_password", ".env", ".env.example"):
        Path(name).unlink(missing_ok=True)
    quoted = [
        json.dumps(text.replace("$", "$$"), ensure_ascii=random.Random(seed).random() < 0.5) for text in (first, second)
    ]
    Path("compose.yml").write_text(
        "services:\n"
        "  db:\n    image: postgres:16\n    environment:\n"
        f"      POSTGRES_PASSWORD: {quoted[0]}\n"
        "  app:\n    image: example.org/app:1\n    environment:\n"
        f"      DB_PASSWORD: {quoted[0]}\n      API_TOKEN: {quoted[1]}\n",
        encoding="utf-8",
    )
    before = environment(compose)
    harden("compose.yml", "production", Selection(only=("secrets",))).write()
    after = environment(compose)
    assert after["app"] == before["app"]
    if "POSTGRES_PASSWORD_FILE" in after["db"]:
        assert Path("secrets/postgres_password").read_bytes().decode() == before["db"]["POSTGRES_PASSWORD"] == first
    else:
        assert after["db"] == before["db"]


def environment(compose: Path) -> dict[str, dict[str, str]]:
    """The variables of each service, as compose gives them to its container."""
    command = [str(compose), "-f", "compose.yml", "config", "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    services = json.loads(done.stdout)["services"]
    # `config` prints what can be read again, with `$` doubled.
    return {
        name: {key: (value or "").replace("$$", "$") for key, value in service.get("environment", {}).items()}
        for name, service in services.items()
    }


def test_a_link_out_of_the_folder_is_followed_by_nobody(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    Path("secrets").mkdir()
    os.symlink("/dev/null", "secrets/postgres_password")
    with pytest.raises(HardenError, match="not a regular file"):
        harden("compose.yml", Profile.read("production"), Selection(only=("secrets",)))


@pytest.mark.parametrize("kind", ["a link that leads nowhere", "a folder", "not text"])
def test_an_env_file_that_cannot_be_read_refuses_no_document(folder: Path, kind: str) -> None:
    """As in a project that links `.env` to a configuration which is generated later."""
    if kind == "a folder":
        Path(".env").mkdir()
    elif kind == "not text":
        Path(".env").write_bytes(b"\0\0")
    else:
        os.symlink("shop.conf", ".env")
    Path("compose.yml").write_text(
        "services:\n  app:\n    image: example.org/app:1\n    environment:\n      API_TOKEN: s3cr3t-x\n"
    )
    result = harden("compose.yml", [Secrets()])
    assert not result.changed
    assert any(".env is there and cannot be read" in advice.reason for advice in result.advice)


def test_what_falls_back_to_a_variable_is_no_strangers_either(folder: Path) -> None:
    """An anchor that another image shares keeps the secret from being a file."""
    Path(".env").write_text("A=1\n")
    text = (
        "x-env: &env\n  POSTGRES_PASSWORD: hunter2-x\nservices:\n"
        "  db:\n    image: postgres:16\n    environment:\n      <<: *env\n"
        "  app:\n    image: example.org/app:1\n    environment:\n      <<: *env\n"
        "  web:\n    image: example.org/web:1\n    env_file: .env\n"
    )
    Path("compose.yml").write_text(text)
    result = harden("compose.yml", [Secrets()])
    assert result.after == text
    assert any("web reads .env as a whole" in advice.reason for advice in result.advice)


def test_an_env_file_that_is_elsewhere_is_not_begun_here(folder: Path) -> None:
    """What is in the one that the service is to read is not known, and that stays so."""
    Path("compose.yml").write_text(SHOP + "    env_file: .env\n")
    assert secrets() == 0
    assert "--requirepass s3cr3t-x" in Path("compose.yml").read_text()
    assert not Path(".env").exists()


def test_what_goes_to_the_env_file_still_says_who_talks_to_whom(folder: Path) -> None:
    """The second run sees an address that is in `.env` by then."""
    Path("compose.yml").write_text(
        "services:\n"
        "  web:\n    image: nginx:1.27\n    ports: ['80:80']\n    depends_on: [app]\n"
        "  app:\n    image: example.org/app:1\n    environment:\n"
        "      STORE: ${STORE:-postgres://app:hunter2-x@db/app}\n"
        "  db:\n    image: postgres:16\n"
    )
    result = harden("compose.yml", "production")
    result.write()
    assert "STORE: ${STORE}" in result.after
    assert not harden("compose.yml", "production").changed


@pytest.mark.parametrize("form", ["  - POSTGRES_PASSWORD=hunter2-x\n  - TZ=UTC\n", "  POSTGRES_PASSWORD: hunter2-x\n"])
def test_no_value_stays_behind_in_a_fragment(form: str, folder: Path) -> None:
    """One service takes a copy of its own; for the other the value leaves the place of the anchor."""
    services = (
        "  db:\n    image: postgres:16\n    environment: *env\n  other:\n    image: a/b:1\n    environment: *env\n"
    )
    Path("compose.yml").write_text(f"x-env: &env\n{form}services:\n{services}")
    assert secrets() == 0
    assert "hunter2" not in Path("compose.yml").read_text()
    assert "POSTGRES_PASSWORD_FILE" in Path("compose.yml").read_text()


# What lies beside the file

TOKEN = "services:\n  app:\n    image: a/b:1\n    environment:\n      API_TOKEN: s3cr3t-x\n"
DATABASE = "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: hunter2-x}}}\n"


@pytest.fixture
def effective(folder: Path, compose: Path) -> Callable[..., Any]:
    """What services get of some files that are merged, by the real compose."""

    def effective(*files: str) -> Any:
        read = [part for file in files for part in ("-f", file)]
        command = [str(compose), *read, "config", "--format", "json"]
        return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)[
            "services"
        ]

    return effective


def test_an_override_that_sets_the_variable_keeps_it_one(folder: Path, effective: Callable[..., Any]) -> None:
    """Both forms at once end the start of the image."""
    Path("compose.yml").write_text(DATABASE)
    Path("compose.override.yml").write_text("services: {db: {environment: {POSTGRES_PASSWORD: dev-0nly}}}\n")
    assert secrets() == 0
    environment = effective("compose.yml", "compose.override.yml")["db"]["environment"]
    assert environment == {"POSTGRES_PASSWORD": "dev-0nly"}


def test_a_service_that_another_file_extends_gets_no_secret(folder: Path, effective: Callable[..., Any]) -> None:
    """The other file has no declaration of it."""
    Path("compose.yml").write_text(DATABASE)
    Path("stack.yml").write_text("services: {db: {extends: {file: compose.yml, service: db}}}\n")
    before = effective("stack.yml")
    assert secrets() == 0
    assert "hunter2" not in Path("compose.yml").read_text()
    assert effective("stack.yml") == before


@pytest.mark.parametrize("use", ["MODE: '${API_TOKEN:+online}'", "MODE: '${API_TOKEN}'", "API_TOKEN:"])
def test_a_name_that_means_something_in_an_override_is_not_taken(
    use: str, folder: Path, effective: Callable[..., Any]
) -> None:
    Path("compose.yml").write_text(TOKEN)
    Path("compose.override.yml").write_text(f"services:\n  worker:\n    image: a/w:1\n    environment:\n      {use}\n")
    before = effective("compose.yml", "compose.override.yml")
    assert secrets() == 0
    assert "s3cr3t" not in Path("compose.yml").read_text()
    assert effective("compose.yml", "compose.override.yml") == before


def test_a_secret_of_an_override_keeps_its_name(folder: Path) -> None:
    Path("compose.yml").write_text(DATABASE)
    Path("compose.override.yml").write_text("secrets: {postgres_password: {file: ./other.txt}}\nservices: {}\n")
    assert secrets() == 0
    assert "/run/secrets/db_postgres_password" in Path("compose.yml").read_text()


@pytest.mark.parametrize(
    ("more", "files"),
    [
        ("", {"compose.override.yml": "services: {worker: {image: a/w, env_file: .env}}\n"}),
        ("include: [worker.yml]\n", {"worker.yml": "services: {worker: {image: a/w, env_file: .env}}\n"}),
        ("  worker: {image: a/w, env_file: ['${FILE}']}\n", {".env": "FILE=.env\n"}),
        ("  worker: {image: a/w, env_file: ['${FILE:-b.env}']}\n", {".env": "FILE=.env\n"}),
        ("  worker: {image: a/w, env_file: ['${PWD}/.env']}\n", {}),
    ],
)
def test_who_reads_all_of_the_env_file_by_another_way_gets_no_secret(
    more: str, files: dict[str, str], folder: Path
) -> None:
    Path("compose.yml").write_text(TOKEN + more)
    for name, text in {".env": "LOG=info\n", **files}.items():
        Path(name).write_text(text)
    before = Path(".env").read_text()
    assert secrets() == 0
    assert Path(".env").read_text() == before


def test_an_env_file_that_a_variable_of_the_env_file_names_is_the_one_that_is_looked_at(
    folder: Path, effective: Callable[..., Any]
) -> None:
    Path("compose.yml").write_text(TOKEN + "    env_file: '${FOLDER:-conf}/app.env'\n")
    Path(".env").write_text("FOLDER=other\n")
    for name, text in {"conf": "X=1\n", "other": "X=${API_TOKEN-no}\n"}.items():
        Path(name).mkdir()
        Path(name, "app.env").write_text(text)
    before = effective("compose.yml")
    assert secrets() == 0
    assert effective("compose.yml") == before


def test_what_is_written_in_base_64_stays(folder: Path) -> None:
    text = TOKEN.replace("s3cr3t-x", "!!binary SHVudGVyMg==")
    Path("compose.yml").write_text(text)
    assert secrets() == 0
    assert Path("compose.yml").read_text() == text
    assert "!!binary" in harden("compose.yml", [EnvFile()]).after


@pytest.mark.parametrize("lines", [".env/\n", "*.env\n!.e*\n", ".env\n!.env\n", "  .env\n", "secrets/*\n!secrets/x\n"])
def test_a_line_that_does_not_ignore_the_file_does_not_count(lines: str, folder: Path) -> None:
    Path(".gitignore").write_text(lines)
    assert secrets() == 0
    added = Path(".gitignore").read_text().removeprefix(lines).splitlines()
    assert "/.env" in added


def test_a_variable_that_compose_sets_itself_is_no_name(folder: Path, effective: Callable[..., Any]) -> None:
    Path("compose.yml").write_text(TOKEN.replace("API_TOKEN: s3cr3t-x", "PWD: s3cr3t-x\n      API_TOKEN: s3cr3t-x"))
    assert secrets() == 0
    assert effective("compose.yml")["app"]["environment"] == {"PWD": "s3cr3t-x", "API_TOKEN": "s3cr3t-x"}


def test_what_a_killed_run_left_in_the_folder_of_secrets_goes(folder: Path) -> None:
    Path("compose.yml").write_text(DATABASE)
    harden("compose.yml", "production", Selection(only=("secrets",))).write()
    left = Path("secrets/.harden-x.tmp")
    os.link("secrets/postgres_password", left)
    os.utime(left, (1, 1))
    Path("compose.yml").write_text(DATABASE)
    assert secrets() == 0
    assert not left.exists()


@pytest.mark.parametrize(
    "files",
    [
        {".env": "DB_PASSWORD=hunter2-x\n"},
        {"compose.override.yml": "services: {app: {image: a/b, environment: {URL: 'pg://app:hunter2-x@db/app'}}}\n"},
        {"app.env": "DB_LOGON=hunter2-x\n"},
        {"inc.yml": "services: {app: {image: a/b, environment: {URL: 'postgres://app:hunter2-x@db/app'}}}\n"},
        {"compose.yml": "configs: {c: {content: password=hunter2-x}}\n"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_no_new_value_where_another_keeps_the_old_one(files: dict[str, str], folder: Path) -> None:
    include = "include: [inc.yml]\n" if "inc.yml" in files else ""
    text = DATABASE.replace("}}}\n", "}}, worker: {image: a/w, env_file: [{path: app.env, required: false}]}}\n")
    for name, more in {"compose.yml": "", **files}.items():
        Path(name).write_text(include + text + more if name == "compose.yml" else more)
    assert secrets("--rotate") == 0
    assert Path("secrets/postgres_password").read_text() == "hunter2-x"


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
@pytest.mark.parametrize("way", ["worktree", "version 4", "link", "not looked at", "intended"])
def test_an_env_file_that_git_has_in_another_way(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top, told = tmp_path / "top", {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}

    def git(*words: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
        subprocess.run(command, cwd=top, env={**os.environ, **told}, check=True, capture_output=True)

    (top / "conf").mkdir(parents=True)
    (top / "compose.yml").write_text(TOKEN)
    kept = top / ("conf/shared.env" if way == "link" else ".env")
    kept.write_text("X=1\n")
    git("init", "-q")
    git("add", *(["-N"] if way == "intended" else []), ".")
    if way == "not looked at":
        git("update-index", "--assume-unchanged", ".env")
    if way == "link":
        (top / ".env").symlink_to("conf/shared.env")
    if way == "version 4":
        (top / "conf" / ".envrc").write_text("x")
        git("add", ".")
        git("update-index", "--index-version", "4")
    if way == "worktree":
        git("commit", "-qm", "x")
        git("worktree", "add", "-q", str(tmp_path / "tree"))
        top = tmp_path / "tree"
    monkeypatch.chdir(top)
    assert secrets() == 0
    assert Path(".env").read_text() == "X=1\n"
    assert "s3cr3t-x" in Path("compose.yml").read_text()


FILES = {
    "the only key of a fragment, through <<": (
        "x-env: &env\n  POSTGRES_PASSWORD: s3cr3t-x\n"
        "services:\n  db:\n    image: postgres:16\n    environment:\n      <<: *env\n"
    ),
    "the same, three levels deep": (
        "x-one: &one\n  POSTGRES_PASSWORD: s3cr3t-x\nx-two: &two\n  <<: *one\n"
        "services:\n  db:\n    image: postgres:16\n    environment:\n      <<: *two\n"
    ),
    "a list below, a map in the heir": (
        "services:\n  base: {image: 'postgres:16', environment: [POSTGRES_PASSWORD=hunter2-x]}\n"
        "  heir:\n    extends: base\n    environment:\n      POSTGRES_PASSWORD: s3cr3t-x\n"
    ),
    "keys in quotes, and no blank": (
        'services:\n  db:\n    image: postgres:16\n    environment: {"POSTGRES_PASSWORD":"s3cr3t-x", "A":"b"}\n'
    ),
    "a block scalar below its key": (
        "services:\n  db:\n    image: a/b:1\n    environment:\n      DB_PASSWORD:\n        >-\n        s3cr3t-x\n"
    ),
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_forms_of_all_kinds_hold_the_laws(text: str, folder: Path, effective: Callable[..., Any]) -> None:
    Path("compose.yml").write_text(text)
    before = effective("compose.yml")
    assert secrets() == 0
    assert "s3cr3t" not in Path("compose.yml").read_text()
    after = effective("compose.yml")
    for name, service in before.items():
        for variable, value in service["environment"].items():
            told = after[name]["environment"]
            assert told[variable] == value if variable in told else f"{variable}_FILE" in told
    assert secrets("--check") == 0


SCRIPTS = """\
services:
  cache:
    image: redis:7
    entrypoint:
      - sh
      - -c
      - | # the start
        set -e
        if [ -n "$$DEBUG" ]; then
          set -x
        fi
      \x20
        exec redis-server --requirepass 's3cr3t-x'  # told in person

    healthcheck:
      test: >-
        redis-cli
        -a s3cr3t-x
        ping
  app:
    image: acme/app:1
    environment:
      SETTINGS: |+
        datasource:
          user: app
          password: hunter2-x

        port: 8080
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_of_a_block_of_text_only_the_line_of_the_secret_changes(
    newline: str, folder: Path, effective: Callable[..., Any]
) -> None:
    Path("compose.yml").write_bytes(SCRIPTS.replace("\n", newline).encode())
    before = effective("compose.yml")
    assert secrets() == 0
    expected = SCRIPTS.replace("s3cr3t-x", "${CACHE_REQUIREPASS}").replace("hunter2-x", "${SETTINGS_PASSWORD}")
    assert Path("compose.yml").read_bytes().decode() == expected.replace("\n", newline)
    assert read_env_file(Path(".env").read_text()) == {
        "CACHE_REQUIREPASS": "s3cr3t-x",
        "SETTINGS_PASSWORD": "hunter2-x",
    }
    assert effective("compose.yml") == before
    assert secrets("--check") == 0


def test_the_secrets_of_included_files_keep_their_names(folder: Path) -> None:
    Path("compose.yml").write_text("include: [inc.yml]\n" + DATABASE)
    Path("inc.yml").write_text(
        "services: {inc: {image: 'x:1', secrets: [postgres_password]}}\nsecrets: {postgres_password: {file: ./p}}\n"
    )
    assert secrets() == 0
    assert "/run/secrets/db_postgres_password" in Path("compose.yml").read_text()


@pytest.mark.parametrize(
    "override",
    [
        "services:\n  app:\n    image: a/c\n    environment: [API_TOKEN]\n",
        "services:\n  app:\n    image: a/c\n    environment: {API_TOKEN: null, X: 1}\n",
        "services:\r\n  app:\r\n    image: a/c\r\n    environment:\r\n      - API_TOKEN\r\n",
        '{"services": {"app": {"image": "a/c", "environment": ["API_TOKEN"]}}}',
    ],
)
def test_a_name_without_a_value_in_an_override_is_not_taken(override: str, folder: Path) -> None:
    Path("compose.yml").write_text(TOKEN)
    Path("compose.override.yml").write_bytes(override.encode())
    assert secrets() == 0
    assert "API_TOKEN" not in read_env_file(Path(".env").read_text())


@pytest.mark.parametrize("more", ["user: '1000'", "image: acme/other:1", "command: echo $$X"])
def test_an_override_that_decides_how_a_secret_is_read_keeps_it_a_variable(more: str, folder: Path) -> None:
    Path("compose.yml").write_text(DATABASE)
    Path("compose.override.yml").write_text(f"services:\n  db:\n    {more}\n")
    assert secrets() == 0
    assert "POSTGRES_PASSWORD_FILE" not in Path("compose.yml").read_text()
    assert "hunter2" not in Path("compose.yml").read_text()


def test_a_heir_that_asks_the_shell_gets_no_second_form(folder: Path) -> None:
    Path("compose.yml").write_text(EXTENDED.replace(" %s", ""))
    assert secrets() == 0
    assert "POSTGRES_PASSWORD_FILE" not in Path("compose.yml").read_text()


def test_credentials_are_looked_for_in_the_env_file_that_compose_reads(folder: Path) -> None:
    Path("compose.yml").write_text("services:\n  db:\n    image: postgres:16\n    env_file: '${FOLDER:-conf}/db.env'\n")
    Path(".env").write_text("FOLDER=other\n")
    for name, text in {"conf": "X=1\n", "other": "POSTGRES_PASSWORD=hunter2-x\n"}.items():
        Path(name).mkdir()
        Path(name, "db.env").write_text(text)
    (advice,) = harden("compose.yml", [Secrets()]).advice
    assert "POSTGRES_PASSWORD" in advice.message
