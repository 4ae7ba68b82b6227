"""The packages that the RUN lines of a Dockerfile leave installed: `curl` for a healthcheck, `tini`, `sudo`.

A name is only told where it is certain. What is installed under a condition, or named by a variable, is left out, and
so is what the same build takes away again (`apt-get purge curl`, `apk del .build-deps`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import dropwhile

_MANAGERS = {"apt-get", "apt", "apk", "yum", "dnf", "microdnf"}
_INSTALL = {"install", "add", "reinstall"}
_REMOVE = {"remove", "purge", "del", "erase", "autoremove"}
_BEFORE = {"sudo", "exec", "env", "then", "do", "else", "!", "time", "command", "eatmydata"}
# Options whose value is a word of its own; those of the second set install elsewhere than in the image's own root.
_VALUED = {"-t", "-o", "-c", "-X", "--virtual", "--repository", "--target-release", "--option", "--setopt"}
_ELSEWHERE = {"-p", "--root", "--installroot"}
_SEPARATORS = {"&&", "||", ";", "&", "|", "(", ")", "\n"}
_TOKEN = re.compile(r"""(?<!\S)\#[^\n]*|&&|\|\||\d*[<>]&[\d-]|&>|[;&|()\n]|(?:[^\s;&|()'"]|"[^"]*"|'[^']*')+|['"]""")
_MOST = 1000
_CONTINUED = re.compile(r"\\\n")
_NAME = re.compile(r"(?=[^a-zA-Z]*[a-zA-Z])[a-zA-Z0-9][a-zA-Z0-9+._-]*")
_ASSIGNMENT = re.compile(r"\w+=")


class Packages:
    """The packages installed so far. `run` plays one RUN line, in order."""

    def __init__(self, installed: dict[str, str] | None = None) -> None:
        # Each name with the virtual package of apk that it goes away with, or nothing.
        self._installed = dict(installed or {})

    def __len__(self) -> int:
        return len(self._installed)

    @property
    def names(self) -> frozenset[str]:
        """The names of the packages, without version and architecture."""
        return frozenset(self._installed)

    def copy(self) -> Packages:
        """A stage that starts from another has what was installed there."""
        return Packages(self._installed)

    def run(self, script: str) -> None:
        """Play a shell script. Raises ValueError if it installs more than an image can hold."""
        fresh: set[str] = set()
        for words, certain in _commands(script):
            if words[0] == "apt-mark" and "auto" in words:
                self._forget(fresh)  # `apt-mark auto '.*'` and an autoremove: only what is needed at run time stays
                continue
            verb = next((word for word in words[1:] if word in _INSTALL or word in _REMOVE), None)
            if words[0] not in _MANAGERS or verb is None:
                continue
            names, group, elsewhere = _operands(words[1:], verb)
            if verb in _REMOVE:
                self._remove([name.strip("'\"") for name in names], fresh)
            elif certain and not elsewhere:
                found = {_plain(name) for name in names} - {""}
                fresh |= found
                for name in found:
                    self._installed[name] = group and self._installed.get(name, group)
                if len(self._installed) > _MOST:
                    raise ValueError("too many packages")

    def _remove(self, names: list[str], fresh: set[str]) -> None:
        if any("$" in name for name in names):
            self._forget(fresh)
        if any(set("*?[^") & set(name) for name in names):
            self._installed.clear()
        self._forget({_plain(name) for name in names})
        groups = set(names).intersection(self._installed.values())
        if groups:
            self._forget({name for name, group in self._installed.items() if group in groups})

    def _forget(self, names: set[str]) -> None:
        for name in names:
            self._installed.pop(name, None)


def _operands(words: list[str], verb: str) -> tuple[list[str], str, bool]:
    """What a package manager is to install or remove, the virtual package it goes by, and whether in another root."""
    names, group, elsewhere = [], "", False
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if word == verb:
            verb = ""
        elif option in _ELSEWHERE:
            elsewhere = True
        elif option in _VALUED:
            value = value if equals else next(rest, "")
            group = value if option in ("-t", "--virtual") else group
        elif not word.startswith("-") and not verb:
            names.append(word)
    return names, group, elsewhere


def _plain(name: str) -> str:
    """`curl` for `curl=8.*`, `"curl>8"`, `curl@edge`, `curl:amd64`; nothing for a path, a variable or a redirection."""
    bare = re.split(r"[=<>~@:]", name.strip("'\""), maxsplit=1)[0]
    return bare if _NAME.fullmatch(bare) else ""


def _commands(script: str) -> Iterator[tuple[list[str], bool]]:
    """The simple commands of a script, each with whether it certainly runs and succeeds when the script does."""
    words: list[str] = []
    depth, doubt, before = 0, False, "\n"
    groups = [False]
    for token in [*_TOKEN.findall(_CONTINUED.sub(" ", script)), "\n"]:
        if token.startswith("#"):
            continue
        if token not in _SEPARATORS and (words or token not in ("{", "}")):
            words.append(token)
            continue
        command, words = list(dropwhile(_leads, words)), []
        if command:
            depth += (command[0] in ("if", "for", "while", "until", "case")) - (command[0] in ("fi", "done", "esac"))
            doubt = command[0] in ("[", "[[", "test") or (doubt and before == "&&")
            yield command, not (depth or doubt or groups[-1] or "||" in (before, token))
        if token in ("(", "{"):
            groups.append(groups[-1] or before == "||" or (doubt and before == "&&"))
        elif token in (")", "}") and len(groups) > 1:
            groups.pop()
        if command or token != "\n":
            before = token


def _leads(word: str) -> bool:
    """Whether a word can stand before the name of a command."""
    return word in _BEFORE or word.startswith("-") or _ASSIGNMENT.match(word) is not None
