"""no-new-privileges."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hardener.model import Service, boolean, readable
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

OPTION = "no-new-privileges:true"


class NoNewPrivileges(Transform):
    """A process cannot gain more rights than it started with: setuid programs in the image lose their effect.

    It does not hinder an entrypoint that starts as root and steps down (gosu, su-exec, setpriv), which every image
    measured here does well under it.

    Held back where the image is known to need setuid programs, in privileged services, and where the option is set
    either way. What it breaks: `sudo`, `ping` with file capabilities, and the like.

    ```yaml
    services:
      web:
        image: nginx:1.27
        security_opt:  # added
          - no-new-privileges:true
    ```
    """

    id: ClassVar = "no-new-privileges"
    title: ClassVar = "No new privileges through setuid programs"
    references: ClassVar = (
        "CIS Docker 5.26",
        "OWASP Docker Rule 4",
        "KICS no_new_privileges_not_set",
        "PSS restricted",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        options = [readable(str(option)) for option in service.security_opt or ()]
        present = [option for option in options if option.startswith("no-new-privileges")]
        claim = facts.no_new_privileges if (facts := context.facts(service)) else None
        known = claim if claim and claim.confidence != "assumed" else None
        if any("false" in option for option in present):
            yield self.advise(
                service, "security_opt", "Remove no-new-privileges:false.", "it is switched off on purpose"
            )
        elif present:
            return
        elif boolean(service.privileged):
            yield self.skip(service, "a privileged service has every right already")
        elif _uses_sudo(service):
            yield self.skip(service, "it uses sudo, which would stop working")
        elif claim and not claim.value:
            yield self.skip(service, f"the image needs setuid programs: {claim.note or claim.source}")
        else:
            yield self.append(
                service,
                "security_opt",
                OPTION,
                "a process in it cannot gain rights through a setuid program",
                Confidence.KNOWN if known else Confidence.ASSUMED,
                evidence=(Evidence("works under no-new-privileges", known.source),) if known else (),
                caveat="breaks sudo, and ping with file capabilities",
            )


def _uses_sudo(service: Service) -> bool:
    """Whether its commands, its health check or the names of its variables speak of sudo."""
    words = [*(service.read_entrypoint() or ()), *(service.read_command() or ())]
    words += (service.healthcheck.read_test() or []) if service.healthcheck else []
    text = " ".join((*words, *service.read_environment()))
    return re.search(r"(?:^|[\s/_])sudo(?:$|[\s_])", text, re.IGNORECASE) is not None
