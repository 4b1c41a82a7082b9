import re
import sys
import tomllib
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import make_url

from feeder.config.load import Config, embedded, load_config, store_at
from feeder.config.settings import SOURCE_KINDS, ChannelConfig, FeedConfig, FeedSource, PageSource
from feeder.config.values import parse_duration
from feeder.errors import ConfigError

REPLAYED = "[[feeds]]\nname = 'a'\nquery = 'x'\nreplay = '3/day'\nreplay_from = 2026-01-01"
TOKEN = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str, name: str = "config.toml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def uncommented(text: str) -> str:
    """The example with every setting that stands there as a comment switched on."""
    return re.sub(r"^# (?=\[\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)


def test_without_any_file_the_seeds_are_read_and_served_on_loopback(tmp_path: Path) -> None:
    config = load_config()
    assert config.file is None
    assert [(source.name, source.address) for source in config.sources] == [("seeds", str(embedded("seeds")))]
    assert len(list(embedded("seeds").iterdir())) == 5
    assert config.store.url == f"sqlite:///{tmp_path}/data/feeder.db"
    assert config.site.output == tmp_path / "public"
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8000)
    assert config.telegram.token is None


def test_a_seeds_folder_beside_the_configuration_comes_before_the_embedded_one(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    assert load_config().sources[0].address == str(tmp_path / "seeds")


def test_the_example_loads_and_says_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    example = write(embedded("config.example.toml").read_text("utf-8"))
    from_file = load_config(example).model_dump(exclude={"file", "demo", "sources"})
    assert from_file == load_config_without_file(example).model_dump(exclude={"file", "demo", "sources"})


def load_config_without_file(example: Path) -> Config:
    example.unlink()
    return load_config()


def test_the_example_with_every_comment_switched_on_still_loads() -> None:
    text = uncommented(embedded("config.example.toml").read_text("utf-8"))
    for one_of_two in (
        "token_file =",
        "secret_file =",
        "password_file =",
        "replay_from =",
        'feed = "https:',
        'page = "https:',
        "entries =",
    ):
        text = text.replace(f"\n{one_of_two}", f"\n# {one_of_two}")
    config = load_config(write(text))
    assert config.telegram.token is not None
    assert config.telegram.channels[0].chat == "@my_channel"


def test_the_example_names_every_setting_there_is() -> None:
    example = tomllib.loads(uncommented(embedded("config.example.toml").read_text("utf-8")))

    def check(model: type[BaseModel], table: dict[str, Any]) -> None:
        fields = {name for name in model.model_fields if name not in {"file", "demo"}}
        assert fields == set(table), model
        for name, value in table.items():
            if isinstance(value, dict):
                check(Config.model_fields[name].annotation, value)  # type: ignore[arg-type]  # a section's class
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                if name == "sources":
                    keys = set().union(*(kind.model_fields for kind in SOURCE_KINDS.values()))
                    assert keys == set(value[0])
                else:
                    check(FeedConfig if name == "feeds" else ChannelConfig, value[0])

    check(Config, example)


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    path = write('[site]\noutput = "out"\n[[sources]]\nname = "a"\nfolder = "b"\n', "deep/er/my.toml")
    config = load_config(path)
    assert config.site.output == tmp_path / "deep/er/out"
    assert config.sources[0].address == str(tmp_path / "deep/er/b")
    assert config.store.url == f"sqlite:///{tmp_path}/deep/er/data/feeder.db"


@pytest.mark.parametrize(
    ("said", "folder"),
    [
        ("", "data/feeder.db.search"),
        ('[store]\nurl = "sqlite:///a/b.db"', "a/b.db.search"),
        ('[store]\nurl = "postgresql://u@h/d"', "data/search"),
        ('[store]\nsearch = "found"', "found"),
        ('[store]\nsearch = "/srv/found"', "/srv/found"),
    ],
)
def test_the_search_index_lies_beside_the_store_unless_told_otherwise(tmp_path: Path, said: str, folder: str) -> None:
    assert load_config(write(said)).store.search == tmp_path / folder


def test_an_absolute_store_stays_where_it_is() -> None:
    assert load_config(write('[store]\nurl = "sqlite:////srv/a.db"')).store.url == "sqlite:////srv/a.db"
    assert load_config(write('[store]\nurl = "postgresql://u@h/d"')).store.url == "postgresql://u@h/d"


def test_the_environment_names_the_file_and_wins_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDER_CONFIG", str(write("[web]\nport = 1\nhost = '::1'", "other.toml")))
    monkeypatch.setenv("FEEDER_WEB__PORT", "2")
    monkeypatch.setenv("FEEDER_TELEGRAM__TOKEN", TOKEN)
    config = load_config()
    assert (config.web.host, config.web.port) == ("::1", 2)
    assert config.telegram.token is not None
    assert TOKEN not in repr(config)


def test_a_token_can_stand_in_a_file() -> None:
    write(f"{TOKEN}\n", "secrets/token")
    config = load_config(write('[telegram]\ntoken_file = "secrets/token"'))
    assert config.telegram.token is not None
    assert config.telegram.token.get_secret_value() == TOKEN


def test_the_site_address_always_ends_with_a_slash() -> None:
    assert load_config(write('[site]\nurl = "https://example.org/news"')).site.url == "https://example.org/news/"


def test_a_channel_may_name_a_saved_search() -> None:
    text = "[[feeds]]\nname = 'rain'\nquery = '雨 last:7d'\n[[telegram.channels]]\nchat = '@abcd'\nfeed = 'rain'"
    (channel,) = load_config(write(text)).telegram.channels
    assert (channel.feed, channel.query) == ("rain", "雨 last:7d")
    (channel,) = load_config(write(text.replace("feed = 'rain'", "feed = 'Rain'"))).telegram.channels
    assert channel.query == "雨 last:7d"


def test_the_general_topic_of_a_forum_is_none() -> None:
    text = "[[telegram.channels]]\nchat = '@abcd'\ntopic = 1\n[[telegram.channels]]\nchat = '@abcd'\ntopic = 2"
    assert [channel.topic for channel in load_config(write(text)).telegram.channels] == [None, 2]


@pytest.mark.parametrize("name", ["บ้านน้ำ", "हिन्दी", "雨_1-a", "雨" * 21, "a" * 64])
def test_a_feed_is_named_in_any_script(name: str) -> None:
    assert load_config(write(f"[[feeds]]\nname = '{name}'\nquery = 'x'")).feeds[0].name == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[site]\ntitel = 'x'", "config.toml: site.titel: unknown key; did you mean 'title'?"),
        ("[sight]", "config.toml: sight: unknown key; did you mean 'site'?"),
        ("[web]\nzzz = 1", "config.toml: web.zzz: unknown key; known here: host, metrics, port, request_log, "),
        ("[[sources]]\nname = 'a'\nfolder = 'b'\nfoldr = 'c'", "sources[0].foldr: unknown key; did you mean 'folder'?"),
        (
            "[[telegram.channels]]\nchat = '@good'\nchta = 1",
            "telegram.channels[0].chta: unknown key; did you mean 'chat'?",
        ),
        ("[[sources]]\nname = 'a'", "config.toml: sources[0]: name one folder, feed or page"),
        (
            "[[sources]]\nname = 'a'\nfolder = 'b'\nfeed = 'https://e.org/f'",
            "config.toml: sources[0]: name one folder, feed or page, not a folder and a feed",
        ),
        ("[[sources]]\nname = 'a'\nfeed = 'ftp://e.org/f'", "config.toml: sources[0].feed: 'ftp://e.org/f': write an"),
        (
            "[[sources]]\nname = 'a'\nfolder = 'b'\nallow_private = true",
            "config.toml: sources[0]: allow_private is for a feed or a page; delete it",
        ),
        (
            "[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\nwhen_gone = 'remove'",
            "config.toml: sources[0]: when_gone is for a folder; delete it",
        ),
        (
            "[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\nmin_interval = '2d'",
            "config.toml: sources[0]: min_interval is longer than max_interval (2d and 1d)",
        ),
        (
            "[[sources]]\nname = 'a'\nfolder = 'b'\nfull = true\narticle = 'p'",
            "config.toml: sources[0]: full is for a feed or a page; delete it",
        ),
        (
            "[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\nentries = 'article'",
            "config.toml: sources[0]: entries is for a page; delete it",
        ),
        (
            "[[sources]]\nname = 'a'\npage = 'https://e.org/'",
            'config.toml: sources[0]: a page needs entries = "CSS selector of an entry"',
        ),
        (
            "[[sources]]\nname = 'a'\npage = 'https://e.org/'\nentries = 'div['",
            "config.toml: sources[0].entries: 'div[': write a CSS selector such as \"article .text\" (Malformed",
        ),
        (
            "[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\ncut = ['.ok', 'p::before']",
            "config.toml: sources[0].cut[1]: 'p::before': write a CSS selector",
        ),
        ("[fetch]\nuser_agent = 'a\\tb'".replace("'", '"'), "config.toml: fetch.user_agent: 'a\\tb': use only"),
        ("[web]\nport = 99999", "config.toml: web.port: 99999: input should be less than or equal to 65535"),
        ("[web]\nport = 'http'", "config.toml: web.port: 'http': input should be a valid integer"),
        ("[site]\nurl = 'ftp://x'", "config.toml: site.url: 'ftp://x': write an http(s) address"),
        ("[site]\ncontent = 'all'", "config.toml: site.content: 'all': input should be 'full' or 'summary'"),
        ("[store]\nurl = 'mysql://x'", """config.toml: store.url: 'mysql://x': write "sqlite:///FILE" or"""),
        ("[schedule]\ningest = '15'", "config.toml: schedule.ingest: '15': write an interval such as \"15m\""),
        ("[schedule]\npublish = 'never'", "config.toml: schedule.publish: 'never': write an interval"),
        ("[telegram]\npoll = '0s'", "config.toml: telegram.poll: '0s': write a length of time"),
        ("[telegram]\npoll = 20", "config.toml: telegram.poll: 20: write a length of time"),
        ("[telegram]\nadmins = ['@me']", "config.toml: telegram.admins[0]: '@me': write the numeric id of a person"),
        ("[telegram]\nadmins = [-1001]", "config.toml: telegram.admins[0]: -1001: write the numeric id of a person"),
        ("[[telegram.channels]]\nchat = 'my channel'", "config.toml: telegram.channels[0].chat: 'my channel': "),
        ("[[telegram.channels]]\nchat = 0", "config.toml: telegram.channels[0].chat: 0: write the "),
        ("[[telegram.channels]]\nchat = 9999999999999999999", "config.toml: telegram.channels[0].chat: 9999999"),
        (
            "[[telegram.channels]]\nchat = '@mine'\ntopic = 0",
            "config.toml: telegram.channels[0].topic: 0: write the number of a topic",
        ),
        (
            "[[telegram.channels]]\nchat = '@mine'\nquiet = '22:00+08:00-07:00'",
            "config.toml: telegram.channels[0].quiet: '22:00+08:00-07:00': write hours such as",
        ),
        (
            "[[telegram.channels]]\nchat = '@mine'\ntemplate = '{title}: {titel}'",
            "config.toml: telegram.channels[0].template: '{title}: {titel}': column 11: unknown field 'titel'",
        ),
        (
            "[[sources]]\nname = 'a'\nfolder = 'b'\ntimezone = 'Mars'",
            "config.toml: sources[0].timezone: 'Mars': write a time zone",
        ),
        (
            "[[sources]]\nname = 'a'\nfolder = 'b'\n[[sources]]\nname = 'a'\nfolder = 'c'",
            "config.toml: sources.name: 'a' is used twice",
        ),
        (
            "[[telegram.channels]]\nchat = '@abcd'\n[[telegram.channels]]\nchat = '@abcd'",
            "config.toml: telegram.channels.chat: '@abcd' is used twice",
        ),
        ("[sources]\nname = 'a'", "config.toml: sources: this is a list; write a table of it as [[sources]]"),
        (
            "[[sources]]\nname = 'a'\nfolder = 'b'\ncut = 'aside'",
            "config.toml: sources[0].cut: 'aside': this is a list; write its values in brackets",
        ),
        ("[[site]]\ntitle = 'a'", "config.toml: site: this is one table; write it as [site]"),
        ("[site]\nurl = 'https://exa mple.org/'", "config.toml: site.url: 'https://exa mple.org/': write an http(s)"),
        ("[site]\nurl = 'https://example.org/?a'", "config.toml: site.url: 'https://example.org/?a': write an http(s)"),
        ("[site]\nurl = 'https://a:99999999/'", "config.toml: site.url: 'https://a:99999999/': write an http(s)"),
        ("[site]\nlanguage = 'klingon lang'", "config.toml: site.language: 'klingon lang': write a language"),
        ('[site]\noutput = "a\\u0000b"', "config.toml: site.output: 'a\\x00b': it contains a NUL character"),
        ("[store]\nurl = 'sqlite:///a.db?x=1'", "config.toml: store.url: 'sqlite:///a.db?x=1': write"),
        (
            "[schedule]\ningest = '99999999999999d'",
            "config.toml: schedule.ingest: '99999999999999d': write an interval",
        ),
        (
            "[site]\noutput = 'a'\n[[sources]]\nname = 'a'\nfolder = 'a'",
            "config.toml: site.output: 'a' is also a source; name another folder",
        ),
        ("[store]\nsearch = ''", "config.toml: store.search: '.' contains other files; name a separate folder"),
        (
            "[store]\nsearch = 'a'\n[[sources]]\nname = 'a'\nfolder = 'a'",
            "config.toml: store.search: 'a' contains other files",
        ),
        ("[store]\nsearch = 'public/search'", "config.toml: store.search: 'public/search' contains other files"),
        (
            "[[telegram.channels]]\nchat = '@abcd'\n[[telegram.channels]]\nchat = '@ABCD'",
            "config.toml: telegram.channels.chat: '@abcd' is used twice",
        ),
        ("[[feeds]]\nname = 'a b'\nquery = 'x'", "config.toml: feeds[0].name: 'a b': "),
        ("[[feeds]]\nname = 'a'", "config.toml: feeds[0].query: this key is required"),
        ("[[feeds]]\nname = 'a'\nquery = ''", "config.toml: feeds[0].query: '': "),
        ("[[feeds]]\nname = ''\nquery = 'x'", "config.toml: feeds[0].name: '': use only letters, digits, - and _"),
        (
            f"[[feeds]]\nname = '{'雨' * 22}'\nquery = 'x'",
            "longer than 64 bytes of UTF-8; use a shorter one, and a title",
        ),
        ("[[feeds]]\nname = 'a'\nqery = 'x'", "config.toml: feeds[0].qery: unknown key; did you mean 'query'?"),
        ("[[feeds]]\nname = 'a'\n[site]\nurll = 'x'", "config.toml: site.urll: unknown key; did you mean 'url'?"),
        (
            "[[feeds]]\nname = 'Rain'\nquery = 'x'\n[[feeds]]\nname = 'rain'\nquery = 'y'",
            "config.toml: feeds.name: 'rain' is used twice; give each feed its own",
        ),
        (
            "[[feeds]]\nname = 'rain'\nquery = 'x'\n[[telegram.channels]]\nchat = '@abcd'\nfeed = 'rian'",
            "config.toml: telegram.channels[0].feed: 'rian': no such feed in [[feeds]]; did you mean 'rain'?",
        ),
        (
            "[[telegram.channels]]\nchat = '@abcd'\nfeed = 'rain'",
            "config.toml: telegram.channels[0].feed: 'rain': no such feed in [[feeds]]; known here: none",
        ),
        (
            "[[feeds]]\nname = 'a'\nquery = 'x'\n[[telegram.channels]]\nchat = '@abcd'\nfeed = 'a'\nquery = 'y'",
            "config.toml: telegram.channels[0].feed: 'a': query is set too; keep one",
        ),
        (
            "[[feeds]]\nname = 'a'\nquery = 'x'\nreplay = '3/hour'\nreplay_from = 2026-01-01",
            "config.toml: feeds[0].replay: '3/hour': write a number up to 100 a day or a week, such as \"3/day\"",
        ),
        (
            "[[feeds]]\nname = 'a'\nquery = 'x'\nreplay = '0/day'\nreplay_from = 2026-01-01",
            "config.toml: feeds[0].replay: '0/day': write a number up to 100 a day or a week",
        ),
        (
            "[[feeds]]\nname = 'a'\nquery = 'x'\nreplay = '3/day'",
            "config.toml: feeds[0]: replay needs the day that it begins on, such as replay_from = 20",
        ),
        (
            "[[feeds]]\nname = 'a'\nquery = 'x'\nreplay = '3/day'\nreplay_from = 'soon'",
            "config.toml: feeds[0].replay_from: 'soon': input should be a valid date",
        ),
        (
            "[[feeds]]\nname = 'a'\nquery = 'x'\nreplay_from = 2026-01-01",
            'config.toml: feeds[0]: replay_from needs a pace, such as replay = "3/day"',
        ),
        (
            f"{REPLAYED}\nprivate = true",
            "config.toml: feeds[0]: replay: a private feed cannot be replayed; delete replay or private",
        ),
        (
            f"{REPLAYED}\n[[telegram.channels]]\nchat = '@abcd'\nfeed = 'A'",
            "config.toml: telegram.channels[0].feed: 'A': the bot posts entries as they arrive, and replays none; ",
        ),
        ("file = 'x'", "config.toml: file: unknown key"),
        ("a = ", "config.toml: not valid TOML: "),
    ],
)
def test_a_mistake_is_one_line_that_names_file_key_value_and_rule(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_token_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDER_TELEGRAM__TOKEN", "hunter2")
    with pytest.raises(ConfigError, match=r"telegram.token: not a bot token") as caught:
        load_config()
    assert "hunter2" not in str(caught.value)


def test_token_and_token_file_together_are_one_too_many() -> None:
    with pytest.raises(ConfigError, match="both token and token_file"):
        load_config(write(f'[telegram]\ntoken = "{TOKEN}"\ntoken_file = "x"'))


def test_a_token_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"telegram.token_file: '.*nowhere': cannot be read: No such file"):
        load_config(write('[telegram]\ntoken_file = "nowhere"'))


