"""What an `image:` value refers to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardener.knowledge import Reference, reference

DIGEST = "sha256:" + "0123456789abcdef" * 4
HUB = "docker.io"


@pytest.mark.parametrize(
    "image",
    [
        "",
        " ",
        ":16",
        "/postgres",
        "postgres/",
        "a//b",
        "postgres:",
        "postgres:16:17",
        "postgres@",
        "postgres@sha256:abc",
        "postgres:16@16",
        "-postgres",
        "post gres",
        "post\ngres",
        "docker.io/Postgres",
        "..",
        "ghcr.io/",
        "docker.io//x",
        "https://hub.docker.com/_/postgres",
        "postgres:" + "1" * 129,
        "пост:16",
    ],
)
def test_what_is_no_reference_gives_none(image: str) -> None:
    assert reference(image) is None


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("postgres", Reference(HUB, "library/postgres")),
        ("postgres:16-alpine", Reference(HUB, "library/postgres", "16-alpine")),
        (" postgres:16 ", Reference(HUB, "library/postgres", "16")),
        ("library/postgres", Reference(HUB, "library/postgres")),
        ("docker.io/postgres", Reference(HUB, "library/postgres")),
        ("index.docker.io/library/postgres", Reference(HUB, "library/postgres")),
        ("bitnami/postgresql:17", Reference(HUB, "bitnami/postgresql", "17")),
        ("quay.io/prometheus/prometheus:v3", Reference("quay.io", "prometheus/prometheus", "v3")),
        ("localhost/x", Reference("localhost", "x")),
        ("localhost:5000/frappe/erpnext:1", Reference("localhost:5000", "frappe/erpnext", "1")),
        ("REGISTRY/x", Reference("REGISTRY", "x")),
        ("[::1]:5000/x:1", Reference("[::1]:5000", "x", "1")),
        (f"redis@{DIGEST}", Reference(HUB, "library/redis", None, DIGEST)),
        (f"redis:7@{DIGEST}", Reference(HUB, "library/redis", "7", DIGEST)),
        # Defaults stand in for variables, whatever part of a reference they hold.
        ("postgres:${TAG:-16}", Reference(HUB, "library/postgres", "16")),
        ("${IMAGE:-postgres:16}", Reference(HUB, "library/postgres", "16")),
        ("${IMAGE:-ghcr.io/me/postgres:${TAG:-16}}", Reference("ghcr.io", "me/postgres", "16")),
        ("${REGISTRY:-docker.io}/postgres:${TAG:-16}", Reference(HUB, "library/postgres", "16")),
        ("${REGISTRY:-docker.io}/postgres:${TAG}", Reference(HUB, "library/postgres", "$TAG")),
        ("${REGISTRY:-ghcr.io/acme}/app:$TAG", Reference("ghcr.io", "acme/app", "$TAG")),
        ("${PREFIX:-}postgres", Reference(HUB, "library/postgres")),
        # A variable without default leaves its part unknown, and no other.
        ("postgres:${TAG:?set a tag, see https://x.example/a:b@c}", Reference(HUB, "library/postgres", "$TAG")),
        ("postgres:16-${VARIANT}", Reference(HUB, "library/postgres", "$")),
        ("postgres@${DIGEST}", Reference(HUB, "library/postgres", None, "$DIGEST")),
        ("${REGISTRY}/postgres", Reference("$REGISTRY", "postgres")),
        ("$REGISTRY/postgres", Reference("$REGISTRY", "postgres")),
        ("${REGISTRY:?why}/grafana/grafana", Reference("$REGISTRY", "grafana/grafana")),
        ("${HOST}/grafana/grafana", Reference("$HOST", "grafana/grafana")),
        ("${HOST}:5000/postgres", Reference("$HOST:5000", "postgres")),
        ("${CI_DEPENDENCY_PROXY_DIRECT_PREFIX}/node", Reference("$CI_DEPENDENCY_PROXY_DIRECT_PREFIX", "node")),
        ("${DOCKER_USER}/postgres", Reference(HUB, "$DOCKER_USER/postgres")),
        ("${REGISTRY_USER}/postgres", Reference(HUB, "$REGISTRY_USER/postgres")),
        ("my${REGISTRY}/postgres", Reference(HUB, "$/postgres")),
        ("${IMAGE}", Reference(HUB, "library/$IMAGE")),
        ("${", Reference(HUB, "library/$")),
        ("postgres:${", Reference(HUB, "library/postgres", "$")),
        ("postgres:$$", Reference(HUB, "library/postgres", "$")),
        ("$IMAGE_NAME:$IMAGE_TAG", Reference(HUB, "library/$IMAGE_NAME", "$IMAGE_TAG")),
    ],
)
def test_parts(image: str, expected: Reference) -> None:
    assert reference(image) == expected


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("postgres", "latest"),
        ("postgres:16", "16"),
        (f"postgres:16@{DIGEST}", "16"),
        (f"postgres@{DIGEST}", None),
        ("postgres:${TAG}", None),
        ("postgres:16-${VARIANT}", None),
    ],
)
def test_the_tag_that_is_run(image: str, tag: str | None) -> None:
    parsed = reference(image)
    assert parsed is not None
    assert parsed.known_tag == tag


@given(st.text() | st.text(alphabet="ab1.:/@$-_{}?+ \n*A", max_size=60))
def test_never_raises(image: str) -> None:
    parsed = reference(image)
    assert parsed is None or parsed.name


_name = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)?", fullmatch=True)


@given(st.lists(_name, min_size=2, max_size=3), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True))
def test_a_full_name_reads_back(path: list[str], tag: str) -> None:
    repository = "/".join(path)
    assert reference(f"docker.io/{repository}:{tag}") == Reference(HUB, repository, tag)
