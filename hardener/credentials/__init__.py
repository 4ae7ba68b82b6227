"""Credentials: literal secrets in the files of a project, found by image, name, URL, option and form.

A hash of a password counts: whoever reads it can try passwords on it as fast as their machine allows, and `{SHA}` and
`$apr1$` are quick to try. What stands in for a password (`changeme`) is told as a placeholder, which nobody moves.

What is found is argued from names first. detect-secrets 1.5, which goes more by the form of values, was measured on the
labelled values of `tests/credentials`; `docs/architecture.md` has the figures, and why it is not used.
"""

from hardener.credentials.find import credentials
from hardener.credentials.types import Credential

__all__ = ["Credential", "credentials"]