def test_a_token_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"telegram.token_file: '.*secret': cannot be read: it is not text"):
        load_config(write('[telegram]\ntoken_file = "secret"'))


def test_a_mistake_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDER_WEB__PORT", "99999")
    with pytest.raises(ConfigError, match=r"^\$FEEDER_WEB__PORT: '99999': input should be less"):
        load_config()


def test_an_unknown_variable_is_a_mistake_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDER_TELEGRM__TOKEN", TOKEN)
    with pytest.raises(ConfigError, match=r"^\$FEEDER_TELEGRM__TOKEN: unknown setting; did you mean 'FEEDER_TELEGRAM'"):
        load_config()


@pytest.mark.parametrize("name", ["FEEDER_SITE", "FEEDER_SOURCES", "FEEDER_TELEGRAM"])
def test_a_variable_for_a_whole_section_holds_json(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "foo")
    with pytest.raises(ConfigError, match=rf"^\${name}: 'foo' is not JSON; set one key with \${name}__KEY"):
        load_config()


def test_a_token_in_the_place_of_its_file_is_not_shown() -> None:
    with pytest.raises(ConfigError, match="this is the token itself") as caught:
        load_config(write(f'[telegram]\ntoken_file = "{TOKEN}"'))
    assert TOKEN not in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^nowhere.toml: no such file; `feeder init` writes one"):
        load_config(Path("nowhere.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"^binary.toml: cannot be read: it is not UTF-8 text"):
        load_config(Path("binary.toml"))


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), ("2 h", 7200), ("1d", 86400)])
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "m", "0m", "1.5h", "-1h", "1w", "15"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        parse_duration(text)


