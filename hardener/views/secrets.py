"""Secrets in what is shown: the one place that decides which values are masked.

It works on lines, not on the tree: comments and commands hold secrets too, and a view must be able to show text that is
no YAML. Where it is in doubt it masks more: a value hidden for nothing costs a look into the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from hardener.knowledge.password_options import ANY, Client, Passwords, passwords, takes_password, value_at
from hardener.knowledge.secrets import LOGIN_MODULE, forms

MASK = "****"

# What the names of secrets have in common that `hardener.knowledge.secrets` knows, wherever it stands in a line. All
# repetitions have bounds, so that the time is linear whatever stands in the file.
_WORDS = (
    r"(?:p(?:ass(?:word|wd|phrase|wort|code|(?![a-z]))|wd?(?![a-z])|sk(?![a-z]))|secret|token|cre(?:dential|ds(?![a-z]))"
    r"|cookie|salt|basicauth|masterauth|dsn|jwt|a(?:uth|ccess)[_.-]?code|(?<![a-z])(?:auth|pat|pin)(?![a-z])"
    r"|key(?<!monkey)(?<!donkey)(?<!turkey)(?:s?(?![a-z])|[_.-]?base))"
)
_NAME = re.compile(_WORDS + r"[\w.-]{0,64}", re.IGNORECASE)
_URL = re.compile(r"(?<=://)([^\s/@:\"']{0,128}):([^\s\"']{1,512})(?=@)")
# What gives itself away besides the forms of tokens: a user that is a key, and what bears.
_KEYS = re.compile(r"(?<=://)[\w-]{16,255}(?=@)|(?<=[Bb]earer )[^\s\"']{4,4000}")
_HEADER = re.compile(
    r"((?<![a-z])authorization[\"']?[ \t]{0,8}[:=][ \t]{0,8}\\?[\"']?(?:(?:basic|bearer|digest|token)[ \t]{1,8})?)"
    r"([^\"'\\]{1,4000})",
    re.IGNORECASE,
)
_PIPED = re.compile(
    r"(\b(?:echo|printf)[ \t]{1,8})([^|]{1,512}?)([ \t]{0,8}\|(?!\|)[^|]{0,512}?"
    r"(?:-stdin\b|\bchpasswd\b|\bpasswd\b|sudo -S))"
)
_PEM = re.compile(r"-----(BEGIN|END) [A-Z ]{0,40}PRIVATE KEY")
# What stands between a name and its value. An option's value may also be the next word or the next item.
_SEPARATOR = re.compile(r"[\"']?[ \t]{0,8}(?::(?=[ \t]|$|[\"'])|=)[ \t]{0,64}")
_OPTION_SEPARATOR = re.compile(r"[\"']?[ \t,=]{1,8}")
# Values that give nothing away: a variable without a default, a file that is read, a switch.
_HARMLESS = re.compile(
    r"\\?[\"']{0,2}(?:\$\$?(?:\w+|\{\w+(?::?\?[^{}]*)?\}|\((?:cat |<) ?[^\s()]+\))"
    r"|true|false|yes|no|on|off|enabled|disabled)\\?[\"']{0,2}[ \t]*(?:#.*)?",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(r"(?:[&!][^\s]*[ \t]*)?(?:#.*)?")
_FLOW = re.compile(r"[ \t]*(?:-[ \t]+)*(?:[^\s:]{1,256}:[ \t]+)?(?:[&!][^\s]*[ \t]+)?[\[{]")
_FLOW_VALUE = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s,\]}\"'][^,\]}\"']*")
_DASHES = re.compile(r"[ \t]*(?:-[ \t]+)*")
_NESTED = re.compile(r"[ \t]*(?:[^\s:\"']{1,256}:(?:[ \t]|$)|[\"'][^\"']{1,256}[\"']:|[?{])")
_LIST = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\[[^\[\]]{0,512}\]|[^\[\]])*(\]?)")
_QUOTED = {'"': re.compile(r"(?:[^\"\\]|\\.)*\""), "'": re.compile(r"(?:[^']|'')*'(?!')")}
PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)*")
"""Anchor and tag of a value, which stand before it."""
_QUESTION = re.compile(r"[ \t]*(?:-[ \t]+)*\?[ \t]")
_ANSWER = re.compile(r"[ \t]*:[ \t]*")
_LITERAL = re.compile(r"[ \t]\|[-+0-9]{0,2}[ \t]*(?:#.*)?$")
# A key or an item with a command line of its own: several words, the first no option.
_COMMAND = re.compile(
    r"[ \t]*(?:(?:-[ \t]+)+(?:[^\s:\"']{1,256}:[ \t]+)?|[^\s:\"']{1,256}:[ \t]+)"
    r"[\"'\[ ]*[^\s\"',\[-][^\s\"',]*[\"']?(?:,[ \t]*|[ \t]+)\S"
)
_ARGUMENTS = re.compile(r"[ \t]*(?:-[ \t]+)*[^\s:\"']{1,256}:[ \t]+[\"'\[ ]*-[\w-]")
# What a line has that is not shown as it is, or that says so of the next; but for the forms of tokens.
_HINT = re.compile(
    rf"{_KEYS.pattern}|{_PEM.pattern}|{LOGIN_MODULE.pattern}|[\s\"'\[]-p[\s\"']|sudo -S|(?i:authorization|{_WORDS})"
    r"|://[^\s/@:\"']{0,128}:[^\s\"']{1,512}@"
)
_PORT_OR_PATH = re.compile(r"[\"']?(?:[\d.:-]+|[./~].*?)[\"']?")
# Names that only tell where a secret is, and keys of compose that hold no value themselves.
_PLACES = re.compile(r"(?:x-[\w-]*)?secrets|credential_spec|.*[_-](?:file|path|dir|stdin)", re.IGNORECASE)


def mask(lines: list[str]) -> list[str]:
    """The lines of a file (line ends included or not) with what may be a secret replaced by `****`."""
    token = forms()
    if not any(_HINT.search(line) or token.search(line) or takes_password(line) for line in lines):
        return lines
    scan = _Scan()
    return [scan.line(line) for line in lines]


def mask_text(text: str) -> str:
    """One line of text, masked in the same way."""
    return mask([text])[0]


def mask_forms(text: str) -> str:
    """A sentence with what looks like a secret by its form masked: there, a colon after a name is no value."""
    return _forms(_URL.sub(_masked_password, text))


def hidden(line: str, masked: str) -> Iterable[tuple[int, int]]:
    """The parts of a line in whose place `masked` has masks; all of it where it cannot be told.

    What is between two masks can also be a part of what they hide: each part is from where it starts at the earliest to
    where it ends at the latest.
    """
    pieces = masked.split(MASK)
    first = _places(line, pieces)
    last = _places(line[::-1], [piece[::-1] for piece in reversed(pieces)])
    if first is None or last is None:
        return [(0, len(line))]
    return [(start, len(line) - end) for (start, _), (end, _) in zip(first, reversed(last), strict=True)]


def _places(line: str, pieces: list[str]) -> list[tuple[int, int]] | None:
    """What is between the pieces, each piece as early as it can be; None where they are not so in the line."""
    if not (line.startswith(pieces[0]) and line.endswith(pieces[-1])):
        return None
    spans: list[tuple[int, int]] = []
    position, limit = len(pieces[0]), len(line) - len(pieces[-1])
    for piece in pieces[1:-1]:
        found = line.find(piece, position + 1, limit)
        if found < 0:
            return None
        spans.append((position, found))
        position = found + len(piece)
    return [*spans, (position, limit)] if len(pieces) > 1 and position < limit else None


class _Commands:
    """Command lines that go on over several lines: items of a list, or a text that is folded."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.column = 0
        self.literal = -1
        self.joined = False

    def options(self, body: str, indent: int) -> tuple[str, bool]:
        """`body` with the passwords of clients masked, and whether the last option waits for its value."""
        if indent < self.column:
            self.client = None
        if indent <= self.literal:
            self.literal = -1
        # In a literal text each line is a command, unless the one before is joined to it.
        alone = not self.joined if self.literal >= 0 else _COMMAND.match(body) is not None
        carried = None if alone else self.client
        if carried is None and _ARGUMENTS.match(body) and not takes_password(body):
            return _hide(body, passwords(body, ANY), _hidden_word), False
        told = passwords(body, carried)
        if told.client is not None and told.client is not carried:
            self.client, self.column = told.client, indent
        elif not alone:
            self.client = told.client
        if self.literal < 0 and _LITERAL.search(body):
            self.literal = indent
        self.joined = body.endswith("\\")
        return _hide(body, told, _hidden), told.waits


