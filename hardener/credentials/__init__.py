"""Credentials: literal secrets in the files of a project, found by image, name, URL, option and form.

A hash of a password counts: whoever reads it can try passwords on it as fast as their machine allows, and `{SHA}` and
`$apr1$` are quick to try. The password of a stand-in (`changeme`) is told, and is none.

What is found is argued from names first. A detector that goes by the form of values, detect-secrets 1.5, was measured
on the labelled values of `tests/credentials`: `docs/architecture.md` has the figures, and why it is not used.
"""

from hardener.credentials.find import credentials
from hardener.credentials.types import Credential, Evidence

__all__ = ["Credential", "Evidence", "credentials"]
