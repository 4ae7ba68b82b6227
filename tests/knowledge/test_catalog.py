"""The data files, and which image finds which of them."""

import json
import re
import shutil
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from hardener.errors import HardenError
from hardener.knowledge import ImageFacts, capability_uses, facts_for, reference
from hardener.knowledge.catalog import IMAGES, data_folders, index, load
from hardener.knowledge.facts import Claims, Unless, capability_names

FILES = sorted(IMAGES.glob("*.toml"))
VERSION = re.compile(r"v?(?:\d|\[\d-?\d\])+(?:\.(?:\d|\[\d-?\d\])+)*\.\*")
RANGE = re.compile(r"\[(\d)-?\d\]")
DIGEST = "sha256:" + "0123456789abcdef" * 4


def values(image: str) -> dict[str, Any]:
    facts = facts_for(image)
    return {name: claim.value for name, claim in facts.known().items()} if facts else {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_data_file_is_valid_and_small(file: Path) -> None:
    facts = load(file)
    assert file.stem == facts.family
    assert file.stat().st_size < 8000
    tags: list[Claims] = [facts, *facts.variants]
    assert any(claims.known() for claims in tags)
    for claim in (claim for claims in tags for claim in claims.known().values()):
        assert claim.source
        assert claim.confidence in ("measured", "documented", "derived")


def test_every_name_of_every_file_finds_its_file() -> None:
    assert len(FILES) >= 45
    for file in FILES:
        for name in load(file).names:
            found = facts_for(name.replace("*", "any-image"))
            assert found is not None
            assert found.family == file.stem
    assert sorted(set(index().values())) == FILES


def test_an_image_without_init_and_its_need_of_kill_agree() -> None:
    for file in FILES:
        facts = load(file)
        if facts.init_needs_kill is not None:
            assert facts.init is not None
            assert facts.init.value == "none", f"{file.name}: docker-init has no place in front of another init"


def test_what_moves_the_writes_puts_a_user_without_root_in_doubt_as_well() -> None:
    """Where data lies elsewhere, it may belong to another user, just as it may lie on the read-only root."""
    seen = 0
    for file in FILES:
        family = load(file)
        parts: list[Claims] = [family, *family.variants]
        for writes in (part.read_only for part in parts if part.read_only and part.read_only.value):
            for user in (part.non_root for part in parts if part.non_root):
                moved, told = writes.unless or Unless(), user.unless or Unless()
                assert set(moved.environment) <= set(told.environment), file.name
                assert set(moved.mounts) <= set(told.mounts), file.name
                assert set(moved.command) <= set(told.command), file.name
                seen += 1
    assert seen >= 8


def test_globs_for_the_tags_of_a_version_take_in_its_bare_number() -> None:
    """`2.*` does not match `2`, and both are tags of one version."""
    seen = 0
    for file in FILES:
        for variant in load(file).variants:
            for glob in (tag for tag in variant.tags if VERSION.fullmatch(tag)):
                bare = RANGE.sub(r"\1", glob.removesuffix(".*"))
                assert variant.fits(bare), f"{file.name}: {glob} without {bare}"
                seen += 1
    assert seen >= 20


@pytest.mark.parametrize(
    ("image", "claims"),
    [
        ("elasticsearch:2", ("user", "capabilities", "healthcheck")),
        ("elasticsearch:1.7.6", ("user", "capabilities", "healthcheck")),
        ("elasticsearch:5", ("user", "capabilities", "healthcheck")),
        ("haproxy:1", ("user", "capabilities", "read_only")),
        ("haproxy:1.8-alpine", ("user", "capabilities", "read_only")),
        ("grafana/grafana:4", ("user", "capabilities")),
        ("grafana/loki:1.6.1", ("user", "capabilities")),
        ("grafana/loki:v0.3.0", ("user", "capabilities")),
        ("prom/prometheus:0.20.0", ("user",)),
    ],
)
def test_old_tags_do_not_get_what_only_new_ones_have(image: str, claims: tuple[str, ...]) -> None:
    assert not values(image).keys() & set(claims)
    newest = image.partition(":")[0] + ":99.0.0"
    assert values(newest).keys() >= set(claims)


@pytest.mark.parametrize(
    "image",
    [
        "someone/postgres",
        "bitnami/wordpress",
        "library/library/postgres",
        "postgresql",
        "postgres-backup",
        "ghcr.io/someone/postgres:16",
        "ghcr.io/postgres",
        "quay.io/postgres",
        "localhost/postgres",
        "localhost:5000/postgres",
        "evil.example/docker.io/library/postgres",
        "mirror.gcr.io.evil.example/library/postgres",
        "public.ecr.aws/someone/postgres",
        "public.ecr.aws/docker-fake/library/postgres",
        "prometheus",
        "prom/prometheus/x",
        "linuxserver",
        "linuxserver/a/b",
        "docker.io/lscr.io/linuxserver/plex",
        "${DOCKER_USER}/postgres",
        "${REGISTRY}/someone/postgres",
        "${REGISTRY:-ghcr.io}/postgres",
        "${REGISTRY}/${ORG}/postgres",
        "${REGISTRY}/server",
        "${IMAGE}",
        "$IMAGE:$TAG",
        "${PREFIX}postgres",
        "postgres-${FLAVOUR}",
        "Postgres",
        "postgres:",
        "",
        "*",
        "linuxserver/*",
    ],
)
def test_an_unknown_image_is_not_guessed_at(image: str) -> None:
    assert facts_for(image) is None


@pytest.mark.parametrize(
    ("image", "family"),
    [
        ("postgres", "postgres"),
        ("postgres:16-alpine", "postgres"),
        (f"postgres@{DIGEST}", "postgres"),
        ("library/postgres", "postgres"),
        ("docker.io/postgres:16", "postgres"),
        ("docker.io/library/postgres", "postgres"),
        ("index.docker.io/library/postgres", "postgres"),
        ("registry.hub.docker.com/library/postgres", "postgres"),
        ("public.ecr.aws/docker/library/postgres:16", "postgres"),
        ("mirror.gcr.io/library/postgres", "postgres"),
        ("mirror.gcr.io/grafana/grafana", "grafana"),
        ("${REGISTRY:-docker.io}/postgres:${TAG:-16}", "postgres"),
        ("${IMAGE:-postgres:16}", "postgres"),
        ("postgres:${TAG}", "postgres"),
        ("${REGISTRY}/postgres", "postgres"),
        ("${REGISTRY}/library/postgres:16", "postgres"),
        ("${ANYTHING}/library/postgres:16", "postgres"),
        ("${REGISTRY}/prometheus/prometheus", "prom-prometheus"),
        ("${REGISTRY}/linuxserver/plex", "linuxserver"),
        ("pgvector/pgvector:pg17", "postgis"),
        ("quay.io/prometheus/prometheus", "prom-prometheus"),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.15.0", "elasticsearch"),
        ("lscr.io/linuxserver/plex:latest", "linuxserver"),
        ("linuxserver/sonarr", "linuxserver"),
        ("lscr.io/linuxserver/mariadb", "linuxserver-mariadb"),
        ("linuxserver/socket-proxy", "linuxserver-socket-proxy"),
        ("phpmyadmin/phpmyadmin", "phpmyadmin"),
    ],
)
def test_a_known_image_is_found_under_each_of_its_names(image: str, family: str) -> None:
    facts = facts_for(image)
    assert facts is not None
    assert facts.family == family


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("wordpress", {"role": "app", "stop_signal": "SIGWINCH"}),
        ("wordpress:6-fpm-alpine", {"role": "app", "stop_signal": "SIGQUIT"}),
        ("wordpress:cli", {"role": "job", "stop_signal": None}),
        ("wordpress:${TAG}", {"role": None, "init": "none", "stop_signal": None, "init_needs_kill": None}),
        (f"wordpress@{DIGEST}", {"role": None, "init": "none"}),
        ("php:8.3-cli", {"role": "app", "stop_signal": None}),
        ("php:8.3-fpm", {"stop_signal": "SIGQUIT", "init_needs_kill": False}),
        ("influxdb:2.7", {"init_needs_kill": True}),
        ("influxdb:3-core", {"init_needs_kill": False}),
        ("influxdb", {"init_needs_kill": None}),
        ("elasticsearch:8.15.0", {"init": "tini", "memory": "1G"}),
        ("elasticsearch:7.17.9", {"init": None, "memory": "1536M"}),
        ("gitea/gitea:1.22-rootless", {"init": "dumb-init"}),
        ("gitea/gitea:1.22", {"init": "s6"}),
        ("linuxserver/plex", {"role": None, "init": "s6"}),
        ("gitea/gitea:1.22-rootless", {"user": "1000:1000", "read_only": None}),
        ("n8nio/n8n:0.236.0", {"user": None, "capabilities": None, "ports": ["5678"]}),
        ("quay.io/keycloak/keycloak:16.1.1", {"lacks": None, "user": "1000"}),
        ("quay.io/keycloak/keycloak:26.0", {"lacks": ["curl", "wget"]}),
        ("apache/tika:2.5.0", {"user": None, "read_only": None}),
        ("apache/tika:2.9.2.1-full", {"user": "35002:35002", "read_only": True}),
        ("wazuh/wazuh-manager:4.14.7", {"init": "s6"}),
        ("wazuh/wazuh-manager:5.0.0", {"init": None}),
        ("alpine:3.20", {"role": None, "init": "none"}),
        ("postgres:16", {"role": "database", "stop_signal": "SIGINT", "stop_grace_period": "90s"}),
    ],
)
def test_facts_of_a_tag(image: str, expected: dict[str, Any]) -> None:
    found = values(image)
    assert {name: found.get(name) for name in expected} == expected


