"""Credentials inside a text of any kind: passwords of URLs, `password=…`, headers, private keys, tokens by their form.

Positions are those of the text before interpolation. The patterns run over a veiled text, in which variables are
letters of no alphabet, so that `postgres://${USER}:x@db` is a URL like any other. All repetitions are bounded: the
time is linear whatever the text is.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from hardener.knowledge.secrets import LOGIN_MODULE, NameKind, form, forms, is_switch, name_kind
from hardener.model.interpolation import Variable, places, resolve_defaults

VEIL = "\ue000"
"""Stands for each character of a variable."""


Shape = Literal["whole", "url", "option", "form"]


class Found(NamedTuple):
    """A credential at `text[start:end]`, what names it (nothing if its place must) and why it is one."""

    start: int
    end: int
    name: str
    shape: Shape
    claim: str
    source: str | None = None
    sure: bool = True


class Meaning(NamedTuple):
    """What a span of a text is once variables have their defaults.

    If it is no more than a variable, that is named, and `start:end` is where it stands: for `${A:-${B:-x}}`, that of B.
    """

    value: str
    start: int
    end: int
    variable: str | None = None


_URL = re.compile(
    r"(?<=://)(?P<user>[^\s/?#:\"'\\]{0,512}):(?!\d{1,5}[?#,/])(?P<password>[^\s/\"'\\]{1,1024})@(?=[\w\[.\ue000-])"
)
_GO = re.compile(r"(?<![^\s\"'=,;])[^\s:/@\"'=]{1,256}:(?P<password>[^\s\"']{1,512}?)@(?:tcp|udp|unix)?\(")
_AT = re.compile(
    r"(?<![^\s\"'=,;])[\w.-]{1,128}:(?P<password>[^\s\"'/@]{1,256})@(?!sha\d)[\w.\ue000-]{1,255}:(?:\d{2,5}(?!\d)|\ue000)"
)
_ORACLE = re.compile(r"(?<=:thin:)[^\s/@:]{1,128}/(?P<password>[^\s/@]{1,256})@")
_HEADER = re.compile(
    r"(?<![a-z])authorization[\"']?[ \t]{0,8}[:=][ \t]{0,8}\\?[\"']?(?:basic|bearer|token|digest)[ \t]{1,8}"
    r"(?P<password>[^\s\"'\\]{1,4000})",
    re.IGNORECASE,
)
# A name, what stands behind it, and a value: `password=x`, `"password": "x"`, `['password'] = "x"`, `password => x`.
_PAIR = re.compile(
    r"(?<![\w.$-])(?P<name>[\w.-]{1,128})(?:\\?[\"']\]?[ \t]{0,8}(?:=>?|:)|[ \t]{0,8}=>?|:(?=[ \t]))[ \t]{0,8}"
)
_WORD = re.compile(r"(?:(?!,[ \t]{0,8}[\w.-]{1,64}=)[^\s\"'&;])*")
_QUOTED = {quote: re.compile(rf"(?:(?!{re.escape(quote)}).)*", re.DOTALL) for quote in ('"', "'")} | {
    '\\"': re.compile(r"(?:(?!\\\").)*", re.DOTALL),
    "\\'": re.compile(r"(?:(?!\\').)*", re.DOTALL),
}
_OPEN = re.compile(r"\\?[\"']")
# In the text of a program, what stands without quotes is the name of a variable or of a function.
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$.]{0,127}(?:\(|(?=[\s,;)}\]]|$))")
_DECLARED = re.compile(r"\b(?:const|let|var)\s{1,8}([A-Za-z_$][\w$]{0,127})\s{0,8}=")
_OBJECT = re.compile(
    r"(?:[\w$]\s?\(\s{0,8}|\b(?:const|let|var)\s{1,8}[\w$]{1,64}\s{0,8}=\s{0,8}|\breturn\s{1,8})(?=\{)"
)
_BRACE = re.compile(r"[{}]")
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_REFERENCE = re.compile(
    r"(?:file|vault|op|env|ssm|secret|secrets|aws-sm|gcp-sm|arn|ref\+\w+|keyring|akv)s?:.*|env\([^()]*\)|\$\$?\(.*\)"
    r"|\$?\{\{.*\}\}|\{[\w.]*\}|\$\w+|`.*`|process\.env\..*|os\.environ.*",
    re.DOTALL | re.IGNORECASE,
)
_PATH = re.compile(
    r"(?:[A-Za-z]:)?(?:\.{0,2}|~)[/\\](?:[\w.@-]{1,64}[/\\]){0,20}[\w.@-]{0,64}"
    r"|(?:[^\s/]{1,64}/){0,20}[\w.@-]{1,64}\.(?:pem|key|crt|cer|txt|jks|p12|pfx|json|ya?ml|env|conf)"
)
# A secret in base 64 can look like a path.
_MIXED = re.compile(r"(?=.{0,400}[a-z])(?=.{0,400}[A-Z])(?=.{0,400}\d)[^.]{16,}$")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:(?:[\w:]{1,64}:)?//\S*")
_PUBLIC = re.compile(
    r"\s*(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S{1,40}) |-----BEGIN (?:[A-Z ]{0,40}PUBLIC KEY|CERTIFICATE)"
)
_NUMBER = re.compile(r"[-+]?\d{1,7}(?:\.\d{1,7})?[a-z%]{0,3}")
_LONGEST_RANDOM = 4096
_SHORT = 256
"""Characters of a value that may hold other pairs. What is longer is not looked through once more for each of them."""


def veiled(text: str) -> str:
    """`text` with each variable replaced by as many characters that are no others."""
    if "$" not in text:
        return text
    parts: list[str] = []
    position = 0
    for start, end, part in places(text):
        if not isinstance(part, str):
            parts += [text[position:start], VEIL * (end - start)]
            position = end
    return "".join([*parts, text[position:]])


def literal(text: str, start: int, end: int) -> Meaning | None:
    """What stands at `text[start:end]`; None where a variable without default decides, or for nothing but blanks."""
    value = resolve_defaults(text[start:end])
    if value is None or not value.strip():
        return None
    name, inner = None, (start, end)
    while variable := _only_variable(text[inner[0] : inner[1]]):
        name, (start, end) = variable.name, inner
        inner = end - 1 - len(variable.default or ""), end - 1
    return Meaning(value, start, end, name)


def _only_variable(text: str) -> Variable | None:
    """The variable with a default that is all of a text."""
    first = next(places(text), None)
    whole = first is not None and (first.start, first.end) == (0, len(text))
    return first.part if first and whole and isinstance(first.part, Variable) and first.part.default else None


def inside(text: str) -> Iterator[Found]:
    """Credentials in a text, whatever it is called; some may overlap, the surest first."""
    veil = veiled(text)
    yield from _keys(text)
    if "://" in text:
        for url in _URL.finditer(veil):
            yield Found(*url.span("password"), "", "url", "it is the password in a URL")
    if "@" in text:
        for pattern in (_GO, _AT, _ORACLE):
            for found in pattern.finditer(veil):
                yield Found(*found.span("password"), "", "url", "it is the password of a connection")
    for header in _HEADER.finditer(veil):
        yield Found(*header.span("password"), "Authorization", "option", "an HTTP header authorizes with it")
    yield from _pairs(text, veil)
    for user in LOGIN_MODULE.finditer(veil) if "LoginModule" in text else ():
        source = "https://kafka.apache.org/documentation/#security_sasl_plain"
        yield Found(*value_span(veil, user.end()), "", "option", "a login module lets a user in with it", source)
    for token in forms().finditer(veil):
        told = form(token.lastgroup)
        yield Found(*token.span(), "", "form", f"it has the form of: {told.name}", told.source)


def is_secret(kind: NameKind, value: str) -> bool | None:
    """Whether a value is a secret under a name of this kind; None if it is one only as far as it looks random."""
    if kind in ("secret", "token"):
        return is_literal(value, kind)
    return None if kind == "doubtful" and looks_random(value) else False


def is_literal(value: str, kind: NameKind) -> bool:
    """Whether a value may be a secret itself: no switch, path, address, reference, public key; numbers for some."""
    text = value.strip()
    if is_switch(text) or _ADDRESS.fullmatch(text) or _PUBLIC.match(text) or _REFERENCE.fullmatch(text):
        return False
    if _PATH.fullmatch(text) and not _MIXED.match(text):
        return False
    return kind == "secret" or not _NUMBER.fullmatch(text)


def looks_random(value: str) -> bool:
    """Whether a value looks drawn at random: one word, long enough, with letters and digits mixed as in no name."""
    text = value.strip()
    if not is_literal(text, "doubtful"):
        return False
    if not 16 <= len(text) <= _LONGEST_RANDOM or not re.fullmatch(r"[\w+/=.~!@#%^&*-]+", text):
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", text):
        return len(text) >= 20 and entropy(text) >= 3
    digits = sum(character.isdecimal() for character in text)
    return digits >= 2 and entropy(text) >= 3.5


def entropy(text: str) -> float:
    """Bits per character, by how often each occurs in it (Shannon)."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def value_span(text: str, start: int) -> tuple[int, int]:
    """The value that starts at `text[start]`, without its quotes: to the closing one, or to the end of the word."""
    opened = _OPEN.match(text, start)
    if opened:
        quoted = _QUOTED[opened[0]].match(text, opened.end())
        if quoted and quoted.end() < len(text):
            return quoted.span()
        start = opened.end()
    word = _WORD.match(text, start)
    end = word.end() if word else start
    return start, start + len(text[start:end].rstrip("\\,)}]"))


