"""The images of the live tests: built here from Debian packages, behind entrypoints that do what the official ones do.

Each folder of `images` is one. It carries the official name, so that the tool knows it by that; an image of that name
that the engine has already is used as it is, and never replaced.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .engine import CommandError, Engine, locked

IMAGES = Path(__file__).parent / "images"
PREFIX = "hardener-live/"
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
"""The Python that each release of Debian has."""
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


class NoImageError(Exception):
    """An image cannot be built here; the message says why."""


@dataclass
class Builder:
    """Builds each image once, when it is first asked for. `tagged` are the official names given.

    `locks` is a folder that those share who build at the same time for the same engine.
    """

    engine: Engine
    locks: Path
    built: set[str] = field(default_factory=set)
    tagged: set[str] = field(default_factory=set)

    def provide(self, folder: str, name: str) -> None:
        """Sees to it that the engine has an image called `name`: its own, or the one that `folder` describes."""
        if name in self.tagged or self._has(name):
            return
        self.build(folder)
        self.engine.docker("tag", PREFIX + folder, name)
        self.tagged.add(name)

    def build(self, folder: str) -> None:
        """Builds `hardener-live/FOLDER`, and first what its Dockerfile starts from."""
        if folder not in self.built:
            with locked(self.locks / f"{folder}.lock"):
                self._build(folder)
            self.built.add(folder)

    def _build(self, folder: str) -> None:
        if self.engine.own and self._has(PREFIX + folder):
            return
        if folder == "debootstrap":
            self._debootstrap()
            return
        for base in re.findall(rf"^FROM {PREFIX}(\S+)", (IMAGES / folder / "Dockerfile").read_text(), re.MULTILINE):
            self.build(base)
        with tempfile.TemporaryDirectory(prefix="live-") as scratch:
            context = shutil.copytree(IMAGES / folder, Path(scratch, folder))
            if (wanted := IMAGES / folder / "requirements.txt").exists():
                _download(wanted, context / "wheels")
            proxies = [f"--build-arg={name}" for name in PROXIES if name in os.environ]
            # The packages come over the network of this machine, which needs no rules for a bridge.
            self.engine.docker(
                *("build", "--quiet", "--network", "host", *proxies, "--tag", PREFIX + folder, str(context)),
                timeout=600,
            )

    def untag(self) -> None:
        """Gives the official names back, on an engine that others use too. Our own names stay: they are the cache."""
        for name in () if self.engine.own else self.tagged:
            self.engine.docker("rmi", "--no-prune", name, check=False)

    def _has(self, name: str) -> bool:
        return self.engine.docker("image", "inspect", name, check=False).returncode == 0

    def _debootstrap(self) -> None:
        if self._has(f"{PREFIX}debootstrap"):
            return
        debootstrap = shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin")
        if debootstrap is None or os.geteuid() != 0:
            raise NoImageError("the images are built from Debian packages, which needs root and debootstrap")
        with tempfile.TemporaryDirectory(prefix="live-") as scratch:
            root, archive = f"{scratch}/root", f"{scratch}/root.tar"
            # dpkg need not wait for the disk: nothing of this outlives the tests.
            _run("env", "DPKG_FORCE=unsafe-io", debootstrap, "--variant=minbase", _suite(), root)
            _run("tar", "--create", "--directory", root, "--file", archive, "--exclude=./var/cache/apt/archives/*", ".")
            self.engine.docker("import", archive, f"{PREFIX}debootstrap", timeout=120)


def _download(requirements: Path, to: Path) -> None:
    """Fetches wheels for the Python of the images. This Python's pip does it: it knows the way out of this machine."""
    _run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"),
        *("--python-version", PYTHON.get(_suite(), "3"), "--requirement", str(requirements), "--dest", str(to)),
    )


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise CommandError(f"{' '.join(command)}: exit {done.returncode}\n{(done.stdout + done.stderr)[-4000:]}")


def _suite() -> str:
    """This machine's release of Debian, since it reaches that one; elsewhere, the one these images were made with."""
    release = platform.freedesktop_os_release()
    return release["VERSION_CODENAME"] if release["ID"] == "debian" else "bookworm"
