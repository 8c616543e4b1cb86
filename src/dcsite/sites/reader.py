"""The one reader of users' files: opened safely, told apart, and judged field by field.

A file of any kind (CSV, GeoJSON, GeoPackage, Shapefile) becomes one table of texts and geometries.
What a file of some purpose holds, and what messages call it, is a :class:`FileForm`; every flaw of
a cell is noted with its row and column, none is mended, and all are raised together.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import re
import sqlite3
import tempfile
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray

from dcsite.errors import DcsiteError, Problem, SitesError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from dcsite.geo.geodesy import Floats


_TEXT = "UTF-8 (with or without BOM) or CP932"
_DELIMITERS = ",;\t"
_NO_CRS = "has no coordinate reference system"
#: Longitude and latitude in JGD2011, which all official layers of National Land Information are in.
_OFFICIAL_CRS = "EPSG:6668"
#: The files that make up a Shapefile.
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: What a run can hold several times over; a larger file is refused before it is read.
MAX_BYTES = 200_000_000
#: Readers of vector files add the feature's own ``id`` beside the user's ``site_id``.
_GIVES_WAY = {"id"}
_NEARLY = 0.8
#: More problems than this are counted, not listed: a wrong column fails on every row.
MAX_REPORTED = 20
_MAX_SHOWN_CHARACTERS = 40
MAX_NAME_CHARACTERS = 120
MAX_ID_CHARACTERS = 64
#: Texts, in lower case, that say that nothing is said.
NO_VALUE = {"", "nan", "na", "n/a", "null", "none"}
_ID = re.compile(r"[\w.-]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def read_rows(path: Path, form: FileForm) -> UserRows:
    """Read a user's file of any kind.

    Parameters
    ----------
    path : pathlib.Path
        CSV, GeoJSON, GeoPackage or Shapefile (also zipped), told by the extension.
    form : FileForm
        What it should hold.

    Returns
    -------
    UserRows
        Its records, at least one, with what is wrong with the header or the shape of rows.

    Raises
    ------
    DcsiteError
        Of the form's class: if the file cannot be read, has no records or lacks what every record
        needs.
    """
    suffix = checked_suffix(path, form)
    try:
        if path.stat().st_size == 0:
            raise form.unusable(path, f"is empty; give at least one {form.record}")
        if suffix == ".csv":
            rows = _read_csv(path, form)
        elif suffix == ".zip":
            with _unzipped(path, form) as layer:
                rows = _read_vector(layer, form, path)
        else:
            rows = _read_vector(path, form, path)
    except OSError as error:
        raise form.unusable(path, f"cannot be read: {error.strerror or error}") from error
    if not len(rows):
        rows.problems.raise_if_any()
        raise form.unusable(path, f"has no rows; give at least one {form.record}")
    return rows


def checked_suffix(path: Path, form: FileForm) -> str:
    """Return a file's extension in lower case, if there is such a file and it may be opened.

    Raises
    ------
    DcsiteError
        Of the form's class: if there is no file, its extension is another, or it has more than
        `MAX_BYTES`.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise form.unusable(path, f"{what}; allowed: a file {form.kinds}")
    if suffix not in form.suffixes:
        raise form.unusable(path, f"extension {shown(suffix)} is not known; allowed: {form.kinds}")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise form.unusable(
            path,
            f"has {size:,} bytes; allowed: up to {MAX_BYTES:,}; simplify its geometries or leave "
            "out what is not needed",
        )
    return suffix


