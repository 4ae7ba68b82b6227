"""What a service with `build:` runs, by its Dockerfile."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardener.knowledge.dockerfile import Built, read_dockerfile
from hardener.model import Build, nonroot


def read(folder: Path, text: str, **build: Any) -> Built | None:
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    return read_dockerfile(folder, Build.model_validate({"context": ".", **build}))


def built(folder: Path, text: str, **build: Any) -> Built:
    found = read(folder, text, **build)
    assert found is not None
    return found


def inline(text: str) -> Built | None:
    return read_dockerfile(Path(), Build.model_validate({"dockerfile_inline": text}))


@pytest.mark.parametrize(
    "build",
    [
        {"context": "missing"},
        {"context": ".", "dockerfile": "missing"},
        {"context": ".", "dockerfile": "folder"},
        {"context": ".", "dockerfile": "pipe"},
        {"context": ".", "dockerfile": "empty"},
        {"context": ".", "dockerfile": "huge"},
        {"context": ".", "dockerfile": "/dev/zero"},
        {"context": ".", "dockerfile": "/proc/self/environ"},
        {"context": ".", "dockerfile": "nul\0byte"},
        {"context": "${WHERE}"},
        {"context": "${WHERE:?which one}"},
        {"context": ".", "dockerfile": "${WHICH}"},
        {"context": ".", "target": "${STAGE}"},
        {"context": ".", "target": "missing"},
        {"context": ".", "target": "1"},
        {"context": ".", "target": "-1"},
        {"context": "https://github.com/someone/app.git", "dockerfile": "{folder}/Dockerfile"},
        {"context": "git@github.com:someone/app.git", "dockerfile": "{folder}/Dockerfile"},
        {"dockerfile_inline": "FROM ${BASE}"},
        {"dockerfile_inline": ""},
        {"context": ".", "additional_contexts": {"app": "service:other"}},
    ],
)
def test_what_cannot_be_read_is_not_known(tmp_path: Path, build: dict[str, str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine AS app\n")
    (tmp_path / "empty").touch()
    (tmp_path / "huge").write_text("FROM alpine\n" + "#" * 1024 * 1024)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    if "dockerfile" in build:
        build = {**build, "dockerfile": build["dockerfile"].replace("{folder}", str(tmp_path))}
    assert read_dockerfile(tmp_path, Build.model_validate({"context": "."})) is not None
    assert read_dockerfile(tmp_path, Build.model_validate(build)) is None


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "# only a comment",
        "ARG A=1",
        "USER app\nFROM alpine",
        "FROM",
        "FROM alpine AS",
        "FROM alpine app base",
        "FROM alpine\nHELLO world",
        "FROM alpine\nUSER",
        "FROM alpine\nHEALTHCHECK curl localhost",
        "FROM alpine\nHEALTHCHECK CMD",
        "FROM alpine\nCMD [1]",
        "FROM alpine\nUSER ${A:-x",
        "FROM alpine\nUSER 'app",
        "FROM alpine\nRUN <<EOF\nUSER app\n",
        "# escape=x\nFROM alpine",
    ],
)
def test_what_docker_refuses_is_not_known(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) is None


def test_what_a_dockerfile_does_not_say_is_not_told(tmp_path: Path) -> None:
    assert built(tmp_path, "FROM alpine\nCOPY . /app\nWORKDIR /app\n") == Built("alpine", "Dockerfile:1")


@pytest.mark.parametrize(
    "text",
    [
        "ONBUILD USER app",
        "# USER app",
        "RUN echo \\\n USER app",
        "RUN echo \\\n# a comment \\\n\n USER app",
        "RUN <<EOF\nUSER app\nEOF",
        "RUN cat <<-'END' > /etc/x\n\tUSER app\n\tEND",
        "COPY <<A <<B /etc/\nUSER app\nA\nUSER app\nB",
        "FROM debian AS other\nUSER app\nFROM alpine",
    ],
)
def test_a_user_that_the_image_does_not_get_is_not_told(tmp_path: Path, text: str) -> None:
    found = built(tmp_path, f"FROM alpine\n{text}\n")
    assert found.base == "alpine"
    assert found.user is None


@pytest.mark.parametrize(
    "text",
    [
        "USER $APP_UID",
        "USER ${APP_UID}",
        "USER ${APP_UID:+app}",
        "USER app$APP_UID",
        "ARG APP_UID\nUSER $APP_UID",
        "ARG GIVEN=1000\nUSER $GIVEN",
        "ARG GIVEN=1000\nENV NAME=$GIVEN\nUSER ${NAME:-app}",
        "ENV APP_UID=$OTHER\nUSER ${APP_UID:-app}",
        "ENV APP_UID=a-b\nUSER ${APP_UID%-*}",
        "USER app\nUSER $APP_UID",
        'USER ""',
    ],
)
def test_a_user_nobody_knows_is_not_taken_for_anyone(tmp_path: Path, text: str) -> None:
    user = built(tmp_path, f"FROM alpine\n{text}\n", args={"GIVEN": "${FROM_THE_SHELL}"}).user
    assert user is not None
    assert user.value == ""
    assert not nonroot(user.value)


@pytest.mark.parametrize(
    ("text", "user", "line"),
    [
        ("USER app", "app", 2),
        ("user 1000:1000", "1000:1000", 2),
        ("USER\tapp\r", "app", 2),
        ("USER app\nUSER root", "root", 3),
        ('USER "app"', "app", 2),
        ("RUN a \\\n  # why\n\n  b\nUSER app", "app", 6),
        ("RUN <<EOF\nUSER other\nEOF\nUSER app", "app", 5),
        ("ARG UID=1000\nARG GID=$UID\nUSER $UID:${GID}", "1000:1000", 4),
        ("ENV A=x B='y z'\nUSER $A", "x", 3),
        ("ENV NAME app\nUSER $NAME", "app", 3),
        ("ENV A=1\nENV A=2 B=$A\nUSER $B", "1", 4),
        ("USER ${NAME:-app}", "app", 2),
        ("USER ${NAME-app}", "app", 2),
        ("ENV NAME=\nUSER ${NAME:-app}", "app", 3),
        ("ENV NAME=me\nUSER ${NAME:+app}", "app", 3),
        ("ENV NAME=me\nUSER ${OTHER:-$NAME}", "me", 3),
        ("ARG GIVEN=1\nUSER $GIVEN", "app", 3),
        ("ARG GIVEN\nUSER $GIVEN", "app", 3),
        ("ARG SHELL_HAS=app\nUSER $SHELL_HAS", "app", 3),
        ("ARG GIVEN\nENV GIVEN=me\nUSER $GIVEN", "me", 4),
    ],
)
@pytest.mark.parametrize("as_list", [False, True])
def test_the_last_user_is_that_of_the_image(tmp_path: Path, text: str, user: str, line: int, as_list: bool) -> None:
    args: Any = ["GIVEN=${WHO:-app}", "SHELL_HAS"] if as_list else {"GIVEN": "${WHO:-app}", "SHELL_HAS": None}
    told = built(tmp_path, f"FROM alpine\n{text}\n", args=args).user
    assert told is not None
    assert (told.value, told.source) == (user, f"Dockerfile:{line}")


def test_the_escape_directive_changes_what_continues_a_line(tmp_path: Path) -> None:
    found = built(tmp_path, "# syntax=docker/dockerfile:1\n# escape=`\nFROM alpine\nRUN a `\n  USER b\nUSER c\\d\n")
    assert found.user is not None
    assert (found.user.value, found.user.source) == ("c\\d", "Dockerfile:6")


@pytest.mark.parametrize(
    ("text", "build", "base", "line"),
    [
        ("FROM scratch", {}, None, 1),
        ("FROM $IMAGE", {}, "", 1),
        ("ARG IMAGE\nFROM $IMAGE", {}, "", 2),
        ("ARG TAG=3\nFROM alpine:$TAG", {"args": {"TAG": "${TAG}"}}, "", 2),
        ("FROM alpine\nARG TAG=3\nFROM debian:$TAG", {}, "", 3),
        ("FROM base", {"additional_contexts": {"base": "../base"}}, "", 1),
        ("FROM base", {"additional_contexts": {"base": "service:base"}}, "", 1),
        ("FROM base", {"additional_contexts": ["base=docker-image://alpine:3"]}, "alpine:3", 1),
        ("FROM --platform=$BUILDPLATFORM python:3.12-slim", {}, "python:3.12-slim", 1),
        ("ARG TAG=3\nFROM alpine:${TAG}", {}, "alpine:3", 2),
        ("FROM alpine:${TAG:-3}", {}, "alpine:3", 1),
        ("ARG TAG=3\nFROM alpine:$TAG", {"args": ["TAG=4"]}, "alpine:4", 2),
        ("ARG TAG=3\nFROM alpine:$TAG", {"args": {"TAG": 4}}, "alpine:4", 2),
        ("ARG TAG=3\nFROM alpine:$TAG", {"args": ["TAG"]}, "alpine:3", 2),
        ("ARG A=3\nARG TAG=$A-x\nFROM alpine:$TAG", {}, "alpine:3-x", 3),
        ("FROM golang AS build\nFROM alpine\nCOPY --from=build /a /a", {}, "alpine", 2),
        ("FROM golang AS build\nFROM alpine", {"target": "BUILD"}, "golang", 1),
        ("FROM golang as Build\nFROM alpine", {"target": "${STAGE:-build}"}, "golang", 1),
        ("FROM golang AS build\nFROM alpine", {"target": "0"}, "golang", 1),
        ("FROM alpine AS base\nFROM base AS build\nFROM base", {}, "alpine", 1),
        ("FROM alpine AS base\nFROM Base", {}, "alpine", 1),
        ("FROM alpine AS alpine\nFROM alpine", {}, "alpine", 1),
        ("FROM debian AS app-prod\nARG MODE=prod\nFROM app-${MODE}", {}, "", 3),
        ("ARG MODE=prod\nFROM debian AS app-prod\nFROM app-${MODE}", {}, "debian", 2),
    ],
)
def test_the_image_that_the_chosen_stage_rests_on(
    tmp_path: Path, text: str, build: dict[str, Any], base: str | None, line: int
) -> None:
    found = built(tmp_path, text, **build)
    assert (found.base, found.base_source) == (base, f"Dockerfile:{line}")


CHAIN = """\
ARG NAME=app
FROM debian AS base
ARG NAME
ENV PORT=8000
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get install -y tini
USER $NAME
EXPOSE $PORT
VOLUME /data
STOPSIGNAL SIGQUIT
HEALTHCHECK CMD true
CMD serve
FROM base AS prod
EXPOSE 9000 8000
VOLUME ["/more"]
CMD exec serve $PORT
"""


def test_a_stage_has_what_the_stages_before_it_say(tmp_path: Path) -> None:
    found = built(tmp_path, CHAIN)
    told = [found.user, found.stop_signal, found.healthcheck, found.command, *found.expose, *found.volumes]
    assert [(fact.value, fact.source) for fact in told if fact] == [
        ("app", "Dockerfile:7"),
        ("SIGQUIT", "Dockerfile:10"),
        (["CMD-SHELL", "true"], "Dockerfile:11"),
        (["/bin/bash", "-o", "pipefail", "-c", "exec serve $PORT"], "Dockerfile:16"),
        (8000, "Dockerfile:8"),
        (9000, "Dockerfile:14"),
        ("/data", "Dockerfile:9"),
        ("/more", "Dockerfile:15"),
    ]
    assert found.packages == {"tini"}
    base = built(tmp_path, CHAIN, target="base")
    assert [port.value for port in base.expose] == [8000]
    assert [volume.value for volume in base.volumes] == ["/data"]
    assert base.command is not None
    assert base.command.source == "Dockerfile:12"
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("HEALTHCHECK NONE", ["NONE"]),
        ("HEALTHCHECK CMD true\nHEALTHCHECK none", ["NONE"]),
        ("HEALTHCHECK CMD curl -f http://127.0.0.1/ || exit 1", ["CMD-SHELL", "curl -f http://127.0.0.1/ || exit 1"]),
        ('HEALTHCHECK --interval=5s --retries=3 \\\n  CMD [ "nc", \\\n "-z" ]', ["CMD", "nc", "-z"]),
        ("healthcheck cmd test $PORT", ["CMD-SHELL", "test $PORT"]),
    ],
)
def test_a_healthcheck_is_told_as_compose_writes_it(tmp_path: Path, text: str, test: list[str]) -> None:
    told = built(tmp_path, f"FROM alpine\n{text}\n").healthcheck
    assert told is not None
    assert told.value == test


@pytest.mark.parametrize(
    ("text", "entrypoint", "command"),
    [
        ("CMD serve", None, ["/bin/sh", "-c", "serve"]),
        ('CMD ["serve", "-p"]', None, ["serve", "-p"]),
        ("CMD ['serve']", None, ["/bin/sh", "-c", "['serve']"]),
        ("CMD []", None, []),
        ('ENTRYPOINT ["tini", "--"]', ["tini", "--"], []),
        ("ENTRYPOINT run $A", ["/bin/sh", "-c", "run $A"], []),
        ('CMD ["a"]\nENTRYPOINT ["b"]', ["b"], ["a"]),
        ('ENTRYPOINT ["b"]\nCMD ["a"]', ["b"], ["a"]),
        ('CMD ["a"]\nFROM base\nENTRYPOINT ["b"]', ["b"], []),
        ('ENTRYPOINT ["b"]\nFROM base\nCMD ["a"]', ["b"], ["a"]),
        ('SHELL ["bash", "-c"]\nCMD a', None, ["bash", "-c", "a"]),
    ],
)
def test_entrypoint_and_command_are_words(
    tmp_path: Path, text: str, entrypoint: list[str] | None, command: list[str] | None
) -> None:
    found = built(tmp_path, f"FROM alpine AS base\n{text}\n")
    assert (found.entrypoint and found.entrypoint.value) == entrypoint
    assert (found.command and found.command.value) == command


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("EXPOSE 53/udp", []),
        ("EXPOSE $PORT 0 70000 x", []),
        ("EXPOSE 90-80", []),
        ("EXPOSE 80 443/tcp 80", [80, 443]),
        ("EXPOSE 8000-8002", [8000, 8001, 8002]),
        ("ENV PORTS='80 81/udp'\nEXPOSE $PORTS ${MORE:-82/TCP}", [80, 82]),
        ("EXPOSE 127.0.0.1:8080:80", [80]),
    ],
)
def test_tcp_ports(tmp_path: Path, text: str, ports: list[int]) -> None:
    assert [port.value for port in built(tmp_path, f"FROM alpine\n{text}\n").expose] == ports


@pytest.mark.parametrize(
    "run",
    [
        "apt-get update",
        "echo apt-get install curl",
        "apt-get install $CURL",
        "apt-get install ./curl.deb",
        "apt-get install -y curl && apt-get purge -y curl",
        "apt-get install -y curl=8.* && apt-get purge -y --auto-remove curl",
        "apt-get install -y curl && apt-get purge -y 'cur*'",
        "apt-get install -y curl && apt-get purge -y $fetched",
        "apt-get install -y curl; apt-mark auto '.*' > /dev/null; apt-mark manual $saved; apt-get autoremove -y",
        "apk add --no-cache --virtual .deps curl && make && apk del .deps",
        "apk add --virtual=.deps curl && apk --no-cache del .deps",
        "apk add -t .deps curl\nRUN apk del .deps",
        "apk add --root /other curl",
        "dnf --installroot=/other install curl",
        "if [ -n $DEV ]; then apt-get install -y curl; fi",
        '[ "$DEV" = 1 ] && apt-get update && apt-get install -y curl || true',
        '[ "$DEV" = 1 ] && { apt-get update; apt-get install -y curl; }',
        "test -x /a || (apt-get update && apt-get install -y curl)",
        "apt-get install -y curl 2>&1 || true",
        "for x in a b; do apt-get install -y curl; done",
        "true # && apt-get install -y curl",
        "cat <<EOF > /install.sh\napt-get install -y curl\nEOF",
        "<<EOF\n#!/usr/bin/env python3\napt-get install -y curl\nEOF",
        "<<EOF\n# apt-get install -y curl\nEOF",
        "true\nFROM alpine\nRUN true",
    ],
)
def test_a_package_that_may_not_be_there_is_not_told(tmp_path: Path, run: str) -> None:
    assert built(tmp_path, f"FROM debian\nRUN {run}\n").packages == frozenset()


@pytest.mark.parametrize(
    "run",
    [
        "apt-get update && apt-get install -y --no-install-recommends curl tini && rm -rf /var/lib/apt/lists/*",
        "apt-get -qq -o Acquire::Retries=3 install \\\n  # the check\n  curl=8.* \\\n  'tini>0' > /dev/null 2>&1",
        "set -eux; apt install curl:amd64 tini; apt-get purge -y gcc",
        "apt-get install -y curl tini gcc wget && apt-get purge gcc wget",
        "sudo -E DEBIAN_FRONTEND=noninteractive apt-get install -t stable -y curl tini",
        "yes | apt-get install curl tini",
        "--mount=type=cache,target=/var/cache/apt apt-get install -y curl tini",
        '["apt-get", "install", "-y", "curl", "tini"]',
        "apk add --no-cache curl~=8 tini@edge",
        "apk add curl tini && apk add -t .deps curl gcc && apk del .deps",
        "apk add -t .deps curl gcc && apk add curl tini && apk del .deps",
        "apk add curl\nRUN apk --update add tini",
        "yum -y install curl && microdnf install tini",
        "if true; then a; fi; dnf install curl tini",
        "[ -x /a ] && b; apt-get install -y curl tini",
        "(apt-get update && apt-get install -y curl) && apt-get install -y tini",
        "<<EOF\nset -e\napt-get install -y \\\n  curl\napt-get install -y tini # init\nEOF",
        "bash -e <<EOF\napt-get install -y curl tini\nEOF",
        "apt-get install -y curl tini\nFROM base",
    ],
)
def test_packages_that_are_installed(tmp_path: Path, run: str) -> None:
    assert built(tmp_path, f"FROM debian AS base\nRUN {run}\n").packages == {"curl", "tini"}


@pytest.mark.parametrize(
    ("file", "build", "source"),
    [
        ("Dockerfile", {"context": "."}, "Dockerfile:1"),
        ("Dockerfile", {}, "Dockerfile:1"),
        ("dockerfile", {"context": "."}, "dockerfile:1"),
        ("api/Dockerfile", {"context": "./api"}, "api/Dockerfile:1"),
        ("api/Dockerfile", {"context": "${WHERE:-api}/"}, "api/Dockerfile:1"),
        ("api/docker/prod", {"context": "api", "dockerfile": "${FILE:-docker/prod}"}, "api/docker/prod:1"),
        ("docker/api", {"context": "api", "dockerfile": "../docker/api"}, "docker/api:1"),
        ("../Dockerfile", {"context": ".."}, "../Dockerfile:1"),
    ],
)
def test_the_file_is_found_where_compose_finds_it(
    tmp_path: Path, file: str, build: dict[str, str], source: str
) -> None:
    folder = tmp_path / "project"
    for parent in (folder / file, folder / "api" / "x"):
        parent.parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text("FROM alpine\n")
    found = read_dockerfile(folder, Build.model_validate(build))
    assert found is not None
    assert found.base_source == source


def test_a_dockerfile_inside_the_compose_file() -> None:
    found = inline("FROM alpine:${TAG:-3}\nENV U=app\nUSER $$U\n")
    assert found is not None
    assert (found.base, found.base_source) == ("alpine:3", "dockerfile_inline:1")
    assert found.user is not None
    assert found.user.value == "app"


@pytest.mark.parametrize(
    "text",
    [
        "# syntax=a" + " " * 900_000 + "b\nFROM alpine",
        "FROM alpine\nENV A=aaaaaaaa\n" + "ENV A=$A$A\n" * 500 + "USER $A",
        "FROM alpine\n" + "EXPOSE 1-65535\n" * 50_000,
        "FROM alpine\nCMD " + "[" * 900_000 + "\nUSER $A",
        "FROM alpine\nUSER " + "${A:-" * 50_000 + "}" * 50_000,
        "FROM alpine\nENV A=" + "a" * 90_000 + "\nUSER ${A#" + "*a" * 30 + "b}",
    ],
    ids=["directive", "doubling", "ports", "brackets", "braces", "pattern"],
)
@pytest.mark.usefixtures("ends")
def test_a_file_made_to_take_long_is_given_up(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert found is None or found.user is None or found.user.value == ""


PIECES = st.sampled_from(
    """FROM alpine|FROM a AS b|FROM b|ARG A=1|ENV A=$A|USER ${A:-x}|EXPOSE 80-|RUN apk add -t .x y|RUN <<E|E|\\
# escape=`|CMD ["a"]|HEALTHCHECK CMD|VOLUME ["/a"]|SHELL []|ENTRYPOINT|STOPSIGNAL $|RUN ["a"]|RUN ( if [ && } apt-get
\r|"|'|$|\t|ONBUILD USER x""".replace("\n", "|").split("|")
)


@given(st.one_of(st.text(), st.lists(PIECES | st.text(max_size=5)).map("\n".join), st.lists(PIECES).map(" ".join)))
def test_no_text_raises(text: str) -> None:
    found = inline(f"FROM alpine\n{text}".replace("$", "$$"))
    assert found is None or found.base_source


def test_the_parser_is_imported_when_a_dockerfile_is_met() -> None:
    code = "import sys, hardener.knowledge.dockerfile; sys.exit('e2b_dockerfile_utils' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "user", ["", " ", "0", "00", "+0", "root", "0:0", "root:root", "0:1000", ":1000", "$UID", "${A:-1}"]
)
def test_root_or_perhaps_root(user: str) -> None:
    assert not nonroot(user)


@pytest.mark.parametrize("user", ["1", "1000:1000", "1000:0", "app", "app:root", "nobody"])
def test_certainly_not_root(user: str) -> None:
    assert nonroot(user)
