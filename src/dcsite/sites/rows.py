"""What a user's file holds: its form, its rows, and what is wrong or worth telling of it.

What a file of some purpose holds, and what messages call it, is a :class:`FileForm`; every flaw of
a cell is noted with its row and column, none is mended, and all are raised together. What is no
flaw but should be known, such as columns that are not read, is told once, by the log.
"""

from __future__ import annotations

import difflib
import logging
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
import shapely
from numpy.typing import NDArray

from dcsite.errors import DcsiteError, Problem, SitesError

from .values import Measure, described, plain, read_angle, read_class, read_number

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dcsite.geo.geodesy import Floats

#: Layers of geometries that are read, and how messages name them.
LAYER_SUFFIXES = (
    ".geojson", ".json", ".gpkg", ".shp", ".kml", ".kmz", ".fgb", ".parquet", ".geoparquet", ".zip",
)  # fmt: skip
LAYER_KINDS = (
    ".geojson, .json (GeoJSON), .gpkg (GeoPackage), .shp (Shapefile), .kml, .kmz, "
    ".fgb (FlatGeobuf), .parquet (GeoParquet) or .zip (of one of these)"
)
_NEARLY = 0.8
#: A column's name of so many letters that is nearly right is meant to be read.
_TELLING = 5
_MAX_TOLD = 30
#: More problems than this are counted, not listed: a wrong column fails on every row.
MAX_REPORTED = 20
_MAX_SHOWN_CHARACTERS = 40
MAX_NAME_CHARACTERS = 120
MAX_ID_CHARACTERS = 64
#: Texts, in lower case, that say that nothing is said.
NO_VALUE = {
    *("", "nan", "na", "n/a", "#n/a", "null", "none", "-", "－", "―", "—", "…"),
    *("未定", "不明", "調査中"),
}
_ID = re.compile(r"[\w./:-]+")
_BRACKETS = re.compile(r"[\[({<【〔「][^\])}>】〕」]*[\])}>】〕」]")
#: A number before a column's name, as of ①, and a remark behind it.
_BESIDE_LABEL = re.compile(r"^\(?\d+[.):、]?\s*(?=\D)|[※*].*$")
_OLD_DATUM = re.compile(r"日本測地系(?!2)|tokyo", re.IGNORECASE)
_WORLD = "allowed: the world's (JGD2011, WGS 84), 400 m from it; convert them first"
_DATUM = {"測地系", "座標系", "測地基準系", "datum", "geodetic_datum"}
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_LOG = logging.getLogger(__name__)


#: Notes on users' files, in the order they were told.
_TOLD: dict[str, None] = {}


def tell_note(line: str) -> None:
    """Tell a line, once, by the log, which writes it to standard error where nobody listens."""
    if line not in _TOLD:
        _LOG.warning("%s", line)
        _TOLD[line] = None


def notes_told() -> tuple[str, ...]:
    """Return what was told of users' files."""
    return tuple(_TOLD)


