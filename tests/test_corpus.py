"""Every real file of HARDENER_CORPUS through the production profile. What is measured here is what the README quotes.

Nothing here uses `hardener.verify`: the checks are made again, on text and with the real compose.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from hardener import Change, HardenError, Outcome, Profile, Result, harden, load, plan
from hardener.knowledge import facts_for
from hardener.model.project import read_project
from hardener.source import at

Read = Callable[..., tuple[dict[str, Any] | None, str]]
# The first question judges the whole project; where the environment lacks something, the second judges the file alone.
QUESTIONS = (("--no-env-resolution", "--no-path-resolution"),)
QUESTIONS += ((*QUESTIONS[0], "--no-interpolate"),)
SEVERAL_DOCUMENTS = "a second YAML document"


@dataclass
class Run:
    """The corpus, hardened once."""

    results: dict[Path, Result] = field(default_factory=dict)
    crashes: dict[Path, str] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def changed(self) -> list[Path]:
        return [file for file, result in self.results.items() if result.changed]


@pytest.fixture(scope="module")
def run(corpus: Path, summary: list[str]) -> Run:
    run, start = Run(), time.perf_counter()
    profile = Profile.read("production")
    for file in sorted(corpus.rglob("*.y*ml")):
        try:
            run.results[file] = harden(str(file), profile)
        except HardenError as error:
            run.refused[file] = str(error)
        except Exception as error:
            run.crashes[file] = f"{type(error).__name__}: {error}"
    run.seconds = time.perf_counter() - start
    summary += figures(run)
    return run


def figures(run: Run) -> list[str]:
    results = run.results.values()
    services = {(result.file, v.service) for result in results for v in result.verdicts if v.service is not None}
    count = len(results) + len(run.refused) + len(run.crashes)
    lines = [
        f"{count} files, {len(services)} services, {run.seconds:.1f} s: {len(run.changed)} files changed, "
        f"{len(run.refused)} refused, {len(run.crashes)} crashes",
        "",
        f"{'rule':22}" + "".join(f"{outcome:>14}" for outcome in Outcome) + f"{'held back':>14}",
    ]
    by_rule = Counter((v.rule, v.outcome) for result in results for v in result.verdicts)
    held = Counter(rule for result in results for rule, _ in {(c.rule, c.service) for c in result.held})
    for rule in dict.fromkeys(rule for rule, _ in by_rule):
        total = sum(by_rule[rule, outcome] for outcome in Outcome)
        shares = [f"{by_rule[rule, outcome]} ({by_rule[rule, outcome] / total:.0%})" for outcome in Outcome]
        lines.append(f"{rule:22}" + "".join(f"{share:>14}" for share in shares) + f"{held[rule]:>14}")
    return lines


def told(problems: dict[Path, Any]) -> str:
    return f"{len(problems)}:\n" + "\n".join(f"{file}: {problem}" for file, problem in list(problems.items())[:20])


def test_no_crash(run: Run) -> None:
    assert run.results
    assert not run.crashes, told(run.crashes)


def test_no_file_is_refused_that_compose_accepts(run: Run, read_by_compose: Read) -> None:
    refused = {
        file: reason
        for file, reason in run.refused.items()
        if SEVERAL_DOCUMENTS not in reason
        and read_by_compose(file.read_text(encoding="utf-8", errors="replace"), file.parent, *QUESTIONS[1])[0]
        is not None
    }
    assert not refused, told(refused)


def test_compose_accepts_what_it_accepted(run: Run, read_by_compose: Read, summary: list[str]) -> None:
    def judge(file: Path) -> tuple[str, str]:
        result = run.results[file]
        for question in QUESTIONS:
            before, _ = read_by_compose(result.before, file.parent, *question)
            if before is not None:
                after, complaint = read_by_compose(result.after, file.parent, *question)
                if after is None:
                    return "rejected", complaint
                return "accepted", unplanned(before, after, result)
        return "not accepted as it was", ""

    with ThreadPoolExecutor(4) as pool:
        verdicts = dict(zip(run.changed, pool.map(judge, run.changed), strict=True))
    counts = Counter(verdict for verdict, _ in verdicts.values())
    summary.append("")
    summary.append("docker compose on the changed files: " + ", ".join(f"{n} {word}" for word, n in counts.items()))
    rejected = {file: complaint for file, (verdict, complaint) in verdicts.items() if verdict == "rejected"}
    assert not rejected, told(rejected)
    more = {file: names for file, (verdict, names) in verdicts.items() if verdict == "accepted" and names}
    assert not more, f"changed without a word, {told(more)}"


def unplanned(before: dict[str, Any], after: dict[str, Any], result: Result) -> str:
    """Keys of services, as compose reads them, that differ although no change says so."""
    planned = {change.path[:3] for change in (*result.changes, *result.had)}
    names: list[str] = []
    for section in (before.keys() | after.keys()) - {change.path[0] for change in result.changes}:
        # What stands under `x-` means nothing to compose; anchors often stand there.
        if section != "services" and not section.startswith("x-") and before.get(section) != after.get(section):
            names.append(section)
    old, new = before.get("services") or {}, after.get("services") or {}
    for service in old.keys() | new.keys():
        one, two = old.get(service) or {}, new.get(service) or {}
        # A container of `pre_start` takes its settings over from its service.
        keys = [key for key in (one.keys() | two.keys()) - {"pre_start"} if one.get(key) != two.get(key)]
        names += [f"{service}.{key}" for key in keys if ("services", service, key) not in planned]
    return ", ".join(names)


def test_most_known_images_lose_their_capabilities(run: Run, summary: list[str]) -> None:
    known = dropping = 0
    for file, result in run.results.items():
        project = read_project(load(result.before, str(file)))
        dropped = {change.service for change in (*result.changes, *result.had) if change.path[2:3] == ("cap_drop",)}
        for name, service in project.services.items():
            if service.build is None and service.image and facts_for(service.image):
                known += 1
                dropping += name in dropped or "ALL" in map(str, service.cap_drop or ())
    summary.append(f"of {known} services with a known image, {dropping} ({dropping / known:.0%}) get cap_drop: [ALL]")
    assert dropping >= 0.6 * known


def test_every_line_stays_that_no_rule_names(run: Run) -> None:
    lost = {file: gone for file in run.changed if (gone := lost_lines(run.results[file]))}
    assert not lost, told(lost)


def lost_lines(result: Result) -> list[str]:
    """Lines of the file that the output lacks, or has in another place, and that no rule has a reason to touch."""
    old, new = (re.findall(r"[^\n]*\n|[^\n]+\Z", text.removeprefix("\ufeff")) for text in (result.before, result.after))
    removes = any(change.action == "remove" for change in result.changes)
    position, gone = 0, []
    for number, line in enumerate(old):
        if new[position : position + 1] != [line] and rewritten(line, result):
            continue
        found = next((index for index in range(position, len(new)) if new[index] == line), None)
        if found is not None:
            position = found + 1
        elif not (
            (removes and re.match(r"[\"']?version[\"']?\s*:", line.lstrip()))
            or (number == len(old) - 1 and line + "\n" in (each.replace("\r", "") for each in new[position:]))
            or grown(line, new[position:])
        ):
            gone.append(line)
    return gone


def rewritten(line: str, result: Result) -> bool:
    """Whether a line holds an item that a rule replaces or quotes, or is an item, or all in one line, of a list that a
    rule replaces by a map with the same names.
    """
    for change in (*result.changes, *result.had):
        if (
            change.rule in ("networks", "secrets")
            and change.action in ("replace", "remove")
            and holds(line, change, result)
        ):
            return True
        if change.action in ("replace", "quote") and isinstance(change.path[-1], int):
            # What a rule puts before an item, or around it, leaves the item as it was.
            items = re.findall(r"""[^\s"',\[\]]+""", line.partition(" #")[0])
            if any(item and str(change.value).endswith(item) for item in items if ":" in item):
                return True
        if change.action == "replace" and isinstance(change.value, dict):
            names = "|".join(map(re.escape, change.value))
            item, key = rf"""["']?(?:{names})["']?""", rf"""["']?{re.escape(str(change.path[-1]))}["']?"""
            if re.match(rf"\s*(?:-\s+{item}\s*(?:#.*)?|{key}\s*:.*\[.*\]\s*(?:#.*)?)$", line):
                return True
    return False


