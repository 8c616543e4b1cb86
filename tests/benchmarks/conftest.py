"""Benchmarks: asked for by name, never collected with the tests; each file fills tables here.

``python3 -m pip install -e '.[bench]' && python3 -m pytest -n 0 tests/benchmarks/bench_*.py``
"""

from __future__ import annotations

import pytest

TABLES: dict[str, list[tuple[str, ...]]] = {}


@pytest.fixture
def row():
    """Return a function that adds a row to a table, given its title and titles of columns."""

    def add(title: str, columns: tuple[str, ...], cells: tuple[str, ...]) -> None:
        TABLES.setdefault(title, [columns]).append(cells)

    return add


def pytest_terminal_summary(terminalreporter) -> None:
    """Print every table as Markdown."""
    for title, rows in TABLES.items():
        terminalreporter.section(title)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"
            for cells in rows
        ]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        for line in lines:
            terminalreporter.write_line(line)
