from datetime import UTC, datetime

import pytest

from feeder.errors import ConfigError
from feeder.publish.tokens import TOKEN, is_token_of, make_token, private_path, read_tokens, revoke_token
from feeder.store import Store

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_a_token_is_long_random_and_only_its_digest_is_stored(store: Store) -> None:
    made = {make_token(store, "rain", now=NOW) for _ in range(3)}
    assert len(made) == 3
    assert all(TOKEN.fullmatch(token) for token in made)
    note = store.database.get_note("feed_tokens") or ""
    assert note.count("rain") == 3
    assert not any(token in note for token in made)


def test_a_token_is_of_one_feed(store: Store) -> None:
    token = make_token(store, "rain", now=NOW)
    assert is_token_of(store, token, "rain")
    assert not is_token_of(store, token, "snow")
    for other in ("", token[:-1], token + "a", token.swapcase(), "\udcff"):
        assert not is_token_of(store, other, "rain")


def test_tokens_are_listed_and_revoked_by_id_or_by_themselves(store: Store) -> None:
    first, second, third = (make_token(store, name, now=NOW) for name in ("rain", "rain", "snow"))
    listed = read_tokens(store)
    assert [(one.feed, one.made_at) for one in listed] == [
        ("rain", "2026-05-01T00:00:00Z"),
        ("rain", "2026-05-01T00:00:00Z"),
        ("snow", "2026-05-01T00:00:00Z"),
    ]
    assert revoke_token(store, listed[0].id).feed == "rain"
    assert revoke_token(store, third).feed == "snow"
    assert [is_token_of(store, *pair) for pair in ((first, "rain"), (second, "rain"), (third, "snow"))] == [
        False,
        True,
        False,
    ]
    with pytest.raises(ConfigError, match=r"^'x': no token has this id; `feeder feeds tokens` lists them$"):
        revoke_token(store, "x")


def test_the_path_of_a_private_feed_has_its_name_and_format() -> None:
    assert private_path("TOKEN", "rain", "xml") == "private/TOKEN/rain.xml"
