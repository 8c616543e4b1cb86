"""A child process answers, fails as what it ran fails, and is ended in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcsite.bench.child import BrokenRunError, LateRunError, measure_fresh
from dcsite.bench.dispersion import InstanceAsked, InstanceRow, measure_instance
from dcsite.errors import SitesError


def asked(file: Path) -> InstanceAsked:
    return InstanceAsked(file=file, count=4, time_limit_s=30.0)


def test_the_row_comes_back_with_memory_and_cpu_time(instances: Path):
    here = measure_instance(asked(instances / "square.tsp"))
    there = measure_fresh(measure_instance, asked(instances / "square.tsp"))
    assert isinstance(there, InstanceRow)
    assert (here.peak_mb, here.cpu_s) == (None, None)
    assert there.peak_mb > 20.0
    assert there.cpu_s > 0.0
    alike = {"peak_mb": None, "cpu_s": None, "seconds": None}
    assert there.model_copy(update=alike) == here.model_copy(update=alike)


def test_memory_of_this_process_is_not_the_childs(instances: Path):
    ballast = bytearray(900 * 2**20)  # zeroed by the kernel: make it real
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert measure_fresh(measure_instance, asked(instances / "square.tsp")).peak_mb < 900.0


def test_an_error_keeps_its_kind_and_place(tmp_path: Path):
    with pytest.raises(SitesError) as raised:
        measure_fresh(measure_instance, asked(tmp_path / "none.tsp"))
    assert "none.tsp" in str(raised.value)
    assert "no such file" in str(raised.value)


def test_a_late_child_is_ended(instances: Path):
    with pytest.raises(LateRunError) as raised:
        measure_fresh(measure_instance, asked(instances / "square.tsp"), 0.05)
    assert "took more than 0.05 s and was ended" in str(raised.value)


def _nobody(asked: InstanceAsked) -> InstanceRow:
    raise AssertionError("its module is no module of the child")


def test_a_child_that_breaks_is_told_with_its_last_words(instances: Path):
    _nobody.__module__ = "dcsite.bench.dispersion"
    with pytest.raises(BrokenRunError) as raised:
        measure_fresh(_nobody, asked(instances / "square.tsp"))
    assert raised.value.exit_code == 1
    assert "exit code 1" in str(raised.value)
    assert "_nobody" in str(raised.value)