def _read_csv(path: Path, form: FileForm) -> UserRows:
    text = _decode(path, form)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first_line.count)
    problems = ProblemList(path.name, "row", form.error)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise form.unusable(
            path, f"is not a CSV file: {error}; quote cells as RFC 4180 says"
        ) from None
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(map(str.strip, row))]
    if not filled:
        raise form.unusable(path, f"is empty; give a header and at least one {form.record}")
    header = [label.strip() for label in filled[0][1]]
    position = match_columns(header, problems, form, form.needed)
    kept: dict[int, list[str]] = {}
    for number, row in filled[1:]:
        if len(row) == len(header):
            kept[number] = [cell.strip() for cell in row]
        else:
            message = f"has {len(row)} cells, the header has {len(header)}"
            problems.add(number, "", f"{message}; quote cells that hold the delimiter")
    if not kept:
        problems.raise_if_any()
    cells = {field: tuple(row[at] for row in kept.values()) for field, at in position.items()}
    labels = {field: header[at] for field, at in position.items()}
    return UserRows(tuple(kept), cells, labels, None, problems)


def _decode(path: Path, form: FileForm) -> str:
    content = path.read_bytes()
    # Zeros and byte-order marks of UTF-16, which CP932 would take for letters.
    other = content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content
    for encoding in () if other else ("utf-8-sig", "cp932"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise form.unusable(path, f"is no text in a known encoding; allowed: {_TEXT}; save it again")


@contextlib.contextmanager
def _unzipped(path: Path, form: FileForm) -> Iterator[Path]:
    """Give the one Shapefile or GeoJSON of an archive, in a folder that is removed again."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            members = {Path(info.filename): info for info in archive.infolist()}
            layers = [one for one in members if one.suffix.lower() in {".shp", ".geojson"}]
            # Official archives hold the same layer in two formats.
            stems = {str(one.with_suffix("")): one for one in sorted(layers)}
            if len(stems) != 1:
                listed = ", ".join(shown(one.name) for one in [*stems.values()][:8])
                raise form.unusable(
                    path,
                    f"holds {len(stems)} layers ({listed}); unpack it and give the one of "
                    f"{form.layer}",
                )
            (stem, first), *_ = stems.items()
            beside = (".geojson",) if first.suffix.lower() == ".geojson" else _SHAPEFILE
            parts = [
                (info, one.suffix.lower())
                for one, info in members.items()
                if str(one.with_suffix("")) == stem and one.suffix.lower() in beside
            ]
            size = sum(info.file_size for info, _ in parts)
            if size > MAX_BYTES:
                raise form.unusable(
                    path, f"unpacks to {size:,} bytes; allowed: up to {MAX_BYTES:,}; give less"
                )
            for info, suffix in parts:
                (Path(folder) / f"layer{suffix}").write_bytes(archive.read(info))
            yield Path(folder) / f"layer{first.suffix.lower()}"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise form.unusable(path, f"cannot be unpacked: {error}; pack it again") from None


def _read_vector(layer: Path, form: FileForm, path: Path) -> UserRows:
    """Read a layer; `path` is the user's file, which messages name."""
    # GDAL guesses the format from the content, and some formats only point to other files or
    # addresses: nothing but what the extension says is opened.
    kind, is_one = {
        ".gpkg": ("a GeoPackage", _is_geopackage),
        ".shp": ("a Shapefile", _is_shapefile),
    }.get(layer.suffix.lower(), ("GeoJSON", _is_json_object))
    if not is_one(layer):
        raise form.unusable(path, f"is not {kind}; write it again, or name it after what it is")
    try:
        with warnings.catch_warnings():
            # Of what GDAL warns (odd fields, lists in cells) the checks say more, with the row.
            warnings.simplefilter("ignore")
            # A ring that is not closed becomes no geometry here, and a problem of its feature.
            frame = pyogrio.read_dataframe(
                layer,
                layer=_only_layer(layer, form, path),
                on_invalid="ignore",
                encoding=_dbf_encoding(layer),
            )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        reason = str(error).split(";")[0].replace(str(layer), path.name)
        raise form.unusable(path, f"cannot be read: {reason}; allowed: {form.kinds}") from None
    except UnicodeDecodeError:
        raise form.unusable(path, "holds text that is not UTF-8; save it again in UTF-8") from None
    problems = ProblemList(path.name, "feature", form.error)
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=np.full(len(frame), None), crs="EPSG:4326")
    names = [str(name) for name in frame.columns.drop(frame.geometry.name)]
    geometry = np.asarray(_to_wgs84(path, frame, form, names).array, dtype=object)
    needed = tuple(field for field in form.needed if len(frame) and not field.endswith("_deg"))
    labels = {
        field: names[at] for field, at in match_columns(names, problems, form, needed).items()
    }
    cells = {field: tuple(map(_text, frame[name].astype(object))) for field, name in labels.items()}
    return UserRows(tuple(range(1, len(frame) + 1)), cells, labels, geometry, problems)


