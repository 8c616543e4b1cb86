"""The command line: commands, exit codes, one line on stderr for each thing that is wrong."""

from __future__ import annotations

import errno
import math
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dcsite.errors import (
    OF_THE_SYSTEM,
    DcsiteError,
    InterruptedWithoutPlanError,
    Problem,
    unwritable,
)
from dcsite.interrupts import WISHES_TO_STOP, raise_swallowed, was_raised

from .backtest import backtest_command
from .check import check_command
from .compare import compare_command
from .data import data_app
from .demand import demand_command
from .disperse import disperse_command
from .edge import edge_command
from .explain import explain_command
from .frontier import frontier_command
from .robust import robust_command
from .scenario import init_command, scenario_app
from .schema import schema_command
from .solve import solve_command
from .streams import heedless_streams
from .stress import stress_command

#: Characters of an error nobody foresaw: its message may hold a whole table.
_MOST_SAID = 300

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


class _Command(typer.core.TyperCommand):
    """A command, which takes no number that is none (`nan`, `inf`): no bound would refuse it."""

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        for option in self.params:
            value = ctx.params.get(option.name)
            if isinstance(value, float) and not math.isfinite(value):
                hint = f"'{option.opts[0]}'"
                raise typer.BadParameter(f"is {value}; must be a finite number", ctx, None, hint)
        return super().invoke(ctx)


@contextmanager
def _one_ending() -> Iterator[None]:
    """Take Ctrl-C from Typer, which would end without a word."""
    try:
        raise_swallowed()
        yield
    except (Exception, KeyboardInterrupt) as error:
        if not (isinstance(error, KeyboardInterrupt) or was_raised()):
            raise
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
    (demand_command, "demand by-year --json"),
    (compare_command, "compare distance-only policy-2023 today"),
    (disperse_command, "disperse places.csv --count 10 --keep Tokyo,Osaka"),
    (explain_command, "explain dcsite-out/policy-2023 唐津市"),
    (robust_command, "robust policy-2023 --samples 200 --seed 1"),
    (stress_command, "stress dcsite-out/policy-2023 --history"),
    (backtest_command, "backtest dcsite-out/policy-2023"),
    (edge_command, "edge dcsite-out/policy-2023 --corridors corridors.geojson"),
    (frontier_command, "frontier policy-2023 --x separation --points 21"),
    (schema_command, "schema plan > plan.schema.json"),
):
    name = example.partition(" ")[0]
    app.command(name, cls=_Command, epilog=f"Example: dcsite {example}")(command)


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
    told = heedless_streams()
    debug = "--debug" in sys.argv[1:]
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    code = _run(arguments, debug=debug)
    sys.stdout.flush()
    if told is not None and told.failed is not None and told.failed.errno != errno.EPIPE:
        reason = os.strerror(told.failed.errno or 0)
        print(f"error: standard output: {reason}; files are written whole", file=sys.stderr)
        code = code or 2
    # All is written and said: a signal while Python tidies up must not make another ending of it.
    for number in WISHES_TO_STOP:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


def _run(arguments: list[str], *, debug: bool) -> int:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        return int(app(args=arguments, prog_name="dcsite", standalone_mode=False) or 0)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - one answer for everything
        if debug and not isinstance(error, _UsageProblem):
            console.print_exception()
        code, lines = _answer(error)
        for line in lines:
            console.print(line)
        return code


def _answer(error: BaseException) -> tuple[int, list[str]]:
    """Return the exit code of an error and a line for each thing that is wrong."""
    match error:
        case DcsiteError():
            code, said = error.exit_code, [str(problem) for problem in error.problems]
        case KeyboardInterrupt() | typer.Abort():
            return 130, ["[yellow]interrupted[/yellow]"]
        case _UsageProblem():
            if not _text(error):  # no command: the help was shown, there is no more to say
                return 2, []
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "dcsite"
            code, said = 2, [f"{_text(error)}; see {command} --help"]
        case OSError() if error.errno in OF_THE_SYSTEM:
            code, said = 2, [str(Problem(str(error.filename or ""), "", unwritable(error)))]
        case _:
            code, said = 1, [_unforeseen(error)]
    return code, [f"[red]error:[/red] {escape(line)}" for line in said]


def _unforeseen(error: BaseException) -> str:
    """Say in one line what nobody foresaw: of a criterion, or of dcsite."""
    said = " ".join(str(error).split())[:_MOST_SAID]
    what = "out of memory" if isinstance(error, MemoryError) else type(error).__name__
    what += f": {said}" if said else ""
    more = "call again with dcsite --debug for more"
    from dcsite.contract import Criterion

    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        own = frame.f_locals.get("self")
        if isinstance(own, Criterion):
            return f"criterion {own.name}: {frame.f_code.co_name}() raised {what}; {more}"
    place = frames[-1].f_code
    where = f"{Path(place.co_filename).name}, line {frames[-1].f_lineno}"
    return f"unforeseen: {what} ({where}); {more}, and please report it"


def _text(error: BaseException) -> str:
    format_message = getattr(error, "format_message", None)
    return str(format_message()) if format_message else str(error)
