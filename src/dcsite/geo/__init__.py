"""What holds on any earth: distances and polygons; knows no word of dcsite."""