def test_a_feed_is_asked_for_under_the_name_of_the_program_and_the_address_of_the_site() -> None:
    config = load_config(
        write("[site]\nurl = 'https://news.example/'\n[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'")
    )
    assert config.fetch.user_agent == f"feeder/{version('feeder-republisher')} (+https://news.example/)"
    assert config.sources == (FeedSource(name="a", feed="https://e.org/f"),)
    assert load_config(write("[fetch]\nuser_agent = 'me'")).fetch.user_agent == "me"


def test_a_source_that_needs_a_library_for_its_articles_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = "[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\nfull = true"
    assert load_config(write(feed)).sources == (FeedSource(name="a", feed="https://e.org/f", full=True),)
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(
        ConfigError, match=r"sources\[0\]: full: to find the article of a page, run `pip install trafilatura`"
    ):
        load_config(write(feed))
    assert load_config(write(f"{feed}\narticle = '.text'")).sources[0].article == ".text"


def test_a_selector_that_is_empty_asks_for_the_usual_place() -> None:
    page = "[[sources]]\nname = 'a'\npage = 'https://e.org/'\nentries = 'li'\ntitle = ' '\ncut = ['']"
    assert load_config(write(page)).sources == (PageSource(name="a", page="https://e.org/", entries="li", cut=("",)),)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("folder = 'a'", "entries = 'li'"),
        ("feed = 'https://e.org/f'", "title = 'h2'"),
        ("folder = 'a'", "full = true"),
        ("folder = 'a'", "allow_private = true"),
        ("folder = 'a'", "min_interval = '1h'"),
        ("feed = 'https://e.org/f'", "when_gone = 'remove'"),
    ],
)
def test_a_key_of_another_kind_of_source_is_refused(place: str, wrong: str) -> None:
    key = wrong.partition(" ")[0]
    with pytest.raises(ConfigError, match=rf"sources\[0\]: {key} is for a [a-z ]+; delete it"):
        load_config(write(f"[[sources]]\nname = 'a'\n{place}\n{wrong}\n"))


