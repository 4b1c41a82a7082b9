"""Pictures beside articles: a pass finds them and keeps them, or says which are lost."""

import json
import os
import re
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import md5
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from feeder.config.load import Config
from feeder.config.settings import FolderSource, SiteConfig, StoreConfig
from feeder.ingest import IngestReport, ingest, preview
from feeder.model import Draft, Entry
from feeder.pictures.references import picture_media, picture_name
from feeder.reading import pictures as module
from feeder.store import Store
from tests.picture_data import JPEG, png

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TEXT = "The harbour was closed for two days. Boats waited outside until the storm had passed."


class Notes:
    """A folder source with its store."""

    def __init__(self, place: Path, store: Store) -> None:
        self.folder, self.store, self.place = place / "notes", store, place
        self.folder.mkdir()
        self.settings: dict[str, Any] = {}

    @property
    def config(self) -> Config:
        source = FolderSource(name="notes", folder=self.folder, **self.settings)
        return Config(
            sources=(source,),
            site=SiteConfig(output=self.folder / "site"),
            store=StoreConfig(url=f"sqlite:///{self.place}/data/feeder.db"),
        )

    @property
    def kept(self) -> set[str]:
        folder = self.config.store.pictures
        return {file.name for file in folder.iterdir()} if folder.exists() else set()

    def write(self, path: str, content: bytes | str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def article(self, pictures: str, path: str = "post.md", head: str = "") -> None:
        self.write(path, f"---\ntitle: Harbour {path}\ndate: 2024-05-06\n{head}---\n\n{TEXT}\n\n{pictures}\n")

    def read(self, *, again: bool = False) -> IngestReport:
        [report] = ingest(self.config, self.store, now=NOW, again=again)
        return report

    def entry(self) -> Entry:
        [entry] = self.store.entries.latest(10)
        return entry


@pytest.fixture
def notes(tmp_path: Path, sqlite_store: Store) -> Notes:
    return Notes(tmp_path, sqlite_store)


def name(data: bytes) -> str:
    media = picture_media(data)
    assert media is not None
    return picture_name(media) or ""


def shown(entry: Entry) -> list[str]:
    return re.findall(r'<img src="feeder-picture:([^"]+)"', entry.content)


@pytest.mark.parametrize(
    ("markup", "path"),
    [
        ("![a](img/a.png)", "img/a.png"),
        ("![a][1]\n\n[1]: <img/a b.png>", "img/a b.png"),
        ('<img src="../assets/x.jpg">', "assets/x.jpg"),
        ('<img src="a.png" srcset="a-small.png 320w, a-large.png 1280w">', "posts/a-large.png"),
        ('<img src="a.png" srcset="missing.png 1280w">', "posts/a.png"),
        ('<img data-src="a.png" src="missing.png">', "posts/a.png"),
        ("![图](%E5%9B%BE%E7%89%87/%E4%B8%80.png?w=1#x)", "posts/图片/一.png"),
        ("![图](图片/一.png)", "posts/图片/一.png"),
        ("![a](/images/a.png)", "static/images/a.png"),
        ("![a](a.png)", "posts/post/a.png"),
        ("![[Pasted image 2024.png|300]]", "attachments/Pasted image 2024.png"),
        ("![a](IMG/A.PNG)", "posts/Img/a.png"),
        ("![é](caf\u00e9.png)", "posts/cafe\u0301.png"),
        ('{{< figure src="a.png" alt="a" >}}', "posts/a.png"),
        ('<video poster="a.png" src="https://h.example/v.mp4"></video>', "posts/a.png"),
    ],
)
def test_a_picture_beside_the_article_is_kept_and_shown(notes: Notes, markup: str, path: str) -> None:
    data = png(path)
    notes.write(path if path.startswith(("posts", "static", "assets", "attachments")) else f"posts/{path}", data)
    notes.article(markup, "posts/post.md")
    report = notes.read()
    entry = notes.entry()
    assert (shown(entry), report.lost_pictures) == ([name(data)], 0)
    assert [(media.type, media.length) for media in entry.media if media.kind == "image"] == [("image/png", len(data))]
    assert notes.kept == {name(data)} == notes.store.entries.pictures()
    assert (notes.config.store.pictures / name(data)).read_bytes() == data


def test_a_picture_of_front_matter_is_found_too(notes: Notes) -> None:
    notes.write("cover.jpg", JPEG)
    notes.article("", head="image: cover.jpg\n")
    assert notes.read().lost_pictures == 0
    assert [media.type for media in notes.entry().media] == ["image/jpeg"]


def test_two_articles_share_a_picture(notes: Notes) -> None:
    notes.write("a.png", png("a"))
    notes.write("b/copy.png", png("a"))
    notes.article("![a](a.png)", "one.md")
    notes.article("![a](b/copy.png)", "two.md")
    notes.read()
    assert notes.kept == {name(png("a"))}
    assert [shown(entry) for entry in notes.store.entries.latest(10)] == [[name(png("a"))]] * 2


def test_reading_again_changes_nothing(notes: Notes) -> None:
    notes.write("a.png", png("a"))
    notes.article("![a](a.png)")
    notes.read()
    before = notes.store.entries.last_change()
    assert notes.read().unchanged == 1
    assert notes.read(again=True).same == 1
    assert notes.store.entries.last_change() == before


def test_another_picture_is_taken_when_its_article_is_read_again(notes: Notes) -> None:
    picture = notes.write("a.png", png("a"))
    notes.article("![a](a.png)")
    notes.read()
    picture.write_bytes(png("b"))
    assert notes.read().unchanged == 1
    assert shown(notes.entry()) == [name(png("a"))]
    updated = notes.entry().updated
    assert notes.read(again=True).changed == 1
    assert (shown(notes.entry()), notes.entry().updated) == ([name(png("b"))], updated)
    assert notes.store.entries.pictures() == {name(png("b"))}


def test_a_kept_picture_outlives_its_file(notes: Notes) -> None:
    picture = notes.write("a.png", png("a"))
    notes.article("![a](a.png)")
    notes.read()
    picture.unlink()
    assert notes.read().unchanged == 1
    assert notes.kept == {name(png("a"))}


def test_a_picture_that_is_missing_in_the_store_is_kept_again(notes: Notes) -> None:
    notes.write("a.png", png("a"))
    notes.article("![a](a.png)")
    notes.read()
    (notes.config.store.pictures / name(png("a"))).unlink()
    notes.read(again=True)
    assert notes.kept == {name(png("a"))}


def test_what_is_lost_is_told_by_file_and_its_words_stay(notes: Notes) -> None:
    notes.article("![a boat](img/no.png) ![](img/nor-this.png)\n\n![web](https://h.example/a.png)")
    report = notes.read()
    assert (report.lost_pictures, shown(notes.entry())) == (2, [])
    assert report.without_pictures == (
        ("post.md", "2 pictures lost: img/no.png (not found), img/nor-this.png (not found)"),
    )
    assert "<p>a boat</p>" in notes.entry().content
    assert "1 new, 2 pictures lost" in str(report)
    [told] = report.as_dict()["without_pictures"]
    assert told["path"] == "post.md"


def test_of_many_lost_pictures_the_first_are_named(notes: Notes) -> None:
    notes.article(" ".join(f"![x](gone{number}.png)" for number in range(7)))
    [(_, reason)] = notes.read().without_pictures
    assert reason.startswith("7 pictures lost: gone0.png (not found), ")
    assert reason.endswith("gone4.png (not found) and 2 more")


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "SVG can contain scripts"),
        ("a.svg", b"<?xml version='1.0'?><!-- x --><svg/>", "SVG can contain scripts"),
        ("a.png", b"<html><script>alert(1)</script>", "not a picture of a known type"),
        ("a.png", b"", "empty"),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "browsers do not show HEIC"),
        ("a.png", png("x" * 2000), "too large: 2,008 bytes (max_bytes = 2,000)"),
        (".hidden/a.png", png("a"), "hidden"),
        ("site/a.png", png("a"), "in a folder that feeder writes"),
        ("private/a.png", png("a"), "excluded"),
    ],
)
def test_what_may_not_be_published_is_lost(notes: Notes, path: str, data: bytes, reason: str) -> None:
    notes.settings = {"max_bytes": 2000, "exclude": ("private",)}
    notes.write(path, data)
    notes.article(f"![a boat]({path})")
    assert notes.read().without_pictures == (("post.md", f"1 picture lost: {path} ({reason})"),)
    assert notes.kept == set()


