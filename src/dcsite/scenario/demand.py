"""How much is asked for: demand of data centres at the grid, from the tables that state it.

Four bases, each a figure of its own kind, never added up: OCCTO's outlook (added peak at the grid),
racks of the strategy times kW per rack (IT load), the strategy's energies (of more than data
centres), and a figure given. A basis covers some years and refuses the others. What stands today
is no new demand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dcsite.errors import Problem, ScenarioError

from .origin import Origin

if TYPE_CHECKING:
    import pandas as pd

    from .schema import Demand

HOURS_PER_YEAR = 8760.0
OUTLOOK, RACKS, POWER = "data_centre_demand_outlook", "rack_figures", "power_figures"

#: Keys that only some bases read.
READ_BY: Mapping[str, tuple[str, ...]] = {
    "grid_demand_mw": ("given",),
    "outlook_series": ("outlook",),
    "power_series": ("strategy_twh",),
    "year": ("outlook", "racks", "strategy_twh"),
    "efficiency": ("outlook", "racks", "strategy_twh"),
}

Tables = Callable[[str], "pd.DataFrame"]


class Level(NamedTuple):
    """What a table states of a year, and where from."""

    value: float
    source: str


def outlook_levels(table: pd.DataFrame, series: str) -> dict[int, Level]:
    """Return the added peak of data centres in Japan, in MW by fiscal year.

    The newest edition of the series that tells data centres. Where it gives them together with
    semiconductors and semiconductors alone, the difference stands, and is called derived.
    """
    rows = table.reset_index()
    rows = rows[
        rows["series"].eq(series)
        & rows["area"].eq("japan")
        & rows["unit"].eq("MW")
        & rows["fiscal_year"].astype(str).str.fullmatch(r"\d{4}")
    ]
    for edition in sorted(rows["as_of"].unique(), reverse=True):
        newest = rows[rows["as_of"] == edition]
        keys = zip(newest["fiscal_year"], newest["component"], strict=True)
        stated = dict(zip(keys, newest["value"].astype(float), strict=True))
        levels = {}
        for year in sorted(newest["fiscal_year"].unique()):
            own = stated.get((year, "data_centre"))
            both = stated.get((year, "data_centre_and_semiconductor"))
            chips = stated.get((year, "semiconductor"))
            if own is not None:
                levels[int(year)] = Level(own, f"as of {edition}")
            elif both is not None and chips is not None:
                said = f"derived: {both:,.0f} less {chips:,.0f} of semiconductors"
                levels[int(year)] = Level(both - chips, f"as of {edition}; {said}")
        if levels:
            return levels
    return {}


def outlook_series(table: pd.DataFrame) -> list[str]:
    """Return the series that tell data centres of Japan in MW."""
    return [
        str(name)
        for name in table.reset_index()["series"].unique()
        if outlook_levels(table, str(name))
    ]


def racks_by_year(table: pd.DataFrame, basis: str, operators: str = "") -> dict[int, int]:
    """Return racks by year, of one kind of operators or of all (G1 to G4)."""
    rows = table[(table["basis"] == basis) & (table["operators"].eq(operators) | (not operators))]
    years = sorted(int(year) for year in rows["year"].unique())
    return {year: int(rows["racks"][rows["year"] == year].sum()) for year in years}


def energy_levels(table: pd.DataFrame, subject: str) -> dict[int, Level]:
    """Return energies of a subject in TWh by year; growth multiplies that of its base year."""
    rows = table[(table["subject"] == subject) & (table["scope"] == "japan")]
    levels = {
        int(row["year"]): Level(float(row["value"]), statement(row))
        for row in rows[rows["quantity"] == "energy"].to_dict("records")
    }
    grown = rows[(rows["quantity"] == "growth") & rows["base_year"].isin([*levels])]
    for row in grown.to_dict("records"):
        base, factor = levels[int(row["base_year"])], float(row["value"])
        said = f"{statement(row)}; derived: {base.value:g} x {factor:g}"
        levels[int(row["year"])] = Level(base.value * factor, said)
    return levels


def statement(row: Mapping[Hashable, Any]) -> str:
    """Return statement ids and lines of the strategy behind a row: ``J5 L2513-2514``."""
    ids, lines = (str(row[key]).split(";") for key in ("lines", "dump_lines"))
    return f"{', '.join(ids)} {', '.join(f'L{one}' for one in lines)}"


def cited(rows: pd.DataFrame) -> str:
    """Return the statement ids behind some rows, each once: ``J5, J6``."""
    return ", ".join(dict.fromkeys(";".join(rows["lines"].astype(str)).split(";")))


def racks_today(table: pd.DataFrame, demand: Demand, rack_basis: str = "") -> int:
    """Return the country's racks of today, of the scenario's basis where none is named."""
    racks = racks_by_year(table, rack_basis or demand.rack_basis)
    if demand.today_year not in racks:
        raise _wrong("today_year", f"{RACKS} has no racks of {demand.today_year}")
    return racks[demand.today_year]


def at_year(levels: Mapping[int, float], year: int, *, geometric: bool = False) -> float:
    """Return the value of a year between those that are stated: along a line, or at one rate."""
    if year in levels:
        return levels[year]
    before = max(one for one in levels if one < year)
    after = min(one for one in levels if one > year)
    part = (year - before) / (after - before)
    low, high = levels[before], levels[after]
    if geometric and low > 0.0:
        return float(low * (high / low) ** part)
    return float(low + part * (high - low))


def racks_at(levels: Mapping[int, float], year: int) -> float:
    """Return racks of a year: growth per year between the stated years, carried on beyond them."""
    first, last = min(levels), max(levels)
    return levels[last] + (levels[last] - levels[first]) / (last - first) * (year - last)


def efficiency_factor(demand: Demand, power: pd.DataFrame) -> float:
    """Return what one claim of the strategy leaves of the demand of data centres.

    ``network_1_100`` is of networks and leaves data centres as they are. ``edge_system_40`` is of
    specific uses at the edge; read as the class of latency-critical workloads alone.
    """
    if demand.efficiency in {"none", "network_1_100"} or demand.year < demand.efficiency_year:
        return 1.0
    if demand.efficiency not in power.index:
        raise _wrong("efficiency", f"{demand.efficiency} is not in the table {POWER}")
    left = float(power["value"][demand.efficiency])
    part = 1.0
    if demand.efficiency == "edge_system_40":
        part = demand.classes.parts().get("latency_critical", 0.0)
    return 1.0 - part * (1.0 - left)


def grid_demand(demand: Demand, tables: Tables) -> tuple[float, Origin]:
    """Return the demand added at the grid by the plan's year in MW, and where it is from.

    Parameters
    ----------
    demand : Demand
        What is asked; of a basis other than ``given``.
    tables : callable
        Returns a table of geodata by its name.

    Raises
    ------
    ScenarioError
        If the basis does not cover the year, or knows no such series; `field` is the key.
    """
    year, today = demand.year, demand.today_year
    if demand.basis == "outlook":
        table = tables(OUTLOOK)
        known = outlook_levels(table, demand.outlook_series)
        if not known:
            wrong = f"must be one of {', '.join(outlook_series(table))}"
            raise _wrong("outlook_series", f"{wrong}, got {_shown(demand.outlook_series)}")
        _check_year(demand, min(known), max(known))
        mw = at_year({one: level.value for one, level in known.items()}, year)
        near = known[year].source if year in known else "linear between the years of the table"
        read, why = OUTLOOK, f"series {demand.outlook_series}, data centres, FY{year}: {near}"
    elif demand.basis == "racks":
        table = tables(RACKS)
        racks = racks_by_year(table, demand.rack_basis)
        if len(racks) < 2:
            raise _wrong("basis", f"racks needs two years of {demand.rack_basis} in {RACKS}")
        _check_year(demand, today + 1, None)
        more = racks_at(racks, year) - racks_at(racks, today)
        mw = more * demand.kw_per_rack / 1000.0 * demand.pue
        said, read = cited(table[table["basis"] == demand.rack_basis]), RACKS
        why = (
            f"{more:,.0f} racks ({demand.rack_basis}) more than in {today}, at the growth of "
            f"{min(racks)} to {max(racks)} ({said}), x {demand.kw_per_rack:g} kW x PUE "
            f"{demand.pue:g}"
        )
    else:
        table = tables(POWER)
        stated = energy_levels(table, demand.power_series)
        energies = {one: level.value for one, level in stated.items()}
        if today not in range(min(energies, default=today + 1), max(energies, default=0)):
            raise _wrong("basis", f"strategy_twh needs energies of {today} and later in {POWER}")
        _check_year(demand, today + 1, max(energies))
        twh = at_year(energies, year, geometric=True)
        more = twh - at_year(energies, today, geometric=True)
        mw = more * 1e6 / HOURS_PER_YEAR / demand.load_factor
        said, read = cited(table[table["subject"] == demand.power_series]), POWER
        why = (
            f"{demand.power_series}, {said}: {twh:,.1f} TWh in {year}, {more:,.1f} more than in "
            f"{today}, at one rate between the stated years, over load factor "
            f"{demand.load_factor:g}"
        )
    lines = [read]
    if demand.efficiency != "none":
        factor = efficiency_factor(demand, tables(POWER))
        why += f"; x {factor:.3g} by efficiency {demand.efficiency}"
        why += f", from {demand.efficiency_year} on" if year < demand.efficiency_year else ""
        mw, lines = mw * factor, [read, POWER]
    if mw <= 0.0:
        raise _wrong("basis", f"{demand.basis} gives no growth by {year}; choose another")
    return mw, Origin("table", tuple(dict.fromkeys(lines)), why)


def _check_year(demand: Demand, first: int, last: int | None) -> None:
    """Refuse a year that the basis does not cover."""
    if demand.year < first or (last is not None and demand.year > last):
        span = f"from {first} to {last}" if last is not None else f"{first} or later"
        raise _wrong("year", f"must be {span} for demand.basis {demand.basis}, got {demand.year}")


def _shown(text: str) -> str:
    return re.sub(r"[^\w .-]", "?", text)[:60]


def _wrong(key: str, message: str) -> ScenarioError:
    return ScenarioError(Problem("", f"demand.{key}", message))
