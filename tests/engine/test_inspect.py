"""What an engine says of images: through the docker command, which is played by a script, or is not there."""

import json
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardener.engine import inspect
from hardener.engine.inspect import inspect_images
from hardener.knowledge.inspection import InspectedImage, Inspection

DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "fedcba9876543210" * 4
POSTGRES = {
    "Id": OTHER,
    "RepoTags": ["postgres:16", "registry.example.org:5000/db:1"],
    "RepoDigests": [f"postgres@{DIGEST}", f"mirror.example.org/postgres@{OTHER}"],
    "Os": "linux",
    "Architecture": "arm64",
    "Variant": "v8",
    "Config": {
        "User": "70",
        "ExposedPorts": {"8008/tcp": {}, "5432/tcp": {}, "53/udp": {}, "odd": {}},
        "Env": ["PATH=/bin", "POSTGRES_PASSWORD=hunter2", "EMPTY="],
        "Cmd": ["postgres"],
        "Entrypoint": ["docker-entrypoint.sh"],
        "Healthcheck": {"Test": ["CMD", "pg_isready"], "Interval": 1000},
        "Volumes": {"/var/lib/postgresql/data": {}},
        "StopSignal": "SIGINT",
    },
}
BARE = {"Id": OTHER, "RepoTags": ["acme/app:latest"], "RepoDigests": None, "Config": None}
Docker = Callable[..., Path]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Puts a docker on the PATH, alone, that knows some images; returns the file in which it notes its questions."""

    def docker(*images: Any, answer: str | None = None, complaint: str = "", status: int | None = None) -> Path:
        asked, script = tmp_path / "asked.json", tmp_path / "bin" / "docker"
        script.parent.mkdir()
        script.write_text(
            f"""#!{sys.executable}
import json, os, sys
images, answer, complaint, status = {list(images)!r}, {answer!r}, {complaint!r}, {status!r}
with open({str(asked)!r}, "a") as notes:
    notes.write(json.dumps([sys.argv[1:], os.environ.get("DOCKER_HOST")]) + "\\n")
found, absent = [], []
for name in sys.argv[3:]:
    known = [one for one in images if name in (one["RepoTags"] or []) + (one["RepoDigests"] or [])]
    found += known[:1]
    absent += [] if known else [f"Error response from daemon: No such image: {{name}}"]
