"""A gallery of entries that are hard to lay out, made of HTML as sources write it, and their pages on disk."""

from collections.abc import Iterator
from pathlib import Path

from feeder.config.settings import SiteConfig
from feeder.model import Entry
from feeder.publish.html import assets, pages
from feeder.publish.html.pages import Neighbour
from feeder.store import Revision
from tests.entries import make_entry
from tests.normalise.cleaning import clean_html

_SITE = SiteConfig(title="Gallery", url="https://feeds.example.org/", language="en")
_LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
_WORDS = "It rained all day, and the people in the street had umbrellas. "
_AT = "https://pictures.example"

_ENTRIES: dict[str, tuple[str, str, str]] = {
    "hebrew": (
        "he",
        "הגשם הראשון של האביב ו־Wi-Fi",
        (
            "<p>ירד גשם כל היום, והאנשים ברחוב החזיקו מטריות. <a href='https://example.org/'>קישור</a></p>"
            "<ul><li>ראשון</li><li>שני</li></ul><blockquote>ציטוט</blockquote><pre>x = (1 + 2)</pre>"
            '<p dir="ltr">An English paragraph.</p><table><tr><th>עיר<th>גשם<tr><td>חיפה<td>12</table>'
        ),
    ),
    "japanese": (
        "ja",
        "春の最初の雨",
        (
            "<p>朝から<ruby>雨<rp>(</rp><rt>あめ</rt><rp>)</rp></ruby>が降った。"
            + "街の人は傘をさしていた。" * 9
            + "</p>"
            "<table><caption>観測</caption><tr><th>場所<th>"
            + "<th>".join(["観測された雨量の合計"] * 8)
            + "<tr><td>東京都千代田区<td>"
            "" + "<td>".join(["とても長い説明がここに書かれている"] * 8) + "</table>"
        ),
    ),
    "tables": (
        "en",
        "Tables",
        (
            "<figure><table><caption>Rain, in millimetres</caption><thead><tr><th>Town<th>"
            "January<th>February<th>Precipitation<th>Observations<th>Thunderstorms<th>Sunshine"
            "</thead><tr><td rowspan=2>Llanfairpwllgwyngyll<td colspan=2>12<td>3"
            "<td>Uncharacteristically wet<td>5<td>6"
            "<tr><td>1<td>2<td>3<td>4<td>5<td>6</table></figure><table><tr><th>a<th>b<tr><td>1<td>2</table>"
        ),
    ),
    "words": (
        "de",
        _LONG,
        (
            f"<p>{_LONG} https://example.org/{'a' * 200} <code>{'x' * 120}</code></p><h4>{_LONG}</h4>"
            f"<h5>Zwei</h5><pre>{'x' * 300}\n    y</pre><ul><li>{_LONG}</ul>"
        ),
    ),
    "notes": (
        "en",
        "Notes",
        (
            f'<p>{_WORDS}<sup id="r1"><a href="#n1">1</a></sup> <abbr title="World Wide Web">WWW</abbr> H<sub>2</sub>O '
            "<kbd>Ctrl</kbd> <del>snow</del> <ins>rain</ins></p>"
            "<dl><dt>Rain<dd>Water that falls.<dt>Snow<dd>The same, but colder.</dl>"
            "<details><summary>More</summary><p>Hidden until it is unfolded.</p></details>"
            '<p>So <math display="block"><mrow><msup><mi>e</mi><mrow><mi>i</mi><mi>π</mi></mrow></msup><mo>+</mo>'
            "<mn>1</mn>"
            f"<mo>=</mo><mn>0</mn></mrow></math> holds.</p>{f'<p>{_WORDS * 5}</p>' * 6}"
            '<ol start="3"><li id="n1">A note. <a href="#r1">↩</a></li><li>Another.</li></ol>'
        ),
    ),
    "pictures": (
        "en",
        "Pictures",
        (
            f'<p>{_WORDS}The sign <img src="{_AT}/sign.svg" width="40" height="40" alt="an umbrella"> means rain.</p>'
            f'<figure><img src="{_AT}/wide.svg" width="1600" height="900" alt="A street"><figcaption>A street. '
            "<cite>Jane Doe</cite></figcaption></figure>"
            f'<p>{_WORDS * 4}</p><img src="{_AT}/line.svg" width="600" height="200" alt="A drawing"><p>{_WORDS * 9}</p>'
        ),
    ),
    "gone": (
        "en",
        "Pictures that are gone",
        (
            f'<p>{_WORDS}</p><img src="{_AT}/gone.jpg" width="800" height="600" alt="What was here">'
            f'<p>{_WORDS}</p><img src="{_AT}/gone-too.jpg" width="800" height="600" alt=""><p>{_WORDS}</p>'
        ),
    ),
    "sound": (
        "en",
        "Sound and film",
        (
            f'<audio src="{_AT}/a.mp3" autoplay title="The rain"></audio><p>{_WORDS}</p>'
            f'<video poster="{_AT}/wide.svg" width="640" height="360" src="{_AT}/v.mp4" autoplay></video>'
            f"<p>{_WORDS}</p>"
            '<iframe src="https://www.youtube.com/embed/abcdefghijk" title="Rain"></iframe>'
            '<iframe src="https://example.org/Annual%20report.pdf"></iframe>'
        ),
    ),
}


def gallery_entries() -> dict[str, Entry]:
    """Return the entries by name."""
    return {
        name: make_entry(
            number,
            title=title,
            language=language,
            content=clean_html(html),
            media=(),
            summary=title,
            published_from="file time" if number % 2 else "feed",
            authors=(),
        )
        for number, (name, (language, title, html)) in enumerate(_ENTRIES.items())
    }


def write_gallery(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write the page of each entry and an index to a folder, with the style sheet; yield their names and paths."""
    for name, data in assets.static_files().items():
        (folder / assets.asset_path(name)).write_bytes(data)
    (folder / pages.ENTRIES_FOLDER).mkdir()
    entries = gallery_entries()
    newer, older = (Neighbour(entry.key, entry.title, entry.language) for entry in list(entries.values())[:2])
    for name, entry in entries.items():
        path = folder / pages.entry_path(entry.key)
        page = pages.render_article(
            _SITE, entry, newer=newer, older=older, revisions=[Revision(entry.updated, "Before", "x" * 99)]
        )
        path.write_text(page.replace('<details class="correction"', '<details open class="correction"'), "utf-8")
        yield name, path
    index = folder / "index.html"
    index.write_text(pages.render_index(_SITE, list(entries.values()), total=len(entries)), encoding="utf-8")
    yield "index", index
