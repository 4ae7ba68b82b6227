"""unconfined-profiles."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hardener.model import Service, readable
from hardener.transforms.base import Answer, Transform
from hardener.transforms.context import Context

# By option and value: what to do instead, and what is switched off.
_UNCONFINED = {
    ("seccomp", "unconfined"): (
        "Remove it; if a system call is refused then, allow that one in a profile: `seccomp:./profile.json`.",
        "the system calls that containers do not need, and attacks do, are open to it",
    ),
    ("apparmor", "unconfined"): (
        "Remove it; if a mount or file is refused then, allow that in a profile: `apparmor:NAME`.",
        "nothing keeps it from writing to /proc and /sys, or from mounting",
    ),
    ("systempaths", "unconfined"): (
        "Remove it; an engine inside runs with `--oci-worker-no-process-sandbox` or in a virtual machine.",
        "the parts of /proc and /sys that change the host are open to it",
    ),
    ("label", "disable"): (
        "Remove it, and mark its bind mounts with `:z` (shared) or `:Z` (its own).",
        "SELinux does not keep it from the files of the host",
    ),
    ("label", "type:spc_t"): (
        "Remove it, and mark its bind mounts with `:z` (shared) or `:Z` (its own).",
        "SELinux does not keep it from the files of the host",
    ),
}


class UnconfinedProfiles(Transform):
    """The engine confines each container with seccomp, and AppArmor or SELinux; `security_opt` can switch that off.

    Told of are `seccomp`, `apparmor` and `systempaths` that are `unconfined`, and `label:disable`, written with `:` or
    with `=`. Often such a line outlived its reason: newer engines allow by default what older ones refused.
    `no-new-privileges:false` is the matter of `no-new-privileges`.

    Never done for you: whether the service still needs it shows only when it runs.

    ```yaml
    services:
      browser:
        image: ghcr.io/acme/browser:1
        security_opt:
          - seccomp:./browser.json  # was seccomp:unconfined
    ```
    """

    id: ClassVar = "unconfined-profiles"
    title: ClassVar = "Seccomp, AppArmor and SELinux stay on"
    references: ClassVar = (
        "CIS Docker 5.2, 5.3, 5.22",
        "OWASP Docker Rule 6",
        "KICS default_seccomp_profile_disabled",
        "PSS baseline",
        "NIST SP 800-190 4.4.3",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        for index, item in enumerate(service.security_opt or ()):
            option, _, value = re.sub(r"[:=]", "=", readable(item or ""), count=1).partition("=")
            if found := _UNCONFINED.get((option.strip(), value.strip())):
                message, reason = found
                yield self.advise(service, ("security_opt", index), message, f"{reason}; it may need that")