class _Scan:
    """What the lines before say about the next."""

    def __init__(self) -> None:
        self.commands = _Commands()
        self.column = -1  # lines deeper than this go on with a secret value
        self.undecided = False  # unless the first of them shows that it is a map
        self.items = -1  # the column of the dashes of a list of secret values
        self.quote = ""  # the quote that a secret value still lacks
        self.next = False  # an option has its value in the next line
        self.question = False  # `? name`, whose value is to come
        self.pem = False

    def line(self, line: str) -> str:
        body = line.rstrip("\r\n")
        end = line[len(body) :]
        indent = len(body) - len(body.lstrip(" \t"))
        if not body.strip():
            return line
        inside = self._inside(body, indent)
        if inside is not None:
            return inside + end
        if body[indent] != "#":
            return self._fresh(body, indent) + end
        # A comment says nothing about the lines below it, but where a key goes on.
        comment = _Scan()
        comment.pem = self.pem
        shown = comment._fresh(body, indent)
        self.pem = comment.pem
        return shown + end

    def _inside(self, body: str, indent: int) -> str | None:
        """The line masked, if it goes on with the value of a line before; None if it starts something of its own."""
        if self.quote:
            if _QUOTED[self.quote].match(body):
                self.quote = ""
            return body[:indent] + MASK
        if body[indent] == "#" and (self.undecided or self.column < 0 or indent <= self.column):
            return None  # a comment, which may stand between a name and its value
        dashes = _DASHES.match(body + " ").end()  # type: ignore[union-attr]  # it matches anything
        start = min(dashes, len(body))
        if self.column >= 0:
            undecided, self.undecided = self.undecided, False
            if undecided and start > indent >= self.column:
                self.items = indent
            elif indent > self.column and not (undecided and _NESTED.match(body)):
                if undecided:
                    self._opened(body, indent)
                return body[:indent] + MASK
            self.column = -1
        if indent < self.items or (indent == self.items and start == indent):
            self.items = -1
        if indent == self.items and not _NESTED.match(body, start):
            return self._value(body, start, indent)
        answer = _ANSWER.match(body) if self.question else None
        self.question = False
        if answer:
            return self._value(body, answer.end(), indent)
        if self.next:
            self.next = False
            if start > indent:
                return self._value(body, start, indent)
            if not _NESTED.match(body) and (value := value_at(body, indent)):
                return self._fresh(body[:indent] + _hidden(value) + body[indent + len(value) :], indent)
        return None

    def _fresh(self, body: str, indent: int) -> str:
        """A line that starts something of its own, with what is secret in it masked."""
        if pem := _PEM.search(body):
            self.pem = pem[1] == "BEGIN" and "-----END" not in body
            return body[: pem.start()] + MASK
        if self.pem:
            return body[:indent] + MASK
        body, self.next = self.commands.options(_forms(_URL.sub(_masked_password, body)), indent)
        return self._names(body, indent)

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
                self.next = body[name.end() :].strip(" \t\"',\\") == ""
                separator = None if self.next else _OPTION_SEPARATOR.match(body, name.end())
            if separator is None:
                self.question = _QUESTION.match(body) is not None and body[name.end() :].strip(" \t\"'") == ""
            elif flow:
                body, position = self._in_flow(body, separator.end(), indent)
            else:
                # A value goes on in lines deeper than its key, or than its dash.
                keyed = ":" in separator[0]
                column = _DASHES.match(body).end() if keyed else indent  # type: ignore[union-attr]
                return self._value(body, separator.end(), column, keyed=keyed)
        return body

    def _value(self, body: str, start: int, column: int, *, keyed: bool = True) -> str:
        """`body` with all from `start` masked; lines deeper than `column` are a part of it."""
        if start < len(body) and _HARMLESS.fullmatch(body, start):
            return body
        self.column = column
        if _NO_VALUE.fullmatch(body, start):
            self.undecided = keyed
            return body
        self._opened(body, start)
        return body[:start] + MASK

    def _in_flow(self, body: str, start: int, indent: int) -> tuple[str, int]:
        """`body` with the one value at `start` masked, and the place behind it."""
        if body.startswith("{", start):
            return body, start
        listed = _LIST.match(body, start)
        if listed:
            self.column = self.column if listed[1] else indent
            return body[:start] + f"[{MASK}{listed[1]}" + body[listed.end() :], start + len(MASK) + 1
        value = _FLOW_VALUE.match(body, start)
        if value and _HARMLESS.fullmatch(value[0].strip()):
            return body, value.end()
        if (value is None or value[0][0] not in "\"'") and not body[value.end() if value else start :].strip():
            self.column, self.undecided = indent, value is None
        if value is None:
            return body, start
        self._opened(body, start)
        return body[:start] + MASK + body[value.end() :], start + len(MASK)

    def _opened(self, body: str, start: int) -> None:
        """Notes the quote that a value at `start`, or the item it is in, opens and does not close."""
        dashes = _DASHES.match(body).end()  # type: ignore[union-attr]
        for place in (start, dashes):
            at = PROPERTIES.match(body, place).end()  # type: ignore[union-attr]
            quote = body[at : at + 1]
            if quote in _QUOTED and not _QUOTED[quote].match(body, at + 1):
                self.quote = quote
                return


