"""image-tag."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge import Reference, reference
from hardener.model import Service
from hardener.model.interpolation import variables
from hardener.transforms.base import Answer, Transform
from hardener.transforms.context import Context

# Names that publishers move from release to release, by convention.
_MOVING = re.compile(
    r"latest|stable|unstable|testing|mainline|edge|nightly|rolling|canary|head|current|snapshot|main|master|trunk"
    r"|dev|devel|develop|development|staging|prod|production|release|lts",
    re.IGNORECASE,
)


class ImageTag(Transform):
    """Images that name their version. Without a tag, or with `latest`, the next pull may bring another program.

    Advice only: which version is right, nobody but the operator knows, and a tag that is made up may not exist. The
    version that runs now is the safe one to start from; the command in the advice shows it.

    Told are images without a tag, with a tag that moves (`latest`, `stable`, `edge`, `main` … without a number), and
    with a variable for a tag that has no default. Left alone are images that are built here, also by another service of
    the file, and those with a digest, which says exactly what runs; a tag beside the digest would say it to people and
    to Renovate and Dependabot.

    ```yaml
    services:
      web:
        image: nginx:latest  # advice: pin it to the version that runs now
    ```
    """

    id: ClassVar = "image-tag"
    title: ClassVar = "Images that name their version"
    references: ClassVar = ("CIS Docker 5.28", "OWASP Docker Rule 13", "compose-lint CL-0004", "kube-linter latest-tag")

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        image = service.image
        if not image or service.build is not None:
            return
        found = reference(image)
        if found is None:
            yield self.skip(service, "its image is no image name")
        elif reason := context.local(service):
            yield self.skip(service, reason)
        elif found.digest is not None:
            if found.tag is None:
                yield self.skip(service, "its digest says what runs; a tag beside it would tell people the version")
        elif undecided := _undecided(image, found):
            yield self.advise(
                service,
                "image",
                f"Give {' and '.join(undecided)} a default that names the version that runs now.",
                "what runs is decided outside of this file, and nothing here says what was tested",
            )
        elif (tag := found.known_tag) and _moves(tag) and "$" not in found.repository:
            what = "it has no tag, which means latest" if found.tag is None else f"{tag} is another image over time"
            yield self.advise(
                service,
                "image",
                f"Pin it to the version that runs now: docker image inspect {_asked(found)} | grep -i version",
                what,
            )


def _undecided(image: str, found: Reference) -> list[str]:
    """The variables without default, if one of them decides the version: it is in the tag, or where the tag may be.

    `${TAG:?}` is a decision: whoever starts the stack is made to name the version.
    """
    decides = found.repository.rpartition("/")[2] if found.tag is None else found.tag
    open_ones = [one.name for one in variables(image) if one.default is None and not one.required]
    return open_ones if "$" in decides else []


def _moves(tag: str) -> bool:
    return not re.search(r"[0-9]", tag) and any(map(_MOVING.fullmatch, re.split(r"[-_.]", tag)))


def _asked(image: Reference) -> str:
    """The image as one would type it."""
    return f"{image.familiar}:{image.tag}" if image.tag else image.familiar
