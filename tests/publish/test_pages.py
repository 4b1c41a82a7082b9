import json
import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup, Tag

from feeder.config import SiteConfig
from feeder.model import Link, Media, Source
from feeder.publish import pages
from feeder.publish.pages import Listed, Month, Neighbour
from feeder.publish.words import words_for
from feeder.store import Fragment, Hit, Results
from tests.entries import make_entry

SITE = SiteConfig(title="存文", subtitle="旧文章", url="https://feeds.example.org/r/")
KEY = make_entry().key


def read(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "lxml")


def hrefs(soup: BeautifulSoup | Tag, selector: str = "a") -> list[str]:
    return [str(link["href"]) for link in soup.select(selector)]


def text_of(soup: BeautifulSoup, selector: str) -> str:
    return " ".join(soup.select_one(selector).get_text(" ", strip=True).split())  # type: ignore[union-attr]  # a test that finds nothing fails


def every_page() -> dict[str, str]:
    hit = Hit(make_entry(), (Fragment("春天", match=True), Fragment("的", match=False)), (Fragment("雨", match=True),))
    listed = [Listed(KEY, make_entry().published, "题")]
    return {
        "index": pages.render_index(SITE, [make_entry()], total=1),
        "empty index": pages.render_index(SITE, [], total=0),
        "article": pages.render_article(
            SITE, make_entry(), newer=Neighbour("a" * 16, "新"), older=Neighbour("b" * 16, "旧")
        ),
        "month": pages.render_month(SITE, "2023-02", listed, newer="2023-03", older="2022-12"),
        "archive": pages.render_archive(SITE, [Month("2023-02", 1)]),
        "search": pages.render_search(SITE, "春天", Results((hit,), 41, more=True), page=2),
        "not found": pages.render_error(SITE, 404, root="../"),
    }


