"""Which connected body of land a point stands on, and which polygon it lies in or stands next to.

A site and a substation on two islands are not joined by an ordinary line, however near they look.
Land bodies come from the prefecture polygons, joined where they share a border. Pieces parted by
no more than `JOIN_GAP_KM` count as one: harbour canals, river arms and reclaimed land, and places
where the simplified coast leaves two pieces that meet in a point. The Kanmon strait (0.39 km
between the simplified coasts) and the straits round Shikoku and Hokkaido stay open.

Simplified coasts leave some harbours and capes a little in the sea; there the nearest polygon
counts. Nearest is searched in the Mercator projection of the WGS 84 ellipsoid: it is conformal,
so within a few kilometres of a point it ranks polygons as true distances do, which degrees would
not. The distance that is returned is the geodesic one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dcsite.geo.geodesy import geodesic_km

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    from dcsite.atlas import Atlas

#: What `landmass_of` returns for a point farther from all land than the tolerance.
NO_LANDMASS = -1
#: Widest channel that the simplified coasts cannot tell from none. Their vertices are rounded to
#: 0.001 degree and thinned: straits of 0.09 km (Ondo) read as 0.25 km.
JOIN_GAP_KM = 0.3
#: How far in the sea of the simplified coast a point may stand and still count as on land.
COAST_TOLERANCE_KM = 2.0
_EQUAL_AREA = "EPSG:6933"
#: World Mercator on the WGS 84 ellipsoid, and more than it stretches up to 46 degrees north.
MERCATOR = "EPSG:3395"
_MOST_STRETCH = 1.5


def landmasses(atlas: Atlas) -> gpd.GeoDataFrame:
    """Return Japan's connected land bodies, largest first.

    Parameters
    ----------
    atlas : Atlas
        Gives the prefecture polygons.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons and multipolygons in EPSG:4326 with `area_km2`, indexed `landmass_id`:
        0 Honshu, 1 Hokkaido, 2 Kyushu, 3 Shikoku, 4 Okinawa, and so on by descending area.
    """
    atlas.polygons("prefecture_polygons")  # asked for each time: what records reads must see it
    return _landmasses(atlas).copy()


@lru_cache(maxsize=2)
def _landmasses(atlas: Atlas) -> gpd.GeoDataFrame:
    """Work the land bodies out once for an atlas: the union takes longer than all lookups."""
    polygons = atlas.polygons("prefecture_polygons").to_crs("EPSG:4326")
    # Neighbours share their border's vertices exactly, so the union leaves no slits between them.
    parts = shapely.get_parts(shapely.union_all(polygons.geometry.array))
    body = _join_close_parts(parts)
    frame = gpd.GeoDataFrame({"body": body}, geometry=parts, crs="EPSG:4326")
    joined = frame.dissolve("body", method="unary")
    joined["area_km2"] = joined.geometry.to_crs(_EQUAL_AREA).area / 1e6
    joined = joined.sort_values("area_km2", ascending=False, kind="stable", ignore_index=True)
    return joined.rename_axis("landmass_id")[["area_km2", "geometry"]]


def landmass_of(
    lat_deg: ArrayLike, lon_deg: ArrayLike, landmasses: gpd.GeoDataFrame
) -> NDArray[np.int64]:
    """Return the land body each point stands on.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Points in EPSG:4326.
    landmasses : geopandas.GeoDataFrame
        Answer of :func:`landmasses`.

    Returns
    -------
    numpy.ndarray of int
        `landmass_id` per point; of the nearest body for points up to `COAST_TOLERANCE_KM` off
        the simplified coast, `NO_LANDMASS` beyond. Two points with `NO_LANDMASS` are not joined.
    """
    position, distance_km = PolygonLookup(landmasses).locate(lat_deg, lon_deg)
    ids = landmasses.index.to_numpy(dtype=np.int64)[position]
    return np.where(distance_km <= COAST_TOLERANCE_KM, ids, NO_LANDMASS).astype(np.int64)


def _join_close_parts(parts: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return a label per part, equal for parts joined over gaps of up to `JOIN_GAP_KM`."""
    one, other, _ = near_pairs(parts, JOIN_GAP_KM)
    edges = coo_array((np.ones(len(one)), (one, other)), shape=(len(parts), len(parts)))
    labels: NDArray[np.int64] = connected_components(edges, directed=False)[1].astype(np.int64)
    return labels


def near_pairs(
    shapes: NDArray[np.object_], most_km: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Find the pairs of shapes in degrees between which lie at most so many km.

    Returns
    -------
    one, other : numpy.ndarray of int
        Positions, `one` below `other`.
    gap_km : numpy.ndarray of float
        Geodesic distance of their nearest points.
    """
    flat = gpd.GeoSeries(shapes, crs="EPSG:4326").to_crs(MERCATOR).to_numpy()
    # Mercator stretches by 1 / cos(latitude): reach farther, then measure what was found.
    one, other = shapely.STRtree(flat).query(
        flat, predicate="dwithin", distance=most_km * 1e3 * _MOST_STRETCH
    )
    one, other = one[one < other], other[one < other]
    gap_km = _gap_km(flat[one], flat[other])
    near = gap_km <= most_km
    return one[near], other[near], gap_km[near]


def _gap_km(one: NDArray[np.object_], other: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the geodesic distances of the nearest points of shapes in `MERCATOR`, pair by pair."""
    lines = gpd.GeoSeries(shapely.shortest_line(one, other), crs=MERCATOR).to_crs("EPSG:4326")
    lon, lat, end_lon, end_lat = shapely.get_coordinates(lines).reshape(-1, 4).T
    return geodesic_km(lat, lon, end_lat, end_lon)


class PolygonLookup:
    """Find polygons by points.

    Parameters
    ----------
    polygons : geopandas.GeoDataFrame
        Polygons in any CRS; positions in the answers are positions in this frame.
    """

    def __init__(self, polygons: gpd.GeoDataFrame) -> None:
        self._polygons: NDArray[np.object_] = np.asarray(polygons.geometry.to_crs(MERCATOR).array)
        self._tree = shapely.STRtree(self._polygons)

    def locate(
        self, lat_deg: ArrayLike, lon_deg: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the polygon each point lies in, else the nearest, and how far it is.

        Parameters
        ----------
        lat_deg, lon_deg : array_like
            Points in EPSG:4326, latitudes between -85 and 85 degrees.

        Returns
        -------
        position : numpy.ndarray of int
            Position of the polygon; the first where several hold the point.
        distance_km : numpy.ndarray of float
            0 inside, else the geodesic distance to the polygon's edge.
        """
        degrees = gpd.points_from_xy(
            np.atleast_1d(lon_deg), np.atleast_1d(lat_deg), crs="EPSG:4326"
        )
        points = np.asarray(degrees.to_crs(MERCATOR))
        position = np.full(len(points), len(self._polygons), dtype=np.int64)
        distance_km = np.zeros(len(points))
        # The query prepares its own side, so polygons ask for points: each coast is indexed once.
        polygon, point = shapely.STRtree(points).query(self._polygons, predicate="intersects")
        np.minimum.at(position, point, polygon)
        outside = np.flatnonzero(position == len(self._polygons))
        if outside.size:
            found = self._tree.query_nearest(points[outside], all_matches=False)[1]
            position[outside] = found
            distance_km[outside] = _gap_km(points[outside], self._polygons[found])
        return position, distance_km
