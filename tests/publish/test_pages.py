import json
import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup, Tag

from feeder.config.saved import SavedSearch
from feeder.config.settings import FeedConfig, SiteConfig
from feeder.model import Link, Media, Source
from feeder.publish.feeds import Topic, saved_topic
from feeder.publish.html import pages
from feeder.publish.html.assets import asset_path
from feeder.publish.html.narrow import narrow
from feeder.publish.html.pages import Month, MonthEntry, MonthPage, Neighbour
from feeder.publish.html.search import Problem, SearchPage, render_related, render_search
from feeder.store import Facets, Fragment, Hit, RelatedEntry, Results, parse_query
from tests.entries import make_entry

SITE = SiteConfig(title="存文", subtitle="旧文章", url="https://feeds.example.org/r/")
KEY = make_entry().key
RAIN = SavedSearch(FeedConfig(name="雨-1", title="下雨的日子", query="雨 last:7d"), parse_query("雨 last:7d"))
END = datetime(2023, 2, 21, tzinfo=UTC)
LIVE = {"search", "search without words", "search that is a mistake"}


def read(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "lxml")


def hrefs(soup: BeautifulSoup | Tag, selector: str = "a") -> list[str]:
    return [str(link["href"]) for link in soup.select(selector)]


def text_of(soup: BeautifulSoup, selector: str) -> str:
    return " ".join(soup.select_one(selector).get_text(" ", strip=True).split())  # type: ignore[union-attr]  # a test that finds nothing fails


def every_page() -> dict[str, str]:
    hit = Hit(make_entry(), (Fragment("春天", match=True), Fragment("的", match=False)), (Fragment("雨", match=True),))
    listed = [MonthEntry(KEY, make_entry().published, "题")]
    facets = Facets((("BBC", 30), ("VOA", 11)), (("天气", 9),), (("2022-03", 30), ("2023-02", 11)))
    query = parse_query('春天 source:"BBC"')
    found = SearchPage(
        results=Results((hit,), 41, more=True), page=2, narrowing=narrow(query, facets), did_you_mean="春田"
    )
    return {
        "index": pages.render_index(SITE, [make_entry()], total=1, saved=[RAIN]),
        "empty index": pages.render_index(SITE, [], total=0),
        "article": pages.render_article(
            SITE, make_entry(), newer=Neighbour("a" * 16, "新"), older=Neighbour("b" * 16, "旧")
        ),
        "month": pages.render_month(
            SITE, MonthPage("2023-02"), listed, newer=MonthPage("2023-03"), older=MonthPage("2022-12")
        ),
        "archive": pages.render_archive(SITE, [Month("2023-02", 1)]),
        "saved": pages.render_topic(SITE, saved_topic(RAIN), [make_entry()]),
        "search": render_search(SITE, "春天", found),
        "search without words": render_search(SITE, saved=[RAIN]),
        "search that is a mistake": render_search(SITE, "雨 (", problem=Problem("看不懂", 2)),
        "related": render_related(
            SITE, make_entry(), [RelatedEntry(make_entry(2), same=same) for same in (True, False)]
        ),
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
    assert all(soup.select(f"label[for={field['id']}]") for field in soup.select("input:not([type=hidden])"))
    names = [str(tag["aria-labelledby"]) for tag in soup.select("[aria-labelledby]")]
    assert all(soup.select(f"#{name}") for name in names)
    levels = [int(heading.name[1]) for heading in soup.select("h1, h2, h3, h4")]
    assert all(below - above <= 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("name", every_page().keys())
def test_no_page_but_a_search_runs_scripts_and_none_asks_another_host_for_anything_but_pictures(name: str) -> None:
    page = every_page()[name]
    soup = read(page)
    scripts = [script.attrs for script in soup.select("script:not([type='application/ld+json'])")]
    assert scripts == ([{"src": asset_path("suggest.js"), "defer": ""}] if name in LIVE else [])
    assert not [script for script in soup.select("script[src]") if script.get_text()]
    assert not soup.select("style, iframe, object, embed, base")
    assert not re.search(r"\son\w+=|\sstyle=", page)
    fetched = [str(link["href"]) for link in soup.select("link[rel=stylesheet], link[rel=icon]")]
    assert not [address for address in fetched if "//" in address]
    policy = str(soup.select('meta[http-equiv="Content-Security-Policy"]')[0]["content"])
    assert policy.startswith("default-src 'none';")
    rules = {rule.strip() for rule in policy.split(";") if "script-src" in rule or "connect-src" in rule}
    assert rules == ({"script-src 'self'", "connect-src 'self'"} if name in LIVE else set())
    assert all(image["referrerpolicy"] == "no-referrer" and image["loading"] == "lazy" for image in soup.select("img"))


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("index", ""),
        ("article", "../"),
        ("month", "../"),
        ("saved", "../"),
        ("search", ""),
        ("not found", "../"),
    ],
)
def test_every_address_within_the_site_is_relative(name: str, root: str) -> None:
    soup = read(every_page()[name])
    within = hrefs(soup, "header.top a, main a:not([rel~=noopener]), footer.bottom a")
    assert within
    assert not [href for href in within if href.startswith(("/", "http"))]
    assert hrefs(soup, 'link[rel="alternate"]')[0] == f"{root}atom.xml"
    assert hrefs(soup, "link[rel=stylesheet]") == [root + asset_path("style.css")]


