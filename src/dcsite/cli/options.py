"""Options that several commands take in the same words. Nothing heavy is imported for them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_type_hints

import typer

if TYPE_CHECKING:
    from dcsite.plan import Session
    from dcsite.solvers import SolveOptions


class SolverChoice(StrEnum):
    """Solvers to choose from."""

    auto = "auto"
    cbc = "cbc"
    highs = "highs"


def output_option(text: str) -> Any:
    """Return the option for the folder to write, with a help of its own."""
    return typer.Option("--output", "-o", help=text)


def gap_option(text: str) -> Any:
    """Return the option for a relative gap, with a help of its own."""
    return typer.Option("--gap", min=0.0, max=1.0, help=text)


def seconds_option(text: str) -> Any:
    """Return an option for a time in seconds, named as its parameter, with a help of its own."""
    return typer.Option(min=0.1, help=text)


ScenarioArgument: TypeAlias = Annotated[
    str, typer.Argument(help="Shipped name (dcsite scenario list) or TOML file.")
]

PlanArgument: TypeAlias = Annotated[
    Path, typer.Argument(help="Output folder of a run, or its plan.json.")
]

OverridesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one value; may be repeated."),
]

SitesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--sites",
        metavar="FILE",
        help="Own candidate sites: CSV, Excel, GeoJSON, GeoPackage, Shapefile, KML, FlatGeobuf.",
    ),
]

AddSitesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--add-sites", metavar="FILE", help="Own sites beside the other candidates."),
]

MovedSitesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--sites", metavar="FILE", help="The plan's own sites, where they were moved since."
    ),
]

MovedAddSitesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--add-sites", metavar="FILE", help="The same of those beside the municipalities."
    ),
]

LayerOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--layer",
        metavar="NAME",
        help="Layer or sheet to read, of each file that has one of this name; or behind a file: "
        "FILE|layername=NAME.",
    ),
]

GeodataOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--geodata",
        metavar="DIR",
        help="Own tables laid over the shipped geodata (dcsite data import writes such a folder).",
    ),
]

DisastersOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--disasters",
        metavar="FILE",
        help="Further disasters: polygons (a layer as --sites takes) or a table (CSV, Excel).",
    ),
]


def _places_option(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, help=f"{text}; may be repeated.")


@dataclass(frozen=True)
class Question:
    """What may be laid over a scenario and whose sites are asked about: options of many commands.

    A command takes them by a parameter `asked` under :func:`asking`.
    """

    overrides: OverridesOption = None
    disasters: DisastersOption = None
    geodata: GeodataOption = None
    substations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Connection points to add, correct or forbid (CSV)."),
    ] = None
    headroom: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What connection points can bear, in MW (CSV)."),
    ] = None
    hazards: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Zones of flood, tsunami, landslide, storm surge (a layer as --sites takes, or a "
            "folder), measured at points and polygons of --sites.",
        ),
    ] = None
    network: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Own network instead of the backbone: node-link JSON, GraphML, GML, or a folder.",
        ),
    ] = None
    latency: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Measured round trips (CSV, Excel: from, to, rtt_ms) that the rule is fitted to.",
        ),
    ] = None
    sites: SitesOption = None
    add_sites: AddSitesOption = None
    layer: LayerOption = None
    merge_km: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=10.0,
            metavar="KM",
            help="Own parcels within KM of each other become one site: places.merge_km.",
        ),
    ] = None
    count: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="How many large hubs: tiers.large.count."),
    ] = None
    full_mw: Annotated[
        bool,
        typer.Option("--full-mw", help="Each hub carries all its site can: demand.hub_loads."),
    ] = False
    keep: Annotated[
        list[str] | None,
        _places_option(
            "--keep", "PLACE[=TIER,MW]", "A place that must be a hub, by id, code or name"
        ),
    ] = None
    forbid: Annotated[
        list[str] | None, _places_option("--forbid", "PLACE", "A place that is no hub")
    ] = None
    prefer: Annotated[
        list[str] | None,
        _places_option("--prefer", "PLACE", "A place worth penalties.preferred"),
    ] = None

    def laid(self) -> tuple[str, ...]:
        """Return the overrides, with what the other options say among them."""
        from dcsite.plan.session import laid_over

        given = asdict(self)
        for name in ("geodata", "sites", "layer"):
            del given[name]
        return laid_over(given.pop("overrides"), **given)

    def open(
        self,
        scenario: str | Path,
        options: SolveOptions | None = None,
        *,
        by_year: bool = False,
    ) -> Session:
        """Open a session on a scenario with all of this; `by_year`: perhaps of several years."""
        from dcsite.plan import Session

        return Session.open(
            scenario,
            self.laid(),
            self.sites,
            layer=self.layer,
            options=options,
            atlas=self.geodata,
            by_year=by_year,
        )


def asking(command: Callable[..., int]) -> Callable[..., int]:
    """Return a command that takes the options of :class:`Question` in place of `asked`."""

    @functools.wraps(command)
    def asks(**given: Any) -> int:
        own = {one.name: given.pop(one.name) for one in fields(Question)}
        return command(asked=Question(**own), **given)

    kinds = get_type_hints(Question, include_extras=True)
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=kinds[one.name],
        )
        for one in fields(Question)
    ]
    parameters: list[inspect.Parameter] = []
    for one in inspect.signature(command, eval_str=True).parameters.values():
        if one.name == "asked":
            parameters += shared
        else:
            parameters.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    asks.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    asks.__annotations__ = {one.name: one.annotation for one in parameters}
    return asks


SolverOption: TypeAlias = Annotated[SolverChoice, typer.Option(help="Solver to use.")]

EachTimeLimitOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        min=0.1,
        help="Seconds each solve may search; reading and checking come on top.",
    ),
]

CheckTimeOption: TypeAlias = Annotated[
    float,
    typer.Option(
        "--check-time", min=0.1, help="Seconds each search of the check for distances may take."
    ),
]

JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]

QuietOption: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress; warnings are told.")
]
