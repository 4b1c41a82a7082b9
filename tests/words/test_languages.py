import pytest

from feeder.words.languages import direction_of, opengraph_locale


@pytest.mark.parametrize(
    ("tag", "direction"),
    [
        *((tag, "rtl") for tag in ("ar", "he-IL", "FA", "ckb", "ur_PK", "uz-Arab", "ku-Arab-IQ")),
        *((tag, "ltr") for tag in ("en", "ar-Latn", "zh-Hant", "az", "x-ar")),
        *((tag, "auto") for tag in (None, "")),
    ],
)
def test_a_language_has_a_direction(tag: str | None, direction: str) -> None:
    assert direction_of(tag) == direction


@pytest.mark.parametrize(
    ("tag", "locale"),
    [("zh-Hans", "zh_CN"), ("zh-Hant", "zh_TW"), ("zh-Hant-HK", "zh_HK"), ("en", "en_US"), ("tlh", None), (None, None)],
)
def test_a_language_has_a_name_in_opengraph(tag: str | None, locale: str | None) -> None:
    assert opengraph_locale(tag) == locale
