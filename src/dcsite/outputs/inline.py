"""Templates, scripts and styles of pages that are one file each and ask for nothing."""

from __future__ import annotations

import base64
import re
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

#: All templates: every value is escaped, and one that is missing is an error.
TEMPLATES = Environment(
    loader=PackageLoader("dcsite.outputs", "assets"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def asset(name: str) -> bytes:
    """Return one of our own files."""
    return files("dcsite.outputs").joinpath("assets", name).read_bytes()


def xstatic(package: str, name: str) -> bytes:
    """Return a file of a packaged library, such as ``leaflet``."""
    return files(f"xstatic.pkg.{package}").joinpath("data", *name.split("/")).read_bytes()


def data_uri(kind: str, content: bytes) -> str:
    """Return content as a data URI."""
    return f"data:{kind};charset=utf-8;base64,{base64.b64encode(content).decode('ascii')}"


def script(content: bytes) -> str:
    """Return a script as a data URI, without the hint to a source map that would be fetched."""
    return data_uri("text/javascript", re.sub(rb"\n?//# sourceMappingURL=\S*", b"", content))


def leaflet_css() -> str:
    """Return Leaflet's style as a data URI, with its few images inside."""

    def inline(match: re.Match[str]) -> str:
        return f"url({data_uri('image/png', xstatic('leaflet', match[1]))})"

    style = xstatic("leaflet", "leaflet.css").decode("utf-8")
    return data_uri("text/css", re.sub(r"url\((images/[\w.-]+\.png)\)", inline, style).encode())
