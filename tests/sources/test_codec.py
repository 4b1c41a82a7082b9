"""Encodings that are not declared, or declared wrongly, in files and feeds."""

import subprocess
import sys

import pytest

from feeder.errors import ArticleError, FeedError
from feeder.sources.charset import find_codec
from feeder.sources.feeds.parsing.encoding import to_utf8
from feeder.sources.files.encoding import decode
from tests.sources.legacy import TEXTS, encodable

_SHAPES = {
    "text": "{title}\n\n{text}\n",
    "markdown": "---\ntitle: {title}\ndate: 2020-01-02\n---\n\n# {title}\n\n{text} [more](https://e.org/a)\n",
    "page": (
        "<!DOCTYPE html><html><head><title>{title}</title><meta name='viewport' content='width=device-width'></head>"
        "<body><div id='main'><h1>{title}</h1>\n<p class='para'>{text}</p></div></body></html>"
    ),
    "feed": (
        "<?xml version='1.0'?>\n<rss version='2.0'><channel><title>{title}</title><link>https://e.org/</link><item>"
        "<title>{title}</title><pubDate>Thu, 02 Jan 2020 10:00:00 GMT</pubDate>"
        "<description>&lt;p&gt;{text}&lt;/p&gt;</description></item></channel></rss>"
    ),
}
_WRITTEN = [(language, encoding) for language, (encodings, _) in TEXTS.items() for encoding in encodings]


def decode_file(data: bytes) -> str:
    return decode(data, "a.md")


def decode_feed(data: bytes, content_type: str | None = None) -> str:
    return to_utf8(data, content_type).decode()


def truncate(text: str, encoding: str, most: int) -> str:
    while len(text.encode(encoding)) > most:
        text = text[:-1]
    return text


@pytest.mark.parametrize("shape", _SHAPES)
@pytest.mark.parametrize("length", [60, 5000])
@pytest.mark.parametrize(("language", "encoding"), _WRITTEN)
def test_an_undeclared_encoding_is_detected(language: str, encoding: str, length: int, shape: str) -> None:
    text = truncate(encodable(TEXTS[language][1], encoding), encoding, length)
    document = _SHAPES[shape].format(title=truncate(text, encoding, 40), text=text)
    assert decode_file(document.encode(encoding)) == document
    assert decode_feed(document.encode(encoding)) == document


@pytest.mark.parametrize(
    "text",
    [
        "We met at the café on Friday.",
        "It’s late, and “nobody” came — as always…",
        "The jalapeño costs 20 €, © 2020",
    ],
)
def test_a_few_special_characters_among_english_words_are_decoded(text: str) -> None:
    assert decode_file(text.encode("cp1252")) == text


@pytest.mark.parametrize(("text", "encoding"), [("中國", "big5"), ("结语", "gb18030"), ("雨 in the north", "gb18030")])
def test_a_few_chinese_characters_are_no_kana_and_no_syllables(text: str, encoding: str) -> None:
    assert decode_file(text.encode(encoding)) == text


def test_a_declaration_that_cannot_be_true_is_not_believed() -> None:
    text = "<?xml version='1.0' encoding='big5'?><p>Утром над заливом стоял густой туман.</p>"
    assert decode_file(text.encode("cp1251")) == decode_feed(text.encode("cp1251")) == text


def test_a_declaration_that_is_true_is_believed_before_a_guess() -> None:
    text = "<?xml version='1.0' encoding='windows-1250'?><p>é à ü</p>"
    assert decode_file(text.encode("cp1252")) == decode_feed(text.encode("cp1252")) == text.replace("à", "ŕ")


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5", "cp949", "euc_jp"])
def test_a_few_lost_bytes_change_no_encoding(codec: str) -> None:
    language = {"big5": "zh-Hant", "cp949": "ko", "euc_jp": "ja"}.get(codec, "zh-Hans")
    sentences = encodable(TEXTS[language][1], codec) * 3
    data = b"\xff" + sentences.encode(codec)
    assert decode_file(data).removeprefix("\ufffd") == sentences


def test_a_replacement_character_in_the_text_is_not_a_loss() -> None:
    text = "a \ufffd b \ufffd c é"
    assert decode_file(text.encode() + b" \xff") == text + " \ufffd"


def test_non_ascii_text_far_from_the_start_is_decoded() -> None:
    text = "a line of words\n" * 100_000 + "Утром над заливом стоял густой туман."
    assert decode_file(text.encode("cp1251")) == text


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("ISO_8859-2:1987", "iso8859-2"),
        ("x-sjis", "cp932"),
        ("Shift_JIS", "cp932"),
        ("Windows-1251", "cp1251"),
        ("cp-1251", "cp1251"),
        ("latin1", "cp1252"),
        ("x-gbk", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("x-mac-cyrillic", "mac_cyrillic"),
        ("utf-8", None),
        ("utf-16", None),
        ("utf-7", None),
        ("punycode", None),
        ("idna", None),
        ("hz-gb-2312", None),
        ("", None),
    ],
)
def test_a_label_is_looked_up_by_its_letters_and_digits(name: str, codec: str | None) -> None:
    assert find_codec(name) == codec


def test_every_listed_codec_exists() -> None:
    from feeder.sources.charset import _CANDIDATES, _NAMES  # noqa: PLC0415  what nobody else is to know

    assert all("a".encode(codec) for codec in _NAMES)
    assert all(find_codec(name) for name in _CANDIDATES)


def test_binary_data_is_refused_in_files_and_feeds() -> None:
    data = bytes(range(256)) * 9
    with pytest.raises(ArticleError, match="binary file"):
        decode_file(data)
    with pytest.raises(FeedError, match="binary file"):
        decode_feed(data)


def test_a_document_in_utf_8_does_not_load_chardet() -> None:
    program = """if True:
        import sys
        from feeder.sources.files.encoding import decode
        from feeder.sources.feeds.parsing.encoding import to_utf8
        for data in "é 中".encode(), "清晨的海湾笼罩着浓雾".encode("gb18030"):
            decode(data, "a"), to_utf8(data, None)
        print("chardet" in sys.modules)
        decode("Утром над заливом".encode("cp1251"), "a")
        print("chardet" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
