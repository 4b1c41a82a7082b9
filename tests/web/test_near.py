import pytest

from feeder.web.near import find_near

FILES = {
    "index.html",
    "atom.xml",
    "archive/index.html",
    "archive/2024-01.html",
    "entries/0123456789abcdef.html",
    "feeds/rain.xml",
    "feeds/rain.html",
    "search",
    "search.xml",
}


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("atom.xml/", "atom.xml"),
        ("atom.xml//", "atom.xml"),
        ("/atom.xml", "atom.xml"),
        ("Atom.XML", "atom.xml"),
        ("atom", "atom.xml"),
        ("feed", "atom.xml"),
        ("feed/", "atom.xml"),
        ("Feed", "atom.xml"),
        ("feed/atom/", "atom.xml"),
        ("rss", "atom.xml"),
        ("rss.xml", "atom.xml"),
        ("index.xml", "atom.xml"),
        ("feed.xml", "atom.xml"),
        ("index.rdf", "atom.xml"),
        ("feeds/", "index.html"),
        ("feeds", "index.html"),
        ("entries/", "archive/"),
        ("index", "index.html"),
        ("index.html/", "index.html"),
        ("feeds/rain", "feeds/rain.html"),
        ("feeds/rain/", "feeds/rain.html"),
        ("feeds/rain.rss", "feeds/rain.xml"),
        ("feeds/rain.atom", "feeds/rain.xml"),
        ("feeds/Rain.xml", "feeds/rain.xml"),
        ("archive/2024-01", "archive/2024-01.html"),
        ("archive/2024-01/", "archive/2024-01.html"),
        ("entries/0123456789abcdef", "entries/0123456789abcdef.html"),
        ("search/", "search"),
        ("search.rss", "search.xml"),
        ("search.xml/", "search.xml"),
    ],
)
def test_what_nearly_is_an_address_leads_to_it(path: str, near: str) -> None:
    assert find_near(path, FILES.__contains__) == ("" if near == "index.html" else near)


@pytest.mark.parametrize("path", ["x", "feeds/snow", "feed.json", "rss/x", "entries/../atom.xml", "a" * 300, "/", ""])
def test_what_is_no_near_miss_leads_nowhere(path: str) -> None:
    assert find_near(path, (FILES - {"index.html"}).__contains__) is None


def test_the_best_of_several_feeds_is_meant() -> None:
    files = FILES | {"feed.xml", "feed.json", "subscribe.html"}
    wanted = {"rss": "feed.xml", "feed.json/": "feed.json", "json": "feed.json", "atom": "atom.xml"}
    wanted |= {"feeds/": "subscribe.html"}
    assert {path: find_near(path, files.__contains__) for path in wanted} == wanted
