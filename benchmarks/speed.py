"""Speed and memory against a peer in the same run, on the same machine: `python benchmarks/speed.py`.

The peer is compose-lint 0.36.2, the most careful fixer there is; `pip install '.[bench]'` brings it. What counts is the
ratio: the milliseconds are those of whatever machine this runs on. `--smoke` runs everything once, on small input.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
HARDEN = str(BIN / "harden")
_SHAPED = 2000
"""Services up to which files of every shape are timed."""

LIBRARIES = """\
import gc, os
gc.disable()
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
import pydantic, ruamel.yaml, typer
app = typer.Typer(add_completion=False)
@app.command()
def main(profile: str = "production") -> None:
    pass
class Service(pydantic.BaseModel):
    image: str
Service(image="nginx")
app(args=[], standalone_mode=False)
"""
"""What typer, pydantic and ruamel.yaml take by themselves, for one option and one model: the least a run can take."""

TEN = """\
# ten services
services:
""" + "\n".join(
    f"""\
  {name}:
    image: {image}
    environment:
      LOG_LEVEL: info
      PEER: {name}-peer
    ports:
      - "{8000 + number}:{8000 + number}"
    volumes:
      - {name}-data:/data  # kept
"""
    for number, (name, image) in enumerate(
        {
            "proxy": "nginx:1.27",
            "api": "example/api:1.4",
            "worker": "example/worker:1.4",
            "db": "postgres:16",
            "cache": "redis:7",
            "queue": "rabbitmq:4",
            "search": "elasticsearch:8.15.0",
            "metrics": "prom/prometheus:v2.55.1",
            "dashboards": "grafana/grafana:11.3.0",
            "mail": "example/mail:2",
        }.items()
    )
)


def services(count: int) -> str:
    """A compose file of `count` services."""
    body = "".join(
        f"  s{number}:\n    image: nginx:1.27  # pinned\n    environment:\n      - N={number}\n"
        f"    ports: ['{number % 60000 + 1}:80']\n"
        for number in range(count)
    )
    return f"services:\n{body}"


def seconds(command: list[str], runs: int) -> float:
    """The median wall time of a command."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak(command: list[str]) -> float:
    """The peak memory of a command, in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss / 1024


def compare(title: str, ours: list[str], peer: list[str] | None, runs: int) -> None:
    """Times both, turn about, and prints the ratio."""
    mine, theirs = [], []
    for _ in range(runs):
        mine.append(seconds(ours, 1))
        if peer:
            theirs.append(seconds(peer, 1))
    own = statistics.median(mine)
    line = f"{title:34} {own * 1000:8.0f} ms  {peak(ours):5.0f} MiB"
    if peer:
        other = statistics.median(theirs)
        line += f"   compose-lint {other * 1000:7.0f} ms  {peak(peer):4.0f} MiB   ratio {own / other:.2f}"
    print(line, flush=True)


def shapes(count: int) -> dict[str, str]:
    """Files of `count` services in which the services have to do with each other, or look alike."""

    def made(service: str, top: str = "", end: str = "") -> str:
        bodies = (service.format(n=n, port=n % 60000 + 1, next=(n + 1) % count) for n in range(count))
        return f"{top}services:\n{''.join(bodies)}{end}"

    app = "  s{n}:\n    image: example/app:1\n"
    env = "    environment:\n"
    return {
        "builds": made("  s{n}:\n    build: .\n    ports: ['{port}:80']\n"),
        "merges": made("  s{n}:\n    <<: *b\n", "x-b: &b\n  image: nginx\n"),
        "aliases": made("  s{n}:\n    image: nginx\n    logging: *l\n", "x-l: &l\n  driver: json-file\n"),
        "extends": made("  s{n}:\n    extends: base\n", end="  base:\n    image: nginx\n"),
        "one port": made("  s{n}:\n    image: redis:7\n    ports: ['6379:6379']\n"),
        "screens": made("  s{n}:\n    image: grafana/grafana:11\n    ports: ['{port}:3000']\n"),
        "one store": made(
            app + "    depends_on: [db]\n", end="  db:\n    image: postgres:16\n    ports: ['5432:5432']\n"
        ),
        "stores": made("  s{n}:\n    image: postgres:16\n    depends_on: [s{next}]\n    ports: ['{port}:5432']\n"),
        "addresses": made(
            app + env + "      PEER_URL: http://s{next}:80\n      MAIL_URL: http://m{n}.example.com:25\n"
        ),
        "one secret": made(app + env + "      DB_PASSWORD: hunter2Zq8xK\n"),
        "secrets": made("  s{n}:\n    image: postgres:16\n" + env + "      POSTGRES_PASSWORD: hunter{n}Zq8xK\n"),
        "volumes": made(app + "    volumes: ['all:/data', './s{n}:/own']\n", end="volumes:\n  all:\n"),
        "labels": made(app + "    labels: ['traefik.enable=true']\n", end="  t:\n    image: traefik:3\n"),
    }


def growth(sizes: list[int], folder: Path) -> None:
    """Times growing files in this process, with all that is shown: linear cost shows as a constant time per service."""
    from hardener import harden
    from hardener.views.diff import diff
    from hardener.views.table import table

    for size in sizes:
        # The largest is for one kind of file: what grows by the square shows before.
        for shape, text in {"plain": services(size), **(shapes(size) if size <= _SHAPED else {})}.items():
            file = folder / f"{shape}.yml"
            file.write_text(text)
            start = time.process_time()
            result = harden(file)
            planned = time.process_time()
            table(result)
            diff(result)
            took, shown = planned - start, time.process_time() - planned
            top = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            each = f"{took / size * 1e6:6.0f} µs each, {shown / size * 1e6:6.0f} to show"
            print(f"{size:6} services, {shape:10} {took:8.2f} s {each} {top:6} MiB", flush=True)


def main() -> None:
    """Runs all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="once, on small input")
    smoke = parser.parse_args().smoke
    runs = 1 if smoke else 15
    # pip compiles what it installs, as it did the peer; an editable install is compiled by its first run, if that may.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    lint = shutil.which("compose-lint", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if lint is None:
        print("compose-lint is not installed: no ratios (pip install '.[bench]')")

    def peer(*arguments: str) -> list[str] | None:
        return [lint, *arguments] if lint else None

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ten = folder / "compose.yml"
        ten.write_text(TEN)
        compare("harden --help", [HARDEN, "--help"], peer("--help"), runs)
        compare("ten services, --dry-run", [HARDEN, str(ten), "--dry-run"], peer("fix", str(ten)), runs)
        compare("ten services, --check --quiet", [HARDEN, str(ten), "--check", "--quiet"], peer("fix", str(ten)), runs)
        compare("the libraries alone", [sys.executable, "-c", LIBRARIES], peer("fix", str(ten)), runs)
        compose = BIN / "docker-compose"
        if compose.exists():
            took = seconds([str(compose), "-f", str(ten), "config", "-q"], runs)
            print(f"{'docker compose config -q':34} {took * 1000:8.0f} ms")
        if corpus := os.environ.get("HARDENER_CORPUS"):
            files = sorted(str(file) for file in Path(corpus).rglob("*.y*ml"))[: 20 if smoke else None]
            compare(
                f"{len(files)} real files, one process",
                [HARDEN, *files, "--dry-run", "--quiet"],
                peer("fix", *files),
                1 if smoke else 3,
            )
        growth([50] if smoke else [250, 1000, 2000, 10000], folder)


if __name__ == "__main__":
    main()