def test_a_folder_is_no_picture(notes: Notes) -> None:
    (notes.folder / "a.png").mkdir()
    notes.article("![a boat](a.png)")
    assert notes.read().without_pictures == (("post.md", "1 picture lost: a.png (not a file)"),)


def test_a_pipe_is_not_waited_for(notes: Notes) -> None:
    os.mkfifo(notes.folder / "a.png")
    notes.article("![a boat](a.png)")
    assert notes.read().lost_pictures == 1


def test_the_ending_says_nothing_of_the_type(notes: Notes) -> None:
    notes.write("a.html", JPEG + b"<script>alert(1)</script>")
    notes.article("![a](a.html)")
    notes.read()
    [kept] = notes.kept
    assert kept.endswith(".jpg")


@pytest.mark.parametrize("address", ["../secret.png", "../../secret.png", "/../secret.png", "%2e%2e/secret.png"])
def test_nothing_above_the_folder_is_read(notes: Notes, address: str) -> None:
    (notes.place / "secret.png").write_bytes(png("secret"))
    notes.article(f"![a]({address})")
    assert notes.read().lost_pictures == 1
    assert notes.kept == set()


def test_a_file_elsewhere_on_the_disk_is_not_read(notes: Notes) -> None:
    (notes.place / "secret.png").write_bytes(png("secret"))
    notes.article(f"![a](file://{notes.place}/secret.png) ![b](<{notes.place}/secret.png>)")
    assert notes.read().lost_pictures == 2


