"""The YAML that `docker compose` reads, as events of ruamel.yaml's pure reader, scanner and parser.

Compose reads with go-yaml, whose dialect is neither YAML 1.1 nor 1.2. Each method of `scanner` replaces one of ruamel's
where that refuses, or takes for something else, what compose accepts; its comment shows the spelling. Where compose is
the stricter one nothing is done, unless the text would be taken for something else. Found by comparing the two on
16,000 documents; `tests/source/test_dialect.py` compares them on the telling ones.
ruamel.yaml is loosely typed, hence the many `Any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.docinfo import DocInfo

from hardener.source.dialect.parser import DialectParser
from hardener.source.dialect.scanner import BREAKS, MAX_DEPTH, PROPERTY, DialectReader, DialectScanner, TooDeepError

__all__ = ["BREAKS", "MAX_DEPTH", "PROPERTY", "TooDeepError", "events"]


def events(text: str) -> Iterator[Any]:
    """The parse events of `text`; `start_mark.index` and `end_mark.index` are indices in it. Raises YAMLError."""
    yaml = _YAML(typ="safe", pure=True)
    yaml.Reader, yaml.Scanner, yaml.Parser = DialectReader, DialectScanner, DialectParser
    _, parser = yaml.get_constructor_parser(text)
    # What %TAG names is noted in these.
    yaml.doc_infos, yaml.tags = [DocInfo()], {}
    while parser.state:
        yield parser.state()


class _YAML(YAML):
    def official_plug_ins(self) -> Any:
        # None is wanted, and looking for them reads a folder for every document.
        return []
