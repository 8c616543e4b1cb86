"""What a criterion is, and how those that come with dcsite and those of others are found.

A criterion is one file: its parameters, rules and quantities, how it measures sites, which it
admits, what rows and scores it adds to the program, and how it evaluates a finished plan. No room
but `criteria` knows one by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

from dcsite.errors import DcsiteError, Problem

from .findings import Evaluation, Findings, Link, Quantity
from .program import ScoreTerm
from .rules import TIERS, Admission, Bound, Limit, PerTier, Rule

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Scenario

    from .program import Outlook, Program, Terms

#: The group that a criterion's package names its criterion in.
ENTRY_POINT_GROUP = "dcsite.criteria"
#: How a file of a user's and its layer stand in one value, as in QGIS: ``FILE|layername=NAME``.
_LAYER_MARK = "|layername="

P = TypeVar("P", bound=BaseModel)


class Criterion(Generic[P]):
    """One thing that matters.

    A subclass states what it is in class attributes and overrides what it needs; `measure` and
    `evaluate` every criterion has of its own, and `site_score` those without a `quantity`.
    """

    #: Key under `weights` and `criteria` of the scenario, and name of the entry point.
    name: ClassVar[str] = ""
    title_en: ClassVar[str] = ""
    title_ja: ClassVar[str] = ""
    #: Where it stands among the others in tables; those without a rank come last, by name.
    rank: ClassVar[int] = 1000
    #: Line ids of the strategy that it goes back to.
    policy_lines: ClassVar[tuple[str, ...]] = ()
    #: Tiers for which the score of a site counts.
    scored_tiers: ClassVar[tuple[str, ...]] = TIERS
    Parameters: type[BaseModel]
    rules: ClassVar[tuple[Rule, ...]] = ()
    #: The measured value that a site is scored by, linearly between its `anchors`, and of which
    #: the plan's score is the load-weighted mean.
    quantity: ClassVar[Quantity | None] = None
    #: Its figures: measured columns and values of hubs, with their labels.
    quantities: ClassVar[tuple[Quantity, ...]] = ()
    #: Those of a hub's values that stand among a hub's own facts, in files and pop-ups.
    facts: ClassVar[tuple[Quantity, ...]] = ()
    #: The plan's measure that is what it costs in yen, of the criterion that knows prices.
    price: ClassVar[Quantity | None] = None
    #: Kinds of links that its evaluation finds.
    links: ClassVar[tuple[type[Link], ...]] = ()
    #: By option of the commands (`--disasters`), the parameter that holds the user's file.
    file_options: ClassVar[Mapping[str, str]] = {}

    def own(self, scenario: Scenario) -> P:
        """Return the criterion's parameters in a scenario."""
        parameters: P = scenario.criteria[self.name]
        return parameters

    def columns(self, sites: pd.DataFrame) -> Mapping[str, Quantity]:
        """Return what measured columns are, by column; those of `quantities` by default."""
        return {quantity.name: quantity for quantity in self.quantities if quantity.name in sites}

    def input_files(self, scenario: Scenario) -> tuple[str, ...]:
        """Return the user's files that measurements rest on beside tables and sites.

        What was measured with other content of them is not used again.
        """
        given = (getattr(self.own(scenario), key) for key in self.file_options.values())
        return tuple(path for path in given if path)

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure every site; index as `sites`, units in the column names."""
        raise NotImplementedError

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score every measured site on 0..1, for maps and pop-ups; what is not known scores 0."""
        import pandas as pd

        if self.quantity is None:
            raise NotImplementedError
        score = linear_score(sites[self.quantity.name], *self.anchors(self.own(scenario)))
        return pd.Series(score, index=sites.index, name=self.name)

    def anchors(self, own: P) -> tuple[float, float]:
        """Return what scores 0 and 1: the parameters `score_zero_UNIT` and `score_one_UNIT`."""
        named = {key.rpartition("_")[0]: value for key, value in own}
        return float(named["score_zero"]), float(named["score_one"])

    def tier_score(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> NDArray[np.float64]:
        """Score every measured site on 0..1 as a hub of each tier, standing alone.

        Shape (sites, tiers); here the score of the site in each of `scored_tiers`, else 0.
        """
        import numpy as np

        score = self.site_score(sites, scenario).to_numpy(dtype=float)
        return np.outer(score, np.isin(TIERS, self.scored_tiers))

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Say which measured sites the criterion's rules keep out of which tier; none here."""
        return ()

    def bounds(self, outlook: Outlook) -> Sequence[Bound]:
        """Say what no plan can reach, from the sites left for each tier; nothing here."""
        return ()

    def reserve_tiers(self, scenario: Scenario) -> Sequence[str]:
        """Return the tiers whose hubs hold a reserve for the criterion's rules; none here."""
        return ()

    def constrain(self, program: Program) -> None:
        """Add the criterion's rows; none here."""

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Return the criterion's terms of the objective: ``sum(it_load_mw * site_score) / total``.

        None where no `quantity` scores a site.
        """
        if self.quantity is None:
            return ()
        score = self.site_score(program.sites, program.scenario)
        return (self.by_load(program, self.quantity.in_plan, score),)

    def price_terms(self, program: Program) -> Terms:
        """Return what all hubs cost, in yen, as the measure `price` says; nothing here."""
        return []

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Evaluate a finished plan from coordinates and tables alone.

        `hubs` has one row per hub, indexed by `site_id`, with `tier`, `it_load_mw`, `reserve_mw`,
        `lat_deg`, `lon_deg`, `area`, `municipality_code`, `landmass_id`. Nothing of `measure`,
        `admit` or `constrain` may be used here. For each term that `score` returns, the evaluation
        holds a measure of the term's name with its score and weight: the plan's objective is added
        up from these, and a missing one is an error that names criterion and term.
        """
        raise NotImplementedError

    def disasters(
        self, sites: pd.DataFrame, atlas: Atlas, scenario: Scenario
    ) -> DisasterSet | None:
        """Return what takes hubs down together, at each of some sites; None: nothing it knows."""
        return None

    def by_load(
        self,
        program: Program,
        measure: str,
        score: NDArray[np.float64] | pd.Series[float],
        part: float = 1.0,
    ) -> ScoreTerm:
        """Return the term ``weight * part * sum(it_load_mw * score) / total``.

        Parameters
        ----------
        score : array_like, shape (sites,) or (sites, tiers)
            Scores 0..1 of each site, in each tier where they differ.
        """
        weight = float(program.scenario.weights[self.name]) * part
        return ScoreTerm(measure, weight, program.load_terms(load_share(program, score)))


class SiteValue(Criterion[P]):
    """A criterion that is one value of each site: a limit for each tier, a score by two anchors.

    A subclass gives :attr:`quantity`, the rule of the limit as its only rule, the values of all
    sites (`values`) and, by a way of its own, of one hub (`value_at`), and reads the limits from
    its parameters.
    """

    quantity: ClassVar[Quantity]
    #: Why a site beyond the limit is left out.
    reason_en: ClassVar[str] = "a value of the site beyond its limit"

    def values(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> NDArray[np.float64]:
        """Return the value of every site, NaN where it is not known, shape (sites,)."""
        raise NotImplementedError

    def value_at(self, hub: pd.Series[Any], atlas: Atlas, scenario: Scenario) -> float:
        """Return the value of one hub, found without `values`."""
        raise NotImplementedError

    def limits(self, own: P) -> PerTier:
        """Return the most that each tier allows."""
        raise NotImplementedError

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the value of every site."""
        import pandas as pd

        found = self.values(sites, atlas, scenario)
        return pd.DataFrame({self.quantity.name: found}, index=sites.index)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Leave out sites beyond a tier's limit; what is not known is not refused."""
        limit = self.limits(self.own(scenario)).by_tier()
        value = sites[self.quantity.name].to_numpy(dtype=float)
        beyond = (value[:, None] > limit).astype(float)
        said = (Limit(self.quantity, value, limit),)
        return (Admission(self.rules[0].name, beyond, self.reason_en, limits=said),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Look up each hub by itself."""
        import numpy as np

        own = self.own(scenario)
        value = np.array([self.value_at(hub, atlas, scenario) for _, hub in hubs.iterrows()])
        score = linear_score(value, *self.anchors(own))
        found = Findings(self.name, hubs, scenario)
        found.mean(self.quantity, value, score).each(self.quantity, value, score)
        limit = found.of_tier(self.limits(own))
        return found.beyond(self.rules[0].name, self.quantity, value, limit).done()


def load_share(
    program: Program, value: NDArray[np.float64] | pd.Series[float]
) -> NDArray[np.float64]:
    """Return ``value / total load`` for each site and tier: coefficients of shares of the load.

    Parameters
    ----------
    value : array_like, shape (sites,) or (sites, tiers)
        What a MW at a site counts.
    """
    import numpy as np

    share = np.asarray(value, dtype=np.float64) / program.total_it_load_mw
    return share if share.ndim == 2 else np.repeat(share[:, None], len(TIERS), axis=1)


def linear_score(
    value: NDArray[np.float64] | pd.Series[float], zero_at: float, one_at: float
) -> NDArray[np.float64]:
    """Score values linearly between two fixed anchors, clipped to 0..1.

    Parameters
    ----------
    value : array_like
        Measured values; NaN and infinities away from `one_at` score 0.
    zero_at, one_at : float
        Values that score 0 and 1; either may be the larger.

    Returns
    -------
    numpy.ndarray
        Scores, same shape as `value`.
    """
    import numpy as np

    with np.errstate(invalid="ignore"):
        raw = (np.asarray(value, dtype=float) - zero_at) / (one_at - zero_at)
    return np.clip(np.nan_to_num(raw, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)


@cache
def criteria() -> tuple[Criterion[Any], ...]:
    """Return every registered criterion, by rank and then by name.

    Raises
    ------
    DcsiteError
        If an entry point does not load, is no criterion, or takes a name twice.
    """
    found: dict[str, Criterion[Any]] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        wrong = partial(Problem, f"entry point {ENTRY_POINT_GROUP}", point.name)
        try:
            criterion = point.load()
        except (ImportError, AttributeError) as error:
            raise DcsiteError(wrong(f"cannot be loaded: {error}")) from error
        if not isinstance(criterion, Criterion) or criterion.name != point.name:
            message = f"{point.value} is not a criterion of that name; see dcsite.contract"
            raise DcsiteError(wrong(message))
        if found.setdefault(point.name, criterion) is not criterion:
            raise DcsiteError(wrong("is registered twice"))
    return tuple(sorted(found.values(), key=lambda own: (own.rank, own.name)))


def input_files(scenario: Scenario) -> tuple[Path, ...]:
    """Return the files of a user's own, beside tables and sites, that criteria measure by."""
    given = (path for criterion in criteria() for path in criterion.input_files(scenario))
    return tuple(file_and_layer(path)[0] for path in given)


def file_keys() -> tuple[str, ...]:
    """Return the scenario's keys that hold a user's file."""
    options = (option for criterion in criteria() for option in criterion.file_options)
    return ("places.sites_file", *map(file_option_key, options))


def link_kinds() -> Mapping[str, type[Link]]:
    """Return every kind of link, by its key, in the order of the criteria that find them."""
    return {kind.key: kind for criterion in criteria() for kind in criterion.links}


def disasters_at(sites: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> DisasterSet:
    """Return what takes hubs down together, at each of some sites.

    Raises
    ------
    LookupError
        If no criterion knows disasters.
    """
    for criterion in criteria():
        found = criterion.disasters(sites, atlas, scenario)
        if found is not None:
            return found
    raise LookupError("no criterion knows disasters")


def file_option_key(option: str) -> str:
    """Return the scenario's key that an option of the commands sets (`disasters`)."""
    for criterion in criteria():
        if option in criterion.file_options:
            return f"criteria.{criterion.name}.{criterion.file_options[option]}"
    raise KeyError(option)


def named_layer(file: str | Path, layer: str) -> str:
    """Return the value that names a layer (or sheet) of a file."""
    return f"{file}{_LAYER_MARK}{layer}"


def file_and_layer(given: str | Path) -> tuple[Path, str | None]:
    """Return a user's file, and the layer named behind it; None where none is.

    A file whose whole name is what is given is that file.
    """
    file, mark, layer = str(given).partition(_LAYER_MARK)
    if not mark or Path(given).exists():
        return Path(given), None
    return Path(file), layer
