"""``dcsite disperse``: the places farthest apart, proven."""

from __future__ import annotations

import difflib
import json
import unicodedata
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dcsite.errors import Problem, SitesError

from .options import LayerOption, QuietOption
from .progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.dispersion import Dispersion, DispersionProgress, Metric, Places


class MetricChoice(StrEnum):
    """Distances to choose from."""

    auto = "auto"
    geodesic = "geodesic"
    euclidean = "euclidean"
    ceil = "ceil"


class Coincident(StrEnum):
    """What to do with places at the same coordinates."""

    refuse = "refuse"
    first = "first"


_UNITS: dict[Metric, str] = {
    "geodesic": " km (geodesic on WGS 84)",
    "euclidean": " (straight line)",
    "euc_2d": " (straight line, rounded to the nearest integer as TSPLIB's EUC_2D)",
    "ceil_2d": " (straight line, rounded up as TSPLIB's CEIL_2D)",
}


def disperse_command(
    file: Annotated[
        Path, typer.Argument(help="A table, a layer (as --sites takes) or TSPLIB (.tsp).")
    ],
    count: Annotated[int, typer.Option("--count", "-p", help="How many places to choose.")],
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="NAMES", help="Names or ids already fixed, by commas; repeatable."
        ),
    ] = None,
    metric: Annotated[
        MetricChoice,
        typer.Option(
            help="auto: km on WGS 84 for latitude and longitude, straight lines for x and y, "
            "the file's own rounding for TSPLIB (there, euclidean rounds to the nearest integer)."
        ),
    ] = MetricChoice.auto,
    layer: LayerOption = None,
    coincident: Annotated[
        Coincident,
        typer.Option(help="Of places at the same coordinates: refuse them, or keep the first."),
    ] = Coincident.refuse,
    time_limit: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds; then the best bracket is given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: QuietOption = False,
) -> int:
    """Choose the places whose smallest distance to each other is largest, and prove it."""
    from dcsite.contract import named_layer
    from dcsite.dispersion import disperse, read_places

    given = file if layer is None else named_layer(file, layer)
    candidates = read_places(
        given, metric.value, first_of_coincident=coincident is Coincident.first
    )
    total = len(candidates.points)
    if not 2 <= count <= total:
        raise SitesError(
            Problem("--count", "", f"is {count}; allowed: 2 to the {total} places of {file.name}")
        )

    kept = _kept(keep or [], candidates, file.name)
    with Reporter(quiet=quiet) as reporter:
        if candidates.removed:
            reporter.note(f"note: {file.name}: {candidates.removed} coincident points removed")

        def tell(found: DispersionProgress) -> None:
            reporter.say(f"distance {found.distance:.12g}, bound {found.bound:.12g}")

        reporter.stage("disperse")
        answer = disperse(
            candidates.points, count, keep=kept, time_limit_s=time_limit, on_progress=tell
        )
    typer.echo(_as_json(answer, candidates) if as_json else _as_text(answer, candidates))
    return 130 if answer.interrupted else 0


def _kept(wanted: Sequence[str], candidates: Places, file: str) -> list[int]:
    """Return the positions of places by id, else by name."""
    problems: list[Problem] = []
    kept: list[int] = []
    by_id = {place_id: at for at, place_id in enumerate(candidates.place_ids)}
    for text in _listed(wanted, candidates):
        named = [at for at, name in enumerate(candidates.names) if name == text]
        if text in by_id:
            kept.append(by_id[text])
        elif len(named) == 1:
            kept.append(named[0])
        elif named:
            ids = ", ".join(candidates.place_ids[at] for at in named[:8])
            problems.append(
                Problem("--keep", "", f'"{text}" names {len(named)} places; give an id: {ids}')
            )
        else:
            known = [*candidates.names, *candidates.place_ids]
            near = difflib.get_close_matches(text, known, n=1, cutoff=0.0)
            problems.append(
                Problem("--keep", "", f'"{text}" is no place of {file}; the nearest is "{near[0]}"')
            )
    twice = sorted({candidates.names[at] for at in kept if kept.count(at) > 1})
    if twice:
        problems.append(Problem("--keep", "", f"names {', '.join(twice)} more than once"))
    if problems:
        raise SitesError(problems)
    return kept


def _listed(wanted: Sequence[str], candidates: Places) -> list[str]:
    """Split at commas, but not a name that has one."""
    known = {*candidates.names, *candidates.place_ids}
    listed: list[str] = []
    for text in (unicodedata.normalize("NFC", one) for one in wanted):
        parts = [text] if text.strip() in known else text.split(",")
        listed += [part.strip() for part in parts if part.strip()]
    return listed


def _as_json(answer: Dispersion, candidates: Places) -> str:
    whole = candidates.points.whole
    axes = ("lat_deg", "lon_deg") if candidates.points.metric == "geodesic" else ("x", "y")
    places = [
        {
            "id": candidates.place_ids[at],
            "name": candidates.names[at],
            axes[0]: float(candidates.points.first[at]),
            axes[1]: float(candidates.points.second[at]),
        }
        for at in answer.members
    ]
    found = {
        "count": answer.count,
        "distance": int(answer.distance) if whole else answer.distance,
        "bound": int(answer.bound) if whole else answer.bound,
        "proven": answer.proven,
        "seconds": round(answer.seconds, 3),
        "places": places,
    }
    return json.dumps(found, ensure_ascii=False, indent=2)


def _as_text(answer: Dispersion, candidates: Places) -> str:
    unit = _UNITS[candidates.points.metric]
    if answer.proven:
        verdict = "proven: no other choice is farther apart"
    else:
        why = "interrupted" if answer.interrupted else "not proven"
        verdict = f"{why}; no choice can be farther apart than {answer.bound:.12g}"
    lines = [
        f"{answer.count} places, smallest distance {answer.distance:.12g}{unit}",
        f"{verdict} ({answer.seconds:.1f} s)",
    ]
    for at in answer.members:
        name, place_id = candidates.names[at], candidates.place_ids[at]
        label = name if name == place_id else f"{name} ({place_id})"
        first, second = candidates.points.first[at], candidates.points.second[at]
        lines.append(f"  {label}  {first:.10g}, {second:.10g}")
    return "\n".join(lines)
