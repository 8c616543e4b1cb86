"""What could strike: earthquakes, water, slopes, volcanoes, blackouts, and what did strike."""

from __future__ import annotations

import pandas as pd

from dcsite.atlas.store import TableStore

__all__ = ["Hazards"]


class Hazards:
    """Tables of the theme ``hazards``; every call returns a frame of its own."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def scenario_earthquakes(self) -> pd.DataFrame:
        """Return the 448 rupture cases of the hazard maps of 2017 by `scenario_code`.

        Returns
        -------
        pandas.DataFrame
            `name_en`, `category`, `moment_magnitude`; `probability_30y` (0..1, from
            `probability_date`), NaN for patterns of an `exclusive_group` and for five faults
            without any; `group_probability_30y` (0..1) repeated on each row of a group;
            `mean_recurrence_years`; `municipalities_ge_5upper` and `municipalities_ge_6lower`,
            counts of medians of 5.0 and 5.5 or more.

        Notes
        -----
        Probabilities of rows are never added within one `fault_zone_code` (segments and their
        combinations stand side by side), nor within one `exclusive_group` (one pattern at a time,
        no split published), nor over ``ATKCH``, ``ANMRO`` and ``ATNI1`` (off Tokachi, off Nemuro,
        both). 0 means close to nothing. There is no geometry: its provider does not allow it to be
        passed on. Source: HERP, J-SHIS / NIED.
        """
        return self._store.frame("scenario_earthquakes").set_index("scenario_code")

    def scenario_intensity(self) -> pd.DataFrame:
        """Return computed JMA intensity by `scenario_code` and `municipality_code`.

        Returns
        -------
        pandas.DataFrame
            `intensity_office` (instrumental JMA intensity at the municipal office: the one for a
            hub), `intensity_median`, `intensity_p10`, `intensity_p90` (over the meshes of the
            municipality, mountains included), `share_area_ge_6lower` (0..1),
            `rupture_distance_min_km`.

        Notes
        -----
        432 of the 448 cases; a missing pair means that neither median nor office reaches 5.0.
        The percentiles are spread over the ground; the formula's own scatter of 0.35 to 0.40 comes
        on top, in part common to all places in one event. Source: computed by this project after
        Si and Midorikawa (1999), on J-SHIS / NIED inputs; not official.
        """
        frame = self._store.frame("scenario_intensity_by_municipality")
        return frame.set_index(["scenario_code", "municipality_code"])

    def published_probabilities(self) -> pd.DataFrame:
        """Return newer 30-year probabilities of source regions by `evaluation_id`.

        Returns
        -------
        pandas.DataFrame
            `p30_low_pct`, `p30_high_pct` (percent; ``p30_high_is_open`` 1 means "or more"),
            `computed_low_pct`, `computed_high_pct` (unrounded, where known), `magnitude_min`,
            `magnitude_max`, `as_of`, `in_force`, `model`, names in English and Japanese.

        Notes
        -----
        The two calculations for the Nankai Trough (`model`) are alternatives; the row with
        ``in_force`` 0 is what they replaced. Source: HERP and the Tokyo Metropolitan Government,
        read in the press.
        """
        return self._store.frame("herp_probabilities").set_index("evaluation_id")

    def seismic_hazard(self) -> pd.DataFrame:
        """Return probability of strong shaking and soil by `municipality_code`.

        Returns
        -------
        pandas.DataFrame
            `p30_i6lower_pct` (percent in 30 years from 2024-01-01, of 6-lower or more, at the
            population-weighted centre; NaN for Futaba) with `_min` and `_max` over wards;
            `avs30_*_m_s` (m/s), `arv_*` (amplification from Vs 400 m/s, 1), shares (0..1).

        Notes
        -----
        Soil statistics run over all of the municipality, mountains included. Source: J-SHIS / NIED.
        """
        return self._store.frame("seismic_hazard_by_municipality").set_index("municipality_code")

    def seismic_hazard_of_wards(self) -> pd.DataFrame:
        """Return the same for the 171 wards of the designated cities by `ward_code`.

        Three wards of Hamamatsu, younger than the boundaries, have no soil figures (NaN).
        """
        return self._store.frame("seismic_hazard_by_ward").set_index("ward_code")

    def hazard_zones(self) -> pd.DataFrame:
        """Return shares of the population in hazard zones (percent) by `municipality_code`.

        Flood of 0.5 m and 3 m, storm surge of 0.5 m, tsunami of any depth, landslide warning.
        0 can also mean that no map is published, above all for storm surge; single values of surge
        and tsunami are not sure. Shares are of people, not of land. Source: Hazard Map Portal.
        """
        frame = self._store.frame("flood_tsunami_landslide_by_municipality")
        return frame.set_index("municipality_code")

    def volcanoes(self) -> pd.DataFrame:
        """Return 107 Holocene volcanoes by `volcano_id`: `lat_deg`, `lon_deg`, `elevation_m`.

        `jma_watched` marks the 50 under constant watch, the only ones with a Japanese name. Where
        a caldera stands for a volcano the position is off by up to 15 km. Source: USGS, JMA.
        """
        return self._store.frame("volcanoes").set_index("volcano_id")

    def historical_earthquakes(self) -> pd.DataFrame:
        """Return 110 damaging earthquakes of 1900 to 2025 by `event_id` (YYYYMMDDhhmm, JST).

        A missing value was not in the sources read and is never zero. Not complete by magnitude.
        `deaths` of 2011 leave the missing out. Source: Utsu catalogue, NOAA, JMA, USGS.
        """
        return self._store.frame("historical_earthquakes").set_index("event_id")

    def historical_shaking(self) -> pd.DataFrame:
        """Return shaking in 16 earthquakes by `event_id` and `municipality_code`.

        Returns
        -------
        pandas.DataFrame
            `kind` says which columns are filled: ``shakemap_stations`` (`pga_g`, `pgv_cm_s` and
            `intensity_from_pgv_max` of the largest station, `intensity_estimated_office`,
            `rupture_distance_office_km`), ``jma_stations`` (`jma_intensity_class_max`, a class
            such as ``5-lower``), ``shakemap_grid`` (`pga_g` of a modelled field).

        Notes
        -----
        Kinds are not comparable; a missing pair means below the threshold of its kind, or no
        figure. Source: USGS ShakeMap, NIED K-NET and KiK-net, JMA.
        """
        frame = self._store.frame("historical_shaking_by_municipality")
        return frame.set_index(["event_id", "municipality_code"])

    def power_outages(self) -> pd.DataFrame:
        """Return eleven large power cuts by `outage_id`.

        `electricity_areas` joins ids by ``;`` (one, but for Hagibis). `customers_out` is a peak or
        a cumulative number, see `customers_out_basis`. Source per row.
        """
        return self._store.frame("wide_area_power_outages").set_index("outage_id")

    def power_outage_restoration(self) -> pd.DataFrame:
        """Return points of restoration curves: `hours_after` (h) with share or number of customers.

        Either `restored_pct` (percent of those cut) or `customers_still_out` is given; Hagibis has
        a time of the clock instead of hours. Three outages have no point.
        """
        return self._store.frame("power_outage_restoration")

    def designated_municipalities(self) -> pd.DataFrame:
        """Return designations under three laws by `municipality_code`: yes, no or unknown.

        ``unknown`` is not ``no``: the prefecture is designated in part and its list could not be
        had. Of the 347 unknown for the Nankai Trough 208 must be designated. `*_basis` says what
        an answer rests on. Source: Cabinet Office notices, through prefectures and the press.
        """
        frame = self._store.frame("disaster_designated_municipalities")
        return frame.set_index("municipality_code")