@pytest.mark.parametrize("page", every_page().values(), ids=every_page().keys())
def test_every_page_can_be_walked_without_seeing_it(page: str) -> None:
    soup = read(page)
    assert soup.html is not None
    assert soup.html["lang"] == "zh-Hans"
    assert len(soup.select("main#main")) == len(soup.select("h1")) == len(soup.select("header.top")) == 1
    assert hrefs(soup)[0] == "#main"
    assert all(nav.get("aria-label") for nav in soup.select("nav"))
    assert all(image.has_attr("alt") for image in soup.select("img"))
    assert all(soup.select(f"label[for={field['id']}]") for field in soup.select("input"))
    levels = [int(heading.name[1]) for heading in soup.select("h1, h2, h3, h4")]
    assert all(below - above <= 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("page", every_page().values(), ids=every_page().keys())
def test_no_page_runs_scripts_or_asks_another_host_for_anything_but_pictures(page: str) -> None:
    soup = read(page)
    assert all(script["type"] == "application/ld+json" for script in soup.select("script"))
    assert not soup.select("style, iframe, object, embed, base")
    assert not re.search(r"\son\w+=|\sstyle=", page)
    fetched = [str(link["href"]) for link in soup.select("link[rel=stylesheet], link[rel=icon]")]
    assert not [address for address in fetched if "//" in address]
    policy = str(soup.select('meta[http-equiv="Content-Security-Policy"]')[0]["content"])
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy
    assert all(image["referrerpolicy"] == "no-referrer" and image["loading"] == "lazy" for image in soup.select("img"))


@pytest.mark.parametrize(("name", "root"), [("index", ""), ("article", "../"), ("month", "../"), ("not found", "../")])
def test_every_address_within_the_site_is_relative(name: str, root: str) -> None:
    soup = read(every_page()[name])
    within = hrefs(soup, "header.top a, main a:not([rel~=noopener]), footer.bottom a")
    assert within
    assert not [href for href in within if href.startswith(("/", "http"))]
    assert hrefs(soup, 'link[rel="alternate"]') == [f"{root}atom.xml"]
    assert hrefs(soup, "link[rel=stylesheet]") == [f"{root}style.css"]


def test_the_index_shows_date_source_title_lead_and_picture_of_each_entry() -> None:
    soup = read(pages.render_index(SITE, [make_entry(authors=())], total=1234))
    assert text_of(soup, ".item .meta") == "2023年2月20日 example.org"
    assert text_of(soup, ".item h3") == "春天的第一场雨 First rain"
    assert hrefs(soup, ".item a") == [f"entries/{KEY}.html"]
    assert text_of(soup, ".lead") == "清晨下了一场雨。"
    assert [image["src"] for image in soup.select(".thumb")] == ["https://example.org/rain.jpg"]
    assert soup.select("li[lang=zh-Hans]")
    assert text_of(soup, ".more") == "全部 1234 篇文章"


def test_the_index_of_an_empty_store_says_so() -> None:
    assert text_of(read(pages.render_index(SITE, [], total=0)), ".empty") == "还没有文章。"


def test_an_entry_with_nothing_but_a_date_still_has_its_line_and_its_page() -> None:
    bare = make_entry(title="", summary="", content="", media=())
    index = read(pages.render_index(SITE, [bare], total=1))
    assert text_of(index, ".item h3") == "无题"
    assert not index.select(".thumb, .lead")
    article = read(pages.render_article(SITE, bare))
    assert text_of(article, "h1") == "无题"
    assert text_of(article, ".text") == "这篇文章没有正文。"


def test_an_article_without_text_shows_its_summary() -> None:
    assert "清晨下了一场雨。" in text_of(read(pages.render_article(SITE, make_entry(content=""))), ".text")


def test_an_article_says_who_wrote_it_where_it_is_from_and_leads_on() -> None:
    soup = read(every_page()["article"])
    assert text_of(soup, "h1") == "春天的第一场雨 First rain"
    assert text_of(soup, "header .meta") == "王小明 example.org 2023年2月20日 14:37 UTC"
    assert text_of(soup, ".credits") == "翻译 李四"
    assert [item.get_text() for item in soup.select(".tags li")] == ["天气", "weather"]
    assert hrefs(soup, ".original") == ["https://example.org/a/1"]
    assert "https://example.net/original" in hrefs(soup, ".about a")
    assert "CC BY 4.0" in text_of(soup, ".about")
    assert hrefs(soup, ".turn a") == [f"{'a' * 16}.html", f"{'b' * 16}.html"]
    assert hrefs(soup, "footer.bottom a") == ["../index.html", "../archive/2023-02.html"]


def test_an_article_without_neighbours_origin_or_source_link_leaves_them_out() -> None:
    entry = make_entry(id="urn:x:1", source=Source(title="本地", id="urn:x:0"), categories=(), credits=(), rights=None)
    soup = read(pages.render_article(SITE, entry))
    assert not soup.select(".turn, .original, .tags, .credits")
    assert text_of(soup, "header .meta").split()[:2] == ["王小明", "本地"]


def test_a_date_without_a_time_is_shown_without_one() -> None:
    soup = read(pages.render_article(SITE, make_entry(published=datetime(2022, 3, 18, tzinfo=UTC))))
    assert text_of(soup, "header time") == "2022年3月18日"


def test_text_of_an_entry_is_never_markup() -> None:
    evil = '"><script>alert(1)</script><b a="'
    entry = make_entry(
        title=evil,
        summary=evil,
        categories=(evil,),
        rights=evil,
        links=(Link(rel="via", href="https://e.org/", title=evil),),
        source=Source(title=evil, id="urn:x:0", link="https://e.org/"),
        media=(Media(url="https://e.org/x.jpg", kind="image", title=evil),),
    )
    for page in (
        pages.render_index(SITE, [entry], total=1),
        pages.render_article(SITE, entry, newer=Neighbour(KEY, evil)),
    ):
        assert "<script>alert" not in page
        assert not read(page).select("b[a]")


def test_structured_data_is_json_that_ends_no_script() -> None:
    page = pages.render_article(SITE, make_entry(title="</script><!--"))
    data = json.loads(read(page).select("script")[0].get_text())
    assert data["headline"] == "</script><!--"
    assert data["author"] == [{"@type": "Person", "name": "王小明"}]
    assert data["url"] == f"https://feeds.example.org/r/entries/{KEY}.html"
    assert data["isBasedOn"] == "https://example.org/a/1"
    assert data["image"] == "https://example.org/rain.jpg"


def test_what_a_standard_wants_absolute_is_absolute() -> None:
    soup = read(every_page()["article"])
    assert hrefs(soup, "link[rel=canonical]") == [f"https://feeds.example.org/r/entries/{KEY}.html"]
    properties = {str(meta["property"]): str(meta["content"]) for meta in soup.select("meta[property]")}
    assert properties["og:url"] == f"https://feeds.example.org/r/entries/{KEY}.html"
    assert properties["og:title"] == "春天的第一场雨 First rain"
    assert properties["og:image"] == "https://example.org/rain.jpg"
    assert properties["article:published_time"] == "2023-02-20T14:37:16Z"


def test_pictures_in_the_text_wait_and_links_in_it_tell_nobody() -> None:
    content = (
        '开头<p>一 <a href="https://e.org/?a=1&amp;b=2">x</a> &lt;b&gt;</p>'
        '<figure><img src="https://e.org/1.jpg" alt="&lt;img&gt;"></figure>尾'
    )
    soup = read(pages.render_article(SITE, make_entry(content=content, media=())))
    text = soup.select(".text")[0]
    assert " ".join(text.get_text().split()) == "开头一 x <b>尾"
    assert text.select("a")[0].attrs == {"href": "https://e.org/?a=1&b=2", "rel": ["noopener", "noreferrer"]}
    image = text.select("img")[0]
    assert (image["loading"], image["referrerpolicy"], image["alt"]) == ("lazy", "no-referrer", "<img>")
    assert not text.select("b")


def test_media_beside_the_text_is_shown_before_it_and_once() -> None:
    media = (
        Media(url="https://e.org/1.jpg", kind="image", title="图"),
        Media(url="https://e.org/2.jpg?a=1&b=2", kind="image"),
        Media(url="https://e.org/a.mp3", kind="audio", title="录音"),
        Media(url="https://e.org/v.mp4", kind="video"),
    )
    content = '<p>文</p><figure><img src="https://e.org/2.jpg?a=1&amp;b=2" alt=""></figure>'
    soup = read(pages.render_article(SITE, make_entry(content=content, media=media)))
    shown = [str(tag["src"]) for tag in soup.select(".text img, .text audio, .text video")]
    assert shown == ["https://e.org/1.jpg", "https://e.org/a.mp3", "https://e.org/v.mp4", "https://e.org/2.jpg?a=1&b=2"]
    assert [caption.get_text() for caption in soup.select("figcaption")] == ["图", "录音"]
    assert {tag["preload"] for tag in soup.select("audio, video")} == {"none"}


def test_a_month_lists_every_title_with_its_day() -> None:
    soup = read(every_page()["month"])
    assert text_of(soup, "h1") == "2023年2月"
    assert text_of(soup, ".titles") == "20 题"
    assert hrefs(soup, ".titles a") == [f"../entries/{KEY}.html"]
    assert hrefs(soup, ".turn a") == ["2023-03.html", "2022-12.html"]


def test_the_archive_leads_to_the_months_by_year() -> None:
    soup = read(pages.render_archive(SITE, [Month("2023-02", 2), Month("2022-12", 1), Month("2022-01", 4)]))
    assert [year.get_text() for year in soup.select("h2")] == ["2023", "2022"]
    assert hrefs(soup, ".months a") == ["2023-02.html", "2022-12.html", "2022-01.html"]
    assert text_of(soup, ".heading p") == "全部 7 篇文章"
    assert text_of(read(pages.render_archive(SITE, [])), ".empty") == "还没有文章。"


def test_search_marks_what_was_found_and_turns_pages() -> None:
    soup = read(every_page()["search"])
    assert [mark.get_text() for mark in soup.select("mark")] == ["春天", "雨"]
    assert text_of(soup, ".hint") == "至少 41 篇"
    assert hrefs(soup, ".turn a") == ["search?q=%E6%98%A5%E5%A4%A9&page=1", "search?q=%E6%98%A5%E5%A4%A9&page=3"]
    assert [field["value"] for field in soup.select("input")] == ["春天"]
    last = read(pages.render_search(SITE, "x", Results((), 0, more=False)))
    assert text_of(last, ".empty b") == "没有找到“x”"


def test_search_says_what_to_do_before_anything_was_looked_for_and_when_it_cannot() -> None:
    assert "空格" in text_of(read(pages.render_search(SITE)), ".hint")
    assert text_of(read(pages.render_search(SITE, "-", problem="看不懂")), ".empty b") == "看不懂"


def test_what_was_looked_for_is_never_markup() -> None:
    page = pages.render_search(SITE, '"><script>{n}', Results((), 0, more=False))
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("status", "title"), [(404, "没有这一页"), (405, "不能这样访问"), (500, "出错了"), (418, "出错了")]
)
def test_each_error_has_its_words(status: int, title: str) -> None:
    assert text_of(read(pages.render_error(SITE, status)), "h1") == title