def test_the_index_shows_date_source_title_lead_and_picture_of_each_entry() -> None:
    soup = read(pages.render_index(SITE, [make_entry(authors=())], total=1234))
    assert text_of(soup, ".item .meta") == "2023年2月20日 example.org"
    assert text_of(soup, ".item h3") == "春天的第一场雨 First rain"
    assert hrefs(soup, ".item a") == [f"entries/{KEY}.html"]
    assert text_of(soup, ".lead") == "清晨下了一场雨。"
    assert [image["src"] for image in soup.select(".thumb")] == ["https://example.org/rain.jpg"]
    assert soup.select("li[lang=zh-Hans]")
    assert text_of(soup, ".more") == "较早 2023年2月 全部 1,234 篇文章"


@pytest.mark.parametrize(("title", "expected"), [("海港报", "王小明 海港报"), ("王小明", "王小明"), ("", "王小明")])
def test_a_list_names_the_source_beside_the_author(title: str, expected: str) -> None:
    entry = make_entry(source=Source(id="https://example.org/f", title=title))
    assert text_of(read(pages.render_index(SITE, [entry], total=1)), ".item .meta") == f"2023年2月20日 {expected}"


def test_a_summary_that_is_the_title_is_not_shown_twice() -> None:
    soup = read(pages.render_index(SITE, [make_entry(title="你好", summary="你好")], total=1))
    assert soup.select(".item .lead") == []


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
    assert hrefs(soup, ".about .more a") == [f"../related?id={KEY}"]
    assert hrefs(soup, "footer.bottom a") == ["../index.html", "../archive/2023-02.html"]


def test_each_link_of_an_article_says_what_it_is() -> None:
    links = tuple(Link(rel=rel, href=f"https://e.org/{rel}") for rel in ("via", "related", "replies"))
    soup = read(pages.render_article(SITE, make_entry(links=links)))
    lines = [line.get_text(" ", strip=True) for line in soup.select(".about p")]
    assert lines[1:4] == ["来源 e.org", "另见 e.org", "评论 e.org"]


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
    assert hrefs(soup, ".turn a") == ["../archive/2023-03.html", "../archive/2022-12.html"]


def test_the_archive_leads_to_the_months_by_year() -> None:
    soup = read(pages.render_archive(SITE, [Month("2023-02", 2), Month("2022-12", 1), Month("2022-01", 4)]))
    assert [year.get_text() for year in soup.select("h2")] == ["2023", "2022"]
    assert hrefs(soup, ".months a") == ["2023-02.html", "2022-12.html", "2022-01.html"]
    assert text_of(soup, ".heading p") == "全部 7 篇文章"
    assert text_of(read(pages.render_archive(SITE, [])), ".empty") == "还没有文章。"


def test_the_front_page_leads_to_the_saved_searches() -> None:
    soup = read(every_page()["index"])
    assert text_of(soup, "nav.chips") == "下雨的日子"
    assert hrefs(soup, "nav.chips a") == ["feeds/%E9%9B%A8-1.html"]
    assert not read(every_page()["empty index"]).select(".chips")


def test_the_page_of_a_saved_search_shows_its_newest_and_leads_to_feed_and_search() -> None:
    soup = read(every_page()["saved"])
    assert text_of(soup, "h1") == "下雨的日子"
    assert hrefs(soup, ".item a") == [f"../entries/{KEY}.html"]
    feeds = [f"../feeds/%E9%9B%A8-1.{ending}" for ending in ("xml", "rss", "json")]
    assert hrefs(soup, 'link[rel="alternate"]') == ["../atom.xml", "../feed.xml", "../feed.json", *feeds]
    assert hrefs(soup, ".heading a, .more a") == [*feeds, "../search?q=%E9%9B%A8%20last%3A7d"]
    assert hrefs(soup, "link[rel=canonical]") == [f"{SITE.url}feeds/%E9%9B%A8-1.html"]
    empty = read(pages.render_topic(SITE, Topic("feeds/x", "x", "雨"), []))
    assert text_of(empty, "h1") == "x"
    assert text_of(empty, ".empty") == "还没有文章。"


