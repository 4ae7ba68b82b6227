"""Where text meets the streams: data on standard output, talk on standard error, colours, questions.

Nothing that happens to a stream (its reader leaves, it is closed, its encoding is ASCII) may end in a traceback.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import Literal, TextIO

from hardener.errors import HardenError

ColorChoice = Literal["auto", "always", "never"]


class Terminal:
    """The streams of this process. `out_color` and `err_color` tell where colours go, `width` is in columns."""

    def __init__(self, color: ColorChoice = "auto", quiet: bool = False) -> None:
        self.quiet = quiet
        self.out_color = _colored(color, sys.stdout)
        self.err_color = _colored(color, sys.stderr)
        self.shown = _is_terminal(sys.stdout)
        self.talks = _is_terminal(sys.stderr)
        self.interactive = self.talks and _is_terminal(sys.stdin)
        self._progress = False

    @property
    def width(self) -> int:
        """Columns of the terminal that talk goes to; 100 where it is none."""
        with contextlib.suppress(AttributeError, ValueError, OSError):
            if self.talks and "COLUMNS" not in os.environ:
                return os.get_terminal_size(sys.stderr.fileno()).columns or 100
        return shutil.get_terminal_size((100, 24)).columns

    def out(self, text: str) -> None:
        """Prints what is to be seen: as UTF-8 wherever that is no terminal, since a file or a program gets it then.

        Where standard output is closed, nobody wants to see it.
        """
        if sys.stdout is None:
            return
        if self.shown:
            self.out_bytes(text.encode(sys.stdout.encoding, "backslashreplace"))
        else:
            self.out_bytes(text.encode("utf-8", "surrogateescape"))

    def out_bytes(self, content: bytes) -> None:
        """Prints bytes as they are. Raises HardenError where they cannot all be printed."""
        if not content:
            return
        if sys.stdout is None:
            raise HardenError("standard output is closed", hint="give a file with --output")
        self.clear()
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        except OSError as error:
            _abandon(sys.stdout)
            # A reader that has seen enough (`| head`) changes nothing about the work.
            if not isinstance(error, BrokenPipeError):
                raise HardenError(f"cannot write to standard output: {error.strerror}") from error

    def say(self, text: str) -> None:
        """Prints talk, unless it is to be quiet."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Prints talk in any case: errors and questions."""
        self.clear()
        self._err(text + "\n")

    def ask(self, question: str) -> bool:
        """Asks a yes-or-no question on standard error; anything but a yes is a no."""
        self._err(f"{question} [y/N] ")
        try:
            answer = sys.stdin.readline()
        except (OSError, UnicodeDecodeError):  # the terminal is gone, or what was typed is no text
            answer = ""
        if not answer.endswith("\n"):
            self._err("\n")
        return answer.strip().lower() in ("y", "yes")

    def progress(self, text: str) -> None:
        """Shows how far the work has come, on a line that the next output takes away."""
        if self.talks and not self.quiet:
            self._err(f"\r\x1b[K{text[: self.width - 1]}")
            self._progress = True

    def clear(self) -> None:
        """Takes the progress line away."""
        if self._progress:
            self._progress = False
            self._err("\r\x1b[K")

    def _err(self, text: str) -> None:
        if sys.stderr is not None:
            try:
                sys.stderr.write(text)
                sys.stderr.flush()
            except OSError:
                _abandon(sys.stderr)


def flush() -> None:
    """Empties the streams before the process ends, where the interpreter would complain about a closed one."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                _abandon(stream)


def _colored(choice: ColorChoice, stream: TextIO | None) -> bool:
    if choice != "auto":
        return choice == "always"
    return _is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _abandon(stream: TextIO) -> None:
    """Lets what is written from now on go nowhere; the interpreter's own flush at the end would fail again."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
