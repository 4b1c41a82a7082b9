"""Posts: what the settings of a subscription make of an entry."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import MAX_PICTURE_BYTES, Attachment, Span, Text, to_terminal
from bot.messages.post import MAX_PARTS, hashtags, lead_of, look_of, make_post, source_name
from bot.messages.rich import join_blocks, read_html
from feeder import ChannelConfig, Media, Person, Source
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL, Words
from tests.bot.messages.samples import HTML, LINKS, NASTY, SITE, assert_accepted, entry, looks, post_of


@given(title=NASTY, summary=NASTY.map(lambda text: text * 9), source=NASTY, link=LINKS, photo=LINKS)
def test_whatever_an_entry_holds_its_post_is_taken(
    title: str, summary: str, source: str, link: str | None, photo: str | None
) -> None:
    media = (Media(url=photo, kind="image"),) if photo else ()
    made = entry(title=title, summary=summary, source=Source(title=source, id="urn:x"), link=link, media=media)
    post = post_of(made)
    assert_accepted(post.text, 1024)
    assert "\u202e" not in post.text.text


def test_a_post_shows_title_lead_source_and_date() -> None:
    post = post_of(entry(title="春天\n的雨", link="https://example.org/a"))
    assert to_terminal(post.text) == (
        "**春天 的雨** <https://example.org/a>\n\n清晨下了一场雨，街上的人都带着伞。\n\nIt rained all day.\n\n"
        "example.org <https://example.org/a> · 20 February 2023"
    )
    assert (post.photo, post.link) == ("https://example.org/rain.jpg", "https://example.org/a")


def test_an_entry_with_almost_nothing_is_still_a_post() -> None:
    bare = entry(title="\u200b", link=None, summary="", content="", source=Source(title="", id="urn:x"), media=())
    page = f"https://site.example/entries/{bare.key}.html"
    spans = (Span("bold", 0, 16), Span("text_link", 0, 16, page))
    assert post_of(bare).text == Text(f"{bare.key}\n\n20 February 2023", spans)
    assert post_of(bare, source=False, date=False).text == Text(bare.key, spans)
    assert post_of(bare).photo is None


@pytest.mark.parametrize(
    ("media", "photo"),
    [
        (Media(url="https://example.org/a.mp3", kind="audio"), None),
        (Media(url="https://example.org/a.svg?x", kind="image"), None),
        (Media(url="https://example.org/a", kind="image", type="image/svg+xml"), None),
        (Media(url="https://example.org/a.jpg", kind="image", length=MAX_PICTURE_BYTES + 1), None),
        (Media(url="//example.org/a.jpg", kind="image"), None),
        (Media(url="http://example.org/图.jpg", kind="image", length=1), "http://example.org/图.jpg"),
    ],
)
def test_a_picture_is_one_that_telegram_can_fetch(media: Media, photo: str | None) -> None:
    assert post_of(entry(media=(media,))).photo == photo


def test_the_date_is_that_of_utc() -> None:
    made = entry(published=datetime(2023, 2, 20, 23, 59, tzinfo=UTC))
    assert "20 February 2023" in post_of(made).text.text


def shown(**settings: Any) -> str:
    return to_terminal(post_of(entry(link="https://example.org/a"), **settings).text)


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({}, "example.org <https://example.org/a> · 20 February 2023"),
        ({"source": False}, "20 February 2023 <https://example.org/a>"),
        ({"date": False}, "example.org <https://example.org/a>"),
        ({"author": True}, "example.org <https://example.org/a> · 王小明 · 20 February 2023"),
        ({"author": True, "source": False}, "王小明 · 20 February 2023"),
        ({"hashtags": True}, "#天气 #weather"),
        ({"source": False, "date": False}, "It rained all day."),
        ({"language": "zh-Hans"}, "example.org <https://example.org/a> · 2023年2月20日"),
        ({"timezone": "Asia/Tokyo"}, "example.org <https://example.org/a> · 20 February 2023"),
        ({"timezone": "Pacific/Auckland"}, "example.org <https://example.org/a> · 21 February 2023"),
    ],
)
def test_settings_choose_what_stands_below_the_lead(settings: dict[str, Any], last: str) -> None:
    assert shown(**settings).endswith("\n" + last)


def test_a_style_chooses_how_much_of_the_article_is_shown() -> None:
    head = "**春天的第一场雨 First rain** <https://example.org/a>\n\n"
    foot = "example.org <https://example.org/a> · 20 February 2023"
    assert shown(style="title") == head + foot
    assert shown(style="full") == (
        f"{head}清晨下了一场雨，街上的人都带着伞。\n\nIt rained all day <https://example.org/b>.\n\n{foot}"
    )


def test_a_post_has_a_preview_unless_it_is_not_wanted() -> None:
    assert post_of(entry()).preview == "https://example.org/a/1"
    assert post_of(entry(), preview=False).preview is None


def test_an_entry_without_a_link_leads_to_its_page_on_our_site() -> None:
    bare = entry(link=None)
    page = f"https://site.example/entries/{bare.key}.html"
    assert post_of(bare).link == page
    assert f"<{page}>" in to_terminal(post_of(bare).text)
    assert make_post(bare, looks(), ENGLISH, "http://127.0.0.1:8000/").link is None


@pytest.mark.parametrize(
    ("source", "link", "name"),
    [
        (Source(title="The Daily Rain", id="urn:x", name="rain"), None, "The Daily Rain"),
        (Source(title="rain", id="urn:x", name="rain"), "https://www.rain.example/1", "rain.example"),
        (Source(title="rain", id="urn:x", name="rain", link="https://r.example/"), None, "r.example"),
        (Source(title="rain", id="urn:x", name="rain"), None, ""),
    ],
)
def test_a_source_is_called_by_its_title_and_not_by_its_name_in_the_configuration(
    source: Source, link: str | None, name: str
) -> None:
    assert source_name(entry(source=source, link=link)) == name


@pytest.mark.parametrize(
    ("content", "lead"),
    [
        ("<h2>News</h2><p>It rained.</p><p>All day.</p>", "It rained.\n\nAll day."),
        ("<p>**It** rained.</p>", "It rained."),
        (
            '<ul><li><a href="https://e.org/1">Older</a></li><li><a href="https://e.org/2">Oldest</a></li></ul><p>New.</p>',
            "New.",
        ),
        ("<p>欢迎关注我们的公众号</p><p>下雨了。</p>", "下雨了。"),
        ("<p>版权所有，转载请注明出处<br>下雨了。</p>", "下雨了。"),
        ("<pre>code</pre><table><tr><td>1</td></tr></table><p>Text</p>", "Text"),
        ("<p>Two things:</p><ul><li>rain</li><li>snow</li></ul>", "Two things:\n\n• rain\n• snow"),
        (
            "<figure><img src='https://e.org/p.jpg' alt='a'><figcaption>A picture</figcaption></figure><p>Text</p>",
            "Text",
        ),
        ("<h2>Only</h2>", "清晨下了一场雨。"),
        ("", "清晨下了一场雨。"),
        (f"<p>{'x' * 250}</p><p>more</p>", "x" * 250),
        (f"<p>short</p><p>{'x' * 700}</p>", "short"),
        (f"<p>{'雨' * 400}。{'雪' * 400}</p>", "雨" * 400 + "。"),
        (f"<p>{'rain ' * 200}</p>", ("rain " * 119).strip() + "…"),
    ],
)
def test_the_lead_is_the_beginning_of_the_article(content: str, lead: str) -> None:
    assert lead_of(entry(content=content), ENGLISH) == lead


def test_categories_become_hashtags_as_telegram_reads_them() -> None:
    assert hashtags(["spring rain", "C++", "2023", "天气-雨", "…", "weather", "weather"]) == [
        "#spring_rain",
        "#C",
        "#天气_雨",
        "#weather",
    ]


def test_an_album_has_up_to_ten_pictures_and_films_and_no_animation() -> None:
    pictures = [Media(url=f"https://e.org/{number}.jpg", kind="image") for number in range(12)]
    film = Media(url="https://e.org/f.mp4", kind="video")
    moving = Media(url="https://e.org/m.gif", kind="image")
    player = Media(url="https://video.example/watch?v=1", kind="video")
    found = post_of(entry(media=(film, moving, player, *pictures)), pictures="album").attachments
    assert found[:2] == (Attachment("video", "https://e.org/f.mp4"), Attachment("photo", "https://e.org/0.jpg"))
    assert len(found) == 10
    alone = (Attachment("animation", "https://e.org/m.gif"),)
    assert post_of(entry(media=(moving, *pictures)), pictures="album").attachments == alone
    assert post_of(entry(media=(moving, *pictures))).attachments == alone
    assert post_of(entry(media=(film,)), pictures="none").attachments == ()


def test_a_picture_that_is_posted_is_not_a_link_in_the_text() -> None:
    content = '<p>A</p><img src="https://e.org/1.jpg" alt="one"><img src="https://e.org/2.jpg" alt="two"><p>B</p>'
    media = (Media(url="https://e.org/1.jpg", kind="image"), Media(url="https://e.org/2.jpg", kind="image"))
    text = to_terminal(post_of(entry(content=content, media=media), style="full").text)
    assert "two <https://e.org/2.jpg>" in text
    assert "one" not in text
    assert "two" not in to_terminal(post_of(entry(content=content, media=media), style="full", pictures="album").text)


@settings(deadline=None)
@given(html=HTML, pictures=st.sampled_from(["none", "first"]), style=st.sampled_from(["title", "lead", "full"]))
def test_whatever_the_html_every_part_of_a_post_is_taken(html: str, pictures: str, style: str) -> None:
    post = post_of(entry(content=html), style=style, pictures=pictures, hashtags=True)
    for number, part in enumerate(post.parts):
        assert_accepted(part, 1024 if post.attachments and not number else 4096)


def letters(texts: Iterable[str]) -> str:
    return "".join("".join(texts).split())


@settings(deadline=None)
@given(html=st.lists(HTML, min_size=1, max_size=12), times=st.integers(1, 4))
def test_whatever_the_html_its_text_is_complete_and_in_order(html: list[str], times: int) -> None:
    content = "".join(html) * times
    parts = post_of(entry(content=content, media=()), style="full", template="{text}").parts
    whole = join_blocks(read_html(content, ENGLISH)).text
    if len(parts) < MAX_PARTS:
        assert letters(part.text for part in parts) == letters([whole]) or not whole.strip()
    else:
        assert letters([whole]).startswith(letters(part.text for part in parts[:-1]))


def test_a_long_text_takes_several_messages_and_ends_with_a_link_to_read_on() -> None:
    content = "".join(f"<p>{number}. {'It rained all day. ' * 30}</p>" for number in range(60))
    post = post_of(entry(content=content), style="full")
    assert len(post.parts) == 5
    assert post.parts[0].length <= 1024
    assert all(part.text.startswith(tuple("0123456789")) for part in post.parts[1:])
    assert to_terminal(post.parts[-1]).endswith(
        "Continue reading › <https://example.org/a/1>\n\nexample.org <https://example.org/a/1> · 20 February 2023"
    )
    assert "Continue" not in post.parts[0].text
    assert make_post(entry(content=content), looks(style="full"), ENGLISH, SITE, most_parts=1).parts[0].length <= 1024


def test_a_text_that_just_fits_has_its_last_lines_in_the_same_message_or_in_one_of_their_own() -> None:
    for length in range(3900, 4200, 7):
        parts = post_of(entry(content=f"<p>{'x' * length}</p>", media=()), style="full").parts
        assert letters(part.text for part in parts).count("x") >= length
        assert parts[-1].text.endswith("2023")
        for part in parts:
            assert_accepted(part, 4096)


def test_a_heading_is_not_left_at_the_end_of_a_message() -> None:
    content = f"<p>{'x' * 3900}</p><h2>Heading</h2><p>{'y' * 200}</p>"
    first, second = post_of(entry(content=content, media=()), style="full", template="{text}").parts
    assert (first.text, second.text[:7]) == ("x" * 3900, "Heading")


def test_the_text_of_an_article_without_one_is_its_summary() -> None:
    assert "清晨下了一场雨。" in post_of(entry(content=""), style="full").text.text


@pytest.mark.parametrize("words", [ENGLISH, SIMPLIFIED, TRADITIONAL], ids=lambda words: words.language)
def test_a_template_fits_however_long_its_fields_are(words: Words) -> None:
    long = entry(
        title="雨" * 900,
        content=f"<p>{'rain ' * 900}</p>",
        authors=tuple(Person(name="n" * 90) for _ in range(9)),
        categories=tuple(f"{'c' * 50}{number}" for number in range(9)),
        source=Source(title="s" * 900, id="urn:x"),
    )
    template = "{title:bold}\n{lead:quote}\n{source} {author} {date} {time}\n{hashtags}\n{link}\n" + "x" * 200
    assert_accepted(post_of(long, words, template=template).text, 1024)
    assert_accepted(post_of(long, words, template="x" * 1100 + "{date}").text, 1024)
    assert_accepted(post_of(long, words, author=True, hashtags=True).text, 1024)


def test_posts_look_alike_where_their_settings_do() -> None:
    not_looks = {"chat", "topic", "query", "feed", "silent", "recent", "on_unknown", "max_age", "read_button"}
    not_looks |= {"max_waiting", "per_hour", "quiet", "digest"}
    one = ChannelConfig(chat="1")
    for name in ChannelConfig.model_fields.keys() - not_looks:
        assert look_of(one.model_copy(update={name: "other"})) != look_of(one), name
    assert look_of(one.model_copy(update=dict.fromkeys(not_looks))) == look_of(one)