def _dbf_encoding(layer: Path) -> str | None:
    """Return the encoding of a Shapefile that does not tell it: UTF-8, or CP932 as older ones."""
    table = layer.with_suffix(".dbf")
    if layer.suffix.lower() != ".shp" or layer.with_suffix(".cpg").exists() or not table.exists():
        return None
    content = table.read_bytes()
    try:
        content[int.from_bytes(content[8:10], "little") :].decode("utf-8")
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8"


def _is_shapefile(path: Path) -> bool:
    return path.read_bytes()[:4] == b"\x00\x00\x27\x0a"


def _is_json_object(path: Path) -> bool:
    return path.read_bytes().removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _is_geopackage(path: Path) -> bool:
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("SELECT count(*) FROM gpkg_contents")
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # SQLite quotes a broken schema in its message, in bytes that may be no text.
        return False
    return True


def _only_layer(layer: Path, form: FileForm, path: Path) -> str:
    layers = pyogrio.list_layers(layer)
    spatial = [str(name) for name, kind in layers if kind is not None]
    if not len(layers):
        raise form.unusable(path, f"holds no layer; give one layer of {form.shapes}")
    if not spatial:
        raise form.unusable(path, f"holds no geometry; give one layer of {form.shapes}")
    if len(spatial) > 1:
        listed = ", ".join(shown(name) for name in spatial[:8])
        raise form.unusable(
            path, f"holds {len(spatial)} layers ({listed}); keep the one with {form.layer}"
        )
    return spatial[0]


def _to_wgs84(
    path: Path, frame: gpd.GeoDataFrame, form: FileForm, names: Sequence[str]
) -> gpd.GeoSeries:
    geometry = frame.geometry
    crs = geometry.crs
    if crs is None and form.official and any(re.match(form.official, name) for name in names):
        return geometry.set_crs(_OFFICIAL_CRS).to_crs("EPSG:4326")
    # A GeoPackage without one carries a system of this name, geographic or not.
    if crs is None or crs.name.startswith("Undefined"):
        raise form.unusable(
            path, f"{_NO_CRS}; set the one the coordinates are in, such as EPSG:6668"
        )
    try:
        return geometry.to_crs("EPSG:4326")
    except pyproj.exceptions.ProjError as error:
        raise form.unusable(
            path, f"coordinates cannot be brought from {shown(crs.name)} to EPSG:4326: {error}"
        ) from None


def _text(value: Any) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    # A column of whole numbers with a gap arrives as floats: 7.0 is the id 7.
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


@dataclass(frozen=True)
class FileForm:
    """What files of one purpose are called and hold.

    Parameters
    ----------
    record : str
        What one record stands for, as in "give at least one site".
    kinds : str
        Extensions that are read, with what is in them, for messages.
    shapes : str
        Geometries of a layer, in the plural.
    layer : str
        What the one layer holds, as in "keep the one with sites".
    columns : mapping of str to sequence of str
        Names of each field's column.
    needed : tuple of str
        Fields without which a file is of no use; a layer needs no coordinates beside its shapes.
    error : type of DcsiteError
        What is raised.
    needed_instead : tuple of str
        Fields that make a CSV file of use that has none of `needed`.
    suffixes : tuple of str
        The extensions of `kinds`.
    official : str
        What names of columns of official layers look like; those often say no coordinate reference
        system, and have other columns with names near to those that are read.
    """

    record: str
    kinds: str
    shapes: str
    layer: str
    columns: Mapping[str, Sequence[str]]
    needed: tuple[str, ...]
    error: type[DcsiteError]
    needed_instead: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = (".csv", ".geojson", ".json", ".gpkg")
    official: str = ""

    def unusable(self, path: Path, message: str) -> DcsiteError:
        """Return the error for a file as a whole."""
        return self.error(Problem(path.name, "", message))


