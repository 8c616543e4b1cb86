"""Tables show the rows as people read them."""

from __future__ import annotations

import io

from rich.console import Console

from dcsite.bench.dispersion import InstanceRow
from dcsite.bench.growth import GrowthRow
from dcsite.bench.peers import PeerRow
from dcsite.bench.phases import PHASES, PhaseRow
from dcsite.bench.rows import FamilyRow
from dcsite.bench.tables import part_table


def lines(part, *rows) -> list[list[str]]:
    """The table's cells, line by line after the title."""
    console = Console(file=io.StringIO(), width=250)
    console.print(part_table(part, rows))
    title, *rest = console.file.getvalue().splitlines()
    assert title.strip()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in rest]


def run(solver: str, total_s: float, gap: float | None) -> PhaseRow:
    return PhaseRow(
        status="optimal",
        peak_mb=320.4,
        cpu_s=2.0,
        solver=solver,
        seconds=dict.fromkeys(PHASES, total_s / 7.0),
        total_s=total_s,
        objective=0.5,
        gap=gap,
    )


def test_runs_are_medians_with_least_and_largest():
    found = lines("run", run("cbc", 7.0, 0.001), run("cbc", 9.1, 0.0), run("cbc", 8.4, None),
                  run("highs", 14.0, 0.0005))  # fmt: skip
    assert found[0] == ["phase", "cbc, 3 run(s)", "highs, 1 run(s)"]
    assert found[1] == ["start, s", "1.20 (1.00 to 1.30)", "2.00 (2.00 to 2.00)"]
    assert found[9] == ["whole run, s", "8.40 (7.00 to 9.10)", "14.00 (14.00 to 14.00)"]
    assert found[10][0] == "CPU time of all processes, s"
    assert found[11][:2] == ["peak memory of one process, MB", "320 (320 to 320)"]
    assert found[-1] == [
        "proven gap", "0.000500 (0.000000 to 0.001000)", "0.000500 (0.000500 to 0.000500)",
    ]  # fmt: skip


def test_families_with_what_was_not_found_in_time():
    done = FamilyRow(
        status="optimal", peak_mb=300.0, cpu_s=12.34, family="dcsite", solver="cbc",
        separation_rows=1062, separation_nonzeros=98_765, build_s=0.641, lp_bound=0.654321,
        lp_s=1.0, rounds=0, rows_added=0, solve_s=3.88, objective=0.65, bound=0.6501, gap=0.00015,
    )  # fmt: skip
    late = FamilyRow(status="no_solution", family="grids", solver="cbc", bound=0.7, rounds=3)
    header, first, second = lines("rows", done, late)
    assert header[:4] == ["rows", "solver", "number", "non-zeros"]
    assert first == [
        "dcsite", "cbc", "1,062", "98,765", "0.65432", "0.64", "3.9", "0", "0", "0.65000",
        "0.65010", "0.015%", "12.3", "300", "optimal",
    ]  # fmt: skip
    assert second == [
        "grids", "cbc", "-", "-", "-", "-", "-", "3", "-", "-", "0.70000", "-", "-", "-",
        "no plan in time",
    ]  # fmt: skip


def test_a_peer_beside_us():
    row = PeerRow(
        status="Optimal", solution="Solution Found", points=200, count=10, claimed_km=210.0,
        apart_km=209.5, seconds=120.04, dcsite_km=222.2, dcsite_bound_km=222.2,
        dcsite_proven=True, dcsite_s=0.312, right="no",
    )  # fmt: skip
    assert lines("peers", row)[1] == [
        "200", "10", "Optimal", "Solution Found", "210.000", "209.500", "120.0", "222.200", "yes",
        "0.31", "no",
    ]  # fmt: skip


def test_instances_beside_what_was_published():
    proven = InstanceRow(
        status="optimal", peak_mb=101.0, instance="a[b]", points=1621, count=5, distance=971.0,
        bound=971.0, proven=True, seconds=1.23, published_lower=971.0, published_upper=971.0,
        published_s="16.9", agrees="yes",
    )  # fmt: skip
    open_ = InstanceRow(
        status="time limit", instance="c", points=13_509, count=20, distance=79_495.0,
        bound=83_000.0, seconds=120.0, published_lower=79_495.0, published_upper=83_894.0,
        published_s="TL", agrees="possible",
    )  # fmt: skip
    _, first, second = lines("dispersion", proven, open_)
    assert first == [
        "a[b]", "1,621", "5", "971", "971", "yes", "1.2", "101", "971", "16.9", "yes",
    ]  # fmt: skip
    assert second == [
        "c", "13,509", "20", "79495", "83000", "time limit", "120.0", "-", "79495 to 83894", "TL",
        "possible",
    ]  # fmt: skip


def test_growth_shows_which_run_met_the_limit():
    row = GrowthRow(
        status="feasible", peak_mb=1_500.0, cpu_s=130.0, sites=20_000, solver="cbc", read_s=1.0,
        measure_s=2.0, build_s=3.0, columns=40_000, separation_rows=2_000, solve_s=120.0, rounds=1,
        rows_added=12, gap=0.02,
    )  # fmt: skip
    assert lines("growth", row)[1] == [
        "20,000", "cbc", "1.00", "2.00", "3.00", "40,000", "2,000", "120.0", "1", "12", "2.000%",
        "130.0", "1,500", "time limit",
    ]  # fmt: skip
    late = GrowthRow(status="ended after 420 s", sites=20_000, solver="auto")
    assert lines("growth", late)[1] == ["20,000", "auto", *["-"] * 11, "ended after 420 s"][:14]