@pytest.mark.parametrize("linked", ["folder", "file"])
def test_a_link_out_of_the_folder_is_not_followed(notes: Notes, linked: str) -> None:
    (notes.place / "outside").mkdir()
    (notes.place / "outside/a.png").write_bytes(png("secret"))
    if linked == "folder":
        (notes.folder / "img").symlink_to(notes.place / "outside")
    else:
        (notes.folder / "img").mkdir()
        (notes.folder / "img/a.png").symlink_to(notes.place / "outside/a.png")
    notes.article("![a](img/a.png)")
    [(_, reason)] = notes.read().without_pictures
    assert reason == "1 picture lost: img/a.png (symbolic link leads out of the folder)"
    assert notes.kept == set()


def test_a_link_within_the_folder_is_followed_but_not_to_what_is_hidden(notes: Notes) -> None:
    notes.write("all/a.png", png("a"))
    notes.write(".git/b.png", png("b"))
    (notes.folder / "a.png").symlink_to("all/a.png")
    (notes.folder / "b.png").symlink_to(".git/b.png")
    notes.article("![a](a.png) ![b](b.png)")
    report = notes.read()
    assert report.without_pictures == (("post.md", "1 picture lost: b.png (hidden)"),)
    assert shown(notes.entry()) == [name(png("a"))]


def test_a_link_that_replaces_a_file_after_it_was_checked_is_not_followed(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes.place / "secret.png").write_bytes(png("secret"))
    picture = notes.write("img/a.png", png("a"))
    check = module.ArticlePictures._check

    def check_and_swap(pictures: module.ArticlePictures, path: str, real: str) -> None:
        check(pictures, path, real)
        picture.unlink()
        picture.symlink_to(notes.place / "secret.png")

    monkeypatch.setattr(module.ArticlePictures, "_check", check_and_swap)
    place = module.PicturePlace(folder=notes.folder, max_bytes=1000)
    found = place.beside(str(notes.folder / "post.md"), Draft(origin="post.md", content="", content_type="markdown"))
    assert found.find("img/a.png") is None
    found.lose("img/a.png")
    assert found.lost_lines() == ("img/a.png (cannot be read: Too many levels of symbolic links)",)


def test_names_that_differ_only_in_case_are_told_apart(notes: Notes) -> None:
    notes.write("A.png", png("upper"))
    notes.write("a.png", png("lower"))
    if len(list(notes.folder.iterdir())) == 1:
        pytest.skip("this file system ignores case")
    notes.article("![a](A.png) ![b](a.png) ![c](a.PNG)")
    assert notes.read().without_pictures == (("post.md", "1 picture lost: a.PNG (not found)"),)
    assert shown(notes.entry()) == [name(png("upper")), name(png("lower"))]


