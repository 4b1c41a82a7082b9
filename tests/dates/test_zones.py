"""Which offset a zone's name means."""

from datetime import datetime

import pytest

from feeder.dates.zones import find_offset

_WINTER, _SUMMER = (datetime.fromisoformat(f"2023-{month}-15T12:00:00") for month in ("01", "07"))


@pytest.mark.parametrize(
    ("name", "winter", "summer"),
    [
        ("+0200", 120, 120),
        ("-03:30", -210, -210),
        ("−05:00", -300, -300),
        ("GMT+2", 120, 120),
        ("utc - 3", -180, -180),
        ("+01", 60, 60),
        ("Z", 0, 0),
        ("K", 0, 0),
        ("EST", -300, -300),
        ("e.s.t.", -300, -300),
        ("ET", -300, -240),
        ("MESZ", 120, 120),
        ("МСК", 180, 180),
        ("NPT", 345, 345),
        ("HAE", -240, -240),
        ("America/Los_Angeles", -480, -420),
        ("america/los_angeles", -480, -420),
        ("America/Argentina/Buenos_Aires", -180, -180),
        ("Etc/GMT+5", -300, -300),
        ("PST8PDT", -480, -420),
        ("Pacific Daylight Time", -420, -420),
        ("Central European Summer Time", 120, 120),
        ("India Standard Time", 330, 330),
        ("Coordinated Universal Time", 0, 0),
        ("CST", -360, -360),
    ],
)
def test_a_name_means_an_offset(name: str, winter: int, summer: int) -> None:
    assert (find_offset(name, _WINTER), find_offset(name, _SUMMER)) == (winter, summer)


@pytest.mark.parametrize(
    "name", ["XYZ", "IST", "BST", "AST", "+99", "Nowhere/Town", "America", "../etc/passwd", "Local Time", "words"]
)
def test_an_unknown_and_an_ambiguous_name_mean_none(name: str) -> None:
    assert find_offset(name, _SUMMER) is None


@pytest.mark.parametrize(
    ("name", "language", "winter", "summer"),
    [
        ("IST", "hi", 330, 330),
        ("IST", "en-IN", 330, 330),
        ("IST", "he", 120, 120),
        ("IST", "en_IE", None, 60),  # Ireland is on Greenwich time in winter
        ("IST", "en-US", None, None),
        ("CST", "en", -360, -360),
        ("CST", "zh-TW", 480, 480),
        ("CST", "en-HK", 480, 480),
        ("CST", "es-CU", -300, -300),
        ("CST", "ja", None, None),
        ("BST", "en-GB", None, 60),
        ("BST", "bn", 360, 360),
        ("AST", "ar-SA", 180, 180),
        ("AST", "en", -240, -240),
    ],
)
def test_the_language_decides_between_zones_of_one_name(
    name: str, language: str, winter: int | None, summer: int | None
) -> None:
    assert (find_offset(name, _WINTER, language), find_offset(name, _SUMMER, language)) == (winter, summer)


def test_other_times_decide_before_the_language() -> None:
    assert find_offset("IST", _SUMMER, "en", [(_WINTER, 330)]) == 330
    assert find_offset("IST", _SUMMER, None, [(_SUMMER, 180)]) == 120  # Israel's summer time
    assert find_offset("CST", _SUMMER, "en", [(_SUMMER, 480)]) == 480
    assert find_offset("CST", _WINTER, None, [(_SUMMER, -300)]) is not None  # CDT
    assert find_offset("IST", _SUMMER, None, [(_WINTER, 0)]) is None  # what software writes for no zone
