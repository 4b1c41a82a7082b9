"""Large exports are read as streams, with the same drafts as small ones."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeder.errors import ArticleError
from feeder.model import Draft, entry_to_dict
from feeder.sources.data import Data, LargeFile
from feeder.sources.feeds.parsing.xml import MAX_ENTRIES
from feeder.sources.files import folder as folder_module
from feeder.sources.files.collection import iter_document, read_document
from feeder.sources.files.encoding import open_text
from feeder.sources.files.folder import FolderFile, read_file
from feeder.sources.files.formats import pieces, xml_stream
from tests.entries import make_entry
from tests.sources.test_collection import post, wordpress

_TEXT = "The harbour was closed for two days. Boats waited outside until the storm had passed. " * 5
_RSS = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour</title><link>https://h.example/</link>{}'
    "</channel></rss>"
)
_ITEM = "<item><title>T{0}</title><link>https://h.example/{0}</link><description>Wet {0}</description></item>"
_BLOGGER = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:blogger.com,1999:blog-1.archive</id>{}</feed>'
_BLOGGER_POST = (
    "<entry><id>tag:blogger.com,1999:blog-1.post-{0}</id><title>T{0}</title>"
    '<category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#{1}"/>'
    '<content type="html">Wet {0}</content></entry>'
)
_NOTE = "<note><title>T{0}</title><content><![CDATA[<en-note>Wet {0}</en-note>]]></content></note>"
_MAIL = (
    "From a@h.example Fri Jan  5 10:00:00 2024\nFrom: a@h.example\nSubject: T{0}\nMessage-ID: <{0}@h>\n"
    "Date: Fri, 05 Jan 2024 10:00:00 +0000\nMIME-Version: 1.0\n\nWet {0}\n\n"
)
_MESSAGE = '<div class="message default clearfix"><div class="body"><div class="text">Wet {0}</div></div></div>\n'
_PAGE = '<title>Exported Data</title><div class="page_header"><div class="text bold">Harbour</div></div>'
_GHOST = {"db": [{"meta": {"version": "5"}, "data": {"posts": [
    {"id": "1", "title": "T1", "slug": "t1", "status": "published", "html": "<p>Wet</p>"},
    {"id": "2", "title": "T2", "slug": "t2", "status": "draft", "html": "<p>Wet</p>"},
    {"id": "3", "title": "T3", "slug": "t3", "status": "published", "html": "<p>Wet</p>"}]}}]}  # fmt: skip
_CHANNEL = {"name": "x", "type": "public_channel", "messages": [
    {"id": n, "type": "message", "date": "2024-01-01T00:00:00", "text": f"Wet {n}"} for n in range(3)]}  # fmt: skip
_FEED = {"version": "https://jsonfeed.org/version/1.1", "title": "x",
         "items": [{"id": str(n), "title": f"T{n}", "content_text": "Wet"} for n in range(3)]}  # fmt: skip


def _repeat(pattern: str, *more: str) -> str:
    return "".join(pattern.format(number, *more) for number in range(3))


def _epub() -> bytes:
    chapter = f"<html><body><h1>One</h1><p>{_TEXT}</p></body></html>"
    with zipfile.ZipFile(file := io.BytesIO(), "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="a.opf"/></rootfiles></container>',
        )
        items = '<item id="i" href="a.xhtml" media-type="application/xhtml+xml"/>'
        book.writestr(
            "a.opf",
            f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest>'
            '<spine><itemref idref="i"/></spine></package>',
        )
        book.writestr("a.xhtml", chapter)
    return file.getvalue()


_EXPORTS: dict[str, bytes] = {
    "wordpress.xml": wordpress(post("one"), post("held", status="draft"), post("two", kind="page")),
    "feed.xml": _RSS.format(_repeat(_ITEM)).encode(),
    "blogger.xml": _BLOGGER.format(_repeat(_BLOGGER_POST, "post") + _BLOGGER_POST.format(9, "comment")).encode(),
    "notes.enex": f'<!DOCTYPE en-export SYSTEM "x.dtd"><en-export>{_repeat(_NOTE)}</en-export>'.encode(),
    "mail.mbox": _repeat(_MAIL).encode(),
    "messages.html": (_PAGE + _repeat(_MESSAGE)).encode(),
    "bookmarks.html": b"<!DOCTYPE NETSCAPE-Bookmark-file-1><DL>"
    + _repeat('<DT><A HREF="https://h.example/{0}" ADD_DATE="1704067200">T{0}</A>').encode(),
    "links.csv": ("title,url,time_added\r\n" + _repeat('"T,{0}",https://h.example/{0},1704067200\r\n')).encode(),
    "ghost.json": json.dumps(_GHOST).encode(),
    "result.json": json.dumps(_CHANNEL).encode(),
    "feed.json": json.dumps(_FEED).encode(),
    "entries.jsonl": b"\n".join(json.dumps(entry_to_dict(make_entry(n))).encode() for n in range(3)),
    "mark.json": b"\xef\xbb\xbf" + json.dumps(_FEED).encode(),
    "book.epub": _epub(),
}


def stream(folder: Path, name: str, data: bytes) -> Iterator[Draft | None]:
    path = folder / name
    path.write_bytes(data)
    return iter_document(LargeFile(str(path), len(data)), name)


def drafts_of(folder: Path, name: str, data: bytes) -> tuple[Draft, ...]:
    return tuple(filter(None, stream(folder, name, data)))


@pytest.mark.parametrize("name", _EXPORTS)
def test_a_large_export_has_the_drafts_of_a_small_one(name: str, tmp_path: Path) -> None:
    found = drafts_of(tmp_path, name, _EXPORTS[name])
    assert found == read_document(_EXPORTS[name], name)
    assert [draft.origin for draft in found] == [f"{name}#{number}" for number in range(1, len(found) + 1)]


_REFERENCES = (
    "<item><title>T&eacute; &amp; &#233; A&T {0}</title>"
    "<description><![CDATA[<p>a &nbsp; ]] b</p>]]></description></item>"
)


@pytest.mark.parametrize("part", [1, 2, 5, 33, 1000])
def test_references_in_a_large_export_are_read_as_in_a_small_one(
    part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _RSS.format("<!-- &nbsp; -->" + _repeat(_REFERENCES)).encode()
    monkeypatch.setattr(xml_stream, "_PART", part)
    found = drafts_of(tmp_path, "feed.xml", data)
    assert found == read_document(data, "feed.xml")
    assert [draft.title for draft in found] == [f"T\u00e9 & \u00e9 A&T {number}" for number in range(3)]
    assert "a &nbsp; ]] b" in found[0].content


@pytest.mark.parametrize("part", [1, 7, 1000])
def test_a_mistake_in_one_entry_of_a_large_feed_costs_no_other(
    part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_stream, "_PART", part)
    broken = (
        "<item><title>A</title><description><p>one<br>two <b>three</p></description></item>",
        "<item><title>A</title><other><p>a<div>b</p></other></item>",
        "<item><title>A</title>",
        "<item><title>A</title><description><![CDATA[</item><item>]]></description></item>",
        "<item><title>A</title><!-- <item> --><description>x</description></item >",
    )
    for one in broken:
        data = _RSS.format(f"{_ITEM.format(1)}{one}{_ITEM.format(2)}").encode()
        assert [draft.title for draft in drafts_of(tmp_path, "feed.xml", data)] == ["T1", "A", "T2"], one
    [_, described, _] = drafts_of(
        tmp_path, "feed.xml", _RSS.format(_ITEM.format(1) + broken[0] + _ITEM.format(2)).encode()
    )
    assert described.content == "<p>one<br>two <b>three</p>"


@pytest.mark.parametrize(
    ("name", "end"),
    [("feed.xml", "</item>"), ("blogger.xml", "</entry>"), ("notes.enex", "</note>"), ("wordpress.xml", "</item>")],
)
def test_the_last_entry_of_a_file_that_breaks_off_is_left_out_and_told(name: str, end: str, tmp_path: Path) -> None:
    data = _EXPORTS[name]
    starts = [start.start() for start in re.finditer(rb"<(?:item|note|entry)>", data)]
    whole = drafts_of(tmp_path, name, data[: starts[1]])
    assert not any(draft.lost for draft in whole)
    for cut in (starts[1] + 7, starts[1] + 30, data.index(end.encode(), starts[1]) + len(end) - 1):
        small, large = read_document(data[:cut], name), drafts_of(tmp_path, name, data[:cut])
        assert small == large == whole, cut
        assert [draft.lost for draft in (small[-1], large[-1])] == [
            ("the file breaks off: its last entry is left out",)
        ] * 2  # fmt: skip


def test_an_entry_that_does_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "_PART", 10)
    monkeypatch.setattr(xml_stream, "_MAX_ELEMENT", 300)
    data = _RSS.format(f"<item><title>{'a' * 700}</title></item>").encode()
    with pytest.raises(ArticleError, match=r"^feed\.xml: an entry of more than 300 characters$"):
        drafts_of(tmp_path, "feed.xml", data)


def test_a_large_file_without_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match=r"^a\.enex: there is no XML in it$"):
        drafts_of(tmp_path, "a.enex", b"nothing here")


def test_a_saved_feed_may_have_more_entries_than_are_polled() -> None:
    items = "".join(_ITEM.format(number) for number in range(MAX_ENTRIES + 1))
    assert len(read_document(_RSS.format(items).encode(), "feed.xml")) == MAX_ENTRIES + 1


def test_a_damaged_chapter_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(_EXPORTS["book.epub"])) as book:
        parts = {part: book.read(part) for part in book.namelist()}
    with zipfile.ZipFile(tmp_path / "a.epub", "w", zipfile.ZIP_DEFLATED) as book:
        for part, content in parts.items():
            book.writestr(part, content)
    data = bytearray((tmp_path / "a.epub").read_bytes())
    start = data.find(b"a.xhtml") + len("a.xhtml")
    data[start : start + 12] = b"\xff" * 12
    with pytest.raises(ArticleError, match=r"^a\.epub: not a readable EPUB"):
        read_document(bytes(data), "a.epub")


_BOOKMARKS = (
    "<!DOCTYPE NETSCAPE-Bookmark-file-1><meta charset=gbk>"
    '<A HREF="https://h.example/1">大雨下了一整天</A><a href="ftp://h.example/">x</a>'
)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("feed.xml", "<?xml version='1.0' encoding='gb2312'?>" + _RSS.format(_ITEM.format("大雨"))[21:]),
        ("wordpress.xml", wordpress(post("大雨")).decode().replace("UTF-8", "GBK")),
        ("bookmarks.html", _BOOKMARKS),
    ],
    ids=["feed", "wordpress", "bookmarks"],
)  # fmt: skip
def test_the_declared_encoding_of_a_large_export_counts(name: str, data: str, tmp_path: Path) -> None:
    [draft] = drafts_of(tmp_path, name, data.encode("gbk"))
    assert draft.title in {"T大雨", "大雨", "大雨下了一整天"}


_CHINESE, _KOREAN = "<p>昨天上午下了一場大雨的時候</p>\n", "<p>서울에 비가 내렸다</p>\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "big5", "cp949"])
def test_a_large_text_is_decoded_by_its_first_bytes(codec: str, tmp_path: Path) -> None:
    text = _KOREAN if codec == "cp949" else _CHINESE
    data = text.replace("\n", "\r\n").encode(codec)
    (tmp_path / "a.html").write_bytes(data)
    with open_text(LargeFile(str(tmp_path / "a.html"), len(data)), "a.html") as large:
        assert large.read() == text
    with open_text(Data(data), "a.html") as small:
        assert small.read() == text


def test_a_large_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\x89PNG" + bytes(100))
    with pytest.raises(ArticleError, match=r"^a\.csv: binary file, not text$"):
        open_text(LargeFile(str(tmp_path / "a.csv"), 104), "a.csv")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("result.json", json.dumps(_CHANNEL).encode()[:-20]),
        ("entries.jsonl", _EXPORTS["entries.jsonl"][:-20]),
        ("book.epub", _EXPORTS["book.epub"][:-100]),
    ],
)
def test_nothing_is_taken_of_a_damaged_export(name: str, data: bytes, tmp_path: Path) -> None:
    taken: list[Draft | None] = []
    with pytest.raises(ArticleError):
        taken.extend(stream(tmp_path, name, data))
    assert not any(taken)


def test_a_file_that_is_large_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mbox").write_bytes(b"0123456789")
    found = FolderFile("a.mbox", "unread", 10, 1, real=str(tmp_path / "a.mbox"))
    small = read_file(found, max_bytes=100)
    monkeypatch.setattr(folder_module, "LARGE", 4)
    large, limited = read_file(found, max_bytes=100), read_file(found, max_bytes=8)
    assert (small.digest, small.state) == (large.digest, large.state)
    assert small.data is not None
    assert large.data is not None
    assert limited.data is not None
    assert (small.data.is_large, large.data.is_large) == (False, True)
    assert [one.read() for one in (small.data, large.data, limited.data)] == [b"0123456789"] * 2 + [b"01234567"]


@pytest.mark.parametrize("part", [1, 2, 3, 7, 100])
def test_a_text_is_split_before_each_match(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_PART", part)

    def split(text: str) -> list[str]:
        return list(pieces.split_before(io.StringIO(text), re.compile("<a>")))

    assert split("x<a>1<a>22<a>") == ["x", "<a>1", "<a>22", "<a>"]
    assert split("<a>1") == ["", "<a>1"]
    assert split("no match in here") == ["no match in here"]
    assert split("") == [""]


@pytest.mark.parametrize("part", [1, 50, 1000])
def test_a_comment_that_never_ends_costs_no_entry(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "_PART", part)
    data = _RSS.format(f"{_ITEM.format(1)}<!-- a -->{_ITEM.format(2)}<!-- b {_ITEM.format(3)}").encode()
    assert [draft.title for draft in drafts_of(tmp_path, "feed.xml", data)] == ["T1", "T2", "T3"]
