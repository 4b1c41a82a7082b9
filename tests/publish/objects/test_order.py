import pytest

from feeder.publish.objects.order import rank_of

IN_ORDER = (
    ("style.0123456789abcdef.css", "pictures/0123456789abcdef0123456789abcdef.webp", "icon.svg", "CNAME"),
    ("entries/0123456789abcdef.html", "entries/0123456789abcdef.html.gz"),
    ("archive/2026-01.html", "sources/a.rss", "feeds/rain.json", "feeds.opml", "404.html", "sitemaps/2026-01.xml"),
    ("atom.xml", "feed.xml", "feed.json", "sitemap.xml", "pagefind/3/pagefind-entry.json"),
    ("index.html", "index.html.br"),
)


@pytest.mark.parametrize(("rank", "paths"), [*enumerate(IN_ORDER)])
def test_what_others_show_comes_before_what_names_it(rank: int, paths: tuple[str, ...]) -> None:
    assert {rank_of(path) for path in paths} == {rank}
