"""Sizes in the addresses of pictures."""

import math

import pytest

from feeder.pictures.sizes import picture_size


@pytest.mark.parametrize(
    ("small", "large", "width"),
    [
        ("p-300x200.jpg", "p.jpg", 300),
        ("p-150x150.jpg", "p-scaled.jpg", 150),
        ("p.jpg?w=140&h=90", "p.jpg", 140),
        ("p.jpg?crop=1:1&height=90&width=140&s=9ab", "p.jpg?width=460&s=8cd", 140),
        ("p.jpg?resize=140%2C90", "p.jpg?fit=900,600", 140),
        ("p.jpg?name=small", "p.jpg?name=large", 300),
        ("x/s72-c/p.jpg", "x/s1600/p.jpg", 72),
        ("abc=s72-c", "abc=w220-h100", 72),
        ("fit-in/140x90/p.jpg", "fit-in/700x450/p.jpg", 140),
        ("c_fill,w_140,h_90/v1/p.jpg", "c_fill,w_700,h_450/v1/p.jpg", 140),
        ("resize:fit:140/p.jpg", "resize:fit:700/p.jpg", 140),
        ("thumb/a/F.jpg/140px-F.jpg", "thumb/a/F.jpg/700px-F.jpg", 140),
        ("ace/standard/140/p.jpg", "ace/standard/700/p.jpg", 140),
        ("media/small/p.jpg", "media/original/p.jpg", 300),
        ("p_thumb.jpg", "p_large.jpg", 100),
    ],
)
def test_sizes_of_one_picture_have_the_same_name(small: str, large: str, width: int) -> None:
    one, other = picture_size(f"http://h.example/{small}"), picture_size(f"https://h.example/{large}")
    assert one[0] == other[0]
    assert one[1] == width < other[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2024/05/p.jpg", "2024/06/p.jpg"),
        ("p1.jpg", "p2.jpg"),
        ("i?id=1&w=90", "i?id=2&w=90"),
        ("123/p.jpg", "456/p.jpg"),
        ("s01/p.jpg", "s02/p.jpg"),
        ("p.jpg?name=ann", "p.jpg?name=bob"),
        ("a.jpg", "b.jpg"),
    ],
)
def test_other_pictures_have_other_names(one: str, other: str) -> None:
    names = [picture_size(f"https://h.example/{address}") for address in (one, other)]
    assert names[0][0] != names[1][0]


def test_a_bare_number_is_a_size_if_the_feed_says_so() -> None:
    one, other = (picture_size(f"https://h.example/p_{side}.jpg", [side]) for side in (140, 700))
    assert one == other
    assert one[1] == math.inf
