"""The language of a text."""

import pytest

from feeder.normalise.language import find_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("春天来了，花园里的树开始长出叶子。", "zh-Hans"),
        ("春天來了，花園裡的樹開始長出葉子。", "zh-Hant"),
        ("これは日本語の文章です。漢字も使います。", "ja"),
        ("안녕하세요, 오늘은 날씨가 좋습니다.", "ko"),
        ("The rain has come to the north of the country.", "en"),
        ("La pluie est arrivée dans le nord du pays.", "fr"),
        ("Der Regen ist in den Norden des Landes gekommen und bleibt.", "de"),
        ("La lluvia ha llegado al norte del país y no se va por ahora.", "es"),
        ("A chuva chegou ao norte do país e não vai embora com o vento.", "pt"),
        ("La pioggia è arrivata nel nord del paese e non si ferma per ora.", "it"),
        ("Дождь пришёл на север страны.", "ru"),
        ("Дощ прийшов на північ країни.", "uk"),
        ("وصل المطر إلى شمال البلاد", "ar"),
        ("中文", "zh"),
        ("Zxqv brpt", None),
        ("no comment", None),
        ("A do re", None),
        ("Do no harm today", None),
        ("2020 — 12:30", None),
        ("", None),
    ],
)
def test_a_language_is_told_by_script_and_common_words(text: str, language: str | None) -> None:
    assert find_language(text) == language


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("中文", "zh-TW", "zh-Hant"),
        ("中文", "zh-CN", "zh-Hans"),
        ("春天来了", "zh-TW", "zh-Hans"),
        ("Zxqv", "nl", "nl"),
        ("Zxqv", "not a tag", None),
        ("", "zh-CN", None),
    ],
)
def test_a_hint_decides_where_the_text_is_silent(text: str, hint: str, language: str | None) -> None:
    assert find_language(text, hint) == language
