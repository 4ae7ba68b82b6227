"""Compose files with canaries: values of their own in all places that hold secrets, written in all ways of YAML."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

# What a canary is followed by, in the forms that can hold it.
_TAILS = ("", "", "", "!", "$$x", " y", ":z", "#q", "é", "'s", '"t', "\\u", "%41", "&b", "=", "/+w")
# Canaries that are all of a secret, as they are.
_WHOLE = ("argument", "env file", "config", "private key", "list", "basic", "alias", "merge")
_NAMES = (
    *("DB_PASSWORD", "API_TOKEN", "SECRET_KEY", "MYSQL_ROOT_PASSWORD", "JWT_SECRET", "AWS_SECRET_ACCESS_KEY"),
    *("admin_password", "GITHUB_TOKEN", "SMTP_PASS", "session.secret", "POSTGRES_PASSWORD", "REDIS_PASSWORD"),
)


@dataclass
class Made:
    """A file, those beside it, and the canaries in all of them, each with the way it is written."""

    text: str
    beside: dict[str, str] = field(default_factory=dict)
    canaries: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> list[str]:
        """The canaries in the text that are all of a secret."""
        return [value for value, way in self.canaries.items() if way in _WHOLE and value in self.text]


class Generator:
    """Makes one file from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.canaries: dict[str, str] = {}
        self.beside: dict[str, str] = {}
        self.repeated: list[str] = []
        self.count = 0

    def make(self) -> Made:
        sections = [self.service(name) for name in self.random.sample(["db", "web", "worker", "cache"], 2)]
        lines = ["services:"]
        for section in sections:
            lines += self.indented(section, 2)
        lines += self.config() + self.extension()
        lines += self.echoes()
        head = self.anchors()
        text = "\n".join([*head, *lines]) + "\n"
        if self.random.random() < 0.15:
            text = text.replace("\n", "\r\n")
        if self.random.random() < 0.1:
            text = "\ufeff" + text
        return Made(text, self.beside, self.canaries)

    def canary(self, way: str) -> str:
        value = "".join([self.random.choice("KQZ"), *self.random.choices("abcdefhkmnpqrtuvwxyz23456789", k=10)])
        value += self.random.choice("23456789")
        self.canaries[value] = way
        return self.repeat(value) if way in _WHOLE else value

    def repeat(self, value: str) -> str:
        """A secret, all of it, which may be repeated elsewhere."""
        if self.random.random() < 0.25:
            self.repeated.append(value)
        return value

    def indented(self, lines: list[str], by: int) -> list[str]:
        return [" " * by + line if line else line for line in lines]

    def name(self) -> str:
        """A name that no other has, so that none is lost."""
        self.count += 1
        return f"{self.random.choice(_NAMES)}_{self.count}"

    # Ways to write an entry whose value is a secret.

    def entry(self, key: str, value: str, way: str = "") -> list[str]:
        """`key: value` as lines, in one of the ways there are."""
        ways: list[Callable[[str, str], list[str]]] = [
            *(self.plain, self.single, self.double, self.escaped, self.folded, self.literal, self.plain_lines),
            *(self.quoted_lines, self.tagged, self.anchored, self.complex_key, self.quoted_key, self.escaped_key),
            *(self.below, self.below_comment, self.kept, self.commented),
        ]
        chosen = self.random.choice(ways)
        core = re.search(r"[KQZ][a-z2-9]{10}[2-9]", value)
        if core and core[0] in self.canaries:
            self.canaries[core[0]] += f" {way} {chosen.__name__}"
        return chosen(key, value)

    def plain(self, key: str, value: str) -> list[str]:
        return [f"{key}: {value}"] if re.fullmatch(r"[\w$/.@+-]+(:[\w/.@+-]+)*", value) else self.double(key, value)

    def commented(self, key: str, value: str) -> list[str]:
        return [f"{self.double(key, value)[0]}  # it is {value}", f"# {key}: {value}"]

    def single(self, key: str, value: str) -> list[str]:
        inner = value.replace("'", "''")
        return [f"{key}: '{inner}'"]

    def double(self, key: str, value: str) -> list[str]:
        return [f"{key}: {json.dumps(value, ensure_ascii=False)}"]

    def escaped(self, key: str, value: str) -> list[str]:
        at = self.random.randrange(len(value))
        before, after = json.dumps(value[:at])[1:-1], json.dumps(value[at + 1 :])[1:-1]
        return [f'{key}: "{before}\\u{ord(value[at]):04x}{after}"']

    def folded(self, key: str, value: str) -> list[str]:
        return [f"{key}: >{self.random.choice(['', '-'])}", f"  {value}", *(["  and more"] if " " in value else [])]

    def literal(self, key: str, value: str) -> list[str]:
        return [f"{key}: |{self.random.choice(['', '-', '+', '2'])}", f"  {value}"]

    def kept(self, key: str, value: str) -> list[str]:
        return [f"{key}: |-   # a comment", f"  {value}", "", f"  {value}"]

    def plain_lines(self, key: str, value: str) -> list[str]:
        return [f"{key}:", "  first", f"  {value}"] if value.isalnum() else self.quoted_lines(key, value)

    def quoted_lines(self, key: str, value: str) -> list[str]:
        return [f'{key}: "one', "", f"  {json.dumps(value, ensure_ascii=False)[1:-1]}\\", '  three"']

    def tagged(self, key: str, value: str) -> list[str]:
        return [f"{key}: !!str {json.dumps(value, ensure_ascii=False)}"]

    def anchored(self, key: str, value: str) -> list[str]:
        return [f"{key}: &a{self.random.randrange(10**6)} {json.dumps(value, ensure_ascii=False)}"]

    def complex_key(self, key: str, value: str) -> list[str]:
        return [f"? {key}", f": {json.dumps(value, ensure_ascii=False)}"]

    def quoted_key(self, key: str, value: str) -> list[str]:
        return [f'"{key}" : {json.dumps(value, ensure_ascii=False)}']

    def escaped_key(self, key: str, value: str) -> list[str]:
        return [f'"\\x{ord(key[0]):02x}{key[1:]}": {json.dumps(value, ensure_ascii=False)}']

    def below(self, key: str, value: str) -> list[str]:
        return [f"{key}:", f"  {json.dumps(value, ensure_ascii=False)}"]

    def below_comment(self, key: str, value: str) -> list[str]:
        return [f"{key}: # why", "", f"  {json.dumps(value, ensure_ascii=False)}"]

    # Texts with a secret in them, and the keys they stand under.

    def url(self, way: str = "url") -> str:
        secret = self.repeat(self.canary(way))
        return self.random.choice(
            [
                f"postgres://app:{secret}@db:5432/shop",
                f"redis://:{secret}@cache:6379/0",
                f"amqp://u:{secret}@mq:5672,amqp://u:{secret}@mq2:5672",
                f"https://user:{secret}@example.org/x?y=z",
                f"mongodb+srv://u:{secret}@h.example.org/x",
            ]
        )

    def secret(self, way: str) -> tuple[str, str]:
        """A name and a value that is secret under it."""
        kind = self.random.randrange(8)
        if kind == 0:
            self.count += 1
            return self.random.choice(["DATABASE_URL", "BROKER_", "UP"]) + str(self.count), self.url(f"{way} url")
        if kind == 1:
            self.count += 1
            return f"SOME_URL_{self.count}", f"${{SOME_URL:-{self.url(f'{way} default url')}}}"
        if kind == 2:
            name = self.name()
            return name, f"${{{name.replace('.', '_')}:-{self.repeat(self.canary(f'{way} default'))}}}"
        if kind == 3:
            return self.name(), self.repeat(f"before-{self.canary(f'{way} inside')}")
        return self.name(), self.repeat(self.canary(way) + self.random.choice(_TAILS))

    def service(self, name: str) -> list[str]:
        image = {"db": "postgres:16", "cache": "redis:7", "web": "nginx:1.27"}.get(name, "example.org/app:1")
        lines = [f"{name}:", f"  image: {image}"]
        parts = [self.environment, self.labels, self.command, self.check, self.build, self.env_file, self.odd]
        for part in self.random.sample(parts, self.random.randint(2, 5)):
            lines += self.indented(part(name), 2)
        return lines

    def environment(self, name: str) -> list[str]:
        return self.mapped("environment")

    def labels(self, name: str) -> list[str]:
        lines = self.mapped("labels")
        if self.random.random() < 0.3 and lines[0] == "labels:" and lines[1].startswith("  - "):
            secret = self.canary("basicauth")
            lines.append(f'  - "traefik.http.middlewares.a.basicauth.users=me:$$apr1$$h6uskkkw$${secret}"')
        return lines

    def mapped(self, key: str) -> list[str]:
        """A map of names and values, or a list of them, in block or flow style."""
        pairs = dict(self.secret(key) for _ in range(self.random.randint(1, 3)))
        form = self.random.randrange(5)
        if form == 0:
            items = (self.random.choice(['"{}"', "'{}'"]) for _ in pairs)
            listed = []
            for item, (name, value) in zip(items, pairs.items(), strict=True):
                text = f"{name}={value}"
                inner = json.dumps(text, ensure_ascii=False)[1:-1] if item[0] == '"' else text.replace("'", "''")
                listed.append(f"  - {item.format(inner)}")
            return [f"{key}:", *listed]
        if form == 1:
            inner = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in pairs.items())
            return [f"{key}: {{{inner}}}"]
        if form == 2:
            rows = [f"    {name}: {json.dumps(value, ensure_ascii=False)}," for name, value in pairs.items()]
            return [f"{key}: {{", *rows, "    PLAIN: x }"]
        lines = [f"{key}:"]
        for name, value in pairs.items():
            lines += self.indented(self.entry(name, value), 2)
        return lines

    def argument(self) -> list[str]:
        secret = self.canary("argument")
        return self.random.choice(
            [
                ["redis-server", "--requirepass", secret],
                ["redis-server", f"--requirepass={secret}", "--appendonly", "yes"],
                ["redis-cli", "-a", secret, "ping"],
                ["mysqladmin", "ping", "-uroot", f"-p{secret}"],
                ["mongosh", "-u", "root", "-p", secret],
                ["curl", "-u", f"elastic:{secret}", "http://localhost:9200"],
                ["curl", "-H", f"Authorization: Bearer {secret}", "http://x"],
                ["app", "--db-password", secret],
                ["app", f"--url=postgres://u:{secret}@db/x"],
            ]
        )

    def listed(self, key: str, words: list[str]) -> list[str]:
        form = self.random.randrange(5)
        quoted = [json.dumps(word) for word in words]
        if form == 0:
            return [f"{key}: [{', '.join(quoted)}]"]
        if form == 1:
            return [f"{key}:", *(f"  - {word}" for word in quoted)]
        if form == 2:
            return [f"{key}: [", *(f"    {word}," for word in quoted), "  ]"]
        text = " ".join(f'"{word}"' if " " in word else word for word in words)
        if form == 3:
            return [f"{key}: >", *(f"  {word}" for word in [text])]
        return [f"{key}: {json.dumps(text)}"]

    def command(self, name: str) -> list[str]:
        return self.listed(self.random.choice(["command", "entrypoint"]), self.argument())

    def check(self, name: str) -> list[str]:
        words = self.argument()
        if self.random.random() < 0.5:
            return ["healthcheck:", f"  test: {json.dumps(['CMD', *words])}", "  interval: 30s"]
        text = " ".join(f"'{word}'" if " " in word else word for word in words)
        return ["healthcheck:", f"  test: {json.dumps(['CMD-SHELL', text])}"]

    def build(self, name: str) -> list[str]:
        return ["build:", "  context: .", *self.indented(self.mapped("args"), 2)]

    def env_file(self, name: str) -> list[str]:
        file = f"{name}.env"
        self.beside[file] = f"API_TOKEN={self.canary('env file')}\nDATABASE_URL={self.url('env file url')}\n"
        return [f"env_file: {file}"]

    def odd(self, name: str) -> list[str]:
        """Places that hold no secret, but have one that is held elsewhere."""
        if not self.repeated:
            return ["hostname: x"]
        known = self.random.choice(self.repeated)
        return self.random.choice(
            [
                [f"container_name: {json.dumps(name + '-' + known, ensure_ascii=False)}"],
                [f'hostname: "\\x{ord(known[0]):02x}{json.dumps(known[1:])[1:]}'],
                ["x-note: >-", f"  {known}", f"# {known}"],
                [f"logging: {{driver: syslog, options: {{tag: {json.dumps(known, ensure_ascii=False)}}}}}"],
                [f"working_dir: {json.dumps('/srv/' + known, ensure_ascii=False)}"],
            ]
        )

    def config(self) -> list[str]:
        secret = self.canary("config")
        text = self.random.choice([f"password={secret}", f"db_password: {secret}", f"url = postgres://u:{secret}@db/x"])
        if self.random.random() < 0.5:
            return ["configs:", "  app:", "    content: |", "      # settings", f"      {text}", "      debug=false"]
        return ["configs:", "  app:", f"    content: {json.dumps(chr(10).join(['# settings', text]))}"]

    def extension(self) -> list[str]:
        form = self.random.randrange(4)
        if form == 0:
            secret = self.canary("private key")
            return ["x-key: |", "  -----BEGIN PRIVATE KEY-----", f"  {secret}", "  -----END PRIVATE KEY-----"]
        if form == 1:
            return [f"x-tokens: [{self.canary('list')}, '{self.canary('list')}']"]
        if form == 2:
            encoded = base64.b64encode(f"me:{self.canary('basic')}".encode()).decode()
            return ["x-header:", f'  - "Authorization: Basic {encoded}"']
        return ["x-app:", *self.indented(self.entry(*self.secret("extension")), 2)]

    def anchors(self) -> list[str]:
        """A value that is a secret where it is aliased, and a map that is merged."""
        if self.random.random() < 0.5:
            return []
        value, other = self.canary("alias"), self.canary("merge")
        lines = [f'x-value: &value "{value}"', "x-map: &map", f"  DB_PASSWORD: {other}"]
        return [*lines, "x-use:", "  API_TOKEN: *value", "  environment: {<<: *map}"]

    def echoes(self) -> list[str]:
        """Comments that repeat a value."""
        return [f"# once it was {value}, see the wiki" for value in self.repeated]


def make(seed: int) -> Made:
    """The file of a seed."""
    return Generator(seed).make()


def encodings(value: str) -> list[str]:
    """A canary, and what it looks like in base64 (at every place), as escapes and reversed into an address."""
    raw = value.encode()
    inner = [base64.b64encode(b"x" * shift + raw)[4:-4].decode() for shift in (1, 2, 3)]
    hexed = "".join(f"\\x{byte:02x}" for byte in raw)
    coded = "".join(f"\\u{byte:04x}" for byte in raw)
    return [value, *inner, hexed, coded, raw.hex(), "".join(f"%{byte:02x}" for byte in raw)]