@pytest.mark.parametrize(
    ("status", "title"), [(404, "找不到这个页面"), (405, "不支持这种访问方式"), (500, "出错了"), (418, "出错了")]
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


def test_a_long_lead_is_cut_at_a_length_that_fits_its_line() -> None:
    description = read(pages.render_article(SITE, make_entry(summary="雨 " * 200))).select("meta[name=description]")[0][
        "content"
    ]
    assert len(str(description)) <= 160
    assert str(description).endswith("…")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid IPv6"):
        pages.render_article(SITE, make_entry(link="http://[x"))


# --- languages, estimates, tables, players ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "marks"),
    [
        ("he", {"lang": "he", "dir": "rtl"}),
        ("uz-Arab", {"lang": "uz-Arab", "dir": "rtl"}),
        ("en", {"lang": "en"}),
        (None, {"dir": "auto"}),
    ],
)
def test_titles_have_the_language_and_direction_of_their_entry(language: str | None, marks: dict[str, str]) -> None:
    entry = make_entry(language=language)
    around = Neighbour(KEY, "שלום", language)
    article = read(pages.render_article(SITE, entry, newer=around, older=around))
    month = read(pages.render_month(SITE, MonthPage("2023-02"), [MonthEntry(KEY, entry.published, "שלום", language)]))
    found = [*article.select("h1, .text, .turn b"), *month.select(".titles a")]
    assert len(found) == 5
    assert [{name: tag[name] for name in ("lang", "dir") if tag.has_attr(name)} for tag in found] == [marks] * 5


def test_a_card_of_unknown_language_leaves_its_date_where_it_is() -> None:
    (card,) = read(pages.render_index(SITE, [make_entry(language=None)], total=1)).select(".list > li")
    assert not {"lang", "dir"} & card.attrs.keys()
    assert [tag.name for tag in card.select("[dir=auto]")] == ["h3", "p"]


@pytest.mark.parametrize(
    ("place", "is_estimated"), [("file time", True), ("text", True), ("read time", True), ("feed", False)]
)
def test_a_date_that_was_not_stated_says_so(place: str, is_estimated: bool) -> None:  # noqa: FBT001  a table's column
    entry = make_entry(published_from=place)
    for page in (pages.render_index(SITE, [entry], total=1), pages.render_article(SITE, entry)):
        assert [tag.get_text() for tag in read(page).select(".estimated")] == ["日期为推测"] * is_estimated


@pytest.mark.parametrize(
    ("language", "locale"),
    [("zh-Hant", "zh_TW"), ("pt-BR", "pt_BR"), ("de", "de_DE"), ("ckb", "zh_CN"), (None, "zh_CN")],
)
def test_opengraph_names_the_language_of_the_entry(language: str | None, locale: str) -> None:
    soup = read(pages.render_article(SITE, make_entry(language=language)))
    assert [meta["content"] for meta in soup.select('meta[property="og:locale"]')] == [locale]


def test_the_card_of_an_entry_with_a_picture_is_large() -> None:
    for media, card in ((make_entry().media, "summary_large_image"), ((), "summary")):
        soup = read(pages.render_article(SITE, make_entry(media=media)))
        assert [meta["content"] for meta in soup.select('meta[name="twitter:card"]')] == [card]


def test_a_table_scrolls_in_a_box_with_a_name_and_code_can_be_reached() -> None:
    table = "<table><tbody><tr><td>{}</td><td>b</td></tr></tbody></table>"
    inner = table.format("a")
    captioned = table.format(inner).replace("<tbody>", "<caption>雨  量</caption><tbody>", 1)
    soup = read(pages.render_article(SITE, make_entry(content=f"<p>x</p>{captioned}y{inner}<pre>z</pre>")))
    boxes = soup.select(".text .scroll")
    assert [(box["aria-label"], box["tabindex"], box["role"]) for box in boxes] == [
        ("雨 量", "0", "region"),
        ("表格", "0", "region"),
    ]
    assert str(boxes[0].next_sibling) == "y"
    assert [code["tabindex"] for code in soup.select("pre")] == ["0"]


