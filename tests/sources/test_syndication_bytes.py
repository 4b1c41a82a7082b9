"""What is done to a feed's bytes before anything is read: encodings, and documents made to do harm."""

import pytest

from feeder.errors import FeedError
from feeder.sources.feeds.parsing import ParsedFeed, parse_feed
from feeder.sources.feeds.parsing.document import read_xml
from feeder.sources.feeds.parsing.feed_dates import feed_date_to_iso

_FEED = "<?xml version='1.0'{declared}?><rss><channel><item><title>{title}</title></item></channel></rss>"


def parse(data: bytes, content_type: str | None = None) -> ParsedFeed:
    return parse_feed(data, url="https://h.example/rss", content_type=content_type)


def title(text: str, encoding: str, *, declared: str = "", content_type: str | None = None, mark: bytes = b"") -> str:
    declared = f" encoding='{declared}'" if declared else ""
    data = mark + _FEED.format(declared=declared, title=text).encode(encoding)
    return parse(data, content_type).drafts[0].title or ""


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("Ebbe — Flüsse", "utf-8", "utf-8"),
        ("Ebbe — Flüsse", "cp1252", "ISO-8859-1"),
        ("Ebbe — Flüsse", "cp1252", "windows-1252"),
        ("Žluťoučký", "iso8859-2", "iso-8859-2"),
        ("прилив", "koi8_r", "KOI8-R"),
        ("прилив", "cp1251", "windows-1251"),
        ("潮汐與海岸", "big5", "Big5"),
        ("潮汐与海岸", "gb18030", "gb2312"),
        ("潮の満ち引き", "cp932", "Shift_JIS"),
        ("潮の満ち引き", "euc_jp", "EUC-JP"),
        ("潮の満ち引き", "iso2022_jp", "ISO-2022-JP"),
        ("밀물과 썰물", "cp949", "euc-kr"),
        ("น้ำขึ้น", "cp874", "TIS-620"),
        ("הגאות", "cp1255", "windows-1255"),
    ],
)
def test_a_feed_is_read_as_its_declaration_or_its_header_says(text: str, encoding: str, declared: str) -> None:
    assert title(text, encoding, declared=declared) == text
    assert title(text, encoding, content_type=f'text/xml; charset="{declared}"') == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_are_seen_with_and_without_a_mark(encoding: str) -> None:
    assert title("潮", encoding, declared="utf-8") == "潮"
    assert title("潮", encoding, mark="\ufeff".encode(encoding)) == "潮"


def test_a_mark_of_utf_8_is_no_part_of_the_text() -> None:
    assert title("潮", "utf-8", mark=b"\xef\xbb\xbf") == "潮"


def test_what_is_utf_8_is_read_so_whatever_was_said() -> None:
    assert title("Flüsse", "utf-8", declared="utf-16", content_type="text/xml; charset=ISO-8859-1") == "Flüsse"


def test_the_header_comes_before_the_declaration() -> None:
    assert title("прилив", "cp1251", declared="koi8-r", content_type="text/xml; charset=windows-1251") == "прилив"


def test_a_declaration_helps_where_the_header_cannot_be_true() -> None:
    assert title("Flüße", "cp1252", declared="iso-8859-1", content_type="text/xml; charset=euc-jp") == "Flüße"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("今日は海がとてもきれいでした", "euc_jp"),
        ("今日は海がとてもきれいでした", "cp932"),
        ("오늘은 바다가 아주 맑았습니다", "cp949"),
        ("今天的海水很清，人们都在海边走来走去", "gb18030"),
        ("今天的海水很清，人們都在海邊走來走去", "big5"),
        ("Ein schöner Tag für Bärbel", "cp1252"),
    ],
)
def test_an_encoding_that_nobody_names_is_told_by_the_text(text: str, encoding: str) -> None:
    assert title(text, encoding) == text


def test_a_few_lost_bytes_do_not_make_it_another_encoding() -> None:
    data = _FEED.format(declared="", title="潮汐" * 40).encode().replace("汐".encode(), b"\xe6\xb1", 1)
    assert (parse(data).drafts[0].title or "").count("汐") == 39


def test_a_declared_encoding_that_fails_in_places_still_beats_a_guess() -> None:
    data = _FEED.format(declared=" encoding='koi8-r'", title="прилив").encode("koi8_r")
    assert parse(data).drafts[0].title == "прилив"
    broken = _FEED.format(declared=" encoding='euc-kr'", title="밀물과 썰물이 있는 곳").encode("cp949")
    assert "썰물" in (parse(broken.replace("곳".encode("cp949"), b"\xff")).drafts[0].title or "")


