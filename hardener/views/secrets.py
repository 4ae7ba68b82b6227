"""Secrets in what is shown: the one place that decides which values are masked.

It works on lines, not on the tree: comments and commands hold secrets too, and a view must be able to show text that is
no YAML. Where it is in doubt it masks more: a value hidden for nothing costs a look into the file.
"""

from __future__ import annotations

import re

MASK = "****"

# Names of secrets, as they occur in environment variables, labels and options. All repetitions have bounds, so that
# the time is linear whatever stands in the file.
_WORDS = (
    r"(?:pass(?:word|wd|phrase)|secret|token|credential|cookie|salt|basicauth|(?:api|private|access)[_.-]?key"
    r"|requirepass|masterauth|dsn|jwt|pass(?![a-z])|(?<![a-z])(?:key|pwd?|auth|pat|pin)(?![a-z]))"
)
_NAME = re.compile(_WORDS + r"[\w.-]{0,64}", re.IGNORECASE)
_URL = re.compile(r"(?<=://)([^\s/@:\"']{0,128}):([^\s\"']{1,512})(?=@)")
# What gives itself away by its form, whatever it is called: tokens of well-known services, web tokens, password hashes,
# a user that is a key, a password on the command line of a client.
_FORM = re.compile(
    r"\b(?:gh[oprsu]|github_pat|glpat|[rs]k_(?:live|test)|xox[abopres])[_-][\w-]{8,255}|\bAKIA[0-9A-Z]{12,32}"
    r"|\beyJ[\w-]{8,2000}\.[\w.-]{8,4000}|\${1,2}(?:2[aby]|apr1|[156])\${1,2}[\w./$]{8,255}|(?<=://)[\w-]{16,255}(?=@)"
    r"|(?<=[Bb]earer )[^\s\"']{4,4000}"
)
_CLIENT_OPTION = re.compile(r"(?<=[\s\"']-p)[^\s\"',]{1,255}|(?<=[\s\"']--user )[^\s\"',]{1,255}")
_CURL_OPTION = re.compile(r"(\s-u[\s\"',]{1,8}[^\s:\"',]{1,255}:)[^\s\"',]{1,255}")
_CLIENT = re.compile(r"mysql|mariadb", re.IGNORECASE)
_PEM = re.compile(r"-----(BEGIN|END) [A-Z ]{0,40}PRIVATE KEY")
_HINT = re.compile(
    _FORM.pattern
    + "|"
    + _PEM.pattern
    + r"|(?:mysql|mariadb).*-p|curl.*-u|(?i:"
    + _WORDS
    + r")|://[^\s/@:\"']{0,128}:[^\s\"']{1,512}@"
)
# What stands between a name and its value. An option's value may also be the next word or the next item.
_SEPARATOR = re.compile(r"[\"']?(?:[ \t]{0,8}:(?=[ \t]|$|[\"'])|=)[ \t]{0,64}")
_OPTION_SEPARATOR = re.compile(r"[\"']?[ \t,=]{1,8}")
# Values that give nothing away: a variable without a default, a switch.
_HARMLESS = re.compile(
    r"[\"']?(?:\$\$?(?:\w+|\{\w+(?::?\?[^{}]*)?\})|true|false|yes|no|on|off)[\"']?[ \t]*(?:#.*)?", re.IGNORECASE
)
_NO_VALUE = re.compile(r"(?:[&!][^\s]*[ \t]*)?(?:#.*)?")
_FLOW = re.compile(r"[ \t]*(?:-[ \t]+)*(?:[^\s:]{1,256}:[ \t]+)?(?:[&!][^\s]*[ \t]+)?[\[{]")
_FLOW_VALUE = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s,\]}\"'][^,\]}\"']*")
_DASHES = re.compile(r"[ \t]*(?:-[ \t]+)*")
_NESTED = re.compile(r"[ \t]*(?:-(?:[ \t]|$)|[^\s:\"']{1,256}:(?:[ \t]|$)|[\"'][^\"']{1,256}[\"']:|[{\[#])")
# Names that only tell where a secret is, and keys of compose that hold no value themselves.
_PLACES = re.compile(r"secrets|credential_spec|.*[_-](?:file|path|dir)", re.IGNORECASE)


