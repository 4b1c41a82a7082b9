"""What a source is called where nobody named it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.catalogue.naming import name_for
from feeder.config.settings import FeedSource

ADDRESS = "https://www.weather.example/feed.xml"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Rain", "rain"),
        ("Rain & Wind: a Blog", "rain-wind-a-blog"),
        ("The People's Weather", "the-peoples-weather"),
        ("青石 火山 Daily", "青石-火山-daily"),
        ("हिन्दी समाचार", "हिन्दी-समाचार"),
        ("The long, long chronicle of rain", "the-long-long-chronicle"),
        ("x" * 60, "x" * 24),
        ("-- ... __", "weather.example"),
        ("Blog", "weather.example"),
        ("X", "weather.example"),
        ("雪", "雪"),
        ("", "weather.example"),
        ("\u202edeceit\x1b[31m", "deceit-31m"),
    ],
)
def test_a_name_is_made_of_the_title_or_else_of_the_host(title: str, name: str) -> None:
    assert name_for(title, ADDRESS, ()) == name


def test_a_name_that_is_taken_in_any_case_gets_a_number() -> None:
    assert name_for("Rain", ADDRESS, {"rain", "rain-2"}) == "rain-3"


def test_an_address_without_a_name_gives_one_that_can_be_used() -> None:
    assert name_for("", "http://[::1]/feed", ()) == "1"
    assert name_for("", "http://", ()) == "feed"


@given(st.text(), st.text())
def test_every_name_is_one_that_a_source_can_have(title: str, host: str) -> None:
    name = name_for(title, f"https://{host}".replace("[", "").replace("]", ""), ())
    assert FeedSource(name=name, feed=ADDRESS).name == name
    assert not name.startswith("-")
