"""The command line: commands, exit codes, one line on stderr for each thing that is wrong."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dcsite.errors import DcsiteError, InterruptedWithoutPlanError
from dcsite.interrupts import raise_swallowed

from .check import check_command
from .compare import compare_command
from .data import data_app
from .disperse import disperse_command
from .explain import explain_command
from .frontier import frontier_command
from .init import init_command
from .robust import robust_command
from .scenario import scenario_app
from .schema import schema_command
from .solve import solve_command
from .stress import stress_command

#: What a wrong option or argument raises. Typer brings its own copy of click in some versions and
#: uses the package in others; its public error leads to the right one.
_UsageProblem: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


class _Commands(typer.core.TyperGroup):
    """All commands: before there is an answer Ctrl-C ends each in the same words."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Read the command line."""
        with _one_ending():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with _one_ending():
            return super().invoke(ctx)


@contextmanager
def _one_ending() -> Iterator[None]:
    """Take Ctrl-C from Typer, which would end without a word."""
    try:
        raise_swallowed()
        yield
    except KeyboardInterrupt:
        raise InterruptedWithoutPlanError("interrupted; nothing was written") from None


app = typer.Typer(
    name="dcsite",
    cls=_Commands,
    help="Decide where a country's data-centre hubs should stand.",
    epilog=(
        "Exit codes: 0 plan written, 1 internal error, 2 bad input, 3 infeasible, "
        "4 no plan in time, 130 interrupted."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data_app, name="data")
app.add_typer(scenario_app, name="scenario")
for command, example in (
    (init_command, "init best-of my-sites"),
    (solve_command, "solve policy-2023 --set tiers.large.count=7"),
    (check_command, "check policy-2023 --set tiers.core.separation_km=900"),
    (compare_command, "compare distance-only policy-2023 today"),
    (disperse_command, "disperse places.csv --count 10 --keep Tokyo,Osaka"),
    (explain_command, "explain dcsite-out/policy-2023 唐津市"),
    (robust_command, "robust policy-2023 --samples 200 --seed 1"),
    (stress_command, "stress dcsite-out/policy-2023 --history"),
    (frontier_command, "frontier policy-2023 --x spacing --points 21"),
    (schema_command, "schema plan > plan.schema.json"),
):
    app.command(example.partition(" ")[0], epilog=f"Example: dcsite {example}")(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from dcsite import __version__

        typer.echo(f"dcsite {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.", is_eager=True)
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    del debug, version


def main() -> None:
    """Run the command line and exit with the documented code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks must not cost the answer.
            stream.reconfigure(errors="replace")
    debug = "--debug" in sys.argv[1:]
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    code = _run_and_flush(arguments, debug=debug)
    # All is written and said: a Ctrl-C while Python tidies up must not make another ending of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _run_and_flush(arguments: list[str], *, debug: bool) -> int:
    """Run, and mind where the output goes: to a reader that left, or to a full device."""
    try:
        code = _run(arguments, debug=debug)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as leaving:
        # Whoever read our output has read enough (`| head`); Typer makes an exit of it.
        if isinstance(leaving, SystemExit) and not isinstance(leaving.__context__, BrokenPipeError):
            raise
        _drop_output()
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC or debug:
            raise
        _drop_output()
        print("error: standard output: no space left on the device", file=sys.stderr)
        return 2
    return code


def _drop_output() -> None:
    """Let what is still to be flushed go nowhere, so that leaving meets no second error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _run(arguments: list[str], *, debug: bool) -> int:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        code = app(args=arguments, prog_name="dcsite", standalone_mode=False)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except _UsageProblem as error:
        if not _text(error):  # no command: the help was shown, there is no more to say
            return 2
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "dcsite"
        console.print(f"[red]error:[/red] {escape(_text(error))}; see {command} --help")
        return 2
    except DcsiteError as error:
        if debug:
            console.print_exception()
        for problem in error.problems:
            console.print(f"[red]error:[/red] {escape(str(problem))}")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        if debug:
            console.print_exception()
        console.print("[yellow]interrupted[/yellow]")
        return 130
    return int(code or 0)


def _text(error: Exception) -> str:
    format_message = getattr(error, "format_message", None)
    return str(format_message()) if format_message else str(error)