@pytest.mark.parametrize(
    "name",
    [
        "punycode",
        "idna",
        "utf-7",
        "hex",
        "rot13",
        "zlib",
        "bz2",
        "base64",
        "uu",
        "quopri",
        "undefined",
        "unicode_escape",
        "raw_unicode_escape",
        "mbcs",
        "palmos",
    ],
)
def test_a_codec_that_is_no_encoding_is_not_run(name: str) -> None:
    assert title("a +AGI- \\x41", "utf-8", declared=name, content_type=f"text/xml; charset={name}") == "a +AGI- \\x41"
    assert title("schön", "cp1252", declared=name, content_type=f"text/xml; charset={name}") == "schön"


@pytest.mark.parametrize("text", ["Été à Nîmes", "прилив и отлив", "潮汐與海岸的故事", "밀물과 썰물이 있는 곳"])
def test_damaged_utf_8_is_utf_8_where_it_is_declared_and_mostly_whole(text: str) -> None:
    data = _FEED.format(declared=" encoding='utf-8'", title=text).encode()
    cut = data.replace(text.encode(), text.encode() + "’".encode()[:2])
    assert parse(cut).drafts[0].title == f"{text}\ufffd"
    assert parse(data.replace(text.encode(), text.encode() + b"\xdf")).drafts[0].title == f"{text}\ufffd"
    by_header = data.replace(b" encoding='utf-8'", b"").replace(text.encode(), text.encode() + b"\xdf\xe4")
    assert (parse(by_header, "text/xml; charset=UTF-8").drafts[0].title or "").startswith(text)


@pytest.mark.parametrize("declared", ["ISO-8859-1", "windows-1251", "iso-8859-15"])
def test_damaged_utf_8_is_utf_8_though_single_bytes_are_declared(declared: str) -> None:
    text = "Été à Nîmes, прилив"
    data = _FEED.format(declared=f" encoding='{declared}'", title=text).encode()
    data = data.replace(b"</title>", b"\xe2\x80</title>")
    assert parse(data).drafts[0].title == f"{text}\ufffd"


def test_a_few_bytes_that_might_be_utf_8_are_what_is_declared() -> None:
    assert title("«Spaß» für Bärbel", "cp1252", declared="iso-8859-1") == "«Spaß» für Bärbel"
    assert title("ТАБЛИЦА ТИПОВ", "iso8859-5", declared="iso-8859-5") == "ТАБЛИЦА ТИПОВ"


def test_what_is_no_utf_8_at_all_is_not_read_so_though_it_is_declared() -> None:
    assert title("Ein schöner Tag für Bärbel", "cp1252", declared="utf-8") == "Ein schöner Tag für Bärbel"
    assert title("今天的海水很清，人们都在海边走来走去", "gb18030", declared="utf-8").startswith("今天的海水")


def test_json_is_utf_8() -> None:
    data = '{"items": [{"id": "1", "title": "Été à Nîmes"}]}'.encode().replace("î".encode(), "î".encode() + b"\xee")
    assert parse(data).drafts[0].title == "Été à Nî\ufffdmes"


# --- before and behind the document ----------------------------------------------------------------------------------

_WHOLE = (
    "<?xml version='1.0' encoding='{}'?><!DOCTYPE rss><rss><channel><item><title>Flüsse</title></item></channel></rss>"
)


@pytest.mark.parametrize(
    "junk",
    [
        "<br />\n<b>Warning</b>: Undefined index: x in /a/b.php on line <b>3</b><br />\n",
        "Notice: a < b in x.php\n",
        "<!-- a copy of <rss> -->\n\n",
        "<font size='1'><table class='xdebug-error'><tr><td>Notice</td></tr></table></font>",
        "<script>var feed = 1;</script>\ufeff",
        "\n \n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_what_precedes_a_feed_is_skipped(junk: str, encoding: str) -> None:
    data = junk.encode() + _WHOLE.format(encoding).encode(encoding)
    assert [draft.title for draft in parse(data).drafts] == ["Flüsse"]


def test_a_json_feed_may_follow_messages_too() -> None:
    feed = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "a"}]}'
    assert [draft.title for draft in parse(b"<br />\n<b>Notice</b>: x<br />\n" + feed + b"<!-- 3 s -->").drafts] == [
        "a"
    ]


