"""Credentials: literal secrets in the files of a project, found by image, name, URL, option and form."""

from hardener.credentials.find import credentials
from hardener.credentials.types import Credential, Evidence

__all__ = ["Credential", "Evidence", "credentials"]