def test_the_error_page_on_disk_leads_home_from_any_address() -> None:
    assert "/r/index.html" in hrefs(read(pages.render_error(SITE, 404)))
    assert "index.html" in hrefs(read(pages.render_error(SITE, 404, root="")))


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-Hans", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-Hans-TW", "zh-Hans"),
        ("zh-Hant", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-hk", "zh-Hant"),
        ("en-GB", "en"),
        ("de", "en"),
    ],
)
def test_the_site_speaks_the_configured_language_or_english(tag: str, language: str) -> None:
    soup = read(pages.render_index(SiteConfig(language=tag), [], total=0))
    assert soup.html is not None
    assert soup.html["lang"] == language


def test_dates_are_written_as_the_language_writes_them() -> None:
    moment = datetime(2023, 2, 3, 4, 5, tzinfo=UTC)
    assert [words_for(tag).minute(moment) for tag in ("zh-Hant", "en")] == [
        "2023年2月3日 04:05 UTC",
        "3 February 2023 04:05 UTC",
    ]
    assert [words_for(tag).month("2023-02") for tag in ("zh-Hant", "en")] == ["2023年2月", "February 2023"]
    assert pages.month_of(datetime(987, 1, 1, tzinfo=UTC)) == "0987-01"


def test_a_long_lead_is_cut_at_a_length_that_fits_its_line() -> None:
    description = read(pages.render_article(SITE, make_entry(summary="雨 " * 200))).select("meta[name=description]")[0][
        "content"
    ]
    assert len(str(description)) <= 160
    assert str(description).endswith("…")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid IPv6"):
        pages.render_article(SITE, make_entry(link="http://[x"))
