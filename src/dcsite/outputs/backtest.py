"""What ``dcsite backtest`` writes: ``backtest.json`` and ``backtest.html``, for print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcsite.contract import TIER_TITLES
from dcsite.model import all_rules
from dcsite.studies.backtest import STAGES

from .page import render_page
from .write import StudyPaths, write_study

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.studies.backtest import Backtest

#: With fewer places than this an agreement says little; the page says so.
_FEW = 30


def write_backtest(found: Backtest, atlas: Atlas, directory: Path) -> StudyPaths:
    """Write a backtest, both files or neither.

    Parameters
    ----------
    found : Backtest
        The plan beside what was announced.
    atlas : Atlas
        Gives the names of the existing cores.
    directory : Path
        Made, or replaced if it holds a backtest and nothing else.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    return write_study(found, directory, render_backtest(found, atlas))


def render_backtest(found: Backtest, atlas: Atlas) -> str:
    """Return the text of ``backtest.html``."""
    cores = atlas.existing_cores()
    towns, prefectures = atlas.table("municipalities"), atlas.table("prefectures")
    titles = {name: (rule.title_ja, rule.title_en) for name, rule in all_rules().items()}
    names = {core: (cores.loc[core, "name_ja"], cores.loc[core, "name_en"]) for core in cores.index}
    groups = [
        (core, title, [one for one in found.places if one.core_id == core])
        for core, title in ((None, ("両圏の外", "Outside both areas")), *names.items())
    ]
    return render_page(
        "backtest.html.j2",
        found.geodata,
        found=found,
        groups=groups,
        ranks=[
            (f"{TIER_TITLES[one.tier][1]}の順位", f"rank, {one.tier}", "")
            for one in found.agreement
        ],
        names=names | {"outside": ("両圏の外", "outside both areas")},
        tiers={name: (ja, en) for name, (en, ja) in TIER_TITLES.items()},
        stages={name: (ja, en) for name, (en, ja) in STAGES.items()},
        towns=towns[["name_ja", "name_en"]].T.to_dict("list"),
        prefectures=prefectures[["name_ja", "name_en"]].T.to_dict("list"),
        rules=titles,
        few=len(found.outside) < _FEW,
    )
