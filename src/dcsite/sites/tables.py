"""Tables as people keep them, CSV or Excel, brought to rows of texts below one header.

A title above the header, a ``sep=`` line, totals and remarks below the last row are habits of
spreadsheets: they are passed over, and told.
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import itertools
import re
import unicodedata
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from .rows import (
    FileForm,
    ProblemList,
    UserRows,
    field_meant,
    match_columns,
    note_old_datum,
    shown,
)
from .values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_TEXT = "UTF-8 (with or without BOM), UTF-16 with BOM, CP932 or EUC-JP"
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DELIMITERS = ",;\t|"
#: A header stands among the first rows with anything in them.
_HEADER_WITHIN = 30
#: Of characters that are none of everyday Japanese, one reading must have this much more than the
#: other. Of 2,880 tables of one to five municipalities in UTF-8, CP932 and EUC-JP all are told
#: apart, but 30 of the 480 in EUC-JP with half-width katakana, which are refused.
_CLEARLY = 0.3
#: What the libraries raise of files that are no workbooks, or broken ones.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, TypeError, AttributeError,
    SyntaxError, ArithmeticError, RuntimeError,
)  # fmt: skip
#: Letters within words of ASCII, and signs behind a number or as a unit.
_IN_A_WORD = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]|\d\s*[°º²³±µ·]|[(\[][°²³][)\]]")
_TOTAL = re.compile(r"(総|小|合)?計(\d+[件カヶか箇]?所?)?|総数|平均|(sub|grand)?total|sum|average")
_REMARK = re.compile(
    r"[※*＊]|[(（\[【]?注|備考|出典|資料[:：]|以上$|作成|更新|単位|note|source", re.IGNORECASE
)


def read_csv(path: Path, form: FileForm) -> UserRows:
    """Read a table of text.

    Raises
    ------
    DcsiteError
        Of the form's class: if it is no text, no table, or lacks what every record needs.
    """
    text = _decode(path.read_bytes(), path, form)
    begin = text.partition("\n")[0]
    said = re.fullmatch(r"\W?sep=(.)\W*", begin, re.IGNORECASE)
    delimiter = said[1] if said else _delimiter(text)
    limit = csv.field_size_limit(max(len(text), 131_072))
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = list(lines)
    except csv.Error as error:
        raise form.unusable(
            path, f"is not a CSV file: {error}; quote cells as RFC 4180 says"
        ) from None
    finally:
        csv.field_size_limit(limit)
    numbered = dict(enumerate(rows, 1))
    if said:
        del numbered[1]
    return _below_header(numbered, path, form)


def _delimiter(text: str) -> str:
    """Return what parts the cells: what most of the first lines have, and have most of."""
    first = [line for line in text[:100_000].splitlines() if line.strip()][:_HEADER_WITHIN]
    counts = {each: [line.count(each) for line in first] for each in _DELIMITERS}
    return max(counts, key=lambda each: (sum(map(bool, counts[each])), sum(counts[each])))


def _decode(content: bytes, path: Path, form: FileForm) -> str:
    wrong = f"is no text in a known encoding; allowed: {_TEXT}; save it again"
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                raise form.unusable(path, wrong) from None
    # Zeros, as of UTF-16, and the escapes of ISO-2022-JP would be taken for letters.
    read = [] if b"\x00" in content or b"\x1b$" in content else _readings(content)
    if not read:
        raise form.unusable(path, wrong)
    (strange, text), *others = sorted(read)
    unclear = others and others[0][0] - strange < _CLEARLY
    words = itertools.chain.from_iterable(form.columns.values())
    if unclear or _may_be_half_width(content, text, words):
        which = "may be CP932, EUC-JP or UTF-8, with other words in each"
        raise form.unusable(path, f"{which}; save it in UTF-8 with BOM")
    return text


def _may_be_half_width(content: bytes, text: str, words: Iterable[str]) -> bool:
    """Tell whether what was read as a text may be nothing but half-width katakana in CP932.

    Two bytes of these are one kanji in EUC-JP, or one letter of Latin, Greek or Cyrillic in UTF-8,
    which seldom stands alone beside none of ASCII. A header of ours in `text` settles it.
    """
    try:
        other = content.decode("cp932")
    except UnicodeDecodeError:
        return False
    beyond = [each for each in other if ord(each) > 0x7F]
    # Kana in EUC-JP would be a half-width comma or dot before every letter.
    dots = sum(each <= "\uff65" for each in beyond)
    half = all("\uff61" <= each <= "\uff9f" for each in beyond) and 4 * dots < len(beyond)
    known = any(word in text for word in words if not word.isascii())
    return half and other != text and not known and not _IN_A_WORD.search(text)


def _readings(content: bytes) -> list[tuple[float, str]]:
    """Return what bytes may say, and which share of it no everyday Japanese text has."""
    read: list[tuple[float, str]] = []
    for encoding in ("utf-8", "cp932", "euc_jp"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        beyond = [each for each in text if ord(each) > 0x7F]
        strange = sum(_strangeness(each, encoding) for each in beyond)
        read.append((strange / max(len(beyond), 1), text))
        if encoding == "utf-8":
            break
    return read


def _strangeness(character: str, encoding: str) -> float:
    """Return 0 for signs, kana and the commoner half of the kanji (JIS level 1), else up to 1."""
    try:
        code = character.encode("euc_jp")
    except UnicodeEncodeError:
        return 1.0
    if len(code) == 2 and 0xA1 <= code[0] <= 0xCF:
        return 0.0
    # Half-width katakana take two bytes in EUC-JP, and are no accident of other bytes there.
    return 0.25 if encoding == "euc_jp" and code[0] == 0x8E else 1.0


def read_excel(path: Path, form: FileForm, most_bytes: int, layer: str | None) -> UserRows:
    """Read a sheet of an Excel workbook: the only one with anything in it, or the one named.

    Raises
    ------
    DcsiteError
        Of the form's class: if it is no workbook, too large, or holds several sheets.
    """
    with _workbook(path, form, most_bytes) as book:
        sheets = {sheet.title: sheet for sheet in book.worksheets if layer in (None, sheet.title)}
        cells = {title: _cells(sheet) for title, sheet in sheets.items()}
    filled = {title: _padded(rows) for title, rows in cells.items() if rows}
    if layer is not None and not filled:
        listed = ", ".join(map(shown, book.sheetnames[:8]))
        raise form.unusable(path, f"has no sheet {shown(layer)} with rows; it has {listed}")
    visible = [title for title in filled if sheets[title].sheet_state == "visible"] or [*filled]
    if len(visible) > 1:
        listed = ", ".join(map(shown, visible[:8]))
        raise form.unusable(path, f"holds {len(visible)} sheets ({listed}); {form.which_layer}")
    title = next(iter(visible), "")
    rows = _below_header(filled.get(title, {}), path, form)
    if hidden := [shown(one) for one in filled if one not in visible]:
        rows.problems.tell(f"not read: hidden sheet {', '.join(hidden)}")
    with _workbook(path, form, most_bytes, values=False) as book:
        written = _cells(book[title])
    # A program that never worked out a formula keeps no value of it, as if the cell were empty.
    for number in rows.record_numbers:
        for at, text in enumerate(written.get(number, ())):
            if text.startswith("=") and not filled[title][number][at]:
                what = f"the formula in cell {at + 1} has no value kept"
                rows.problems.add(number, "", f"{what}; open the file in Excel and save it")
    return rows


def sheets_of(path: Path, form: FileForm, most_bytes: int) -> tuple[str, ...]:
    """Return the names of a workbook's sheets; errors as :func:`read_excel`."""
    with _workbook(path, form, most_bytes) as book:
        return tuple(book.sheetnames)