def test_the_picture_above_a_film_is_its_poster() -> None:
    picture = '<figure><img src="https://e.org/p.jpg" alt=""></figure>'
    film = '<p><video controls="" preload="none" src="https://e.org/v.mp4"></video></p>'
    soup = read(pages.render_article(SITE, make_entry(content=f"{picture}\n{film}", media=())))
    assert [video["poster"] for video in soup.select("video")] == ["https://e.org/p.jpg"]
    assert not soup.select(".text img")
    captioned = picture.replace("</figure>", "<figcaption>c</figcaption></figure>")
    soup = read(pages.render_article(SITE, make_entry(content=captioned + film, media=())))
    assert soup.select(".text img")
    assert not soup.select("[poster]")


def test_links_to_notes_stay_in_the_page_and_a_document_is_called_by_its_name() -> None:
    content = '<p id="text-n"><a href="#text-n">1</a></p>'
    link = Link(rel="related", href="https://e.org/files/Annual%20report.pdf")
    soup = read(pages.render_article(SITE, make_entry(content=content, links=(link,))))
    assert soup.select(".text a")[0].attrs == {"href": "#text-n"}
    assert "另见 Annual report.pdf" in text_of(soup, ".about")


def test_a_picture_without_a_description_is_called_one_unless_it_stands_in_a_sentence() -> None:
    content = (
        '<p>文<img src="https://e.org/s.png" alt="" width="20" height="20"><img src="https://e.org/b.png" width="640">'
        '</p><figure><img src="https://e.org/f.png"></figure><figure><img src="https://e.org/d.png" alt="雨"></figure>'
    )
    soup = read(pages.render_article(SITE, make_entry(content=content, media=())))
    assert [image.get("alt", "") for image in soup.select(".text img")] == ["", "图片", "图片", "雨"]


def test_what_a_caption_says_is_not_said_by_the_picture_too() -> None:
    figure = '<figure><img src="https://e.org/a.png"{alt}><figcaption>雨 停了</figcaption></figure>'
    content = "".join(figure.format(alt=alt) for alt in (' alt="雨 停了"', "", ' alt="街上的人"'))
    soup = read(pages.render_article(SITE, make_entry(content=content, media=())))
    assert [image["alt"] for image in soup.select(".text img")] == ["", "", "街上的人"]


def test_the_index_leads_on_to_the_month_of_its_oldest_entry() -> None:
    entries = [
        make_entry(1, published=datetime(2023, 3, 1, tzinfo=UTC)),
        make_entry(2, published=datetime(2023, 1, 31, 23, tzinfo=UTC)),
        make_entry(3, published=datetime(2025, 1, 1, tzinfo=UTC), published_from="text"),
    ]
    site = SITE.model_copy(update={"timezone": "Asia/Shanghai"})
    soup = read(pages.render_index(site, entries, total=4))
    assert hrefs(soup, "main .more a") == ["archive/2023-02.html", "archive/index.html"]
    assert hrefs(read(pages.render_index(site, entries, total=3)), "main .more a") == ["archive/index.html"]
    assert hrefs(read(pages.render_index(site, [], total=0)), "main .more a") == []


def test_little_of_a_page_is_not_text() -> None:
    entry = make_entry()
    neighbour = pages.Neighbour("0" * 16, "雨" * 60, "zh-Hans")
    page = pages.render_article(SITE, entry, newer=neighbour, older=neighbour)
    assert len(page.encode()) - len(entry.content.encode()) < 10_000


@pytest.mark.parametrize(
    ("search", "query", "path"),
    [
        ("server", "#天气 rain", "search?q=%23%E5%A4%A9%E6%B0%94%20rain"),
        ("browser", "rain", "search.html?q=rain"),
        ("none", "rain", "archive/"),
        ("server", "", "archive/"),
    ],
)
def test_all_that_a_query_finds_is_on_the_search_page_or_in_the_archive(search: str, query: str, path: str) -> None:
    site = SiteConfig.model_construct(url="https://site.example/", search=search)
    assert pages.results_address(site, query) == f"https://site.example/{path}"


@pytest.mark.parametrize(
    ("feed", "path"),
    [
        ({"name": "天气"}, "feeds/%E5%A4%A9%E6%B0%94.html"),
        ({"name": "a", "query": "snow"}, "search?q=rain"),
        ({"name": "a", "private": True}, "search?q=rain"),
        ({"name": "a", "replay": "1/day", "replay_from": "2026-01-01"}, "search?q=rain"),
    ],
)
def test_all_that_a_saved_query_finds_is_on_its_page_if_it_has_one(feed: dict[str, object], path: str) -> None:
    site = SiteConfig.model_construct(url="https://site.example/", search="server")
    feeds = [FeedConfig.model_validate({"query": "rain", **feed})]
    assert pages.results_address(site, "rain", feeds) == f"https://site.example/{path}"
