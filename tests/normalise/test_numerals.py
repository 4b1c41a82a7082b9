"""Chinese dates and times of day, and text that only resembles them."""

import pytest

from feeder.normalise.numerals import to_arabic_digits
from feeder.normalise.printed_dates import parse_printed_date, without_date


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("二〇二二年三月五日", "2022-03-05T00:00:00+00:00"),
        ("二零二二年十二月二十三日", "2022-12-23T00:00:00+00:00"),
        ("二○二一年十月十日", "2021-10-10T00:00:00+00:00"),
        ("二〇二二年三月廿一日", "2022-03-21T00:00:00+00:00"),
        ("二〇二二年三月廿日", "2022-03-20T00:00:00+00:00"),
        ("２０２２年３月５日", "2022-03-05T00:00:00+00:00"),
        ("民國111年3月5日", "2022-03-05T00:00:00+00:00"),
        ("中华民国一百一十一年三月五日", "2022-03-05T00:00:00+00:00"),
        ("民國一一一年三月五日", "2022-03-05T00:00:00+00:00"),
        ("民國百年三月五日", "2011-03-05T00:00:00+00:00"),
        ("民國九十九年三月五日", "2010-03-05T00:00:00+00:00"),
        ("2022年3月5日 下午3:04", "2022-03-05T15:04:00+00:00"),
        ("2022年3月5日上午12時04分", "2022-03-05T00:04:00+00:00"),
        ("2022年3月5日 中午1点05分", "2022-03-05T13:05:00+00:00"),
        ("2022年3月5日 晚上10时5分6秒", "2022-03-05T22:05:06+00:00"),
        ("2022年3月5日 10时05分", "2022-03-05T10:05:00+00:00"),
    ],
)
def test_a_chinese_date_is_read(text: str, moment: str) -> None:
    found = parse_printed_date(text)
    assert found is not None
    assert found.at.isoformat() == moment


@pytest.mark.parametrize("text", ["一月", "三年五班", "民国往事", "民國元年", "下午茶", "十日谈"])
def test_what_is_no_date_stays_none(text: str) -> None:
    assert parse_printed_date(text) is None


def test_the_first_year_of_the_republic_is_1912() -> None:
    assert to_arabic_digits("民國元年1月1日") == "1912年1月1日"


def test_a_chinese_date_is_removed_from_its_line() -> None:
    assert without_date("二〇二二年三月五日 下午三点") is not None
    assert without_date("二〇二二年三月五日") == ""