@contextlib.contextmanager
def _workbook(path: Path, form: FileForm, most_bytes: int, *, values: bool = True) -> Iterator[Any]:
    """Open a workbook for the values of its cells, or for their formulas."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(one.file_size for one in archive.infolist())
        if size > most_bytes:
            raise form.unusable(path, f"unpacks to {size:,} bytes; allowed: up to {most_bytes:,}")
        content = io.BytesIO(path.read_bytes())
        yield openpyxl.load_workbook(content, read_only=True, data_only=values)
    except (*_BROKEN, InvalidFileException) as error:
        message = f"cannot be read as an Excel workbook: {error}; save it as .xlsx or .csv again"
        raise form.unusable(path, message) from None


def _cells(sheet: Any) -> dict[int, list[str]]:
    """Return the rows of a sheet with anything in them, by their numbers."""
    return {
        number: [_as_shown(cell) for cell in row]
        for number, row in enumerate(sheet.iter_rows(), 1)
        if any(cell.value is not None for cell in row)
    }


def _as_shown(cell: Any) -> str:
    """Return the text of a cell of a workbook, a share with % where Excel shows it so."""
    value = cell.value
    if isinstance(value, float | int) and "%" in (cell.number_format or ""):
        return f"{100.0 * value:.12g}%"
    return cell_text(value)


def _padded(rows: Mapping[int, list[str]]) -> dict[int, list[str]]:
    """Return rows of one length, also where a sheet does not say how wide it is."""
    width = max(map(len, rows.values()))
    return {number: [*row, *[""] * (width - len(row))] for number, row in rows.items()}


def cell_text(value: Any) -> str:
    """Return a cell's value as a text, NFC; 7.0, as of a column with gaps, is the id 7."""
    if value is None or value != value:  # noqa: PLR0124 - not a number, also as no time
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    return unicodedata.normalize("NFC", str(value)).strip()