def _pairs(text: str, veil: str) -> Iterator[Found]:
    position, program = 0, _Program(veil)
    while pair := _PAIR.search(veil, position):
        position = pair.end()
        kind = name_kind(pair["name"])
        if kind not in ("secret", "token", "doubtful"):
            continue
        if (":" in pair[0] or pair["name"] in program.declared) and program.names(pair["name"], position):
            continue
        start, end = value_span(veil, position)
        told = literal(text, start, end)
        sure = is_secret(kind, told.value) if told else False
        if told and sure is not False:
            yield Found(start, end, pair["name"], "option", f"it is the value of {pair['name']}", sure=bool(sure))
        if sure is not False or end - start > _SHORT:
            position = max(position, end)


class _Program:
    """A text as far as it is one of a program: `createUser({user: name, pwd: password})`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.declared = set(_DECLARED.findall(text))
        self.objects = {found.end() for found in _OBJECT.finditer(text)}
        # Where braces are, and which are open behind each.
        self.braces: list[int] = []
        self.inner: list[int] = []
        around: list[int] = []
        for brace in _BRACE.finditer(text) if self.objects else ():
            if brace[0] == "{":
                if around and around[-1] in self.objects:
                    self.objects.add(brace.start())
                around.append(brace.start())
            elif around:
                around.pop()
            self.braces.append(brace.start())
            self.inner.append(around[-1] if around else -1)

    def names(self, what: str, start: int) -> bool:
        """Whether the value of `what`, at `start`, is a variable or a function of a program, or in an object of one."""
        found = _IDENTIFIER.match(self.text, start) if self.declared or self.objects else None
        if found is None:
            return False
        if not self.declared.isdisjoint((what, found[0])):
            return True
        before = bisect_left(self.braces, start) - 1
        return before >= 0 and self.inner[before] in self.objects


def _keys(text: str) -> Iterator[Found]:
    position = 0
    while begin := _PEM.search(text, position):
        end = _PEM_END.search(text, begin.end())
        position = end.end() if end else len(text)
        yield Found(
            begin.start(), position, "", "form", "it is a private key", "https://datatracker.ietf.org/doc/html/rfc7468"
        )


def apart(text: str, found: Iterable[Found]) -> list[Found]:
    """Those in `text` that are literal and overlap none before them, in the order of the text."""
    kept: list[Found] = []
    for each in found:
        index = bisect_left(kept, each.start, key=lambda other: other.start)
        before = index == 0 or kept[index - 1].end <= each.start
        if before and (index == len(kept) or each.end <= kept[index].start) and literal(text, each.start, each.end):
            kept.insert(index, each)
    return kept