def test_a_key_of_another_kind_of_source_may_have_its_default() -> None:
    text = "[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\nwhen_gone = 'keep'\nentries = ''\n"
    assert load_config(write(text)).sources == (FeedSource(name="a", feed="https://e.org/f"),)


def test_former_names_of_keys_are_read_with_a_hint(caplog: pytest.LogCaptureFixture) -> None:
    text = "[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\nevery = '1h'\nseldom = '2h'\n"
    source = FeedSource(name="a", feed="https://e.org/f", min_interval="1h", max_interval="2h")
    assert load_config(write(text)).sources == (source,)
    hints = [line.partition("config.toml: ")[2] for line in sorted(caplog.messages)]
    assert hints == [
        "sources[0].every is now called min_interval; rename it",
        "sources[0].seldom is now called max_interval; rename it",
    ]
    with pytest.raises(ConfigError, match="every is the former name of min_interval; delete it"):
        load_config(write(f"{text}min_interval = '1h'\n"))


def test_the_intervals_of_a_source_are_lengths_of_time() -> None:
    source = FeedSource(name="a", feed="https://e.org/f", max_interval="2d")
    assert source.intervals == (timedelta(minutes=15), timedelta(days=2))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('url = "bucket"', "objects.url: 'bucket': write \"s3://BUCKET\""),
        ('url = "s3://my-bucket/a/../b"', "objects.url: 's3://my-bucket/a/../b': write"),
        ('url = "s3://my-bucket/a//b"', "objects.url: 's3://my-bucket/a//b': write"),
        (
            'endpoint = "http://storage.example:9000"',
            "objects: endpoint is not encrypted; write https, or set",
        ),
        ('endpoint = "https://me:hidden@storage.example"', "objects: endpoint contains a user name or password"),
        ('url = "s3://my-bucket"\nsnapshots = "s3://my-bucket/x"', "objects: snapshots is a place below url"),
        ('url = "s3://my-bucket/"\nsnapshots = "s3://my-bucket"', "objects: snapshots is a place below url"),
        ('key_id = "AKIA"', "objects: key_id and secret belong together; secret or secret_file is not set"),
        ('secret = "hidden"', "objects: key_id and secret belong together; key_id is not set"),
        ('secret = "hidden"\nsecret_file = "x"', "objects: both secret and secret_file are set; keep one"),
        ('secret_file = "nowhere"', "objects.secret_file: '.*nowhere': cannot be read: No such file"),
        ('secret_file = "hiddenhiddenhiddenhiddenhiddenhidden"', "objects.secret_file: this is the secret itself"),
        ('secret = ["hidden"]', "objects.secret: input should be a valid string"),
        ('uri = "s3://my-bucket"', "objects.uri: unknown key; did you mean 'url'"),
    ],
)
def test_wrong_settings_of_object_storage_are_told_without_their_secrets(said: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        load_config(write(f"[objects]\n{said}"))
    assert "hidden" not in str(caught.value)


def test_an_unknown_key_of_any_section_is_told_with_the_known_ones() -> None:
    for section in ("site", "store", "objects", "ingest", "fetch", "limits", "schedule", "web", "telegram"):
        with pytest.raises(ConfigError, match=rf"config.toml: {section}\.qqqq: unknown key; known here: [a-z]"):
            load_config(write(f"[{section}]\nqqqq = 1"))


def test_the_secret_of_object_storage_may_be_in_a_file_and_hides_itself() -> None:
    write("s3cr3t\n", "secrets/objects")
    config = load_config(write('[objects]\nkey_id = "AK"\nsecret_file = "secrets/objects"'))
    assert config.secrets == ("s3cr3t",)
    assert "s3cr3t" not in repr(config)


@pytest.mark.parametrize(
    ("url", "snapshots"), [("s3://my-bucket/a", "s3://my-bucket/ab"), ("s3://my-bucket/a/b", "s3://my-bucket/a")]
)
def test_snapshots_may_be_kept_beside_the_site_and_above_it(url: str, snapshots: str) -> None:
    config = load_config(write(f'[objects]\nurl = "{url}/"\nsnapshots = "{snapshots}"'))
    assert (config.objects.url, config.objects.snapshots) == (url, snapshots)


@pytest.mark.parametrize(
    "place", ['feed = "https://me:secret@e.org/"', 'page = "https://secret@e.org/"\nentries = "p"']
)
def test_a_source_with_a_password_in_its_address_is_refused_and_the_password_not_shown(place: str) -> None:
    with pytest.raises(ConfigError, match="contains a user name or password") as caught:
        load_config(write(f'[[sources]]\nname = "rain"\n{place}\n'))
    assert "secret" not in str(caught.value)


def test_the_folders_of_a_store_at_another_url_are_those_that_it_would_have_in_the_configuration(
    tmp_path: Path,
) -> None:
    server, other = "postgresql://me@h/d", f"sqlite:///{tmp_path}/other.db"
    config = load_config()
    assert store_at(config, config.store.url) == config.store
    assert (store_at(config, server).search, store_at(config, server).pictures) == (
        tmp_path / "data/search",
        tmp_path / "data/pictures",
    )
    assert store_at(config, other).pictures == tmp_path / "other.db.pictures"
    config = load_config(write(f"[store]\nurl = '{server}'"))
    assert store_at(config, server) == config.store
    assert store_at(config, other).search == tmp_path / "other.db.search"
    config = load_config(write("[store]\nsearch = 'index/mine'"))
    assert (store_at(config, server).search, store_at(config, server).pictures) == (
        tmp_path / "index/mine",
        tmp_path / "index/pictures",
    )


def test_the_password_of_the_store_can_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/wörd:1\n")
    config = load_config(
        write('[store]\nurl = "postgresql://feeder@db/feeder?sslmode=require"\npassword_file = "password"')
    )
    assert make_url(config.store.url).password == "p@ss/wörd:1"
    assert make_url(config.store.url).host == "db"
    assert make_url(config.store.url).query == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("postgresql://me:hunter2@db/feeder", ("hunter2",)),
        (
            "postgresql://me@db/feeder?sslmode=require&password=p%40ss&sslpassword=k%20y",
            ("p%40ss", "k%20y", "p@ss", "k y"),
        ),
        ("postgresql://feeder:feeder@db/feeder", ()),
        ("postgresql://me@db/feeder", ()),
        ("sqlite:///data/feeder.db", ()),
    ],
)
def test_the_password_of_the_store_is_a_secret(url: str, hidden: tuple[str, ...]) -> None:
    assert load_config(write(f'[store]\nurl = "{url}"')).secrets == hidden


@pytest.mark.parametrize("url", ["postgres://me:hunter2@db/feeder", "mysql://db/feeder?password=hunter2"])
def test_a_wrong_url_of_the_store_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url: write") as caught:
        load_config(write(f'[store]\nurl = "{url}"'))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "file", "told"),
    [
        ("sqlite:///data/feeder.db", "password", "store.password_file: store.url names no PostgreSQL user; write "),
        ("postgresql://db/feeder", "password", "store.password_file: store.url names no PostgreSQL user; write "),
        ("postgresql://a:b@db/feeder", "password", "store: both password_file and a password in url are set; keep one"),
        ("postgresql://a@db/feeder?password=b", "password", "store: both password_file and a password in url are set"),
        ("postgresql://a@db/feeder", "nowhere", "store.password_file: '.*nowhere': cannot be read: No such file"),
        ("postgresql://a@db/feeder", "empty", "store.password_file: '.*empty': is empty"),
    ],
)
def test_a_password_file_that_cannot_be_used_is_refused(tmp_path: Path, url: str, file: str, told: str) -> None:
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match=told):
        load_config(write(f'[store]\nurl = "{url}"\npassword_file = "{file}"'))