def _below_header(numbered: Mapping[int, Sequence[str]], path: Path, form: FileForm) -> UserRows:
    """Return the records below the header, which may have a title above."""
    problems = ProblemList(path.name, "row", form.error)
    rows = {number: [cell_text(cell) for cell in row] for number, row in numbered.items()}
    filled = {number: row for number, row in rows.items() if any(row)}
    if not filled:
        raise form.unusable(path, f"is empty; give a header and at least one {form.record}")
    at = _header_row(filled, form)
    header = filled[at]
    position = match_columns(header, problems, form, form.needed)
    above = [number for number in filled if number < at]
    if above:
        listed = ", ".join(f"row {number}" for number in above)
        problems.tell(f"the header is row {at}; not read: {listed} above it")
    needed = [position[name] for name in form.needed if name in position]
    kept: dict[int, list[str]] = {}
    passed: dict[int, str] = {}
    for number, row in ((number, row) for number, row in filled.items() if number > at):
        if _is_beside(row, needed):
            passed[number] = next(filter(None, row))
        elif len(row) == len(header):
            kept[number] = row
        else:
            message = f"has {len(row)} cells, the header has {len(header)}"
            problems.add(number, "", f"{message}; quote cells that hold the delimiter")
    if passed:
        listed = ", ".join(f"row {number} ({shown(word)})" for number, word in passed.items())
        problems.tell(f"totals and remarks, not read: {listed}")
    if not kept:
        problems.raise_if_any()
    nameless = [at for at, label in enumerate(header) if not label]
    if any(row[at] for row in kept.values() for at in nameless):
        problems.tell("not read: columns without a name")
    cells_of = {name: tuple(row[at] for row in kept.values()) for name, at in position.items()}
    labels = {name: header[at] for name, at in position.items()}
    others = {
        label: tuple(row[at] for row in kept.values())
        for at, label in enumerate(header)
        if label and at not in position.values()
    }
    note_old_datum(others, problems)
    return UserRows(tuple(kept), cells_of, labels, None, problems, form.measures, others)


def _header_row(filled: Mapping[int, Sequence[str]], form: FileForm) -> int:
    """Return the number of the first row that names all a record needs, else most fields."""
    best, most = next(iter(filled)), 0
    for number, row in list(filled.items())[:_HEADER_WITHIN]:
        meant = {one[0] for label in row if label and (one := field_meant(label, form))}
        for needed in (form.needed, form.needed_instead):
            if needed and meant.issuperset(needed):
                return number
        if len(meant) > most:
            best, most = number, len(meant)
    return best


def _is_beside(cells: Sequence[str], needed: Sequence[int]) -> bool:
    """Tell a total or a remark from a record: it says what it is and lacks what a record needs."""
    if not needed or all(at < len(cells) and cells[at] for at in needed):
        return False
    first = next(filter(None, cells), "")
    if len([cell for cell in cells if cell]) == 1 and _REMARK.match(first):
        return True
    return bool(_TOTAL.fullmatch(re.sub(r"[\s()\[\]【】:]", "", plain(first)).casefold()))
