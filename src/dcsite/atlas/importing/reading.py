"""Read what operators and agencies publish: text in their encodings, tables below their titles.

Nothing is thrown at the first fault: all that is wrong is gathered with file and line. An importer
says what it reads, from whom and under which licence.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import hashlib
import io
import json
import math
import re
import tomllib
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd

from dcsite.atlas.atlas import CRS, JAPAN_BOX_DEG, Atlas
from dcsite.atlas.check import MAX_OFF_LAND_KM, METRIC
from dcsite.errors import GeodataError, Problem

#: Whole dumps of a public database have some hundred million bytes.
MAX_BYTES = 400_000_000
_MOST_TOLD = 20
_TITLE_LINES = 30
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_REMARKS = ("※", "注", "(注", "（注", "*", "＊", "・")
_GZIP = b"\x1f\x8b"
_KIND_OF_MUNICIPALITY = re.compile(r"(?<=.)[- ](shi|ku|machi|cho|mura|son|city|town)$")
_PREFECTURE = re.compile(r"^(北海道|東京都|京都府|大阪府|.{2,3}?県)")
_DASHES = re.compile(r"[-‐-―−ー－~]+")


def plain(text: str) -> str:
    """Return a label without differences of width, blanks and brackets."""
    folded = unicodedata.normalize("NFKC", text).replace("〔", "[").replace("〕", "]")
    return re.sub(r"\s+", "", folded)


def letters(text: str) -> str:
    """Return the letters and digits of a name in lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def _printable(text: str, instead: str = "?") -> str:
    return "".join(c if c.isprintable() else instead for c in text)


def _text(value: Any) -> str | None:
    return " ".join(_printable(value, " ").split()) if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None or number < 0 or number % 1 else int(number)


#: How a field of JSON is read, and what it is called where it is none.
_KINDS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "text": (_text, "text"),
    "whole": (_whole, "whole number of 0 or more"),
    "number": (_number, "number"),
}


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


