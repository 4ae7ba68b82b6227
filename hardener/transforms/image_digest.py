"""image-digest."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge import reference
from hardener.knowledge.inspection import LOCK_NAME
from hardener.model import Service
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

COMMAND = f"harden --inspect --lock {LOCK_NAME}"


class ImageDigest(Transform):
    """Images pinned by digest: what was tested is what runs, even if somebody moves the tag.

    The tag stays, so that people and Renovate and Dependabot see the version. The digest is never looked up anywhere:
    it comes from the engine that has the image (`--inspect`), or from the lock file that an earlier run recorded
    (`harden --inspect --lock harden.lock`). It is the one the registry gave when the image was pulled; for an image of
    several platforms it is that of the whole list, and holds on all of them.

    Held back where neither knows the image, where a variable decides the image (a digest would switch the variable
    off), where there is no tag that could stay, and where the image is built or loaded here. An engine with the
    containerd image store gives images that were only built there a digest, too, which no registry has.

    What it costs: updates no longer come by themselves, and a bot that raises every new digest makes much noise. So it
    is on in `strict` only.

    ```yaml
    services:
      db:
        image: postgres:16@sha256:…  # was: postgres:16
    ```
    """

    id: ClassVar = "image-digest"
    title: ClassVar = "Images pinned by digest"
    references: ClassVar = ("CIS Docker 5.28", "CIS Docker 4.5", "OWASP Docker Rule 13", "compose-lint CL-0019")

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        image = service.image
        if not image:
            return
        found = reference(image)
        if found is not None and found.digest is not None:
            return
        if found is None:
            yield self.skip(service, "its image is no image name")
        elif reason := context.local(service):
            yield self.skip(service, reason)
        elif "$" in image:
            yield self.skip(service, "a variable decides its image; pin it where the variable is set")
        elif found.tag is None:
            yield self.skip(service, "it has no tag that could stay beside a digest; see image-tag")
        elif (digest := context.digest(service)) is not None:
            yield self.replace(
                service,
                "image",
                f"{image.strip()}@{digest.value}",
                "what runs is what was measured, even if the tag is moved",
                Confidence.KNOWN,
                evidence=(Evidence(f"{image.strip()} is {digest.value}", digest.source),),
                caveat="updates no longer come by themselves; the digest is the one the image was pulled with",
            )
        elif context.inspected(service) is not None:
            yield self.skip(service, "the engine has its image from no registry, or has several digests for it")
        elif context.knows_digests:
            yield self.advise(
                service,
                "image",
                f"Record its digest where the stack runs: docker pull {image.strip()} && {COMMAND}",
                "neither the engine nor the lock file has a digest for it",
            )
        else:
            yield self.skip(service, f"its digest is not known; {COMMAND} records it")
