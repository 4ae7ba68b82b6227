"""The characters and tokens of a text, as compose reads them."""

from __future__ import annotations

import re
from collections import deque
from functools import cached_property, partial
from typing import Any
from urllib.parse import unquote

from ruamel.yaml import tokens
from ruamel.yaml.error import FileMark, MarkedYAMLError
from ruamel.yaml.reader import Reader, ReaderError
from ruamel.yaml.scanner import Scanner, ScannerError

MAX_DEPTH = 100
"""Levels of nesting. The deepest real compose file has 12; the walkers of this package recurse."""

BREAKS = "\n\r\x85\u2028\u2029"
_END = BREAKS + "\0"  # the reader puts a NUL behind the text
_BLANK_OR_END = " \t" + _END
_NAME = r"[!-+\--9;-Z\\^-z|~]++"  # visible ASCII without , [ ] { } :
_URI = r"(?:[0-9A-Za-z\-;/?:@&=+$_.!~*'()]|%[0-9A-Fa-f]{2})"
# Bounded, because ruamel takes quadratic time over the characters of a tag.
_VERBATIM = rf"<(?P<verbatim>(?:{_URI}|[,\[\]{{}}]){{1,999}})>"
_TAG = rf"!(?:{_VERBATIM}|(?P<handle>[\w-]{{0,99}}+!)?(?P<suffix>{_URI}{{0,999}}))"
# What few files have is compiled when it is met; `re.compile` remembers.
PROPERTY = partial(re.compile, f"&{_NAME}|{_TAG}", re.ASCII)
"""The pattern of one anchor or tag."""

_UNREADABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAK = re.compile(f"[{BREAKS}]")
_ANCHOR = partial(re.compile, rf"[&*]({_NAME})(?=[{_BLANK_OR_END}?:,\]}}%@`])")
_TAG_TOKEN = partial(re.compile, rf"{_TAG}(?=[{_BLANK_OR_END}])", re.ASCII)
_DIRECTIVE = partial(
    re.compile,
    rf"%(?:YAML[ \t]++1\.[0-9]{{1,3}}|TAG[ \t]++(?P<handle>!(?:[\w-]*+!)?)[ \t]++(?P<prefix>(?:{_URI}|[,\[\]])+))"
    rf"[ \t]*+(?:#[^{_END}]*+)?+(?=[{_END}])",
    re.ASCII,
)
_HEADER = partial(re.compile, r"[|>](?:(?P<chomp>[-+])(?P<width>[1-9])?+|(?P<width2>[1-9])(?P<chomp2>[-+])?+)?+")
_COMMENT = re.compile(rf"[ \t]*+(?:#[^{_END}]*+)?+")
# Before a token that may start a line, a tab would be indentation; on a line that is blank or a comment it is not.
_INDENT = re.compile(rf"(?:[ \t]*+(?:#[^{_END}]*+|(?=[{_END}]))|\x20*+)")
_SPACES = re.compile(" *+")
_LINE = re.compile(f"[^{_END}]*+")
_BLANKS = re.compile(r"[ \t]*+")
# No possessive groups with alternatives: before Python 3.11.5 they may keep what they gave up (python/cpython#106052).
_PLAIN = re.compile(rf"(?:[^:{_BLANK_OR_END}]++|:(?![{_BLANK_OR_END}]))+")
_SIMPLE_KEY = re.compile(rf"\w[\w.-]*+(?=:[{_BLANK_OR_END}])")
_FLOW_PLAIN = re.compile(rf"(?:[^:?,\[\]{{}}{_BLANK_OR_END}]++|:(?![,\]}}{_BLANK_OR_END}])|\?(?![{_BLANK_OR_END}]))+")


class TooDeepError(MarkedYAMLError):
    """The text nests more than `MAX_DEPTH` levels deep at `problem_mark`."""