def let_notes(heard: bool, told: Iterable[str] = ()) -> None:
    """Let notes be heard or not, those aside that another process has told."""
    _LOG.setLevel(logging.WARNING if heard else logging.ERROR)
    _TOLD.update(dict.fromkeys(told))


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
    measures : mapping of str to Measure
        Of fields whose unit a header or a cell may state.
    hands_on : bool
        Whether columns that mean no field come back out beside the results.
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
    suffixes: tuple[str, ...] = (".csv", ".xlsx", *LAYER_SUFFIXES)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    hands_on: bool = False
    official: str = ""

    @classmethod
    def of(cls, room: str, name: str, error: type[DcsiteError], **more: Any) -> FileForm:
        """Return a form as ``forms.toml`` of a room describes it, and what it does not hold."""
        forms, places = described(room), described("sites")["words"]
        told = {**forms.get(forms[name].get("like"), {}), **forms[name]}
        words = places | told.get("words", {})
        columns = {
            field: tuple(
                one
                for word in words.get(field, [field])
                for one in (places[word[1:]] if word.startswith("*") else [word])
            )
            for field in told["fields"]
        }
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in told.items()
            if key not in {"fields", "words", "like", "said"}
        }
        given["suffixes"] = tuple(
            one
            for suffix in told["suffixes"]
            for one in (LAYER_SUFFIXES if suffix == "{layers}" else [suffix])
        )
        given["kinds"] = told["kinds"].replace("{layers}", LAYER_KINDS)
        return cls(columns=columns, error=error, **given, **more)

    @property
    def which_layer(self) -> str:
        """What to do about several layers."""
        return f"name the one with {self.layer} by --layer, or behind the file: FILE|layername=NAME"

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
        the user's own and are left alone, which is told.
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
    meant = [field_meant(label, form) for label in header]
    found: dict[str, int] = {}
    # Of several names, ids and areas the one that stands first among the words for it is read.
    ranked = sorted((one[1], at, one[0]) for at, one in enumerate(meant) if one)
    for _, position, name in ranked:
        if name not in found:
            found[name] = position
        elif name != "hectares" and not name.endswith("_id") and not name.startswith("name"):
            first = f"as column {shown(header[found[name]])} does"
            problems.add(0, header[position], f"gives {name}, {first}; keep one of the two")
    unread = [label for at, label in enumerate(header) if label and at not in found.values()]
    _note_near(unread, found, problems, form, needed)
    for label in (header[found[name]] for name in ("lat_deg", "lon_deg") if name in found):
        if _OLD_DATUM.search(label):
            problems.add(0, label, f"says that its degrees are in the old datum of Tokyo; {_WORLD}")
    instead = set(form.needed_instead)
    if instead and instead <= found.keys() and found.keys().isdisjoint(needed):
        needed = ()
    lacking = [name for name in needed if name not in found]
    if lacking:
        listed = ", ".join(map(shown, header[:12]))
        for name in lacking:
            allowed = ", ".join(form.columns[name])
            problems.add(0, "", f"no column for {name}; allowed: {allowed}; found: {listed}")
        problems.raise_if_any()
    if form.official:
        unread = [label for label in unread if not re.match(form.official, label)]
    if unread:
        more = f" and {len(unread) - _MAX_TOLD} more" if len(unread) > _MAX_TOLD else ""
        listed = ", ".join(map(shown, unread[:_MAX_TOLD]))
        what = "handed on as own_..., not used" if form.hands_on else "not read"
        problems.tell(f"{what}: column{'s' if len(unread) > 1 else ''} {listed}{more}")
    return found


def note_old_datum(others: Mapping[str, Sequence[str]], problems: ProblemList) -> None:
    """Note a column that says that degrees are in the old datum of Tokyo."""
    for label, texts in others.items():
        if plain_label(label) in _DATUM and (old := next(filter(_OLD_DATUM.search, texts), "")):
            problems.add(0, label, f"says {shown(old)}: {_WORLD}")


def _note_near(
    unread: Sequence[str],
    found: Mapping[str, int],
    problems: ProblemList,
    form: FileForm,
    needed: tuple[str, ...],
) -> None:
    """Note names that are nearly those of fields the file lacks."""
    words = {word: name for name, same in form.columns.items() for word in same}
    missing = [word for word, name in words.items() if name not in found]
    if form.official:
        missing = [word for word in missing if not re.match(form.official, word)]
    for label in unread:
        # 50年確率 is no slip of the pen for 30年確率.
        digits = re.findall(r"\d+", plain_label(label))
        alike = [word for word in missing if re.findall(r"\d+", word) == digits]
        near = difflib.get_close_matches(plain_label(label), alike, n=1, cutoff=_NEARLY)
        # Tools add short keys, as fid, that are near to other short words.
        if near and (words[near[0]] in needed or len(plain_label(label)) >= _TELLING):
            problems.add(0, label, f"is not read; did you mean {near[0]}? Rename or remove it")


def field_meant(label: str, form: FileForm) -> tuple[str, int] | None:
    """Return the field that a column's name means, and where it stands among the words for it.

    What stands in brackets behind it, as in 緯度（北緯）, and a unit say nothing of the field.
    """
    fields = {
        plain_label(word): (name, rank)
        for name, same in form.columns.items()
        for rank, word in enumerate(same)
    }
    short = _BESIDE_LABEL.sub("", plain(label))
    for text in (label, _BRACKETS.sub("", plain(label)), _BRACKETS.sub("", short)):
        if one := fields.get(plain_label(text)):
            return one
    for name, measure in form.measures.items():
        for text in (label, short):
            one = fields.get(plain_label(_BRACKETS.sub("", measure.stated(text)[0])))
            if one and one[0] == name:
                return one
    return None