def test_control_characters_of_an_address_are_not_told(notes: Notes) -> None:
    notes.write("post.html", f"<title>A day</title><p>2024-05-06 {TEXT}</p><img alt=a src='a\x1b[31m.png'>")
    [(_, reason)] = notes.read().without_pictures
    assert "\x1b" not in reason


def test_a_configured_base_is_preferred_to_files(notes: Notes) -> None:
    notes.settings = {"base": "https://h.example/blog/"}
    notes.write("posts/a.png", png("a"))
    notes.article("![a](a.png)", "posts/post.md")
    report = notes.read()
    assert (report.lost_pictures, report.web_pictures, notes.kept) == (0, 0, set())
    assert 'src="https://h.example/blog/posts/a.png"' in notes.entry().content


def test_without_a_file_a_picture_counts_from_the_articles_own_link(notes: Notes) -> None:
    notes.write("here.png", png("here"))
    head = "link: https://h.example/2024/post\n"
    notes.article("![a](here.png) ![b](there.png) ![c](//c.example/c.png) ![d](cid:part1@mail)", head=head)
    report = notes.read()
    content = notes.entry().content
    assert shown(notes.entry()) == [name(png("here"))]
    assert 'src="https://h.example/2024/there.png"' in content
    assert 'src="https://c.example/c.png"' in content
    assert report.without_pictures == (("post.md", "1 picture lost: cid:part1@mail (not found)"),)
    assert report.web_pictures == 1
    assert report.pictures_elsewhere == "1 picture is not in the folder, but shown from the articles' own sites"


def test_a_picture_of_front_matter_that_is_shown_from_the_web_is_counted(notes: Notes) -> None:
    notes.article("![b](b.png)", head="link: https://h.example/post\nimage: /cover.jpg\n")
    report = notes.read()
    assert (report.web_pictures, report.lost_pictures) == (2, 0)
    assert report.pictures_elsewhere == "2 pictures are not in the folder, but shown from the articles' own sites"
    assert notes.read().pictures_elsewhere == ""


def test_placeholders_icons_and_code_are_no_lost_pictures(notes: Notes) -> None:
    notes.article(
        '<img src="img/blank.gif"> <img src="smile.png" class="emoji" alt=":)"> <img src="t.gif" width="1" height="1">'
        "\n\n```\n![no](picture.png)\n```\n\n<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"
    )
    assert notes.read().lost_pictures == 0


def test_the_path_of_a_picture_may_date_its_article(notes: Notes) -> None:
    notes.write("uploads/2019/03/a.png", png("a"))
    notes.write("post.md", f"# Harbour\n\n{TEXT}\n\n![a](uploads/2019/03/a.png)\n")
    notes.read()
    assert (notes.entry().published.year, notes.entry().published_from) == (2019, "image path")


def test_a_summary_has_no_lost_pictures(notes: Notes) -> None:
    notes.settings = {"content": "summary"}
    notes.article("![a](no.png)")
    assert notes.read().lost_pictures == 0


def test_a_preview_tells_what_is_lost_and_what_is_no_article_and_keeps_nothing(notes: Notes) -> None:
    notes.write("a.png", png("a"))
    notes.article("![a](a.png) ![b](b.png)")
    notes.write("LICENSE", f"MIT License\n\n{TEXT}")
    [found] = preview(notes.config, notes.store, now=NOW)
    assert found.paths["with lost pictures"] == ("post.md: 1 picture lost: b.png (not found)",)
    assert found.paths["not articles"] == ("LICENSE (not an article: licence)",)
    assert (found.counts["with lost pictures"], found.counts["not articles"]) == (1, 1)
    assert notes.kept == set()
    assert notes.read().lost_pictures == 1


def test_a_full_disk_fails_the_file_which_is_read_again_later(notes: Notes) -> None:
    notes.write("a.png", png("a"))
    notes.article("![a](a.png)")
    blocked = notes.config.store.pictures
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_bytes(b"")
    [(path, reason)] = notes.read().failed
    assert (path, reason) == ("post.md", f"{blocked}: cannot be written: File exists")
    blocked.unlink()
    assert notes.read().new == 1
    assert shown(notes.entry()) == [name(png("a"))]


# --- pictures in the article's own file ------------------------------------------------------------------------------