print(json.dumps(found) if answer is None else answer)
print(complaint or "\\n".join(absent), file=sys.stderr)
sys.exit(bool(absent) if status is None else status)
"""
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(script.parent))
        return asked

    return docker


def questions(asked: Path) -> list[Any]:
    return [json.loads(line) for line in asked.read_text().splitlines()]


def test_nothing_is_asked_for_nothing(docker: Docker) -> None:
    asked = docker()
    assert inspect_images([]) == Inspection()
    assert not asked.exists()


def test_what_an_engine_says(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://somewhere")
    asked = docker(POSTGRES)
    found = inspect_images(["postgres:16", "postgres:16"])
    assert found == Inspection(
        {
            "postgres:16": InspectedImage(
                name="postgres:16",
                digest=DIGEST,
                user="70",
                healthcheck=("CMD", "pg_isready"),
                ports=(5432, 8008),
                volumes=("/var/lib/postgresql/data",),
                stop_signal="SIGINT",
                entrypoint=("docker-entrypoint.sh",),
                command=("postgres",),
                environment=("PATH", "POSTGRES_PASSWORD", "EMPTY"),
                platform="linux/arm64/v8",
                source="docker image inspect postgres:16 (sha256:0123456789ab…)",
            )
        }
    )
    assert pickle.loads(pickle.dumps(found)) == found
    assert "hunter2" not in repr(found)
    assert questions(asked) == [[["image", "inspect", "postgres:16"], "ssh://somewhere"]]


def test_an_image_that_says_little(docker: Docker) -> None:
    docker(BARE | {"RepoTags": ["acme/app:latest", "acme/app:1"]})
    (image,) = inspect_images(["acme/app:1"]).images.values()
    assert image == InspectedImage(
        name="acme/app:1",
        digest=None,
        user="",
        healthcheck=None,
        ports=(),
        volumes=(),
        stop_signal=None,
        entrypoint=(),
        command=(),
        environment=(),
        platform="",
        source="docker image inspect acme/app:1 (sha256:fedcba987654…)",
    )


def test_a_health_check_that_is_switched_off_is_none(docker: Docker) -> None:
    docker(POSTGRES | {"Config": {"Healthcheck": {"Test": ["NONE"]}}})
    assert inspect_images(["postgres:16"]).images["postgres:16"].healthcheck is None


def test_the_digest_is_that_of_the_repository_that_is_named(docker: Docker) -> None:
    docker(POSTGRES)
    found = inspect_images(["registry.example.org:5000/db:1"])
    assert found.images["registry.example.org:5000/db:1"].digest is None


def test_several_digests_are_none(docker: Docker) -> None:
    docker(POSTGRES | {"RepoDigests": [f"postgres@{DIGEST}", f"docker.io/library/postgres@{OTHER}"]})
    found = inspect_images(["postgres:16"])
    assert found.images["postgres:16"].digest is None
    assert found.notes == ("postgres:16 has several digests on the engine, so none of them is taken",)


def test_an_image_named_by_digest(docker: Docker) -> None:
    name = f"postgres@{DIGEST}"
    docker(POSTGRES | {"RepoTags": None})
    assert inspect_images([name]).images[name].digest == DIGEST


def test_variables_stand_at_their_defaults(docker: Docker) -> None:
    asked = docker(POSTGRES)
    found = inspect_images(["${IMAGE:-postgres}:${TAG:-16}", "redis:${TAG}", "${WHICH:?say it}"])
    assert list(found.images) == ["postgres:16"]
    assert found.notes == (
        "redis:${TAG} was not inspected: it has a variable without default",
        "${WHICH:?say it} was not inspected: it has a variable without default",
    )
    assert [args for args, _ in questions(asked)] == [["image", "inspect", "postgres:16"]]


@pytest.mark.parametrize("image", ["--help", "-f", "Not An Image", "a//b", "x:y:z"])
def test_what_is_no_image_is_not_asked_for(docker: Docker, image: str) -> None:
    asked = docker(POSTGRES)
    found = inspect_images([image])
    assert not found.images and "no image name" in found.notes[0]
    assert not asked.exists()


def test_an_image_that_is_not_there(docker: Docker) -> None:
    docker(POSTGRES)
    found = inspect_images(["redis:7", "postgres:16", "nginx"])
    assert list(found.images) == ["postgres:16"]
    assert found.notes == (
        "redis:7 was not inspected: the engine does not have it, `docker pull redis:7` gets it",
        "nginx was not inspected: the engine does not have it, `docker pull nginx` gets it",
    )


def test_many_images_are_few_questions(docker: Docker) -> None:
    asked = docker()
    assert len(inspect_images(f"app:{number}" for number in range(250)).notes) == 250
    assert [len(args) - 2 for args, _ in questions(asked)] == [200, 50]


def test_no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert inspect_images(["postgres:16", "redis:7"]) == Inspection(
        {}, ("no image was inspected: there is no docker on the PATH",)
    )


NO_ENGINE = "Cannot connect to the Docker daemon at unix:///nowhere. Is the docker daemon running?"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"answer": "[]", "complaint": NO_ENGINE + "\n" + NO_ENGINE, "status": 1}, NO_ENGINE),
        ({"answer": "", "complaint": "error during connect: context not found", "status": 1}, "context not found"),
        ({"answer": "", "status": 3, "complaint": " "}, "it ended with status 3"),
        ({"answer": "oops", "status": 0}, "its answer is no list of images"),
        ({"answer": "{}", "status": 0}, "its answer is no list of images"),
    ],
)
def test_no_engine(docker: Docker, how: dict[str, Any], told: str) -> None:
    docker(POSTGRES, **how)
    found = inspect_images(["postgres:16", "redis:7"])
    assert not found.images
    (note,) = found.notes
    assert note.startswith("docker cannot inspect images: ") and told in note


def test_an_engine_that_does_not_answer(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    script = docker().parent / "bin" / "docker"
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(20)\n")
    monkeypatch.setattr(inspect, "TIMEOUT", 0.2)
    assert inspect_images(["postgres:16"]).notes == ("docker cannot inspect images: no answer in 0.2 seconds",)


def test_a_docker_that_cannot_run(docker: Docker) -> None:
    script = docker().parent / "bin" / "docker"
    script.write_text("#!/no/such/interpreter\n")
    assert os.access(script, os.X_OK)
    assert inspect_images(["postgres:16"]).notes == ("docker cannot inspect images: No such file or directory",)


@pytest.mark.parametrize("odd", [[None], ["x"], [{"RepoTags": "postgres:16"}], [{"RepoTags": [1]}]])
def test_an_answer_of_another_form(docker: Docker, odd: Any) -> None:
    docker(answer=json.dumps(odd), status=0)
    assert not inspect_images(["postgres:16"]).images