def match_columns(
    header: Sequence[str],
    problems: ProblemList,
    form: FileForm,
    needed: tuple[str, ...],
) -> dict[str, int]:
    """Return the position of each field that the header names.

    Parameters
    ----------
    header : sequence of str
        Column names as in the file.
    problems : ProblemList
        Takes note of fields named twice and of names that are nearly right; other columns are
        the user's own and are left alone.
    form : FileForm
        What the file should hold.
    needed : tuple of str
        Fields without which it is of no use.

    Returns
    -------
    dict of str to int
        Position in `header` by field.

    Raises
    ------
    DcsiteError
        Of the form's class: if a field is missing without which no row makes sense.
    """
    field_of = {name: field for field, names in form.columns.items() for name in names}
    found: dict[str, int] = {}
    unknown: list[str] = []
    for position, label in enumerate(header):
        name = _plain(label)
        field = field_of.get(name)
        if field is None:
            unknown.append(label)
        elif field not in found or _plain(header[found[field]]) in _GIVES_WAY:
            found[field] = position
        elif name not in _GIVES_WAY:
            first = f"as column {shown(header[found[field]])} does"
            problems.add(0, label, f"gives {field}, {first}; keep one of the two")
    missing = [name for name, field in field_of.items() if field not in found]
    if form.official:
        missing = [name for name in missing if not re.match(form.official, name)]
    for label in unknown:
        near = difflib.get_close_matches(_plain(label), missing, n=1, cutoff=_NEARLY)
        if near:
            problems.add(0, label, f"is not read; did you mean {near[0]}? Rename or remove it")
    instead = set(form.needed_instead)
    if instead and instead <= found.keys() and found.keys().isdisjoint(needed):
        needed = ()
    lacking = [field for field in needed if field not in found]
    if lacking:
        listed = ", ".join(map(shown, header[:12]))
        for field in lacking:
            allowed = ", ".join(form.columns[field])
            problems.add(0, "", f"no column for {field}; allowed: {allowed}; found: {listed}")
        problems.raise_if_any()
    return found


