"""Work grows with the services of a file and not with their square, counted in calls."""

import sys
from pathlib import Path
from typing import Any

import pytest

from hardener import harden
from hardener.graph import completeness
from hardener.views.diff import diff
from hardener.views.table import table

APP = "  s{n}:\n    image: example/app:1\n"
ENVIRONMENT = "    environment:\n"
SHAPES = {
    "ports": "  s{n}:\n    image: redis:7\n    ports: ['{n}:6379']\n",
    "one port": "  s{n}:\n    image: redis:7\n    ports: ['6379:6379']\n",
    "screens": "  s{n}:\n    image: grafana/grafana:11\n    ports: ['{n}:3000']\n",
    "stores in a row": "  s{n}:\n    image: postgres:16\n    depends_on: [s{next}]\n    ports: ['{n}:5432']\n",
    "addresses": APP + ENVIRONMENT + "      PEER_URL: http://s{next}:80\n      MAIL_URL: http://m{n}.example.com:25\n",
    "one secret": APP + ENVIRONMENT + "      DB_PASSWORD: hunter2Zq8xK\n",
    "secrets": "  s{n}:\n    image: postgres:16\n" + ENVIRONMENT + "      POSTGRES_PASSWORD: hunter{n}Zq8xK\n",
    "a volume": APP + "    volumes: ['all:/data']\n",
    "one base": "  s{n}:\n    extends: s1001\n    image: nginx\n",
    "an anchor": "  s{n}:\n    <<: &b{n} {{image: nginx}}\n",
}


STEP = 10
"""Services; few, as the counts are exact."""


def calls(file: Path, shape: str, count: int) -> int:
    """The calls that it takes to harden a file of `count` services, and to show it."""
    first = 1001  # all numbers are of one length
    bodies = [shape.format(n=n, next=n + 1 if n + 1 < first + count else first) for n in range(first, first + count)]
    bodies[0] = bodies[0].replace(f"    extends: s{first}\n", "")
    file.write_text("services:\n" + "".join(bodies) + "volumes:\n  all:\n")
    made = 0

    def count_it(frame: Any, event: str, argument: Any) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count_it)
    try:
        result = harden(file)
        table(result)
        diff(result)
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_services(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completeness, "MOST", STEP - 1)
    file = tmp_path / "compose.yml"
    calls(file, SHAPES[shape], 3 * STEP)  # what is loaded and remembered once
    one, two, three = (calls(file, SHAPES[shape], STEP * times) for times in (1, 2, 3))
    # Of what grows with the services, each step takes as much; five calls for every pair of services would be
    # 10 * STEP² more for the second. Caches that other tests have filled are good for a hundred or two.
    assert (three - two) - (two - one) < 10 * STEP**2
