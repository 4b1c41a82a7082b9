import pytest

from feeder.pictures.signing import SIGNED, read_signed, sign

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ADDRESS = "https://h.example/a b/ü.jpg?x=1&y=/../#z"


def test_a_signed_address_is_read_back_and_is_one_of_the_site() -> None:
    path = sign(ADDRESS, KEY)
    assert SIGNED.fullmatch(path)
    _, signature, encoded = path.split("/")
    assert read_signed(signature, encoded, KEY) == ADDRESS


@pytest.mark.parametrize(
    ("signature", "encoded"),
    [
        ("{0}x", "{1}"),
        ("", "{1}"),
        ("é", "{1}"),
        ("{0}", "{1}AAAA"),
        ("{0}", ""),
        ("{0}", "a"),
        ("{0}", "____"),
        ("{0}", "é"),
    ],
)
def test_what_was_not_signed_is_no_address(signature: str, encoded: str) -> None:
    _, *parts = sign(ADDRESS, KEY).split("/")
    assert read_signed(signature.format(*parts), encoded.format(*parts), KEY) is None


def test_another_key_signs_nothing_of_ours() -> None:
    _, signature, encoded = sign(ADDRESS, OTHER_KEY).split("/")
    assert read_signed(signature, encoded, KEY) is None