def _plain(label: str) -> str:
    """Return a column name as it is compared: NFKC, lower case, words joined by underscores."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return re.sub(r"[\W_]+", "_", folded).strip("_")


class ProblemList:
    """Problems of one file, kept in the order of its rows.

    Parameters
    ----------
    where : str
        Name of the file.
    unit : str
        What a record is called in this kind of file: ``row`` or ``feature``.
    error : type of DcsiteError
        What is raised.
    """

    def __init__(self, where: str, unit: str, error: type[DcsiteError] = SitesError) -> None:
        self.where = where
        self.unit = unit
        self._error = error
        self._found: list[tuple[int, Problem]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, number: int, column: str, message: str) -> None:
        """Note a problem in a column of the record with this number (0: in the header)."""
        place = f"{self.unit} {number}" if number else "header"
        field = f"{place}, column {_printable(column)}" if column else place
        self._found.append((number, Problem(self.where, field, message)))

    def listed(self) -> tuple[tuple[int, Problem], ...]:
        """Return what was noted, with the number of its record."""
        return tuple(self._found)

    def raise_if_any(self) -> None:
        """Raise all problems together, the first `MAX_REPORTED` in full.

        Raises
        ------
        DcsiteError
            Of the class given, if any problem was noted.
        """
        if not self._found:
            return
        problems = [problem for _, problem in sorted(self._found, key=lambda found: found[0])]
        rest = len(problems) - MAX_REPORTED
        if rest > 0:
            more = f"{rest} more problem{'s' if rest > 1 else ''} not shown; mend these first"
            problems = [*problems[:MAX_REPORTED], Problem(self.where, "", more)]
        raise self._error(problems)


def shown(value: str) -> str:
    """Return a value in quotes for a message: clipped, with unprintable characters escaped."""
    return f'"{_printable(value)}"'


def _printable(value: str) -> str:
    clipped = value
    if len(value) > _MAX_SHOWN_CHARACTERS:
        clipped = value[: _MAX_SHOWN_CHARACTERS - 1] + "…"
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character)[0] == "C" else character
        for character in clipped
    )


def read_number(text: str) -> float | None:
    """Return a number, or None for what is none (``1_000``, ``1,5`` and ``inf`` are none)."""
    plain = unicodedata.normalize("NFKC", text)
    return float(plain) if _NUMBER.fullmatch(plain) else None


def name_flaw(text: str) -> str:
    """Return what is wrong with a name, too long or with characters none can see, else nothing."""
    bad = next((each for each in text if unicodedata.category(each) in _UNPRINTABLE), "")
    if bad:
        code = f"U+{ord(bad):04X}"
        return f"{shown(text)} holds the control character {code}; allowed: printable text"
    if len(text) > MAX_NAME_CHARACTERS:
        return f"{shown(text)} has {len(text)} characters; allowed: up to {MAX_NAME_CHARACTERS}"
    return ""


def id_flaw(text: str) -> str:
    """Return what is wrong with an id, else nothing."""
    if _ID.fullmatch(text) and len(text) <= MAX_ID_CHARACTERS:
        return ""
    return (
        f"{shown(text)} is not an id; allowed: up to {MAX_ID_CHARACTERS} letters, digits, dots, "
        "hyphens and underscores"
    )


def geometry_flaw(geometry: shapely.Geometry | None, kinds: str, allowed: str) -> str:
    """Return what is wrong with a geometry in degrees that should be of some kinds, else nothing.

    Parameters
    ----------
    geometry : shapely.Geometry or None
        None for what is missing or could not be read.
    kinds : str
        Names of the kinds, by blanks.
    allowed : str
        What a message says is allowed.
    """
    if geometry is None:
        wrong = "is missing or cannot be read"
    elif geometry.is_empty:
        wrong = "is empty"
    elif geometry.geom_type not in kinds.split():
        wrong = f"is a {geometry.geom_type}"
    elif not geometry.is_valid:
        reason = f"{shapely.is_valid_reason(geometry)} (longitude, latitude)"
        allowed = f"{allowed} that does not cross itself"
        wrong = f"is not a valid {geometry.geom_type}: {reason}"
    else:
        return ""
    return f"{wrong}; allowed: {allowed}"


@dataclass(frozen=True, eq=False)
class UserRows:
    """A user's file as read, beside the list of what is wrong with it.

    Parameters
    ----------
    record_numbers : tuple of int
        Number of each record in the file: spreadsheet rows (the header is 1) or features from 1.
    cells : mapping of str to tuple of str
        Stripped text per field and record, empty where missing; only fields the file has.
    labels : mapping of str to str
        Name of each field's column in the file.
    geometry : numpy.ndarray or None
        Shapely geometries in EPSG:4326 (None where missing); None for a CSV file.
    problems : ProblemList
        Takes note of every flaw; a flawed cell counts as empty from then on.
    """

    record_numbers: tuple[int, ...]
    cells: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    geometry: NDArray[np.object_] | None
    problems: ProblemList

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.record_numbers)

    def has(self, field: str) -> bool:
        """Tell whether the file has a column for a field."""
        return field in self.cells

    def note(self, row: SupportsIndex, field: str, message: str) -> None:
        """Note what is wrong with a field (or, if it is empty, with all) of a row."""
        self.problems.add(self.record_numbers[row], self.labels.get(field, field), message)

    def called(self, row: SupportsIndex) -> str:
        """Return what a row is called in a message, as ``row 3``."""
        return f"{self.problems.unit} {self.record_numbers[row]}"

    def repeats(self, keys: Iterable[Hashable]) -> Iterator[tuple[int, str]]:
        """Yield each row whose key an earlier row has, and what that is called; None is no key."""
        first: dict[Hashable, int] = {}
        for row, key in enumerate(keys):
            if key is not None and first.setdefault(key, row) != row:
                yield row, self.called(first[key])

    def texts(self, field: str) -> tuple[str, ...]:
        """Return the cells of a field as written, empty where the file has no such column."""
        return self.cells.get(field, ("",) * len(self))

    def said(self, field: str) -> tuple[str, ...]:
        """Return the cells of a field, empty where they say nothing (``nan``, ``null``)."""
        return tuple("" if text.casefold() in NO_VALUE else text for text in self.texts(field))

    def numbers(
        self, field: str, low: float, high: float, *, needed: bool = False, allowed: str = ""
    ) -> Floats:
        """Return the numbers of a field, NaN where there is none.

        Parameters
        ----------
        field : str
            Field.
        low, high : float
            Least and largest number allowed.
        needed : bool
            Whether an empty cell is a flaw.
        allowed : str
            What a message says is allowed, where it is more than the two numbers; a needed text
            that says nothing, as ``nan``, is shown then.
        """
        shows_nothing = bool(allowed)
        if not allowed:
            allowed = f"a number from {low:g} to {high:g}{'' if needed else ', or nothing'}"
        allowed = f"allowed: {allowed}"
        values = np.full(len(self), np.nan)
        for row, text in enumerate(self.texts(field)):
            if text.casefold() in NO_VALUE:
                if needed:
                    what = f"is {shown(text)}" if text and shows_nothing else "is empty"
                    self.note(row, field, f"{what}; {allowed}")
                continue
            value = read_number(text)
            if value is None:
                self.note(row, field, f"{shown(text)} is not a number; {allowed}")
            elif not low <= value <= high:
                self.note(row, field, f"{shown(text)} is out of range; {allowed}")
            else:
                values[row] = value
        return values

    def ids(self, field: str, *, needed: str = "") -> tuple[str, ...]:
        """Return the ids of a field, empty where there is none; `needed` asks for what is not."""
        texts = self.texts(field)
        for row, text in enumerate(texts):
            if text and (wrong := id_flaw(text)):
                self.note(row, field, wrong)
            elif needed and not text:
                self.note(row, field, f"is empty; {needed}")
        return texts

    def names(self, field: str) -> tuple[str, ...]:
        """Return the names of a field as written, empty where there is none."""
        texts = self.texts(field)
        for row, text in enumerate(texts):
            if wrong := name_flaw(text):
                self.note(row, field, wrong)
        return texts

    def choices(self, field: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """Return one of the allowed words for each row, empty where it is none of them."""
        texts = tuple(text.casefold() for text in self.said(field))
        for row, text in enumerate(texts):
            if text not in allowed:
                what = f"{shown(text)} is not known" if text else "is empty"
                self.note(row, field, f"{what}; allowed: {', '.join(allowed)}")
        return tuple(text if text in allowed else "" for text in texts)

    def said_as(self, field: str, words: Mapping[str, Sequence[str]]) -> tuple[str | None, ...]:
        """Return what each row says in one of several words for it, None where it says nothing."""
        meaning = {word: means for means, same in words.items() for word in (means, *same)}
        texts = tuple(text.casefold() for text in self.said(field))
        for row, text in enumerate(texts):
            if text and text not in meaning:
                allowed = ", ".join(meaning)
                self.note(row, field, f"{shown(text)} is not known; allowed: {allowed} or nothing")
        return tuple(meaning.get(text) for text in texts)