def mask(lines: list[str]) -> list[str]:
    """The lines of a file (line ends included or not) with what may be a secret replaced by `****`."""
    if not any(map(_HINT.search, lines)):
        return lines
    scan = _Scan()
    return [scan.line(line) for line in lines]


def mask_text(text: str) -> str:
    """One line of text, masked in the same way."""
    return mask([text])[0]


class _Scan:
    """What the lines before say about the next: below `column`, they go on with a secret value."""

    def __init__(self) -> None:
        self.column = -1
        self.undecided = False
        self.next_item = False
        self.pem = False

    def line(self, line: str) -> str:
        body = line.rstrip("\r\n")
        end = line[len(body) :]
        indent = len(body) - len(body.lstrip(" \t"))
        if self.column >= 0 and body.strip():
            inside = indent > self.column and not (self.undecided and _NESTED.match(body))
            self.undecided = False
            if inside:
                return body[:indent] + MASK + end
            self.column = -1
        if self.next_item and body.strip():
            self.next_item = False
            start = _DASHES.match(body).end()  # type: ignore[union-attr]  # it matches anything
            if start > indent and not _HARMLESS.fullmatch(body, start):
                return body[:start] + MASK + end
        if pem := _PEM.search(body):
            self.pem = pem[1] == "BEGIN" and "-----END" not in body
            return body[: pem.start()] + MASK + end
        if self.pem:
            return body[:indent] + MASK + end
        return self._names(_forms(_URL.sub(_masked_password, body)), indent) + end

    def _names(self, body: str, indent: int) -> str:
        """`body` with the values of names that look secret masked."""
        flow = _FLOW.match(body) is not None
        position = 0
        while name := _NAME.search(body, position):
            position = name.end()
            start = name.start()
            while start > 0 and name.start() - start < 64 and (body[start - 1].isalnum() or body[start - 1] in "_.-$"):
                start -= 1
            if _PLACES.fullmatch(body, start, name.end()):
                continue
            option = body.startswith("-", start) and not body.startswith("- ", start)
            separator = _SEPARATOR.match(body, name.end())
            if separator is None and option:
                self.next_item = body[name.end() :].strip(" \t\"'") == ""
                separator = _OPTION_SEPARATOR.match(body, name.end())
            if separator is None:
                continue
            if flow:
                body, position = _in_flow(body, separator.end())
            else:
                return self._to_the_end(body, separator, indent)
        return body

    def _to_the_end(self, body: str, separator: re.Match[str], indent: int) -> str:
        start = separator.end()
        if _HARMLESS.fullmatch(body, start):
            return body
        # A value goes on in lines deeper than its key, or than its dash.
        self.column = _DASHES.match(body).end() if ":" in separator[0] else indent  # type: ignore[union-attr]
        if _NO_VALUE.fullmatch(body, start):
            self.undecided = True
            return body
        return body[:start] + MASK


def _in_flow(body: str, start: int) -> tuple[str, int]:
    """`body` with the one value at `start` masked, and the place behind it."""
    if body.startswith(("[", "{"), start):
        return body, start
    value = _FLOW_VALUE.match(body, start)
    if value is None or _HARMLESS.fullmatch(value[0].strip()):
        return body, value.end() if value else start
    return body[:start] + MASK + body[value.end() :], start + len(MASK)


def _forms(body: str) -> str:
    """`body` with what looks like a secret by its form masked."""
    body = _FORM.sub(MASK, body)
    if _CLIENT.search(body):
        body = _CLIENT_OPTION.sub(MASK, body)
    return _CURL_OPTION.sub(rf"\g<1>{MASK}", body) if "curl" in body else body


def _masked_password(match: re.Match[str]) -> str:
    return match[0] if _HARMLESS.fullmatch(match[2]) else f"{match[1]}:{MASK}"
