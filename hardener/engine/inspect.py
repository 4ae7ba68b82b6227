"""`docker image inspect`: what an engine says of images that it has. It is asked, never told to pull anything.

The fields are those of https://docs.docker.com/reference/api/engine/ (ImageInspect); which engine is asked is up to
the docker command: its context, or DOCKER_HOST.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from typing import Any

from hardener.knowledge.inspection import InspectedImage, Inspection
from hardener.knowledge.reference import Reference, reference
from hardener.model.interpolation import resolve_defaults
from hardener.views.secrets import mask_text

TIMEOUT = 30
"""Seconds that the engine may take for one question; a local one needs a tenth of one."""

_AT_ONCE = 200
"""Images in one question: a command line has its limits."""

_ABSENT = re.compile(r"no such (?:image|object)|image not known", re.IGNORECASE)


def inspect_images(images: Iterable[str]) -> Inspection:
    """What the engine says of `images`, values of `image:` whose variables stand at their defaults.

    Never fails: without docker, without an engine, and where an image is not there, a note says so.
    """
    asked: dict[str, Reference] = {}
    notes: list[str] = []
    for image in dict.fromkeys(images):
        name = resolve_defaults(image.strip())
        found = reference(name) if name is not None else None
        if name is None:
            notes.append(f"{mask_text(image)} was not inspected: it has a variable without default")
        elif found is None:
            notes.append(f"{mask_text(name)!r} was not inspected: it is no image name")
        else:
            asked[name] = found
    docker = shutil.which("docker")
    if asked and docker is None:
        return Inspection({}, (*notes, "no image was inspected: there is no docker on the PATH"))
    there: dict[str, InspectedImage] = {}
    names = list(asked)
    for start in range(0, len(names), _AT_ONCE):
        part = names[start : start + _AT_ONCE]
        answers, trouble = _ask([docker or "docker", "image", "inspect", *part])
        if trouble is not None:
            notes.append(f"docker cannot inspect images: {trouble}")
            break
        for name in part:
            answer = next((answer for answer in answers if _is(asked[name], answer)), None)
            if answer is None:
                notes.append(f"{name} was not inspected: the engine does not have it, `docker pull {name}` gets it")
            else:
                there[name] = _image(name, asked[name], answer)
                if len(set(_digests(asked[name], answer))) > 1:
                    notes.append(f"{name} has several digests on the engine, so none of them is taken")
    return Inspection(there, tuple(notes))


def _ask(command: list[str]) -> tuple[list[dict[str, Any]], str | None]:
    """The images that docker knows of those asked for, and why it could not say, if so."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return [], f"no answer in {TIMEOUT} seconds"
    except OSError as error:
        return [], error.strerror or type(error).__name__
    try:
        answers = json.loads(done.stdout.strip() or b"[]")
    except ValueError:
        answers = None
    complaints = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    others = [line for line in complaints if not _ABSENT.search(line)]
    if done.returncode and not answers and (others or not complaints):
        return [], mask_text(others[-1].strip()) if others else f"it ended with status {done.returncode}"
    if not isinstance(answers, list):
        return [], "its answer is no list of images"
    return [answer for answer in answers if isinstance(answer, dict)], None


def _is(image: Reference, answer: dict[str, Any]) -> bool:
    """Whether an answer is about `image`: one of its tags, or of its digests, is it."""
    if image.digest is not None:
        return image.digest in _digests(image, answer)
    tags = (reference(tag) for tag in _texts(answer.get("RepoTags")))
    return any(tag is not None and tag.tagged == image.tagged for tag in tags)


def _digests(image: Reference, answer: dict[str, Any]) -> Iterator[str]:
    """The digests that an answer has for the repository of `image`."""
    for text in _texts(answer.get("RepoDigests")):
        found = reference(text)
        if found is not None and found.digest is not None and found.name == image.name:
            yield found.digest


def _image(name: str, image: Reference, answer: dict[str, Any]) -> InspectedImage:
    config = _map(answer.get("Config"))
    digests = sorted(set(_digests(image, answer)))
    digest = image.digest or (digests[0] if len(digests) == 1 else None)
    test = _texts(_map(config.get("Healthcheck")).get("Test"))
    ports = (port.partition("/") for port in _map(config.get("ExposedPorts")))
    shown = (digest or str(answer.get("Id", ""))).removeprefix("sha256:")[:12]
    return InspectedImage(
        name=name,
        digest=digest,
        user=str(config.get("User") or ""),
        healthcheck=test if test and test[0] != "NONE" else None,
        ports=tuple(sorted(int(port) for port, _, kind in ports if port.isdecimal() and kind in ("", "tcp"))),
        volumes=tuple(sorted(_map(config.get("Volumes")))),
        stop_signal=str(config["StopSignal"]) if config.get("StopSignal") else None,
        entrypoint=_texts(config.get("Entrypoint")),
        command=_texts(config.get("Cmd")),
        environment=tuple(text.partition("=")[0] for text in _texts(config.get("Env"))),
        platform="/".join(str(answer[key]) for key in ("Os", "Architecture", "Variant") if answer.get(key)),
        source=f"docker image inspect {name} (sha256:{shown}…)",
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
