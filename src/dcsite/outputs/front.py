"""The folder of a front: front.csv, front.json, and front.html with a chart and a map.

The page is self-contained: the front as a chart, and the plan of the point at hand on a map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcsite.contract import load_mw, printed_for

from .map.style import hub_radius_px, tier_style
from .page import land, place, render_page
from .write import StudyPaths, write_study

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.studies.front import Front


def write_front(front: Front, atlas: Atlas, directory: Path) -> StudyPaths:
    """Write a front's table, JSON and chart into a folder.

    Parameters
    ----------
    front : Front
        Complete or not; an incomplete one says so in every file.
    atlas : Atlas
        For the outlines of the prefectures.
    directory : Path
        Made if missing. One that holds only an older front is replaced as a whole.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    return write_study(front, directory, _page(front, atlas), *_table(front.dump()))


def _table(front: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the columns, and one row per point of a dumped front.

    The columns of the axes are named ``x_<measure>`` and ``y_<measure>``, the unit stands in a
    column of its own; hubs are listed as ``tier:site_id`` apart by spaces.
    """
    x, y = front["x"], front["y"]
    columns = (
        "no", f"x_{x['measure']}", "x_unit", f"y_{y['measure']}", "y_unit", "x_score",
        "y_score", "eps", "y_score_bound", "gap", "status", "front_complete", "hubs",
    )  # fmt: skip
    rows = [
        (
            number, point["x"], x["unit"], point["y"], y["unit"], point["x_score"],
            point["y_score"], point["eps"], point["y_score_bound"],
            point["gap"], point["status"], "yes" if front["complete"] else "no",
            " ".join(f"{hub['tier']}:{hub['site_id']}" for hub in point["hubs"]),
        )
        for number, point in enumerate(front["points"], start=1)
    ]  # fmt: skip
    return columns, rows


def _page(front: Front, atlas: Atlas) -> str:
    data = front.dump()
    for point in data["points"]:
        with printed_for([hub["it_load_mw"] for hub in point["hubs"]]):
            for hub in point["hubs"]:
                hub["x"], hub["y"] = place(hub["lon_deg"], hub["lat_deg"])
                hub["mw"] = load_mw(hub["it_load_mw"])
                hub["r"] = round(1.2 * hub_radius_px(hub["it_load_mw"]), 1)
    tiers = dict.fromkeys(hub.tier for point in front.points for hub in point.hubs)
    data["tiers"] = {
        name: {"colour": style.colour, "ja": style.ja, "en": style.en}
        for name, style in ((name, tier_style(name)) for name in tiers)
    }
    data["cores"] = [
        {
            "ja": core["name_ja"],
            "en": core["name_en"],
            "at": place(core["lon_deg"], core["lat_deg"]),
        }
        for core in atlas.existing_cores().to_dict("records")
    ]
    return render_page("front.html.j2", front=front, land=land(atlas), data=data)
