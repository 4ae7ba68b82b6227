"""A machine beside this one, as far as networks go: a namespace of its own, linked with the host by a pair of devices.

It stands for everyone who reaches the host from elsewhere, and for everything out there that services call.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .builder import IMAGES

# Addresses for documentation, which no network uses: RFC 5737 and RFC 3849.
HOST, HOST_6 = "198.51.100.1", "2001:db8:97::1"
ADDRESS, ADDRESS_6 = "198.51.100.2", "2001:db8:97::2"
PORT = 7777
NAME = "live-outside"
STAND_IN = str(IMAGES / "stand-in" / "stand-in.py")


class NoOutsideError(Exception):
    """There can be none here; the message says why."""


@dataclass(frozen=True)
class Outside:
    """`target` is where it listens; `six` tells whether it and the host have addresses of IPv6."""

    six: bool
    target: str = f"{ADDRESS}:{PORT}"

    def ask(self, targets: Iterable[str]) -> dict[str, str | None]:
        """Who answers there at each `HOST:PORT`, as the stand-in tells it."""
        return ask_from_here(targets, _inside())


def ask_from_here(targets: Iterable[str], where: tuple[str, ...] = ()) -> dict[str, str | None]:
    """Who answers this machine at each `HOST:PORT`, or a command that `where` runs elsewhere."""
    command = [*where, sys.executable, STAND_IN, "ask", *targets]
    answers: dict[str, str | None] = json.loads(subprocess.check_output(command, text=True, timeout=60))
    return answers


@contextmanager
def running_outside() -> Iterator[Outside]:
    """The machine, for as long as it is needed. Raises NoOutsideError where there can be none."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise NoOutsideError("a network outside of this machine needs root and iproute2")
    try:
        yield from _started()
    finally:
        _end()


def _end() -> None:
    # The devices first: with the namespace alone, they go when the kernel has time.
    _run("ip", "link", "delete", NAME, check=False)
    _run("ip", "netns", "delete", NAME, check=False)


def _started() -> Iterator[Outside]:
    _end()
    try:
        _run("ip", "netns", "add", NAME)
        _run("ip", "link", "add", NAME, "type", "veth", "peer", "name", "eth0", "netns", NAME)
    except subprocess.CalledProcessError as error:
        raise NoOutsideError(f"no network outside of this machine: {error.stderr.strip()}") from error
    for where, device, address, address_6 in (((), NAME, HOST, HOST_6), (_inside(), "eth0", ADDRESS, ADDRESS_6)):
        _run(*where, "ip", "address", "add", f"{address}/24", "dev", device)
        six = _run(*where, "ip", "address", "add", f"{address_6}/64", "dev", device, "nodad", check=False)
        _run(*where, "ip", "link", "set", device, "up")
    listening = [*_inside(), sys.executable, STAND_IN, "listen", "outside", str(PORT)]
    with subprocess.Popen(listening, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        listener.stdout.readline()
        try:
            yield Outside(six.returncode == 0)
        finally:
            listener.terminate()


def _inside() -> tuple[str, ...]:
    return ("ip", "netns", "exec", NAME)


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=check)