def test_an_image_that_needs_more_than_its_namespace_does_not_get_what_that_needs() -> None:
    assert "capabilities" in values("lscr.io/linuxserver/sonarr")
    for image in ("linuxserver/homeassistant", "lscr.io/linuxserver/wireguard", "ghcr.io/linuxserver/swag"):
        assert values(image)["init"] == "s6"
        assert "capabilities" not in values(image)


def test_behind_an_unknown_registry_nothing_is_certain() -> None:
    certain, assumed = facts_for("postgres:16"), facts_for("${REGISTRY}/postgres:16")
    assert certain is not None
    assert assumed is not None
    assert values("postgres:16") == values("${REGISTRY}/postgres:16")
    assert {claim.confidence for claim in assumed.known().values()} == {"assumed"}
    assert "assumed" not in {claim.confidence for claim in certain.known().values()}


def test_a_run_reads_only_the_files_of_its_images() -> None:
    facts_for.cache_clear()
    load.cache_clear()
    assert facts_for("postgres:16") and facts_for("redis") and facts_for("example.org/unknown") is None
    assert load.cache_info().currsize == 2


def test_a_folder_of_ones_own_is_checked_as_a_whole_when_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text('names = ["good"]\n', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("[", encoding="utf-8")
    assert data_folders([str(tmp_path)]) == (tmp_path,)
    good = facts_for("good", (tmp_path,))
    assert good is not None and good.known() == {}
    other = tmp_path / "other"
    other.mkdir()
    (other / "bad.toml").write_text('names = ["bad"]\nrole = {\n', encoding="utf-8")
    with pytest.raises(HardenError, match=r"bad\.toml:2:9: not valid TOML: "):
        data_folders([str(tmp_path), str(other)])


@pytest.mark.parametrize("name", ["", "missing", "a.toml"])
def test_what_is_no_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.toml").write_text('names = ["a"]\n', encoding="utf-8")
    with pytest.raises(HardenError, match=f"^{name or 'an empty name'} is no folder"):
        data_folders([name])


@pytest.mark.parametrize(
    "text",
    [
        '"names" = ["ours", "example.com/ours"]',
        "'names'=['ours','example.com/ours']",
        '  names = [ "ours", "example.com/ours" ]',
        'names = [\n  "ours",  # not ["theirs"]\n  "example.com/ours",\n]',
        'names = ["""ours""", "example.com\\u002fours"]',
        f'# {"x" * 3000}\nnames = ["ours", "example.com/ours"]',
        f'names = [\n{"# x" * 1000}\n"ours", "example.com/ours"]',
        '[role]\nvalue = "app"\nconfidence = "derived"\nsource = """\nnames = ["theirs"]"""\n'
        '[[variants]]\ntags = ["1"]\n',
    ],
)
def test_names_of_ones_own_in_every_form_of_toml(text: str, tmp_path: Path) -> None:
    if "[role]" in text:
        text = f'names = ["ours", "example.com/ours"]\n{text}'
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    assert set(index(tmp_path)) == {"docker.io/library/ours", "example.com/ours"}


def test_the_quick_index_agrees_with_toml(tmp_path: Path) -> None:
    for file in FILES:
        shutil.copy(file, tmp_path)
    assert {name: file.name for name, file in index().items()} == {
        name: file.name for name, file in index(tmp_path).items()
    }


ROLE = 'role = {value = "app", confidence = "derived", source = "Dockerfile"}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variants = []\n", r"x\.toml: names: "),
        ("", r"x\.toml: names: "),
        ("names = []\n", r"x\.toml: names: "),
        ("names = 'x'\n", r"x\.toml: names: "),
        ('names = ["x:1"]\n', "not an image name"),
        ('names = ["x*"]\n', "not an image name"),
        ('names = ["X"]\n', "not an image name"),
        ('names = ["x"]\nrole = "app"\n', r"x\.toml: role"),
        ('names = ["x"]\nrole = {value = "app", confidence = "derived"}\n', r"x\.toml: role\.source"),
        ('names = ["x"]\nrole = {value = "app", source = "Dockerfile"}\n', r"role\.confidence"),
        ('names = ["x"]\nrole = {value = "app", confidence = "derived", source = " "}\n', r"role\.source"),
        ('names = ["x"]\nrole = {value = "app", confidence = "assumed", source = "Dockerfile"}\n', "what is known"),
        ('names = ["x"]\nrole = {value = "king", confidence = "derived", source = "Dockerfile"}\n', r"role\.value"),
        ('names = ["x"]\nkind = {value = "app", confidence = "derived", source = "Dockerfile"}\n', r"x\.toml: kind"),
        ('names = ["x"]\nmemory = {value = 512, confidence = "derived", source = "Dockerfile"}\n', r"memory\.value"),
        (
            'names = ["x"]\ninit_needs_kill = {value = "true", confidence = "derived", source = "a"}\n',
            "init_needs_kill",
        ),
        (f'names = ["x"]\n[[variants]]\n{ROLE}\n', r"variants\.0\.tags"),
        (f'names = ["x"]\n{ROLE}\n{ROLE}\n', r"x\.toml:3:\d+: "),
        pytest.param(f'names = ["x"]\nrole = {"[" * 3000}\n', r"x\.toml: nested too deeply", id="deep"),
        pytest.param(f'names = ["x"]\nrole = {"9" * 5000}\n', r"x\.toml: not valid TOML", id="digits"),
        pytest.param(f'names = ["x"]\n{"a." * 500}a = 1\n', r"x\.toml: a: ", id="dots"),
        (
            'names = ["x"]\n[[variants]]\ntags = ["1"]\nunknown = ["nonsense"]\n',
            r"variants\.0\.unknown\.0: there is no",
        ),
        ('names = ["x"]\n[[variants]]\ntags = ["1"]\nunknown = ["names"]\n', r"variants\.0\.unknown\.0: there is no"),
        ('names = ["x"]\n# \N{LATIN SMALL LETTER A WITH DIAERESIS}'.encode("latin-1"), r"x\.toml:2:3: byte 0xe4"),
    ],
)
def test_a_broken_data_file_says_where_and_what(text: str | bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(HardenError, match=message):
        facts_for("x", (tmp_path,))
    with pytest.raises(HardenError, match=message):
        data_folders([str(tmp_path)])


def claims(**values: Any) -> dict[str, Any]:
    """The data of a file that makes these claims."""
    made = {name: {"value": value, "confidence": "derived", "source": "Dockerfile"} for name, value in values.items()}
    return {"names": ["x"], **made}


def check(*test: str) -> dict[str, Any]:
    return {"test": list(test), "binary": "curl: the curl package"}


@pytest.mark.parametrize(
    "data",
    [
        claims(healthcheck=check("CMD", "pg_isready")),
        claims(healthcheck=check("CMD-SHELL", 'pg_isready -U "$${POSTGRES_USER:-postgres}" && echo $$$$')),
        claims(port_check=check("CMD", "nc", "-z", "127.0.0.1", "{port}")),
        claims(capabilities={"start": ["CHOWN", "SETGID"], "health": ["CHECKPOINT_RESTORE"]}),
        claims(tmpfs=[{"path": "/tmp"}, {"path": "/tmp/a"}, {"path": "/var/run/x-y_z.d"}]),
        claims(non_root="999:0"),
        claims(non_root="10:10"),
    ],
)
def test_what_a_claim_may_say(data: dict[str, Any]) -> None:
    assert ImageFacts.validated(data).known()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (claims(healthcheck=check("curl", "localhost")), r"healthcheck\.value\.test: a test starts with CMD"),
        (claims(healthcheck=check("NONE", "x")), r"healthcheck\.value\.test: a test starts with CMD"),
        (claims(port_check=check("cmd", "x")), r"port_check\.value\.test: a test starts with CMD"),
        (claims(healthcheck=check("CMD-SHELL", "a $USER")), r"healthcheck\.value\.test: write \$ as \$\$"),
        (claims(healthcheck=check("CMD-SHELL", "a $$$USER")), r"healthcheck\.value\.test: write \$ as \$\$"),
        (claims(healthcheck=check("CMD", "$$a", "b$")), r"healthcheck\.value\.test: write \$ as \$\$"),
        (claims(capabilities={"start": ["ALL"]}), r"capabilities\.value\.start\.0: there is no such capability"),
        (claims(capabilities={"mounts": ["CAP_CHOWN"]}), r"capabilities\.value\.mounts\.0: there is no such"),
        (claims(capabilities={"health": ["KILL", "CHWON"]}), r"capabilities\.value\.health\.1: there is no such"),
        (claims(capabilities={"any_user": ["chown"]}), r"capabilities\.value\.any_user\.0: there is no such"),
        (claims(tmpfs=[{"path": "/tmp"}, {"path": "/run"}, {"path": "/tmp"}]), r"tmpfs\.value: a path is here twice"),
        (claims(tmpfs=[{"path": "/tmp"}, {"path": "/tmp/"}]), r"tmpfs\.value: a path is here twice"),
        (claims(tmpfs=[{"path": "/tmp,exec"}]), r"tmpfs\.value\.0\.path: "),
        (claims(tmpfs=[{"path": "/tmp:exec"}]), r"tmpfs\.value\.0\.path: "),
        (claims(tmpfs=[{"path": "/"}]), r"tmpfs\.value\.0\.path: "),
        (claims(non_root="0:0"), r"non_root\.value: "),
        (claims(non_root="0:999"), r"non_root\.value: "),
        (claims(non_root="00:1"), r"non_root\.value: "),
        (claims(non_root="root"), r"non_root\.value: "),
    ],
)
def test_what_no_claim_may_say(data: dict[str, Any], message: str, tmp_path: Path) -> None:
    lines = [f"{name} = {inline(value)}" for name, value in data.items()]
    (tmp_path / "x.toml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(HardenError, match=rf"x\.toml: {message}"):
        data_folders([str(tmp_path)])
    lines[1:] = ["[[variants]]", 'tags = ["1"]', *lines[1:]]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "x.toml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(HardenError, match=rf"x\.toml: variants\.0\.{message}"):
        data_folders([str(tmp_path / "more")])


def inline(value: Any) -> str:
    """`value` as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + "}"
    return json.dumps(value) if isinstance(value, str) else "[" + ", ".join(map(inline, value)) + "]"


def test_the_capabilities_that_are_told_of_exist() -> None:
    dangerous = tomllib.loads((IMAGES.parent / "dangerous_capabilities.toml").read_text(encoding="utf-8"))
    named = {name for entry in dangerous["capabilities"] for name in entry["names"]} - {"ALL"}
    assert named | capability_uses().keys() <= capability_names()
    assert len(capability_names()) == 41, "CAP_LAST_CAP is 40 since Linux 5.9"


def test_a_data_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.toml").symlink_to("x.toml")
    with pytest.raises(HardenError, match=r"x\.toml: cannot read: Too many levels"):
        data_folders([str(tmp_path)])
    (tmp_path / "x.toml").unlink()
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(HardenError, match=r"x\.toml: not a regular file"):
        data_folders([str(tmp_path)])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_trusted_is_valid(file: Path) -> None:
    assert asdict(load(file)) == asdict(ImageFacts.validated(tomllib.loads(file.read_text(encoding="utf-8"))))


def test_two_files_cannot_claim_one_image(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('names = ["postgres"]\n', encoding="utf-8")
    (tmp_path / "b.toml").write_text('names = ["docker.io/library/postgres"]\n', encoding="utf-8")
    with pytest.raises(HardenError, match=r"b\.toml: docker\.io/library/postgres is in a\.toml too"):
        facts_for("nginx", (tmp_path,))


def test_a_name_on_two_registries_is_ambiguous_behind_an_unknown_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('names = ["quay.io/acme/tool"]\n', encoding="utf-8")
    (tmp_path / "b.toml").write_text('names = ["ghcr.io/acme/tool"]\n', encoding="utf-8")
    assert facts_for("quay.io/acme/tool", (tmp_path,)) is not None
    assert facts_for("${REGISTRY}/acme/tool", (tmp_path,)) is None


def test_later_variants_win_and_unknown_takes_a_claim_back() -> None:
    def claim(value: str) -> dict[str, str]:
        return {"value": value, "confidence": "derived", "source": "Dockerfile"}

    facts = ImageFacts.validated(
        {
            "names": ["x"],
            "role": claim("app"),
            "stop_signal": claim("SIGINT"),
            "variants": [
                {"tags": ["*-alpine"], "role": claim("web")},
                {"tags": ["9*"], "role": claim("cache"), "unknown": ["stop_signal"]},
            ],
        }
    )
    tags = ("8", "8-alpine", "9-alpine", None)
    assert {tag: {name: claim.value for name, claim in facts.for_tag(tag).known().items()} for tag in tags} == {
        "8": {"role": "app", "stop_signal": "SIGINT"},
        "8-alpine": {"role": "web", "stop_signal": "SIGINT"},
        "9-alpine": {"role": "cache"},
        None: {},
    }


def test_the_name_of_an_image_in_a_data_file_is_a_reference() -> None:
    assert all(reference(name.removesuffix("*") + "x") for file in FILES for name in load(file).names)
