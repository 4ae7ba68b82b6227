"""The command `harden`: parses options, calls the API, prints, exits. What it prints is made in `views`.

Only typer is imported here: everything else waits until it is needed, so that `harden --help` answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Option
from typer.core import TyperGroup

from hardener import __version__
from hardener.terminal import ColorChoice, Terminal, flush

if TYPE_CHECKING:
    import hardener.profile
    from hardener.session import Options


class _FilesOrCommand(TyperGroup):
    """A group whose own arguments are files: the first argument is a command only if there is one of that name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        command = bool(args) and args[0] in self.commands
        ctx.allow_interspersed_args = not command
        if command:
            self.params = [param for param in self.params if param.name != "files"]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FilesOrCommand,
    invoke_without_command=True,
    subcommand_metavar="| COMMAND [ARGS]...",
    add_completion=False,
    rich_markup_mode=None,  # rich takes as long to import as all the rest
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def run(args: list[str]) -> int:
    """Runs the command with these arguments and returns its exit status."""
    try:
        app(args=args, prog_name="harden")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except (Exception, KeyboardInterrupt) as error:
        from hardener.session import report

        return report(error, Terminal())
    finally:
        flush()
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        Terminal().out(f"harden {__version__}\n")
        raise typer.Exit


Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILES",
        show_default=False,
        help="Compose files, or folders that hold one; - is standard input. Without any: the file compose finds here.",
    ),
]
Profile = Annotated[str, Option("--profile", "-p", metavar="NAME|PATH", help="The profile, by name or as a file.")]
DryRun = Annotated[bool, Option("--dry-run", "-n", help="Show what would change, write nothing.")]
Check = Annotated[bool, Option("--check", help="As --dry-run; exit with 1 if anything would change.")]
Yes = Annotated[bool, Option("--yes", "-y", help="Write without a question.")]
Output = Annotated[
    str | None,
    Option("--output", "-o", metavar="PATH|-", help="Write there and leave the file alone; - is standard output."),
]
Only = Annotated[list[str] | None, Option("--only", metavar="RULE", help="Run this rule alone. Repeatable.")]
Skip = Annotated[list[str] | None, Option("--skip", metavar="RULE", help="Leave this rule out. Repeatable.")]
Services = Annotated[list[str] | None, Option("--service", metavar="NAME", help="Only this service. Repeatable.")]
Level = Annotated[
    Literal["safe", "known", "assumed"] | None,
    Option("--confidence", help="Make changes as sure as this or surer, whatever the profile says."),
]
HostMemory = Annotated[
    str | None, Option("--host-memory", metavar="SIZE", help="Warn if memory limits add up to more, as in 4G.")
]
NoCompose = Annotated[bool, Option("--no-compose-check", help="Do not let docker compose judge what is written.")]
Color = Annotated[ColorChoice, Option("--color", help="When to use colours; auto honours NO_COLOR.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
Facts = Annotated[
    list[str] | None, Option("--facts", metavar="DIR", help="Data files on images of your own. Repeatable.")
]
Inspect = Annotated[bool, Option("--inspect", help="Ask the local docker engine about the images; it pulls nothing.")]
Lock = Annotated[
    str | None,
    Option(
        "--lock",
        metavar="PATH",
        help="Take digests of images from this file, not from the harden.lock beside; --inspect records them there.",
    ),
]
Rotate = Annotated[
    bool,
    Option("--rotate", help="Give secrets new random values where the image reads them at its first start only."),
]
ShowSecrets = Annotated[
    bool, Option("--show-secrets", help="Do not mask values that look secret. On a terminal only, never in a pipe.")
]
Version = Annotated[bool, Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")]


@app.callback(epilog="Exit status: 0 written or nothing to do, 1 --check found changes, 2 bad input, 3 a bug of ours.")
def _harden(
    context: typer.Context,
    files: Files = None,
    profile: Profile = "production",
    dry_run: DryRun = False,
    check: Check = False,
    yes: Yes = False,
    output: Output = None,
    only: Only = None,
    skip: Skip = None,
    service: Services = None,
    confidence: Level = None,
    host_memory: HostMemory = None,
    no_compose_check: NoCompose = False,
    color: Color = "auto",
    quiet: Quiet = False,
    facts: Facts = None,
    inspect: Inspect = False,
    lock: Lock = None,
    rotate: Rotate = False,
    show_secrets: ShowSecrets = False,
    version: Version = False,
) -> None:
    """Hardens Docker Compose files, losslessly: every change has a rule, a reason and evidence.

    Shows the plan and the diff, then writes; on a terminal it asks first.
    """
    if context.invoked_subcommand is not None:
        return
    from hardener.session import Options

    options = Options(
        profile=profile,
        only=tuple(only or ()),
        skip=tuple(skip or ()),
        services=tuple(service or ()),
        confidence=confidence,
        host_memory=host_memory,
        check=check,
        dry_run=dry_run,
        yes=yes,
        output=output,
        compose_check=not no_compose_check,
        facts=tuple(facts or ()),
        inspect=inspect,
        lock=lock,
        rotate=rotate,
        show_secrets=show_secrets,
    )
    raise typer.Exit(_run(options, Terminal(color, quiet), files or []))


def _run(options: Options, terminal: Terminal, files: list[str]) -> int:
    from hardener.session import Session, report

    try:
        return Session(options, terminal).run(files)
    except KeyboardInterrupt as error:  # typer would end without a word
        return report(error, terminal)


def _shipped() -> list[hardener.profile.Profile]:
    from hardener.profile import Profile, shipped

    return [Profile.read(name) for name in shipped()]


@app.command("rules")
def _rules() -> None:
    """List the rules, and the profiles they are on in."""
    from hardener.transforms import builtin, find
    from hardener.views import pages

    terminal = Terminal()
    terminal.out(pages.rules([find(rule) for rule in builtin()], _shipped(), color=terminal.out_color))


@app.command("explain")
def _explain(rule: Annotated[str, typer.Argument(metavar="RULE", show_default=False, help="Its id.")]) -> None:
    """Show what a rule does and why, and its settings."""
    from hardener.transforms import find
    from hardener.views import pages

    terminal = Terminal()
    terminal.out(pages.explain(find(rule), _shipped(), color=terminal.out_color))


@app.command("profiles")
def _profiles(
    name: Annotated[str | None, typer.Argument(metavar="[NAME|PATH]", show_default=False, help="One of them.")] = None,
) -> None:
    """List the profiles, or show all settings of one."""
    from hardener.profile import Profile
    from hardener.views import pages

    terminal = Terminal()
    if name is None:
        terminal.out(pages.profiles(_shipped(), color=terminal.out_color))
    else:
        terminal.out(pages.profile(Profile.read(name)))


@app.command("images")
def _images(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", show_default=False, help="An image.")] = None,
    verify: Annotated[bool, Option("--verify", help="Show which claims were measured, when, and on what.")] = False,
    facts: Facts = None,
) -> None:
    """List the images that are known, or show what is known of one and from where."""
    from hardener.knowledge.catalog import data_folders, families, family
    from hardener.views import images as pages

    terminal = Terminal()
    folders = data_folders(facts or ())
    known = families(folders) if name is None else [family(name, folders)]
    if verify:
        terminal.out(pages.measured(known, color=terminal.out_color))
    elif name is None:
        terminal.out(pages.images(known, color=terminal.out_color))
    else:
        terminal.out(pages.image(known[0], color=terminal.out_color))


@app.command("graph")
def _graph(
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A compose file, or its folder.")],
    profile: Annotated[
        str | None,
        Option("--profile", "-p", metavar="NAME|PATH", help="Show what its changes to networks and ports make of it."),
    ] = None,
    form: Annotated[
        Literal["text", "mermaid", "dot", "svg", "json"], Option("--format", help="How to show it.")
    ] = "text",
    color: Color = "auto",
    facts: Facts = None,
) -> None:
    """Show who talks to whom, who could, and what says so."""
    from hardener.api import picture
    from hardener.inputs import read_input
    from hardener.views.graph import draw

    terminal = Terminal(color)
    shown = picture(read_input(file), profile, facts=facts or ())
    terminal.out(draw(shown, form, width=terminal.width, color=terminal.out_color))


@app.command("schema")
def _schema() -> None:
    """Print the JSON Schema of profile files, for editors."""
    import json

    from hardener.profile import schema

    Terminal().out(json.dumps(schema(), indent=2) + "\n")