def _hide(body: str, told: Passwords, hidden: Callable[[str], str]) -> str:
    """`body` with its passwords as `hidden` shows them."""
    parts: list[str] = []
    shown = 0
    for start, end, _ in told.found:
        parts += [body[shown:start], hidden(body[start:end])]
        shown = end
    return "".join([*parts, body[shown:]])


def _hidden(value: str) -> str:
    return value if _HARMLESS.fullmatch(value) else MASK


def _hidden_word(value: str) -> str:
    return value if _PORT_OR_PATH.fullmatch(value) else _hidden(value)


def _forms(body: str) -> str:
    """`body` with what looks like a secret by its form, or by what is done with it, masked."""
    for pattern in (forms(), _KEYS):
        body = pattern.sub(lambda found: _hidden(found[0]), body)
    body = _HEADER.sub(lambda found: found[1] + _hidden(found[2]), _logins(body))
    return _PIPED.sub(lambda found: found[1] + _hidden(found[2]) + found[3], body)


def _logins(body: str) -> str:
    """`body` with what a login module lets users in with masked."""
    parts: list[str] = []
    position = 0
    for login in LOGIN_MODULE.finditer(body):
        value = value_at(body, login.end()) if login.end() >= position else ""
        if value:
            parts += [body[position : login.end()], _hidden(value)]
            position = login.end() + len(value)
    return "".join([*parts, body[position:]])


def _masked_password(match: re.Match[str]) -> str:
    return match[0] if _HARMLESS.fullmatch(match[2]) else f"{match[1]}:{MASK}"