def plain_label(label: str) -> str:
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
        self.told: list[str] = []

    def tell(self, message: str) -> None:
        """Tell the user something of the file that is no problem, once."""
        self.told.append(message)
        tell_note(f"note: {self.where}: {message}")

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


def name_flaw(text: str) -> str:
    """Return what is wrong with a name, too long or with characters none can see, else nothing."""
    bad = next((each for each in text if unicodedata.category(each) in _UNPRINTABLE), "")
    if "\ufffd" in text:
        return f"{shown(text)} has lost a letter (U+FFFD); allowed: the text as it was"
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
        "hyphens, underscores, slashes and colons"
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
    measures : mapping of str to Measure
        Of fields whose unit a header or a cell may state.
    others : mapping of str to tuple of str
        Text of the columns that mean no field, by their names: the user's own, handed through.
    """

    record_numbers: tuple[int, ...]
    cells: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    geometry: NDArray[np.object_] | None
    problems: ProblemList
    measures: Mapping[str, Measure] = field(default_factory=dict)
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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

        Latitudes and longitudes may be in degrees, minutes and seconds; quantities are brought to
        their own unit, and one so large that it cannot be in it is flawed where no unit is stated.

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
        read, odd = self._read_cell(field), {}
        for row, text in enumerate(self.texts(field)):
            if text.casefold() in NO_VALUE:
                if needed:
                    what = f"is {shown(text)}" if text and shows_nothing else "is empty"
                    self.note(row, field, f"{what}; {allowed}")
                continue
            value, remark = read(text)
            odd[remark] = f"{shown(text)} is {value:.9g}" if remark and value else ""
            if value is None:
                self.note(row, field, f"{shown(text)} is {remark or 'not a number'}; {allowed}")
            elif not low <= value <= high:
                self.note(row, field, f"{shown(text)} is out of range; {allowed}")
            else:
                values[row] = value
        for remark, example in odd.items():
            if example:
                label = shown(self.labels.get(field, field))
                self.problems.tell(f"column {label} {remark}, as {example}")
        return values

    def _read_cell(self, field: str) -> Callable[[str], tuple[float | None, str]]:
        """Return what reads a number of a field, with what to remark of it or what it is not."""
        if field in {"lat_deg", "lon_deg"}:
            packed = "is read as degrees, minutes and seconds where nothing parts them"

            def angle(text: str) -> tuple[float | None, str]:
                value, unmarked = read_angle(text, field)
                return value, packed if unmarked else ""

            return angle
        if field == "intensity":
            return self._read_intensity()
        measure = self.measures.get(field)
        if measure is None:
            return lambda text: (read_number(text), "")
        label = self.labels.get(field, "")
        of_label = measure.stated(label)[1]
        if of_label is None and measure.states_another(label):
            what = f"states a unit of another quantity than {measure.unit}"
            self.problems.add(0, label, f"{what}; allowed: {measure.unit}, as in {measure.states}")
            of_label = 1.0
        mixed = measure.strict and any(measure.read(text, of_label)[1] for text in self.said(field))

        def quantity(text: str) -> tuple[float | None, str]:
            value, stated = measure.read(text, of_label)
            if value is None or stated:
                return value, ""
            if value > measure.most:
                return None, f"too much in {measure.unit}; write the unit, as in {measure.states}"
            if mixed:
                return None, "without the unit that others state; write it to all"
            return value, "" if measure.strict else f"states no unit and is read in {measure.unit}"

        return quantity

    def _read_intensity(self) -> Callable[[str], tuple[float | None, str]]:
        """Return what reads JMA intensity: as instruments give it, or where a class begins."""
        said = self.said("intensity")
        classes = any(read_number(text) is None and read_class(text) is not None for text in said)
        whole = not classes and "計測" not in self.labels.get("intensity", "")

        def intensity(text: str) -> tuple[float | None, str]:
            number = read_number(text)
            if number is None or (classes and number.is_integer()):
                value = read_class(text)
                odd = number is not None and value is None
                return value, "no class (4, 5弱, 5強, 6弱, 6強, 7)" if odd else ""
            told = "is read as instrumental intensity; classes are 4, 5弱, 5強, 6弱, 6強 and 震度7"
            return number, told if whole and number in {5.0, 6.0, 7.0} else ""

        return intensity

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
