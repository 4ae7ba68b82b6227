"""The cases of the live tests: each folder of `images` that has a `compose.yml` is one.

`compose.yml` is a stack as somebody would write it, with the service in question first. `checks.yml` says what to do
with it; the commands run in the service's container, with bash:

- `probe`: succeeds when the service works, by talking to it as its clients do;
- `write`, `kept`: put something there, and succeed while it is there;
- `needs`: what it cannot do without once it is hardened: a tmpfs, or a capability where it mounts a folder of the host;
- `user`: who runs these commands, where it is not the user of the image;
- `image`: the image that the folder stands for, where it is not the one that the service names.

All other files are put beside `compose.yml`, for it to mount or build from.
"""

import io
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hardener import harden
from hardener.source import companions

from .builder import IMAGES

yaml = YAML(typ="safe", pure=True)
Data = dict[str, Any]


def dump(data: Data) -> str:
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    probe: str
    write: str = "true"
    kept: str = "true"
    needs: tuple[str, ...] = ()
    image: str = ""
    user: str = ""

    @property
    def service(self) -> str:
        return next(iter(yaml.load(self.text)["services"]))

    @property
    def stands_for(self) -> str:
        return self.image or str(yaml.load(self.text)["services"][self.service]["image"])

    @property
    def bound(self) -> bool:
        """Whether the service keeps its data in a folder of the host."""
        return "- ./data:/" in self.text

    @property
    def binds(self) -> "Case | None":
        """The same with a folder of the host in place of the named volume, where there is one."""
        text = self.text.replace("- data:/", "- ./data:/")
        return replace(self, text=text) if text != self.text else None

    @property
    def unbound(self) -> "Case":
        """The same with the named volume."""
        return replace(self, text=self.text.replace("- ./data:/", "- data:/"))

    def lay_out(self, folder: Path) -> None:
        """Puts the files that the stack needs into `folder`."""
        shutil.copytree(IMAGES / self.name, folder, dirs_exist_ok=True)
        (folder / "compose.yml").write_text(self.text)

    def hardened(self, folder: Path) -> Data:
        """What `harden` makes of the stack, as it lies in `folder`, which gets the files beside it."""
        result = harden(folder / "compose.yml", "production")
        companions.write(result.files, folder)
        return yaml.load(result.after)

    def without(self, need: str, data: Data) -> str:
        """The hardened stack without one capability, or one tmpfs. Raises ValueError where that is not there."""
        service = data["services"][self.service]
        key = "tmpfs" if need.startswith("/") else "cap_add"
        had = service.get(key, [])
        service[key] = [item for item in had if item.partition(":")[0] != need]
        if service[key] == had:
            raise ValueError(f"{self.name}: no {need} in {key}: {had}")
        return dump(data)


def read_cases() -> list[Case]:
    cases = []
    for file in sorted(IMAGES.glob("*/compose.yml")):
        checks = yaml.load(file.with_name("checks.yml").read_text())
        checks["needs"] = tuple(checks.get("needs", ()))
        cases.append(Case(name=file.parent.name, text=file.read_text(), **checks))
    return cases