@lru_cache(maxsize=1)
def bodies(text: str, file: str) -> dict[str, Any]:
    """The services of a file, with what they inherit."""
    return read_project(load(text, file)).bodies


def holds(line: str, change: Change, result: Result) -> bool:
    """Whether a line has a value that a rule takes out, or what is left of it."""
    key = change.path[-1]
    if isinstance(key, str) and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*:""", line):
        return True
    old = at(bodies(result.before, result.file)[str(change.service)], change.path[2:])
    parts = [str(item) for item in old] if isinstance(old, list) else str(old).splitlines()
    return any(part and part.strip() in line for part in parts)


def grown(line: str, lines: list[str]) -> bool:
    """Whether one of `lines` is `line` with something put in: an item in a flow list, a value after a bare key.

    An alias may give way to its content, if nothing else does.
    """
    text = line.rstrip("\r\n")
    if alias := re.match(r"(\s*[\w.-]+:)\s*\*[\w-]+\s*(#.*)?$", text):
        return any(each.startswith(alias[1]) for each in lines)
    return any(len(each) > len(line) and inserted(text, each.rstrip("\r\n")) for each in lines[:1])


def inserted(old: str, new: str) -> bool:
    """Whether `new` is `old` with one piece put in before a closing bracket, a comment or the end."""
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    rest = old[start:]
    return new.endswith(rest) and (not rest or rest[0] in "]} #")


def test_every_comment_stays(run: Run) -> None:
    lost = {file: gone for file in run.changed if (gone := lost_comments(run.results[file]))}
    assert not lost, told(lost)


def lost_comments(result: Result) -> Counter[str]:
    """What follows a `#`, wherever; only the line of `version` may take its own along."""
    kept = [line for line in result.before.splitlines() if not re.match(r"\ufeff?[\"']?version[\"']?\s*:", line)]
    return comments(kept) - comments(result.after.splitlines())


def comments(lines: list[str]) -> Counter[str]:
    found = (re.search(r"(?:^|\s)#.*$", line) for line in lines)
    return Counter(match[0].strip() for match in found if match)


def test_a_second_run_changes_nothing(run: Run) -> None:
    profile = Profile.read("production")
    again: dict[Path, str] = {}
    for file in run.changed:
        result = run.results[file]
        second = plan(load(result.after, result.file), profile)
        if second.text != result.after:
            again[file] = ", ".join(sorted({change.rule for change in second.changes}))
    assert not again, told(again)
