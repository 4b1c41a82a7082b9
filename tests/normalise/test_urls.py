"""Addresses: cleaned for readers, folded for comparison, encoded for identifiers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.normalise.urls import clean_link, fold_link, to_uri


@pytest.mark.parametrize(
    ("given_url", "clean"),
    [
        ("https://example.org/a?id=1", "https://example.org/a?id=1"),
        ("  https://EXAMPLE.org:443/A ", "https://example.org/A"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("//example.org/a", "https://example.org/a"),
        ("https://example.org/路/文?q=字#节", "https://example.org/路/文?q=字#节"),
        ("https://example.org/a b\u00a0c", "https://example.org/a%20b%20c"),
        ("https://exam\nple.org/a\tb", "https://example.org/ab"),
        ("https://example.org/Trudeau-(virtually)-to-house", "https://example.org/Trudeau-(virtually)-to-house"),
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("https://example.org./a", "https://example.org/a"),
        ("https://example.org/[a]?b[]=1&c=100%#d[e]#f", "https://example.org/%5Ba%5D?b%5B%5D=1&c=100%25#d[e]#f"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("https://192.0.2.1/a", "https://192.0.2.1/a"),
        ("https://中文.example/a", "https://中文.example/a"),
        ("https://xn--fiq228c.example/a", "https://xn--fiq228c.example/a"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("https://example.org/a，", "https://example.org/a"),
        ("https://pay.example/1E2F182Paypal：https://paypal.example/x", "https://pay.example/1E2F182Paypal"),
        ("https://web.archive.example/2020/https://b.example/", "https://web.archive.example/2020/https://b.example/"),
    ],
)
def test_an_address_is_made_clean(given_url: str, clean: str) -> None:
    assert clean_link(given_url) == clean


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#part",
        "/a/1.html",
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "mailto:a@example.org",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "http://",
        "http:///a",
        "https:/example.org",
        "http://[::1",
        "http://[::zz]/",
        "http://example.org:99999/",
        "http://1.2.3.4.5/",
        "http://999.1.1.1/",
        "http://a b/",
        "http://文·字——“引”/",
        "http://xn--a-ecp.ru-\u3002/",
        "http://xn--\udc80/",
        "https://example.org/" + "a" * 5000,
    ],
)
def test_what_is_no_address_for_people_is_none(address: str) -> None:
    assert clean_link(address) is None


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://e.org/a?utm_source=x&id=1&amp;utm_medium=y&fbclid=z", "https://e.org/a?id=1"),
        ("https://e.org/a?&amp;amp;id=1&", "https://e.org/a?id=1"),
        ("https://www.theepochtimes.com/a.html?est=abc%3D", "https://www.theepochtimes.com/a.html"),
        ("https://e.org/a?est=kept", "https://e.org/a?est=kept"),
        ("https://m.youtube.com/watch?v=1&si=2", "https://m.youtube.com/watch?v=1"),
        ("https://e.org/a#xtor=RSS-1", "https://e.org/a"),
        ("https://e.org/a#part", "https://e.org/a#part"),
    ],
)
def test_trackers_are_removed(address: str, clean: str) -> None:
    assert clean_link(address) == clean


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://images.weserv.nl?url=img.example/a.jpg", "https://img.example/a.jpg"),
        ("https://images.weserv.nl/?url=img.example/a.jpg&w=900", "https://img.example/a.jpg"),
        ("https://images.weserv.nl/?w=900&url=ssl:img.example/a.jpg", "https://img.example/a.jpg"),
        ("https://images.weserv.nl/?url=http%3A%2F%2Fimg.example%2Fa.jpg", "http://img.example/a.jpg"),
        ("https://images.weserv.nl/?w=900", "https://images.weserv.nl/?w=900"),
        ("https://images.weserv.nl/?url=:::", "https://images.weserv.nl/?url=:::"),
        ("https://i0.wp.com/img.example/a.jpg?resize=300%2C200&amp;ssl=1", "https://img.example/a.jpg"),
        ("https://www.google.com/url?q=https://e.org/a&sa=D", "https://e.org/a"),
    ],
)
def test_proxies_are_removed(address: str, clean: str) -> None:
    assert clean_link(address) == clean


def test_a_relative_address_is_resolved_against_its_base() -> None:
    assert clean_link("../b.html", "https://example.org/a/c.html") == "https://example.org/b.html"


@pytest.mark.parametrize(
    "spelling",
    [
        "http://example.org/cn/亚洲/a",
        "https://www.example.org//cn/%E4%BA%9A%E6%B4%B2/a/",
        "https://example.org/cn/%e4%ba%9a%e6%b4%b2/a?utm_source=rss#top",
        "https://EXAMPLE.org:443/cn/亚洲/a",
    ],
)
def test_spellings_of_one_address_fold_to_one(spelling: str) -> None:
    assert fold_link(spelling) == "example.org/cn/%E4%BA%9A%E6%B4%B2/a"


def test_parts_that_select_another_page_are_not_folded_away() -> None:
    addresses = [
        "https://e.org/a",
        "https://e.org/b",
        "https://e.org/a?id=1",
        "https://e.org/a#!/1",
        "https://e.org/a#/1",
        "https://中文.example/a",
    ]
    assert len({fold_link(address) for address in addresses}) == len(addresses)


def test_text_that_is_no_address_folds_to_itself_encoded() -> None:
    assert fold_link(" 文 a ") == "%E6%96%87%20a"


@pytest.mark.parametrize(
    ("iri", "uri"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://中文.example/路?q=字#节", "https://xn--fiq228c.example/%E8%B7%AF?q=%E5%AD%97#%E8%8A%82"),
        ("tag:example.org,2020:文", "tag:example.org,2020:%E6%96%87"),
        ("https://example.org/%zz", "https://example.org/%25zz"),
        ("http://[::1/文", "http://[::1/%E6%96%87"),
        ("https://" + "长" * 80 + ".example/", "https://" + "%E9%95%BF" * 80 + ".example/"),
    ],
)
def test_an_identifier_is_ascii(iri: str, uri: str) -> None:
    assert to_uri(iri) == uri


_ANYTHING = st.one_of(
    st.text(),
    st.builds("https://{}/{}?{}#{}".format, st.text(max_size=8), st.text(), st.text(), st.text()),
    st.builds("https://example.org/{}?{}#{}".format, st.text(), st.text(), st.text()),
)


@given(_ANYTHING)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    clean = clean_link(text)
    if clean is not None:
        assert clean_link(clean) == clean
        assert re.match(r"https?://[^/\s]+", clean)


@given(_ANYTHING)
def test_folding_and_encoding_take_any_text_and_give_ascii(text: str) -> None:
    assert fold_link(text).isascii()
    assert to_uri(text).isascii()
    clean = clean_link(text)
    if clean is not None:
        assert fold_link(clean) == fold_link(text)