class DialectReader(Reader):
    """The characters of a text, and where they stand."""

    def check_printable(self, data: Any) -> None:
        # DEL and U+0080 to U+009F are ordinary characters: `a: b<DEL>c`.
        if found := _UNREADABLE.search(data):
            code = ord(found[0])
            raise ReaderError("text", found.start(), code, "unicode", f"the character U+{code:04X} is not allowed")

    def forward(self, length: int = 1) -> None:
        # U+0085, U+2028 and U+2029 end a line, as they do for ruamel in YAML 1.1 only.
        start, end = self.pointer, self.pointer + length
        self.pointer = self.index = end
        if not _BREAK.search(self.buffer, start, end):
            self.column += length
            return
        for index in range(start, end):
            char = self.buffer[index]
            if char in BREAKS and not (char == "\r" and self.buffer[index + 1] == "\n"):
                self.line += 1
                self.column = 0
            else:
                self.column += 1

    def get_mark(self) -> Any:
        # Without the text around it, which ruamel keeps for its own messages.
        return FileMark(self.name, self.index, self.line, self.column)

    def take(self, pattern: re.Pattern[str]) -> str:
        """Reads what `pattern`, which holds no line break, matches here."""
        match = pattern.match(self.buffer, self.pointer)
        text = match[0] if match else ""
        self.pointer += len(text)
        self.index += len(text)
        self.column += len(text)
        return text


