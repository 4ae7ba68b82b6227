"""YAML text and nothing of compose: documents with exact spans, a lossless writer, and the files they live in."""

from hardener.source.data import Data, Path, Tagged, at, bare, differences, dotted, same
from hardener.source.document import Document, load
from hardener.source.edits import RewriteError
from hardener.source.rewrite import rewrite

__all__ = [
    "Data",
    "Document",
    "Path",
    "RewriteError",
    "Tagged",
    "at",
    "bare",
    "differences",
    "dotted",
    "load",
    "rewrite",
    "same",
]