def book(files: Mapping[str, bytes], chapter: str) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("mimetype", "application/epub+zip")
        made.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>',
        )
        made.writestr(
            "OEBPS/content.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>Boats</dc:title><dc:date>2024-05-06</dc:date></metadata><manifest>"
            '<item id="c1" href="text/c1.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="c1"/></spine></package>',
        )
        made.writestr("OEBPS/text/c1.xhtml", f"<html><head><title>One</title></head><body>{chapter}</body></html>")
        for path, data in files.items():
            made.writestr(path, data)
    return stream.getvalue()


def test_the_pictures_of_a_book_are_in_the_book(notes: Notes) -> None:
    notes.write("images/b.png", png("beside the book"))
    chapter = f"<h1>One</h1><p>{TEXT * 4}</p><p><img src='../images/a.png'/></p><p>{TEXT}</p>"
    chapter += f"<p><img alt='b' src='../images/b.png'/></p><p>{TEXT}</p>"
    notes.write("boats.epub", book({"OEBPS/images/a.png": png("in the book")}, chapter))
    assert notes.read().without_pictures == (("boats.epub", "1 picture lost: ../images/b.png (not found)"),)
    assert shown(notes.entry()) == [name(png("in the book"))]


def test_a_picture_of_a_book_that_is_too_large_is_told(notes: Notes) -> None:
    notes.settings = {"max_bytes": 50_000_000}
    chapter = f"<h1>One</h1><p>{TEXT * 4}</p><p><img alt='a' src='../a.png'/></p><p>{TEXT}</p>"
    notes.write("boats.epub", book({"OEBPS/a.png": png("x" * 20_000_000)}, chapter))
    [(path, reason)] = notes.read().without_pictures
    assert (path, reason) == (
        "boats.epub",
        "1 picture lost: ../a.png (too large: 20,000,008 bytes (limit in a book: 20,000,000))",
    )


def test_the_pictures_of_a_book_are_published_though_a_base_is_set(notes: Notes) -> None:
    notes.settings = {"base": "https://h.example/"}
    chapter = f"<h1>One</h1><p>{TEXT * 4}</p><p><img src='../images/a.png'/></p><p>{TEXT}</p>"
    notes.write("boats.epub", book({"OEBPS/images/a.png": png("a")}, chapter))
    notes.read()
    assert shown(notes.entry()) == [name(png("a"))]


def embedded(data: bytes) -> str:
    return f"data:image/png;base64,{b64encode(data).decode()}"


def test_pictures_written_into_a_page_are_published(notes: Notes) -> None:
    boat, icon = png("a boat" * 1000), png("icon")
    page = (
        f"<html><head><title>Boats</title></head><body><nav><a href='/'>Home</a></nav><article><p>{TEXT * 3}</p>"
        f"<img src='{embedded(boat)}'><p>{TEXT * 3}</p><figure><img src=\"{embedded(boat[::-1])}\"></figure>"
        f"<img src='{embedded(icon)}'><p>{TEXT * 3}</p><p><img src='a.png'></p><p>{TEXT}</p></article></body></html>"
    )
    notes.write("a.png", png("beside"))
    notes.write("page.html", page)
    assert [reason for _, reason in notes.read().without_pictures] == [
        "1 picture lost: embedded:1.png (not a picture of a known type)"
    ]
    assert shown(notes.entry()) == [name(boat), name(png("beside"))]


def test_a_picture_written_into_markdown_is_published_and_one_cut_off_is_told(notes: Notes) -> None:
    notes.settings = {"base": "https://h.example/"}
    boat = png("a boat" * 1000)
    notes.article(f"![a]({embedded(boat)})\n\n![b]({embedded(boat)[:-3]})")
    assert [reason for _, reason in notes.read().without_pictures] == ["1 picture lost: embedded:1.png (empty)"]
    assert shown(notes.entry()) == [name(boat)]