@pytest.mark.parametrize(
    "page",
    ["<html><body>{}</body></html>", "<!DOCTYPE html>\n<html><head><title>x</title></head>{}</html>", "<body>\n{}"],
)
@pytest.mark.parametrize(
    "feed",
    [
        "<?xml version='1.0'?><rss version='2.0'><channel><item><title>Flüsse</title></item></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>Flüsse</title></entry></feed>",
        "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item><title>Flüsse</title></item></r:RDF>",
    ],
)
def test_a_feed_in_a_web_page_is_read(page: str, feed: str) -> None:
    assert [draft.title for draft in parse(page.format(feed).encode()).drafts] == ["Flüsse"]


def test_a_page_that_holds_rdf_is_no_feed() -> None:
    for page in (b"<html><body><rdf:RDF></rdf:RDF></body></html>", b"<p>x</p><!-- <rdf:RDF></rdf:RDF> -->"):
        with pytest.raises(FeedError, match="not a feed"):
            parse(page)


_ITEM = "<{0}><title>{1}</title><description><![CDATA[<p>{1} <item> {1}</p>]]></description></{0}>"


@pytest.mark.parametrize(
    ("start", "name", "end"),
    [
        ("<rss><channel><title>f</title>", "item", "</channel></rss>"),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>", "entry", "</feed>"),
        ("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>f</a:title>", "a:entry", "</a:feed>"),
        ("<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><channel/>", "item", "</r:RDF>"),
    ],
)
def test_of_a_document_that_breaks_off_only_whole_entries_are_read(start: str, name: str, end: str) -> None:
    one, two = _ITEM.format(name, "one"), _ITEM.format(name, "two")
    whole = f"{start}{one}{two}{end}"
    before, after = len(f"{start}{one}"), len(f"{start}{one}{two}")
    for cut in range(before + len(name) + 1, after):
        feed = parse(whole[:cut].encode())
        assert (len(feed.drafts), feed.broken_off) == (1, cut > before + len(name) + 1), whole[:cut]
        feed = parse(f"{whole[:cut]}<br />\n<b>Fatal error</b>: out of time".encode())
        assert len(feed.drafts) == 1, whole[:cut]
    for cut in range(after, len(whole) + 1):
        feed = parse(whole[:cut].encode())
        assert (len(feed.drafts), feed.broken_off) == (2, False)


def test_an_entry_that_is_never_closed_is_read_where_the_feed_is() -> None:
    feed = parse(b"<rss><channel><item><title>a</title></channel></rss>")
    assert ([draft.title for draft in feed.drafts], feed.broken_off) == (["a"], False)


def test_json_that_breaks_off_gives_its_whole_items() -> None:
    whole = '{"version": "x", "title": "f", "items": [{"id": "1", "title": "a"}, {"id": "2", "title": "b ]}"}]}'
    start, end = whole.index("[") + 1, whole.rindex("]") - 1
    for cut in range(start, len(whole)):
        feed = parse(whole[:cut].encode())
        assert feed.broken_off
        assert [draft.title for draft in feed.drafts] == ["a", "b ]}"][: 2 if cut > end else cut > whole.index("}")]
    with pytest.raises(FeedError, match="invalid JSON"):
        parse(whole[: start - 1].encode())


# --- hostile ---------------------------------------------------------------------------------------------------------

_LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_BODY = "<rss><channel><item><title>{}</title><link a='{}'>https://h.example/1</link></item></channel></rss>"


@pytest.mark.parametrize(
    ("subset", "entity"),
    [
        (f'<!ENTITY l0 "lol">{_LOL}', "&l9;"),
        (f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 5000),
        ('<!ENTITY x SYSTEM "file:///etc/hostname">', "&x;"),
        ('<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;', "&x;"),
    ],
)
def test_entities_of_a_documents_own_stay_what_they_are_called(subset: str, entity: str) -> None:
    data = f"<!DOCTYPE rss [{subset}]>" + _BODY.format(entity, entity)
    (only,) = parse(data.encode()).drafts
    assert only.title == entity
    assert only.link == "https://h.example/1"


