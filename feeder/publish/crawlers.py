"""What search engines and phones are told of the site: robots.txt, sitemaps, the manifest of icons. Pure.

The sitemap of each month is a file of its own (https://www.sitemaps.org/protocol.html): a new entry touches one. A
month of more than 50,000 entries, the limit of a sitemap, has several.
"""

import json
from collections.abc import Iterable, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape

from feeder.config.settings import SiteConfig

SITEMAP_PATH, ROBOTS_PATH, MANIFEST_PATH = "sitemap.xml", "robots.txt", "manifest.webmanifest"
SITEMAPS_FOLDER = "sitemaps"
MAX_ADDRESSES = 50_000  # of a sitemap

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- feeder -->\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ROBOTS_MARK = "# Written by feeder. Remove this line to keep your own."
_GENERATOR = "feeder"
# In the heads of these files: they tell ours from others.
MARKS = (b"<!-- feeder -->", _ROBOTS_MARK.encode(), f'"generator": "{_GENERATOR}"'.encode())


def render_robots(site: SiteConfig) -> bytes:
    """Return robots.txt: everything may be read, but searches have no end."""
    lines = (_ROBOTS_MARK, "User-agent: *", "Disallow: /search", "Disallow: /related", "Disallow: /suggest", "")
    return "\n".join((*lines, f"Sitemap: {site.url}{SITEMAP_PATH}", "")).encode()


def render_manifest(site: SiteConfig) -> bytes:
    """Return the web app manifest: name, colours and icons for a phone's home screen."""
    values = {
        "generator": _GENERATOR,
        "name": site.title,
        "lang": site.language,
        "start_url": "index.html",
        "display": "browser",
        "background_color": "#fbf9f4",
        "theme_color": "#9c3324",
        "icons": [
            {"src": "icon.svg", "type": "image/svg+xml", "sizes": "any"},
            {"src": "icon-512.png", "type": "image/png", "sizes": "512x512"},
        ],
    }
    return json.dumps(values, ensure_ascii=False, indent=1).encode()


def sitemap_paths(month: str, total: int) -> list[str]:
    """Return the paths of the sitemaps of a month such as "2023-02" with so many entries."""
    parts = max(1, -(-total // MAX_ADDRESSES))
    names = [month, *(f"{month}-{part}" for part in range(2, parts + 1))]
    return [f"{SITEMAPS_FOLDER}/{name}.xml" for name in names]


def render_sitemap(site: SiteConfig, paths: Iterable[str]) -> bytes:
    """Return a sitemap of pages."""
    return _render("urlset", "url", site, paths)


def render_sitemap_index(site: SiteConfig, paths: Sequence[str]) -> bytes:
    """Return the list of all sitemaps."""
    return _render("sitemapindex", "sitemap", site, paths)


def _render(root: str, item: str, site: SiteConfig, paths: Iterable[str]) -> bytes:
    lines = (f"<{item}><loc>{escape(site.url + quote(path))}</loc></{item}>\n" for path in paths)
    return f'{_DECLARATION}<{root} xmlns="{_NAMESPACE}">\n{"".join(lines)}</{root}>\n'.encode()
