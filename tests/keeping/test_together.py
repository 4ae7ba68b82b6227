"""Which credentials are one secret, and which only have the same value today."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hardener import Secrets, harden
from hardener.model.dotenv import read as read_env_file

Keep = Callable[..., tuple[str, dict[str, str | None]]]


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    monkeypatch.chdir(tmp_path)

    def keep(services: str) -> tuple[str, dict[str, str | None]]:
        """What a file becomes, and the variables that are in `.env` then."""
        Path("compose.yml").write_text(f"services:\n{services}")
        result = harden("compose.yml", [Secrets()])
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