def test_no_document_type_reaches_the_parser() -> None:
    root = read_xml(b"<!-- a --><!DOCTYPE rss [<!ENTITY a ']>'><!ATTLIST b c CDATA 'd'>]><rss><b>&a;</b></rss>")
    assert root is not None
    assert root.getroottree().docinfo.internalDTD is None
    assert [(element.tag, dict(element.attrib), element.text) for element in root] == [("b", {}, "&a;")]


@pytest.mark.parametrize(
    "inside",
    [
        "<a>" * 50_000,
        "<a>" * 50_000 + "</a>" * 50_000,
        "<title>" * 50_000,
        "&" * 200_000,
        "<![CDATA[" * 20_000,
        "<!--" * 20_000,
        "<a b=1 c>" * 20_000,
        "<description>" + "&lt;script " * 20_000,
    ],
)
def test_a_document_made_to_cost_much_is_read_or_refused(inside: str) -> None:
    feed = parse(f"<rss><channel><title>x</title><item><title>y</title>{inside}</item></channel></rss>".encode())
    assert len(feed.drafts) <= 1


def test_no_more_entries_are_read_than_a_feed_can_have() -> None:
    items = "".join(f"<item><title>{n}</title></item>" for n in range(5010))
    assert len(parse(f"<rss><channel>{items}</channel></rss>".encode()).drafts) == 5000


def test_html_text_that_does_not_nest_does_not_swallow_what_follows() -> None:
    data = (
        "<rss><channel><item><description>a<p>b</description><title>one</title></item><item>"
        "<description/><description><![CDATA[c<p>]]></description><title>two</title></item></channel></rss>"
    )
    assert [draft.title for draft in parse(data.encode()).drafts] == ["one", "two"]


def test_nothing_but_a_mark_is_an_empty_document() -> None:
    with pytest.raises(FeedError, match="empty"):
        parse(b"\xef\xbb\xbf")


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("2003-12-31T10:14:55Z", "2003-12-31T10:14:55Z"),
        ("2003-12-31T10:14:55.123+02:00", "2003-12-31T10:14:55.123+02:00"),
        ("2003-12", "2003-12-01"),
        ("2003", "2003-01-01"),
        ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21+00:00"),
        ("Thu, 1 January 04 19:48 +0200", "2004-01-01T19:48:00+02:00"),
        ("01 Jan 99", "1999-01-01"),
        ("Thursday, 01-Jan-2004 19:48:21 PDT", "2004-01-01T19:48:21-07:00"),
        ("Thu, 01 Jan 2004 19:48:21 GMT+2", "2004-01-01T19:48:21+02:00"),
        ("Thu, 01 Jan 2004 19:48:21 Etc/GMT", "2004-01-01T19:48:21+00:00"),
        ("Thu, 01 Jan 2004 19:48:21 XYZ", "2004-01-01T19:48:21"),
        ("Thu, 01 Jan 2004 19:48:21 +0100 (CET)", "2004-01-01T19:48:21+01:00"),
        ("Jan 1, 2004 7:48 PM EST", "2004-01-01T19:48:00-05:00"),
        ("January 1 2004", "2004-01-01"),
        ("Sun Jan  4 16:29:06 2004", "2004-01-04T16:29:06"),
        ("Sun Jan 4 16:29:06 PST 2004", "2004-01-04T16:29:06-08:00"),
        ("Fri, 2006/09/15 08:19:53 EDT", "2006-09-15T08:19:53-04:00"),
        ("2004-07-08 23:56:58 CET", "2004-07-08T23:56:58+01:00"),
        ("2003-012-31T10:14:55+00:00", "2003-12-31T10:14:55+00:00"),
        ("26 January 2004 16:31 ET", "2004-01-26T16:31:00-05:00"),
        ("2004-július-13T9:15-05:00", "2004-07-13T09:15:00-05:00"),
        ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T12:00:00-05:00"),
        ("2004년 05월 28일  01:31:15", "2004-05-28T01:31:15+09:00"),
        ("2004-05-28 오후 11:23:17", "2004-05-28T23:23:17+09:00"),
        ("2004-05-28 오전 12:23", "2004-05-28T00:23:00+09:00"),
        ("2004年5月28日 01:31", "2004-05-28T01:31:00"),
        ("1 Foo 2004", "1 Foo 2004"),
        ("soon", "soon"),
    ],
)
def test_a_date_is_written_so_that_it_can_be_read_in_one_way(text: str, known: str) -> None:
    assert feed_date_to_iso(text) == known