def test_the_plots_of_a_notebook_are_published(notes: Notes) -> None:
    plot, attached = png("a plot" * 1000), png("attached" * 1000)
    code = {"cell_type": "code", "source": "plot()", "outputs": [
        {"data": {"image/png": b64encode(plot).decode() + "\n", "text/plain": "<Figure size 640x480>"}}]}  # fmt: skip
    words = {"cell_type": "markdown", "source": f"# Boats\n\n{TEXT}\n\n![a](attachment:a.png)",
             "attachments": {"a.png": {"image/png": b64encode(attached).decode()}}}  # fmt: skip
    notes.write("boats.ipynb", json.dumps({"cells": [words, code], "metadata": {}}))
    assert notes.read().lost_pictures == 0
    assert shown(notes.entry()) == [name(attached), name(plot)]
    assert "Figure size" not in notes.entry().content


def message(head: str, *parts: tuple[str, bytes]) -> bytes:
    lines = ["MIME-Version: 1.0", "Subject: Boats", "Date: Mon, 6 May 2024 08:00:00 +0000", head]
    lines += ['Content-Type: multipart/related; boundary="b"', ""]
    for headers, data in parts:
        lines += ["--b", headers, "Content-Transfer-Encoding: base64", "", b64encode(data).decode()]
    return "\r\n".join([*lines, "--b--", ""]).encode()


def test_the_pictures_of_a_saved_page_are_those_saved_with_it(notes: Notes) -> None:
    page = (
        f"<html><body><h1>Boats</h1><p>{TEXT * 3}</p><p><img src='img/a.png'></p><p>{TEXT}</p>"
        f"<p><img src='https://cdn.example/b.jpg'></p><p>{TEXT}</p><p><img src='img/c.png'></p><p>{TEXT}</p></html>"
    )
    data = message(
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://h.example/post",
        ("Content-Type: text/html; charset=utf-8\r\nContent-Location: https://h.example/post", page.encode()),
        ("Content-Type: image/png\r\nContent-Location: https://h.example/img/a.png", png("a")),
        ("Content-Type: image/jpeg\r\nContent-Location: https://cdn.example/b.jpg", JPEG),
    )
    notes.write("post.mhtml", data)
    assert notes.read().lost_pictures == 0
    assert shown(notes.entry()) == [name(png("a")), name(JPEG)]
    assert 'src="https://h.example/img/c.png"' in notes.entry().content


def test_the_pictures_of_a_letter_are_those_attached_to_it(notes: Notes) -> None:
    notes.write("a.png", png("beside it"))
    html = f"<p>{TEXT}</p><p><img src='cid:a@x'></p><p>{TEXT}</p><p><img src='cid:b@x'> <img src='http://[/'></p>"
    parts = (
        ("Content-Type: text/html; charset=utf-8", html.encode()),
        ("Content-Type: image/png\r\nContent-ID: <a@x>", png("a")),
        ("Content-Type: text/plain\r\nContent-ID: <b@x>", png("b")),
    )
    notes.write("letter.eml", message("From: Ada <ada@h.example>\r\nMessage-ID: <1@h.example>", *parts))
    assert notes.read().without_pictures == (("letter.eml", "1 picture lost: cid:b@x (not found)"),)
    assert shown(notes.entry()) == [name(png("a"))]


def test_the_pictures_of_a_note_are_its_attachments(notes: Notes) -> None:
    digest = md5(png("a"), usedforsecurity=False).hexdigest()
    note = (
        "<?xml version='1.0'?><en-export><note><title>Boats</title><created>20240506T080000Z</created><content>"
        f"<![CDATA[<en-note><div>{TEXT}</div><en-media type='image/png' hash='{digest}'/>"
        f"<en-media type='image/png' hash='{'0' * 32}'/><en-media type='audio/mp3' hash='{digest}'/></en-note>]]>"
        f"</content><resource><data encoding='base64'>\n!</data></resource><resource><data encoding='base64'>"
        f"{b64encode(png('a')).decode()}</data><mime>image/png</mime></resource></note></en-export>"
    )
    notes.write("boats.enex", note)
    report = notes.read()
    assert shown(notes.entry()) == [name(png("a"))]
    assert report.without_pictures == (("boats.enex", f"1 picture lost: en-media:{'0' * 32} (not found)"),)


def test_a_file_name_that_is_no_utf_8_does_no_harm(notes: Notes) -> None:
    (notes.folder / os.fsdecode(b"\xff.png")).write_bytes(png("a"))
    notes.article("![a boat](%FF.png)")
    notes.read()
    assert shown(notes.entry()) == [name(png("a"))]
