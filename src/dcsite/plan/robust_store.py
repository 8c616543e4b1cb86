"""Finished samples on the disk, one JSON line each, so that a stopped run can go on.

The first line says what the samples are of; a file of anything else is refused. A line is written
at once and flushed; one cut short by a crash is the last, and is dropped when the file is opened.
"""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from dcsite.errors import OutputError, Problem

from .robust_worker import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

__all__ = ["SAMPLES_NAME", "SampleStore"]

SAMPLES_NAME = "samples.jsonl"


class SampleStore:
    """The file of finished samples, held by one run at a time.

    Parameters
    ----------
    directory : Path
        Made if missing.
    inputs : mapping
        All that the samples follow from; JSON values only.

    Raises
    ------
    OutputError
        If the folder cannot be written, another run holds the file, or it is of other inputs.
    """

    def __init__(self, directory: Path, inputs: Mapping[str, Any]) -> None:
        self.path = directory / SAMPLES_NAME
        self.samples: dict[int, Sample] = {}
        made = not directory.exists()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
        except OSError as error:
            raise self._problem(f"cannot be written: {error.strerror or error}") from error
        try:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise self._problem(
                    "another run is writing it; wait, or give another folder with --output"
                ) from error
            self._load(json.loads(json.dumps(inputs)))
        except BaseException:
            self._file.close()
            if made and not self.path.stat().st_size:
                self.path.unlink()
                directory.rmdir()
            raise

    def _problem(self, message: str) -> OutputError:
        return OutputError(Problem(str(self.path), "", message))

    def _load(self, inputs: dict[str, Any]) -> None:
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines()
        if not lines:
            self._file.truncate(0)
            self._append({"inputs": inputs})
            return
        try:
            before = json.loads(lines[0])["inputs"]
            found = [Sample.model_validate_json(line) for line in lines[1:]]
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise self._problem(
                "is not what dcsite wrote; move it away or give another folder with --output"
            ) from error
        if before != inputs:
            names = sorted(key for key in {*before, *inputs} if before.get(key) != inputs.get(key))
            raise self._problem(
                f"holds samples of another run (different: {', '.join(names)}); ask for the same, "
                "or give another folder with --output"
            )
        self._file.truncate(whole)
        self.samples = {sample.number: sample for sample in found}

    def add(self, sample: Sample) -> None:
        """Keep a finished sample.

        Raises
        ------
        OutputError
            If it cannot be written, say for want of room.
        """
        try:
            self._append(sample.model_dump(mode="json"))
        except OSError as error:
            raise self._problem(f"cannot be written: {error.strerror or error}") from error
        self.samples[sample.number] = sample

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        self._file.write(line.encode("utf-8"))
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        """Hold the file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the file."""
        self._file.close()