class DialectScanner(Scanner):
    """Characters to tokens."""

    # `"it\'s"`
    ESCAPE_REPLACEMENTS = {**Scanner.ESCAPE_REPLACEMENTS, "'": "'"}  # noqa: RUF012  (as the base class has it)

    def reset_scanner(self) -> None:
        super().reset_scanner()
        # The whole of a long line can wait here; a list would be slow to take its first from.
        self.tokens: Any = deque(self.tokens)
        self.last: Any = None
        self.line_checked, self.settled = 0, -1

    # The parser asks about each token some ten times: look only once whether more must be read to know what it is.

    @cached_property
    def reader(self) -> Any:
        return super().reader

    def settle(self) -> None:
        while not self.done:
            self.stale_possible_simple_keys()
            if self.tokens and self.next_possible_simple_key() != self.tokens_taken:
                break
            self.fetch_more_tokens()
        self.settled = self.tokens_taken

    def check_token(self, *choices: Any) -> bool:
        if self.settled != self.tokens_taken:
            self.settle()
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def peek_token(self) -> Any:
        if self.settled != self.tokens_taken:
            self.settle()
        return self.tokens[0] if self.tokens else None

    def get_token(self) -> Any:
        self.last = self.peek_token()
        self.tokens_taken += 1
        return self.tokens.popleft()

    def fetch_more_tokens(self) -> Any:
        # ruamel tries one kind of token after the other; some of them are most of a file.
        self.scan_to_next_token()
        self.stale_possible_simple_keys()
        self.unwind_indent(self.reader.column)
        char = self.reader.peek()
        if char.isalnum():
            key = self.allow_simple_key and not self.flow_context and self.fetch_simple_key()
            return None if key else self.fetch_plain()
        if char == ":" and self.check_value():
            return self.fetch_value()
        if char in "\"'":
            return self.fetch_flow_scalar(char)
        if char == "-" and self.check_block_entry():
            return self.fetch_block_entry()
        return super().fetch_more_tokens()

    def fetch_simple_key(self) -> bool:
        # A word, a colon and a blank: no need to save a possible key, and to come back to it at the colon.
        reader = self.reader
        start = reader.get_mark()
        text = reader.take(_SIMPLE_KEY)
        if not text:
            return False
        end = reader.get_mark()
        if self.add_indent(start.column):
            self.tokens.append(tokens.BlockMappingStartToken(start, start))
        reader.forward()
        self.tokens.append(tokens.KeyToken(start, start))
        self.tokens.append(tokens.ScalarToken(text, True, start, end))
        self.tokens.append(tokens.ValueToken(end, reader.get_mark()))
        self.allow_simple_key = False
        return True

    def fail(self, problem: str) -> ScannerError:
        return ScannerError(None, None, problem, self.reader.get_mark())

    # Depth: refused here, because the scanner reads ahead of the parser.

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: Any) -> None:  # noqa: N803
        super().fetch_flow_collection_start(TokenClass, to_push)
        self.check_depth()

    def add_indent(self, column: int) -> bool:
        added = super().add_indent(column)
        self.check_depth()
        return added

    def check_depth(self) -> None:
        if len(self.flow_context) + len(self.indents) > MAX_DEPTH:
            raise TooDeepError(problem_mark=self.reader.get_mark())

    # Keys of any length on one line: `? ` is not needed after 1024 characters.

    def stale_possible_simple_keys(self) -> None:
        line = self.reader.line
        if line == self.line_checked:
            return  # keys are saved on the current line, so that only a new line can make one stale
        self.line_checked = line
        for level, key in list(self.possible_simple_keys.items()):
            if key.line != line:
                if key.required:
                    raise ScannerError(None, None, "could not find expected ':'", key.mark)
                del self.possible_simple_keys[level]

    def next_possible_simple_key(self) -> Any:
        # One for each level, the outermost saved first.
        for key in self.possible_simple_keys.values():
            return key.token_number
        return None

    # Blanks and comments

    def scan_to_next_token(self) -> Any:
        # Tabs, wherever they are not indentation: `a:<TAB>b`, `a: b<TAB># c`, `<TAB># c`.
        reader = self.reader
        if reader.index == 0:
            while reader.index < 2 and reader.peek() == "\ufeff":
                reader.forward()
            reader.column = 0
        while True:
            reader.take(_COMMENT if self.flow_context or not self.allow_simple_key else _INDENT)
            if reader.peek() not in BREAKS:
                return None
            self.scan_line_break()
            if not self.flow_context:
                self.allow_simple_key = True

    # What the characters ? and : are

    def check_key(self) -> Any:
        # `[?a]` is a string; a key's `?` stands alone.
        return self.reader.peek(1) in _BLANK_OR_END

    def check_value(self) -> Any:
        # `["a":1]` is a pair, as in `{"a":1}`; `{a: b, :c}` has a key `:c`.
        if self.reader.peek(1) in _BLANK_OR_END:
            return True
        last = self.tokens[-1] if self.tokens else self.last
        return bool(self.flow_context) and not isinstance(last, tokens.FlowEntryToken | tokens.FlowSequenceStartToken)

    def check_plain(self) -> Any:
        # `[-]`; otherwise what ruamel has, less its special cases for flow collections.
        char, following = self.reader.peek(), self.reader.peek(1)
        if char == "-":
            return following not in " \t"
        if char in "?:":
            return following not in _BLANK_OR_END
        return char not in _BLANK_OR_END + ",[]{}#&*!|>'\"%@`"

    # Tokens

    def scan_plain(self) -> Any:
        # `a<TAB>b` holds the tab. `{a:}` and `[a:, b]` have a key `a`; `[::1]` and `[a?b]` are strings.
        reader, pattern = self.reader, _FLOW_PLAIN if self.flow_context else _PLAIN
        start = end = reader.get_mark()
        chunks: list[str] = []
        while True:
            if reader.column == 0 and (self.check_document_start() or self.check_document_end()):
                break
            text = "" if reader.peek() == "#" else reader.take(pattern)
            if not text:
                break
            self.allow_simple_key = False
            chunks.append(text)
            end = reader.get_mark()
            blanks = reader.take(_BLANKS)
            if reader.peek() not in BREAKS:
                chunks.append(blanks)
                continue
            chunks.append(self.scan_folded_breaks())
            self.allow_simple_key = True
            if not self.flow_context and reader.column <= self.indent:
                break
        # The last chunk is of blanks and breaks, which count only between two pieces of text.
        return tokens.ScalarToken("".join(chunks[:-1]), True, start, end)

    def scan_folded_breaks(self) -> str:
        """Reads line breaks and the blanks around them: one is a blank, more are one less. U+2028 and U+2029 stay."""
        breaks: list[str] = []
        while self.reader.peek() in BREAKS:
            breaks.append(self.scan_line_break())
            if self.reader.column == 0 and (self.check_document_start() or self.check_document_end()):
                break
            self.reader.take(_BLANKS)
        first, *more = breaks
        if first != "\n":
            return first + "".join(more)
        return "".join(more) or " "

    def scan_flow_scalar(self, style: Any) -> Any:
        try:
            token = super().scan_flow_scalar(style)
            token.value.encode()
        except (ValueError, OverflowError) as error:  # `"\UFFFFFFFF"`, `"\ud800"`
            raise self.fail("an escape in this string names no character") from error
        return token

    def scan_anchor(self, TokenClass: Any) -> Any:  # noqa: N803
        # `*a: b` is a key `*a`; ruamel takes the colon into the name.
        start = self.reader.get_mark()
        name = self.reader.take(_ANCHOR())
        if not name:
            raise self.fail("the name of an anchor or alias is missing, or holds a character that it cannot")
        return TokenClass(name[1:], start, self.reader.get_mark())

    def scan_tag(self) -> Any:
        # `!reset<TAB>[]`, `! a`
        start = self.reader.get_mark()
        match = _TAG_TOKEN().match(self.reader.buffer, self.reader.pointer)
        if match is None or (match["handle"] and not match["suffix"]):
            raise self.fail("this tag is not complete, or holds a character that it cannot")
        self.reader.forward(match.end() - match.start())
        value: tuple[str | None, str]
        if match["verbatim"]:
            value = None, match["verbatim"]
        elif match["suffix"]:
            value = "!" + (match["handle"] or ""), match["suffix"]
        else:
            value = None, "!"
        return tokens.TagToken(value, start, self.reader.get_mark())

    def scan_directive(self) -> Any:
        # `%YAML 1.1` changes nothing; `%TAG<TAB>! !x-`
        start = self.reader.get_mark()
        match = _DIRECTIVE().match(self.reader.buffer, self.reader.pointer)
        if match is None:
            raise self.fail("this directive is neither %YAML 1.1 nor %TAG")
        self.reader.forward(match.end() - match.start())
        end = self.reader.get_mark()
        if match["handle"]:
            return tokens.DirectiveToken("TAG", (match["handle"], unquote(match["prefix"])), start, end)
        return tokens.DirectiveToken("YAML", (1, 1), start, end)

    def scan_block_scalar(self, style: Any, rt: bool | None = False) -> Any:
        # `a: |#c`, `a: |<TAB>`, and a blank first line with fewer blanks than the text has.
        # The token ends with its last line, where ruamel's ends at the next token.
        reader = self.reader
        start = reader.get_mark()
        header = _HEADER().match(reader.buffer, reader.pointer)
        assert header is not None  # the scanner has seen the `|`
        reader.take(_HEADER())
        reader.take(_COMMENT)
        if reader.peek() not in _END:
            raise self.fail("only an indentation, a + or a -, and a comment may follow here")
        end = reader.get_mark()
        chomp, width = header["chomp"] or header["chomp2"], header["width"] or header["width2"]
        self.scan_line_break()
        indent = max(self.indent, 0) + int(width) if width else None
        breaks, last, indent = self.scan_breaks(indent)
        chunks: list[str] = []
        line_break, more_indented = "", True  # whether no line break before here can fold
        while reader.column == indent and reader.peek() != "\0":
            if not indent and (self.check_document_start() or self.check_document_end()):
                break
            indented = reader.peek() in " \t"
            if style == ">" and line_break == "\n" and not more_indented and not indented:
                line_break = "" if breaks else " "
            chunks += (line_break, *breaks, reader.take(_LINE))
            end, more_indented = reader.get_mark(), indented
            line_break = self.scan_line_break()
            breaks, last, _ = self.scan_breaks(indent)
        if chomp != "-":
            chunks.append(line_break)
        if chomp == "+":
            chunks += breaks
            end = last or end
        return tokens.ScalarToken("".join(chunks), False, start, end, style)

    def scan_breaks(self, indent: int | None) -> tuple[list[str], Any, int]:
        """Reads empty lines and the indentation after them: their breaks, where the last one ended, and `indent`.

        Where that is None it is the width of the widest of these lines, at least one level.
        """
        reader, last, widest = self.reader, None, 0
        breaks: list[str] = []
        while True:
            if indent is None:
                widest = max(widest, len(reader.take(_SPACES)))
            else:
                match = _SPACES.match(reader.buffer, reader.pointer, reader.pointer + indent)
                reader.forward(match.end() - match.start() if match else 0)
            if reader.peek() not in BREAKS:
                return breaks, last, max(widest, self.indent + 1) if indent is None else indent
            last = reader.get_mark()
            breaks.append(self.scan_line_break())