@dataclass(frozen=True)
class UserFile:
    """A file as a user has it."""

    path: Path
    data: bytes
    sheet: str = ""

    @property
    def name(self) -> str:
        """Name without folders."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str:
        """The text: by its byte order mark, else UTF-8, else cp932 as Japanese Excel writes it."""
        data = self.data
        if data.startswith(_GZIP):
            try:
                data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MAX_BYTES + 1)
            except (OSError, EOFError, zlib.error) as error:
                wrong = f"is packed with gzip and broken ({error}); fetch it again"
                raise GeodataError(Problem(str(self.path), "", wrong)) from error
            if len(data) > MAX_BYTES:
                wrong = f"unpacks to more than {MAX_BYTES:,} bytes, the most that is read"
                raise GeodataError(Problem(str(self.path), "", wrong))
        marked = next((e for mark, e in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "")
        for encoding in (marked,) if marked else ("utf-8", "cp932"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        wrong = "is neither UTF-8, UTF-16 nor cp932 (Shift JIS) text; export it as CSV"
        raise GeodataError(Problem(str(self.path), "", wrong))

    @cached_property
    def rows(self) -> list[tuple[int, list[str]]]:
        """Cells by the line they end in; blank lines are left out."""
        if self.sheet:
            sheet = openpyxl.load_workbook(io.BytesIO(self.data), read_only=True, data_only=True)
            lines = enumerate(sheet[self.sheet].iter_rows(values_only=True), start=1)
            texts = (
                (line, ["" if x is None else str(x).strip() for x in xs]) for line, xs in lines
            )
            return [(line, cells) for line, cells in texts if any(cells)]
        tabs = self.text.count("\t") > self.text.count(",")
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter="\t" if tabs else ",")
        try:
            found = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
        except csv.Error as error:
            place = f"line {reader.line_num}"
            raise GeodataError(Problem(str(self.path), place, str(error))) from error
        return [(line, cells) for line, cells in found if any(cells)]


def sheets_of(file: UserFile) -> list[UserFile]:
    """Split a workbook (.xlsx) into its sheets; anything else is one."""
    if file.path.suffix.lower() != ".xlsx":
        return [file]
    try:
        book = openpyxl.load_workbook(io.BytesIO(file.data), read_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        wrong = f"is no workbook that can be read ({error})"
        raise GeodataError(Problem(str(file.path), "", wrong)) from error
    return [UserFile(file.path, file.data, str(name)) for name in book.sheetnames]


@dataclass
class Reading:
    """One import as it goes: the files, what is known, what is wrong and what is worth saying."""

    files: tuple[UserFile, ...]
    atlas: Atlas
    area: str | None
    today: datetime.date
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unused: set[UserFile] = field(default_factory=set)
    """Files that nothing was taken from."""

    def note(self, what: Iterable[object] | int, key: str, *more: str) -> None:
        """Tell how many were left out or changed, and which if they have names: twelve at most.

        How that is said, and `more` with it, stands in the notes of ``importers.toml``, by `key`.
        """
        names = [] if isinstance(what, int) else sorted({str(one) for one in what})
        if count := what if isinstance(what, int) else len(names):
            shown = [text.format(f"{count:,}", *more) for text in described("notes")[key]]
            listed = ": " + ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
            self.notes.append(" / ".join(shown) + (_printable(listed) if names else ""))

    def wrong(self, file: UserFile, line: int | None, column: str, message: str) -> None:
        """Keep one thing that is wrong."""
        parts = (file.sheet and f"sheet {file.sheet}", f"line {line}" if line else "", column)
        place = ", ".join(part for part in parts if part)
        self.problems.append(Problem(str(file.path), _printable(place), _printable(message)))

    def wrong_cells(self, file: UserFile, cells: pd.Series[str], column: str, message: str) -> None:
        """Keep what is wrong with some cells of a column, each with its line and value."""
        for line, cell in cells.items():
            self.wrong(file, int(str(line)), column, f"{cell!r} {message}")

    def refuse(self) -> None:
        """Raise what was found wrong, if anything: at most twenty of each file are told."""
        told: list[Problem] = []
        for file in dict.fromkeys(problem.where for problem in self.problems):
            own = [problem for problem in self.problems if problem.where == file]
            told += own[:_MOST_TOLD]
            if len(own) > _MOST_TOLD:
                more = f"and {len(own) - _MOST_TOLD:,} more problems like these"
                told.append(Problem(file, "", more))
        if told:
            raise GeodataError(told)

    def json(self, file: UserFile) -> Any:
        """Return what a file of JSON holds; None, and one line told, where it holds none."""
        text = file.text
        try:
            return json.loads(text, parse_constant=_no_number)
        except json.JSONDecodeError as error:
            wrong = f"is not JSON ({error.msg})"
            if not text.strip() or text.lstrip().startswith("<"):
                what = "a page of HTML or XML" if text.strip() else "empty"
                wrong = f"is {what}, not JSON: the server may have answered with an error"
            place = f"column {error.colno}"
            self.wrong(file, error.lineno, place, wrong)
        except RecursionError:
            self.wrong(file, None, "", "is JSON nested too deep")
        except ValueError as error:
            self.wrong(file, None, "", f"is not JSON ({error})")
        return None

    def once(self, file: UserFile, place: str, record: object, seen: dict[str, object]) -> bool:
        """Whether a record is met for the first time; one that differs from the first is told."""
        if seen.setdefault(place, record) is record:
            return True
        if seen[place] != record:
            self.wrong(file, None, place, "stands in an earlier file, and differs there")
        return False

    def fields(
        self, file: UserFile, place: str, record: Mapping[str, Any], form: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """Return what a record says, by the columns of a form; None where it cannot be used.

        A form gives each column the names it may have, and its kind: ``prts|participants whole``.
        A kind is one of :data:`_KINDS`, with ``!`` where it has to be there. What is of another
        kind is told; what is not said is None.
        """
        found: dict[str, Any] = {}
        told = len(self.problems)
        for column, asked in form.items():
            names, kind = asked.removesuffix("!").split()
            name = next((one for one in names.split("|") if one in record), names.split("|")[0])
            value = record.get(name)
            read, meant = _KINDS[kind]
            said = bool(value.strip()) if isinstance(value, str) else value is not None
            found[column] = read(value) if said else None
            if said and found[column] is None:
                self.wrong(file, None, f"{place}, {name}", f"{repr(value)[:80]} is no {meant}")
            elif not said and asked.endswith("!"):
                self.wrong(file, None, f"{place}, {name}", "is missing")
        return found if len(self.problems) == told else None

    def position(
        self, file: UserFile, place: str, lat: object, lon: object
    ) -> tuple[float, float] | None:
        """Return a position in degrees, None where there is none; what is no position is told."""
        both = {"latitude": lat, "longitude": lon}
        found = self.fields(file, place, both, {name: f"{name} number" for name in both})
        north, east = (found or dict.fromkeys(both)).values()
        if north is None or east is None:
            if north is not east:
                self.wrong(file, None, place, "has a latitude or a longitude, and not the other")
            return None
        if abs(north) > 90 or abs(east) > 180:
            west_deg, south_deg, east_deg, north_deg = JAPAN_BOX_DEG
            swapped = south_deg <= east <= north_deg and west_deg <= north <= east_deg
            wrong = f"latitude {north:g}, longitude {east:g} is no position"
            self.wrong(file, None, place, wrong + ("; the two are swapped" if swapped else ""))
            return None
        return round(north, 5), round(east, 5)

    @cached_property
    def _towns(self) -> tuple[dict[str, set[str]], dict[str, str]]:
        """Codes of municipalities by what they may be called; prefectures' codes likewise."""
        towns: dict[str, set[str]] = {}
        for code, ja, en in self.atlas.table("municipalities")[["name_ja", "name_en"]].itertuples():
            for name in {ja, en, _KIND_OF_MUNICIPALITY.sub("", en)}:
                towns.setdefault(letters(name), set()).add(code)
        table = self.atlas.table("prefectures")
        prefectures = {
            letters(name): str(code)
            for key in ("name_en", "name_ja")
            for code, name in table[key].items()
        }
        return towns, prefectures

    def town(self, written: str) -> tuple[str, float, float] | None:
        """Return the municipality that is meant by ``Osaka``, ``Chiyoda-ku, Tokyo``, ``千代田区``.

        A prefecture beside it decides between municipalities of one name, and alone means the
        municipality of its office. None where there is none or more than one.

        Returns
        -------
        tuple or None
            Code, and latitude and longitude of the office in degrees.
        """
        if (code := self._town(written)) is None:
            return None
        towns = self.atlas.table("municipalities")
        lat_deg, lon_deg = (towns[f"office_{axis}_deg"].astype(float) for axis in ("lat", "lon"))
        return code, lat_deg[code], lon_deg[code]

    def _town(self, written: str) -> str | None:
        towns, prefectures = self._towns
        folded = unicodedata.normalize("NFKC", written).casefold()
        folded = _PREFECTURE.sub(r"\1,", folded)
        parts = [part.strip() for part in re.split(r"[,;/()、・]", folded) if letters(part)]
        within = {prefectures[letters(part)] for part in parts if letters(part) in prefectures}
        narrow = [part for part in parts if letters(part) not in prefectures]
        for part in narrow or parts:
            for name in (part, _KIND_OF_MUNICIPALITY.sub("", part)):
                codes = towns.get(letters(name), set())
                inside = {code for code in codes if not within or code[:2] in within}
                if len(inside) == 1:
                    return next(iter(inside))
        if len(within) == 1 and not any(letters(part) in towns for part in narrow):
            office = self.atlas.table("prefectures").loc[next(iter(within))]
            seat = pd.DataFrame(
                {"lat_deg": [office["office_lat_deg"]], "lon_deg": [office["office_lon_deg"]]}
            )
            return str(self.located(seat)["municipality_code"].iloc[0])
        return None

    def table(
        self,
        file: UserFile,
        needed: Iterable[str],
        is_header: Callable[[set[str]], bool] | None = None,
    ) -> pd.DataFrame:
        """Return the rows below the line that names all `needed` columns, indexed by line.

        Names are compared without width and blanks. Rows of another length are told and left out.
        """
        needed = list(needed)
        found = is_header or set(needed).issubset
        for number, (_, cells) in enumerate(file.rows[:_TITLE_LINES]):
            header = [plain(cell) for cell in cells]
            if found(set(header)):
                return self.below(file, number, header)
        if file.sheet:  # remarks; a book of nothing else ends as one that holds no rows
            return pd.DataFrame(columns=needed, dtype="str")
        wanted = ", ".join(needed)
        self.wrong(
            file, None, "", f"no line in the first {_TITLE_LINES} names the columns {wanted}"
        )
        return pd.DataFrame(columns=needed, dtype="str")

    def below(self, file: UserFile, number: int, header: list[str]) -> pd.DataFrame:
        """Return the rows below row `number` under these names; unnamed columns are left out."""
        named = [place for place, name in enumerate(header) if name]
        good = {}
        for line, cells in file.rows[number + 1 :]:
            if cells[0].startswith(_REMARKS) and not any(cells[1:]):
                continue
            if len(cells) <= named[-1] or any(cells[len(header) :]):
                wrong = f"has {len(cells)} cells, the header names {len(header)}"
                self.wrong(file, line, "", wrong)
            else:
                good[line] = [cells[place] for place in named]
        names = [header[place] for place in named]
        for name in {name for name in names if names.count(name) > 1}:
            self.wrong(file, file.rows[number][0], name, "two columns have this name; keep one")
        frame = pd.DataFrame(list(good.values()), index=list(good), columns=names, dtype="str")
        return frame.loc[:, ~frame.columns.duplicated()]

    def numbers(
        self, file: UserFile, cells: pd.Series[str], name: str = "", dash: float = np.nan
    ) -> pd.Series[float]:
        """Read cells as numbers: NaN where blank, `dash` where there is only a dash.

        Thousands may be set off by commas. Anything else is told with its line.
        """
        read = pd.to_numeric(cells, errors="coerce").astype(float)
        if np.isfinite(read).all():
            return read
        text = cells[read.isna()].map(plain).str.replace(",", "", regex=False)  # few, as a rule
        dashes = text.index[text.str.fullmatch(_DASHES).astype(bool)]
        read[text.index] = pd.to_numeric(text, errors="coerce").astype(float)
        read[dashes] = dash
        bad = np.isinf(read) | (read.isna() & (cells != "") & ~read.index.isin(dashes))
        self.wrong_cells(file, cells[bad], name or str(cells.name), "is not a number")
        return read.mask(bad, np.nan)

    @cached_property
    def _shapes(self) -> gpd.GeoDataFrame:
        return self.atlas.polygons("municipality_polygons")[["geometry"]].to_crs(METRIC)

    def in_japan(self, frame: pd.DataFrame, key: str) -> pd.DataFrame:
        """Locate points and leave out those far from Japan, which is told by the note of a key."""
        found = self.located(frame)
        abroad = found["area"].isna()
        self.note(found.loc[abroad, "name"] if "name" in found else int(abroad.sum()), key)
        return found[~abroad].reset_index(drop=True)

    def refuse_abroad(self, found: pd.DataFrame) -> None:
        """Keep what is wrong with located points far from Japan, by the names of their rows."""
        for row in found[found["municipality_code"].isna()].to_dict("records"):
            wrong = f"{row['lat_deg']}, {row['lon_deg']} lies far from Japan"
            self.wrong(self.files[row["file"]], row.get("line"), str(row["name_en"]), wrong)

    def located(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Add `area`, `prefecture_ja` and `municipality_code` of the points.

        At sea they are those of the nearest municipality; missing beyond 40 km off land.
        """
        points = gpd.GeoDataFrame(
            index=frame.index,
            geometry=gpd.points_from_xy(frame["lon_deg"], frame["lat_deg"], crs=CRS),
        ).to_crs(METRIC)
        near = points.sjoin_nearest(self._shapes, how="left", max_distance=1e3 * MAX_OFF_LAND_KM)
        codes = near[~near.index.duplicated()].iloc[:, -1]
        known = self.atlas.table("municipalities").reindex(codes)
        return frame.assign(
            municipality_code=codes.to_numpy(),
            prefecture_ja=known["pref_name_ja"].to_numpy(),
            area=known["electricity_area"].to_numpy(),
        )


@cache
def described(section: str) -> Mapping[str, Any]:
    """Return what ``importers.toml`` says in a section.

    Of each kind of files these are `reads_en` and `reads_ja` (what is read), `source` and `licence`
    (of who publishes them), `always_replaced` (tables that cannot be laid over the shipped rows by
    key), `never_alone` (shipped tables with ids of these, which can therefore not stand alone), and
    the files' own words.
    """
    text = files("dcsite.atlas.importing").joinpath("importers.toml").read_text("utf-8")
    found: dict[str, Any] = tomllib.loads(text)[section]
    return found
