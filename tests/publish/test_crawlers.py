import json

from lxml import etree

from feeder.config.settings import SiteConfig
from feeder.publish.crawlers import (
    MAX_ADDRESSES,
    render_manifest,
    render_robots,
    render_sitemap,
    render_sitemap_index,
    sitemap_paths,
)

SITE = SiteConfig(title="存文", url="https://e.org/a&b/")
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_robots_may_read_all_but_searches_and_find_the_sitemap() -> None:
    lines = render_robots(SITE).decode().splitlines()
    assert lines[1:3] == ["User-agent: *", "Disallow: /search"]
    assert lines[-1] == "Sitemap: https://e.org/a&b/sitemap.xml"


def test_a_sitemap_has_absolute_encoded_addresses() -> None:
    root = etree.fromstring(render_sitemap(SITE, ["", "feeds/雨.html"]))
    assert [loc.text for loc in root.iter(f"{NAMESPACE}loc")] == [
        "https://e.org/a&b/",
        "https://e.org/a&b/feeds/%E9%9B%A8.html",
    ]
    index = etree.fromstring(render_sitemap_index(SITE, ["sitemaps/pages.xml"]))
    assert index.tag == f"{NAMESPACE}sitemapindex"
    assert index.findtext(f"{NAMESPACE}sitemap/{NAMESPACE}loc") == "https://e.org/a&b/sitemaps/pages.xml"


def test_a_month_with_too_many_entries_has_several_sitemaps() -> None:
    assert sitemap_paths("2023-02", 0) == ["sitemaps/2023-02.xml"]
    assert sitemap_paths("2023-02", MAX_ADDRESSES) == ["sitemaps/2023-02.xml"]
    assert sitemap_paths("2023-02", MAX_ADDRESSES + 1) == ["sitemaps/2023-02.xml", "sitemaps/2023-02-2.xml"]


def test_the_manifest_names_site_and_icons() -> None:
    manifest = json.loads(render_manifest(SITE))
    assert (manifest["name"], manifest["lang"], len(manifest["icons"])) == ("存文", "zh-Hans", 2)
