"""Whatever lies beside a compose file, reading the graph gives one."""

import json
import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hardener import load
from hardener.graph import Graph, read_graph
from hardener.knowledge import facts_of
from hardener.model.project import read_project

WORDS = "db web http:// :// @ : , ; = ${ } ${X ${X:-db} $$ [ ] { } # server proxy_pass host= -h 5432 99999999 . / é"
PIECES = st.sampled_from([*WORDS.split(), "/dev/tcp/db/", "9" * 5000, " ", "\n", "\0", "\\", "\ufeff", "'", '"'])
TEXT = st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join)


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=200) | TEXT.map(lambda text: text.encode("utf-8", "replace")), value=TEXT)
def test_arbitrary_files_and_values_never_raise(content: bytes, value: str) -> None:
    shown = json.dumps(
        "".join(character for character in value if character.isprintable() or character == "\n"), ensure_ascii=False
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in (".env", "web.env", "nginx.conf", "Dockerfile"):
            (Path(folder) / name).write_bytes(content)
        text = (
            "services:\n  db: {image: postgres}\n  kv: {image: redis}\n  web:\n    build: .\n    env_file: web.env\n"
            f"    volumes: ['./nginx.conf:/etc/nginx/nginx.conf', '.:/app']\n    command: {shown}\n"
            f"    environment: {{DB_URL: {shown}, X: {shown}}}\n    labels: {{traefik.x: {shown}}}\n"
            f"    healthcheck: {{test: {shown}}}\n    network_mode: {shown}\n  proxy: {{image: traefik}}\n"
        )
        graph = read_graph(read_project(load(text, f"{folder}/compose.yml")), facts_of)
    assert isinstance(graph, Graph)
    assert {edge.source for edge in graph.edges} | {edge.target for edge in graph.edges} <= set(graph.services)


def test_pipes_and_loops_are_no_trap(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "web.env")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "again").symlink_to(tmp_path / "conf")
    (tmp_path / "conf" / "a.conf").symlink_to("/dev/zero")
    text = (
        "services:\n  db: {image: postgres}\n  web: {image: nginx, env_file: web.env, volumes: ['./conf:/etc/nginx']}\n"
    )
    graph = read_graph(read_project(load(text, str(tmp_path / "compose.yml"))), facts_of)
    assert "web" in graph.undecided
    assert any("web.env cannot be read: not a regular file" in note for note in graph.notes)
