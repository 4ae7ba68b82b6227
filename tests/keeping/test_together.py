"""Which credentials are one secret, and which only have the same value today."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hardener import Secrets, harden
from hardener.model.dotenv import read as read_env_file

Keep = Callable[..., tuple[str, dict[str, str | None]]]


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    monkeypatch.chdir(tmp_path)

    def keep(services: str, *, rotate: bool = False) -> tuple[str, dict[str, str | None]]:
        """What a file becomes, and the variables that are in `.env` then."""
        Path("compose.yml").write_text(f"services:\n{services}")
        result = harden("compose.yml", [Secrets(rotate=rotate)])
        result.write()
        env = Path(".env")
        return result.after, read_env_file(env.read_text()) if env.exists() else {}

    return keep


def app(*variables: str, name: str = "app") -> str:
    """A service of an image that nobody knows."""
    return f"  {name}:\n    image: a/{name}:1\n    environment:\n" + "".join(f"      {each}\n" for each in variables)


def test_a_stand_in_stays_and_is_told(keep: Keep) -> None:
    text = app("API_KEY: '\"\"'", "GROQ_API_KEY: user_provided", "BOT_TOKEN: bot_token", "JWT_SECRET: ${S:-''}")
    after, env = keep(text)
    assert after == f"services:\n{text}" and not env
    assert len(harden("compose.yml", [Secrets()]).advice) == 4


def test_what_is_called_like_its_variable_goes_with_the_secret_of_another(keep: Keep) -> None:
    after, env = keep(app("BOT_TOKEN: bot_token") + app("TOKEN: bot_token", name="bot"))
    assert env == {"BOT_TOKEN": "bot_token"}
    assert after.count("${BOT_TOKEN}") == 2


def variables(after: str) -> dict[str, str]:
    """The variable that has taken the place of each value, by the name of that."""
    return dict(re.findall(r"(\w+): \"?\$\{(\w+)\}", after))


@pytest.mark.parametrize(
    ("names", "value"),
    [
        # The name at the client is not that at the server, and a weak password is one as well.
        (["DB_PASS", "PGPASSWORD", "WORDPRESS_DB_PASSWORD", "MYSQL_PASSWORD"], "password"),
        (["DB_ADMIN_PASSWORD", "POSTGRES_PASSWORD"], "casaos"),
        (["REDIS_PASSWORD", "CACHE_PASS"], "password"),
        (["S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "MINIO_PASSWORD"], "minioadmin"),
        (["OPENAI_API_KEY", "RAG_OPENAI_API_KEY"], "local"),
        (["SMTP_PASS", "MAIL_PASSWORD", "EMAIL_HOST_PASSWORD"], "password"),
        (["JWT_SECRET", "AUTH_JWT_SECRET"], "secret"),
        # Nobody has this twice by chance.
        (["DB_PASS", "ADMIN_PASSWORD", "SMTP_PASS", "OPENAI_API_KEY", "SECRET_KEY"], "x7Kq-90pLm"),
    ],
)
def test_one_secret_is_kept_once(names: list[str], value: str, keep: Keep) -> None:
    after, env = keep("".join(app(f"{name}: {value}", name=f"s{number}") for number, name in enumerate(names)))
    assert len(set(variables(after).values())) == 1 == len(env)


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (["POSTGRES_PASSWORD", "NEXTCLOUD_ADMIN_PASSWORD"], "casaos"),
        (["POSTGRES_PASSWORD", "SECRET_KEY", "NEXTAUTH_SECRET", "JWT_SECRET", "SESSION_SECRET"], "password"),
        (["DB_PASS", "SMTP_PASS"], "password"),
        (["OPENAI_API_KEY", "ACCESS_CODE", "ANTHROPIC_API_KEY", "GROQ_API_KEY"], "local"),
        (["MINIO_ROOT_PASSWORD", "S3_ACCESS_KEY"], "minioadmin"),
        (["S3_SECRET_KEY", "S3_ACCESS_KEY"], "minioadmin"),
        (["PASSWORD", "SUDO_PASSWORD"], "password"),
        (["GF_SECURITY_ADMIN_PASSWORD", "KEYCLOAK_ADMIN_PASSWORD", "ADMIN_PASSWORD"], "admin"),
        (["DB_PASSWORD", "COLLAB_SECRET", "BOT_TOKEN", "SERVICE_KEY"], "secret"),
    ],
)
def test_secrets_that_are_the_same_today_are_kept_apart(names: list[str], value: str, keep: Keep) -> None:
    after, env = keep(app(*(f"{name}: {value}" for name in names)))
    assert variables(after) == {name: name for name in names}
    assert env == dict.fromkeys(names, value)


def test_what_a_variable_joins_stays_joined(keep: Keep) -> None:
    text = app("DB_PASSWORD: ${ALL:-password}", "ADMIN_PASSWORD: ${ALL:-password}", "S3_ACCESS_KEY: ${ALL:-password}")
    after, env = keep(text)
    assert env == {"ALL": "password"}
    assert after.count("${ALL}") == 3


def test_all_passwords_of_a_login_module_go(keep: Keep) -> None:
    module = 'PlainLoginModule required username="me" password="geheim" user_me="geheim" user_anna="other"'
    after, env = keep(app(f"KAFKA_JAAS_CONFIG: '{module};'"))
    one, other = env
    assert f'password="${{{one}}}" user_me="${{{one}}}" user_anna="${{{other}}}"' in after
    assert set(env.values()) == {"geheim", "other"}


def db(*variables: str, image: str = "postgres:16") -> str:
    """A store whose image reads its password from a file at its first start."""
    return app(*variables, name="db").replace("a/db:1", image)


@pytest.mark.parametrize(
    "text",
    [
        # Nothing shows what this does with the word.
        db("POSTGRES_PASSWORD: postgres") + app("DB: 'host=db user=postgres postgres'"),
        db("POSTGRES_PASSWORD: postgres") + app("DB_PASSWORD: postgres") + app("HOST: db", name="other"),
        db("POSTGRES_PASSWORD: postgres") + app("DB_PASSWORD: '${P:-postgres}'"),
        db("POSTGRES_PASSWORD: postgres") + "  app:\n    build: .\n    depends_on: [db]\n",
        # Whoever has it from here has it in another form, too.
        db("POSTGRES_PASSWORD: secret") + app("DB_PASSWORD: secret", "DB_CONN: db;app;secret"),
        db("POSTGRES_PASSWORD: secret")
        + app("DB_PASSWORD: secret", 'DATABASE_URL: "${URL:-postgres://u:secret@db/x}"'),
        db("POSTGRES_PASSWORD: P@ss/w0rd!A") + app("V: x-P%40ss%2fw0rd%21A-y"),
        # The same word for another purpose.
        db("POSTGRES_PASSWORD: casaos") + app("ADMIN_PASSWORD: casaos"),
        db("MONGO_INITDB_ROOT_USERNAME: x7Kq-90pLm", image="mongo:7"),
        db("NEO4J_AUTH: neo4j/x7Kq-90pLm", image="neo4j:5"),
    ],
)
def test_no_new_value_where_another_may_have_the_old_one(text: str, keep: Keep) -> None:
    _, env = keep(text, rotate=True)
    assert not any(len(value or "") == 32 for value in env.values())
    assert all(len(file.read_text()) < 32 for file in Path("secrets").glob("*"))


@pytest.mark.parametrize(
    "text",
    [
        db("POSTGRES_PASSWORD: postgres"),
        db("POSTGRES_PASSWORD: postgres") + app("URL: 'postgres://postgres:postgres@db/app'"),
        db("POSTGRES_PASSWORD: x7Kq-90pLm") + app("REDISCLI_AUTH: x7Kq-90pLm"),
        db("MONGO_INITDB_ROOT_USERNAME: root", "MONGO_INITDB_ROOT_PASSWORD: mongo", image="mongo:7"),
    ],
)
def test_a_new_value_for_a_word_that_all_have_from_here(text: str, keep: Keep) -> None:
    after, env = keep(text, rotate=True)
    (file,) = Path("secrets").iterdir()
    assert len(file.read_text()) == 32
    assert set(env.values()) <= {file.read_text()}
    assert "postgres://postgres:postgres" not in after


def test_why_a_value_stays_is_told(keep: Keep) -> None:
    Path("compose.yml").write_text("services:\n" + db("POSTGRES_PASSWORD: postgres") + app("HOST: db"))
    result = harden("compose.yml", [Secrets(rotate=True)])
    assert any("app may use it, too" in (change.caveat or "") for change in result.changes)
