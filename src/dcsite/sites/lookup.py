"""Which polygon a point lies in, or stands next to, with the distance in kilometres.

Simplified coasts leave some harbours and capes a little in the sea; there the nearest polygon
counts. Nearest is searched in the Mercator projection of the WGS 84 ellipsoid: it is conformal,
so within a few kilometres of a point it ranks polygons as true distances do, which degrees would
not. The distance that is returned is the geodesic one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from dcsite.atlas.geodesy import geodesic_km

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["MERCATOR", "PolygonLookup"]

#: World Mercator on the WGS 84 ellipsoid.
MERCATOR = "EPSG:3395"


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
        self._to_mercator = pyproj.Transformer.from_crs("EPSG:4326", MERCATOR, always_xy=True)

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
        lat = np.atleast_1d(np.asarray(lat_deg, dtype=float))
        lon = np.atleast_1d(np.asarray(lon_deg, dtype=float))
        position = np.full(lat.shape, len(self._polygons), dtype=np.int64)
        distance_km = np.zeros(lat.shape, dtype=float)
        if not lat.size:
            return position, distance_km
        points = shapely.points(*self._to_mercator.transform(lon, lat))
        # The query prepares its own side, so polygons ask for points: each coast is indexed once.
        polygon, point = shapely.STRtree(points).query(self._polygons, predicate="intersects")
        np.minimum.at(position, point, polygon)
        outside = np.flatnonzero(position == len(self._polygons))
        if outside.size:
            found = self._tree.query_nearest(points[outside], all_matches=False)[1]
            position[outside] = found
            edge = shapely.get_point(
                shapely.shortest_line(points[outside], self._polygons[found]), 1
            )
            edge_lon, edge_lat = self._to_mercator.transform(
                shapely.get_x(edge), shapely.get_y(edge), direction="INVERSE"
            )
            distance_km[outside] = geodesic_km(lat[outside], lon[outside], edge_lat, edge_lon)
        return position, distance_km
