import json
import logging
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from feeder.cli.app import main
from feeder.config.load import embedded
from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import Store
from feeder.store.locks import file_lock
from tests.entries import make_entry

SEEDS = f"[[sources]]\nname = 'seeds'\nfolder = '{embedded('seeds')}'\n"
PUTIN_MEETS_WANG = "普京会晤王毅，证实习将访俄称俄中关系达到“新境界”"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Feeder = Callable[..., Ended]


@pytest.fixture
def feeder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Feeder:
    """Runs a command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)

    def run(*words: str) -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["feeder", *words])
        code = 0
        on_pipe = signal.getsignal(signal.SIGPIPE)
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.signal(signal.SIGPIPE, on_pipe)  # commands let SIGPIPE end them, this process must not
        return Ended(code, *capsys.readouterr())

    return run


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_update_publishes_the_seeds_silently(feeder: Feeder, tmp_path: Path) -> None:
    assert feeder("update") == (0, "", "")
    assert (tmp_path / "public/atom.xml").read_text("utf-8").count("<entry") == 5
    assert len(list((tmp_path / "public/entries").glob("*.html"))) == 5


def test_a_second_update_changes_no_byte_and_no_time_stamp(feeder: Feeder, tmp_path: Path) -> None:
    feeder("update")
    before = snapshot(tmp_path / "public")
    with Store.open(f"sqlite:///{tmp_path}/data/feeder.db") as store:
        change = store.entries.last_change()
    assert feeder("update") == (0, "", "")
    assert snapshot(tmp_path / "public") == before
    with Store.open(f"sqlite:///{tmp_path}/data/feeder.db") as store:
        assert store.entries.last_change() == change


def test_ingest_and_publish_report_what_they_did(feeder: Feeder) -> None:
    assert feeder("ingest").out == "seeds: 5 read, 5 new\n"
    assert feeder("ingest").out == "seeds: nothing new (5 unchanged)\n"
    written = re.fullmatch(r"site: (\d+) written \(0 unchanged\)\n", feeder("publish").out)
    assert written is not None
    for command in (["publish"], ["publish", "--again"]):
        assert feeder(*command).out == f"site: nothing new ({written[1]} unchanged)\n"


def test_publish_lists_what_changed_and_publishes_elsewhere(feeder: Feeder, tmp_path: Path) -> None:
    feeder("ingest")
    lines_of = feeder("publish", "--list").out.splitlines()
    assert "+ atom.xml" in lines_of
    assert len(lines_of) > 20
    assert feeder("publish", "--list").out == ""
    feeder("publish", "--to", str(tmp_path / "copy"))
    assert (tmp_path / "copy/atom.xml").exists()
    (tmp_path / "file").write_text("")
    refused = feeder("publish", "--to", str(tmp_path / "file"))
    assert refused.code != 0
    assert refused.err.count("\n") == 1


def test_ingest_reports_for_scripts(feeder: Feeder) -> None:
    [report] = lines(feeder("ingest", "--json").out)
    assert report == {
        "source": "seeds", "read": 5, "again": 0, "new": 5, "changed": 0, "same": 0,
        "unchanged": 0, "gone": 0, "removed": 0, "dropped": 0, "retired": 0, "ignored": 0, "not_due": 0,
        "pages": 0, "awaited": 0, "paused": False, "held": None, "failed": [], "not_published": [],
        "not_articles": [], "unread_dates": [], "ignored_endings": {}, "lost_pictures": 0,
        "web_pictures": 0, "without_pictures": [], "incomplete": [], "reasons": {},
    }  # fmt: skip


def test_ingest_again_reads_every_file(feeder: Feeder) -> None:
    feeder("ingest")
    shown = feeder("ingest", "--again", "--dry-run")
    assert shown.out == "seeds: 5 again\n"
    assert feeder("ingest", "--again", "seeds").out == "seeds: 5 same, 5 read again\n"
    assert feeder("ingest", "--again", "sedes").code == 2


def test_ingest_takes_names_of_sources_and_refuses_unknown_ones(feeder: Feeder) -> None:
    assert feeder("ingest", "seeds").code == 0
    ended = feeder("ingest", "sedes")
    assert (ended.code, ended.err) == (2, "feeder: sources: no source is named 'sedes'; known sources: seeds\n")


@pytest.mark.parametrize("words", ["普", "普京", "关系达到", "關係達到", "普京 王毅"])
def test_search_finds_words_of_one_two_and_four_characters_in_either_script(feeder: Feeder, words: str) -> None:
    feeder("ingest")
    ended = feeder("search", "--json", *words.split())
    assert ended.code == 0
    assert PUTIN_MEETS_WANG in [entry["title"] for entry in lines(ended.out)]


def test_search_shows_the_matching_passage_and_the_total(feeder: Feeder) -> None:
    feeder("ingest")
    ended = feeder("search", "轉載")
    assert ended.code == 1
    assert ended.err == "0 entries found\n"
    ended = feeder("search", "佩斯科夫", "-n", "1")
    assert "佩斯科夫" in ended.out
    assert ended.err == "2 entries found\n"


def test_an_invalid_query_is_explained_with_the_position(feeder: Feeder) -> None:
    ended = feeder("search", "一 二 三 四 五 六 七 八 九")
    assert ended.code == 2
    assert ended.err == "feeder: '九' is one word too many: at most 8 to find (at character 17)\n"


@pytest.mark.parametrize(
    "words",
    [("普京", "-title:王毅"), ("普京", "-王毅", "-n", "5"), ("-n1", "普京", "-nato王毅"), ("普京", "--", "-n", "-c")],
)
def test_words_that_begin_with_a_minus_are_excluded(feeder: Feeder, words: tuple[str, ...]) -> None:
    feeder("ingest")
    ended = feeder("search", "--json", *words)
    assert (ended.code, ended.err) in {(0, ""), (1, "")}
    without = PUTIN_MEETS_WANG not in [entry["title"] for entry in lines(ended.out)]
    assert without == any(word.startswith("-") and "王毅" in word for word in words if "nato" not in word)


def test_the_order_of_words_and_operators_is_kept(feeder: Feeder) -> None:
    feeder("ingest")
    ended = feeder("search", "--json", "没有的词", "OR", "-没有的词", "--limit", "3")
    assert (ended.code, len(lines(ended.out))) == (0, 3)


@pytest.mark.parametrize("words", [("--jsn", "雨"), ("-n", "-5", "雨"), ("雨", "-n"), ()])
def test_unknown_options_and_empty_searches_are_refused(feeder: Feeder, words: tuple[str, ...]) -> None:
    assert feeder("search", *words).code == 2


@pytest.mark.parametrize("words", ["", "!!!"])
def test_a_search_without_a_word_is_an_error(feeder: Feeder, words: str) -> None:
    ended = feeder("search", words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "feeder: there is nothing to search for; write letters or digits\n"


def test_latest_prints_every_field_of_an_entry_and_its_origin(feeder: Feeder) -> None:
    feeder("ingest")
    newest, *others = lines(feeder("latest", "--json").out)
    assert len(others) == 4
    assert set(Entry.__dataclass_fields__) | {"key", "origin", "origins"} == set(newest)
    assert newest["title"] == PUTIN_MEETS_WANG
    assert newest["published"] == "2023-02-22T17:22:43Z"
    assert newest["updated"] == "2023-02-22T17:39:03Z"
    assert newest["origin"].endswith("002_5e0f3d6c7bad0a97.txt")
    assert Path(newest["origin"]).is_file()


def test_a_saved_search_is_used_by_its_name(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(SEEDS + '[[feeds]]\nname = "putin"\nquery = "普京"\n', "utf-8")
    feeder("ingest")
    for words in (["search", "@putin"], ["search", "@Putin", "王毅"], ["latest", "@putin"], ["latest", "putin"]):
        assert PUTIN_MEETS_WANG in [entry["title"] for entry in lines(feeder(*words, "--json").out)]
    assert feeder("search", "@putin", "没有的词").code == 1
    ended = feeder("latest", "@puting")
    assert ended.code == 2
    assert ended.err == "feeder: '@puting': no such saved search in [[feeds]]; did you mean @putin?\n"


@pytest.mark.parametrize("command", ["update", "latest", "check", "bot"])
def test_an_invalid_saved_search_is_refused_by_every_command(feeder: Feeder, tmp_path: Path, command: str) -> None:
    (tmp_path / "config.toml").write_text('[[feeds]]\nname = "x"\nquery = "雨 ("\n', "utf-8")
    ended = feeder(command)
    assert ended.code == 2
    assert ended.err == (
        "feeder: config.toml: feeds[0].query: '雨 (': '(' is never closed: write ')' where its group ends "
        "(at character 3)\n"
    )
    assert not (tmp_path / "data").exists()


def test_latest_prints_one_line_per_entry(feeder: Feeder) -> None:
    feeder("ingest")
    out = feeder("latest", "-n", "2").out.splitlines()
    assert len(out) == 2
    assert f"2023-02-22 17:22  {PUTIN_MEETS_WANG}  www.voachinese.com" in out[0]


def test_show_takes_an_id_a_link_or_a_key(feeder: Feeder) -> None:
    feeder("ingest")
    entry = lines(feeder("latest", "--json", "-n", "1").out)[0]
    shown = feeder("show", entry["key"])
    assert shown.code == 0
    assert PUTIN_MEETS_WANG in shown.out
    assert "002_5e0f3d6c7bad0a97.txt" in shown.out
    assert "俄罗斯总统弗拉迪米尔·普京星期三" in shown.out
    assert feeder("show", entry["id"]).out == feeder("show", entry["link"]).out == shown.out
    assert lines(feeder("show", entry["key"], "--json").out) == [entry]


def test_show_names_an_unknown_entry(feeder: Feeder) -> None:
    ended = feeder("show", "nothing")
    assert (ended.code, ended.out) == (1, "")
    assert "'nothing'" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_export_prints_every_entry_oldest_first(feeder: Feeder) -> None:
    feeder("ingest")
    entries = lines(feeder("export").out)
    published = [entry["published"] for entry in entries]
    assert len(entries) == 5
    assert published == sorted(published)


def test_init_writes_a_working_configuration_and_overwrites_none(feeder: Feeder, tmp_path: Path) -> None:
    ended = feeder("init")
    assert ended.code == 0
    assert (tmp_path / "config.toml").read_bytes() == embedded("config.example.toml").read_bytes()
    shutil.copytree(embedded("seeds"), tmp_path / "seeds")
    assert feeder("update").code == 0
    ended = feeder("init")
    assert ended.code == 2
    assert ended.err == "feeder: config.toml: already exists; name another file\n"
    assert feeder("init", "no/where.toml").code == 2


def test_check_passes_with_default_settings(feeder: Feeder) -> None:
    before = feeder("check")
    assert before.code == 0, before
    feeder("update")
    ended = feeder("check")
    assert ended.code == 0, ended
    assert "5 entries" in ended.out
    assert "BAD" not in ended.out


def test_the_search_index_is_built_by_a_pass_checked_and_rebuilt(feeder: Feeder, tmp_path: Path) -> None:
    feeder("update")
    home = tmp_path / "data/feeder.db.search"
    assert "ok   search index   up to date\n" in feeder("check").out
    assert feeder("reindex") == (0, "", "")
    assert (home / "current").read_text() == "index-2"
    assert "search index   up to date\n" in feeder("check").out
    (home / "index-2/followed").unlink()
    assert "not built yet, or by another version of feeder" in feeder("check").out
    assert feeder("search", "普京").code == 0
    segment = next((home / "index-3").glob("*.idx"))
    segment.write_bytes(bytes(segment.stat().st_size))
    ended = feeder("check")
    assert ended.code == 1
    assert "the search index is damaged; `feeder reindex` rebuilds it" in ended.out
    assert feeder("reindex").code == 0
    assert feeder("check").code == 0
    with Store.open(f"sqlite:///{tmp_path}/data/feeder.db") as store:
        store.take([Batch(source="seeds", incoming=[prepare(Origin("seeds", "x"), make_entry(1))])])
    assert "1 change behind the store; the next pass or search updates it" in feeder("check").out


def test_only_one_process_builds_the_search_index(feeder: Feeder, tmp_path: Path) -> None:
    feeder("update")
    with file_lock(str(tmp_path / "data/feeder.db.search/lock")):
        ended = feeder("reindex")
    assert ended.code == 5
    assert ended.err.endswith("feeder.db.search: another process is writing the index; nothing was done\n")


def test_check_asks_telegram_for_the_token_before_there_is_a_store(
    feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDER_TELEGRAM__TOKEN", "123456789:" + "A" * 35)
    monkeypatch.setenv("FEEDER_TELEGRAM__API_URL", "http://127.0.0.1:9")
    ended = feeder("check")
    assert ended.code == 1
    assert "BAD  telegram       cannot reach http://127.0.0.1:9 (NetworkError)" in ended.out
    assert "AAAA" not in ended.out + ended.err


def test_check_names_every_problem(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[schedule]\ningest = "99 * * * *"\n[[sources]]\nname = "a"\nfolder = "nowhere"\n', "utf-8"
    )
    (tmp_path / "public").write_text("in the way", "utf-8")
    ended = feeder("check")
    assert ended.code == 1
    bad = [line for line in ended.out.splitlines() if line.startswith("BAD")]
    assert len(bad) == 3
    assert "schedule.ingest" in bad[0]
    assert "nowhere" in bad[1]
    assert "public" in bad[2]


def test_an_unknown_key_ends_with_2_before_anything_is_written(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[sit]\n", "utf-8")
    ended = feeder("update")
    assert (ended.code, ended.err) == (2, "feeder: config.toml: sit: unknown key; did you mean 'site'?\n")
    assert not (tmp_path / "data").exists()


def test_a_missing_folder_is_named_and_the_other_sources_are_read(feeder: Feeder, tmp_path: Path) -> None:
    seeds = embedded("seeds")
    (tmp_path / "config.toml").write_text(
        f'[[sources]]\nname = "a"\nfolder = "nowhere"\n[[sources]]\nname = "b"\nfolder = "{seeds}"\n', "utf-8"
    )
    ended = feeder("update")
    assert ended.code == 1
    assert ended.err == f"{tmp_path}/nowhere: folder cannot be read: No such file or directory\n"
    assert (tmp_path / "public/atom.xml").read_text("utf-8").count("<entry") == 5


def test_one_bad_article_is_named_and_the_others_are_published(feeder: Feeder, tmp_path: Path) -> None:
    shutil.copytree(embedded("seeds"), tmp_path / "seeds")
    (tmp_path / "seeds/bad.md").write_bytes(bytes(range(256)))
    for _ in range(2):
        ended = feeder("update")
        assert ended.code == 1
        assert len(ended.err.splitlines()) == 1
        assert ended.err.startswith("bad.md: ")
    assert (tmp_path / "public/atom.xml").read_text("utf-8").count("<entry") == 5
    assert "bad.md" in feeder("check").out


def test_a_file_that_cannot_be_opened_is_named(feeder: Feeder, tmp_path: Path) -> None:
    shutil.copytree(embedded("seeds"), tmp_path / "seeds")
    (tmp_path / "seeds/loop.md").symlink_to("loop.md")
    ended = feeder("update")
    assert ended.code == 1
    assert ended.err.startswith("loop.md: ")
    assert (tmp_path / "public/atom.xml").read_text("utf-8").count("<entry") == 5


def test_a_store_of_a_newer_feeder_is_not_changed(feeder: Feeder, tmp_path: Path) -> None:
    feeder("update")
    path = tmp_path / "data/feeder.db"
    with closing(sqlite3.connect(path)) as database, database:
        [(table,)] = database.execute("SELECT name FROM sqlite_master WHERE name LIKE '%version%' AND type = 'table'")
        database.execute(f"UPDATE {table} SET version_num = 'from-the-future'")
    before = path.read_bytes()
    ended = feeder("update")
    assert ended.code == 3
    assert "newer" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert path.read_bytes() == before


def test_a_file_that_is_not_a_database_is_refused(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/feeder.db").write_text("a shopping list\n" * 100, "utf-8")
    ended = feeder("update")
    assert ended.code == 3
    assert len(ended.err.splitlines()) == 1
    assert "feeder.db" in ended.err


def test_a_port_in_use_is_named(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("FEEDER_WEB__PORT", str(port))
        ended = feeder("serve")
    assert ended.code == 6
    assert f"127.0.0.1:{port}" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_an_output_folder_that_cannot_be_written_is_named(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "public").write_text("in the way", "utf-8")
    ended = feeder("update")
    assert ended.code == 4
    assert "public" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert feeder("latest", "--json").out.count("\n") == 5


def test_a_failed_pass_is_reported_until_one_succeeds(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "public").write_text("in the way", "utf-8")
    feeder("update")
    assert "BAD  last pass" in feeder("check").out
    (tmp_path / "public").unlink()
    assert feeder("update").code == 0
    assert feeder("check").code == 0


def test_a_second_pass_at_the_same_time_does_nothing(feeder: Feeder, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/data/feeder.db") as store, store.database.exclusive_pass():
        ended = feeder("update")
    assert ended.code == 5
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "public").exists()


def test_the_bot_needs_a_token_and_says_where_to_put_it(feeder: Feeder) -> None:
    ended = feeder("bot")
    assert ended.code == 2
    assert ended.err.startswith("feeder: telegram.token: not set")


def test_the_bot_shows_what_it_would_post_without_a_token(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(SEEDS + '[[telegram.channels]]\nchat = "@news"\nrecent = 2\n', "utf-8")
    feeder("ingest")
    ended = feeder("bot", "--dry-run")
    assert ended.code == 0
    assert "@news: 2 to post" in ended.out
    assert PUTIN_MEETS_WANG in ended.out


def test_every_command_has_help() -> None:
    help_text = type_command("--help").out
    for command in (
        "run",
        "reindex",
        "update",
        "ingest",
        "publish",
        "serve",
        "bot",
        "search",
        "latest",
        "show",
        "export",
        "check",
    ):
        assert f"  {command} " in help_text
        assert type_command(command, "--help").code == 0


@pytest.mark.parametrize("words", [("export",), ("latest",), ("search", "普京"), ("show", "5f2ef3")])
def test_a_closed_pipe_ends_the_output_silently(feeder: Feeder, tmp_path: Path, words: tuple[str, ...]) -> None:
    feeder("ingest")
    with subprocess.Popen(
        [sys.executable, "-m", "feeder", *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as printing:
        assert printing.stdout is not None
        assert printing.stderr is not None
        printing.stdout.close()
        assert printing.stderr.read() == b""
        assert printing.wait() == -signal.SIGPIPE


def test_output_that_cannot_be_written_is_a_one_line_error(feeder: Feeder, tmp_path: Path) -> None:
    feeder("ingest")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "feeder", "latest"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (1, "feeder: standard output: No space left on device\n")


def type_command(*words: str) -> Ended:
    ended = subprocess.run([sys.executable, "-m", "feeder", *words], capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_a_dry_run_shows_what_would_be_read_and_writes_nothing(feeder: Feeder, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for number in range(22):
        (articles / f"{number:02}.txt").write_text(f"第{number}篇")
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "mine"\nfolder = "articles"\n')
    shown = feeder("ingest", "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    first, *paths, last = shown.out.splitlines()
    assert first == "mine: 22 new"
    assert paths == [f"       new  {number:02}.txt" for number in range(20)]
    assert last == "       new  … and 2 more"
    assert not (tmp_path / "data").exists()
    feeder("ingest")
    (articles / "00.txt").unlink()
    [told] = lines(feeder("ingest", "mine", "--dry-run", "--json").out)
    assert (told["unchanged"], told["gone"], told["paths"]["gone"]) == (21, 1, ["00.txt"])


def test_a_dry_run_names_files_that_cannot_be_read(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "mine"\nfolder = "nowhere"\n')
    shown = feeder("ingest", "--dry-run")
    assert shown.code == 1
    assert shown.err == f"{tmp_path}/nowhere: folder cannot be read: No such file or directory\n"


def test_ingest_counts_failures_by_reason(feeder: Feeder, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for number in range(3):
        (articles / f"{number}.txt").write_bytes(b"")
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "mine"\nfolder = "articles"\n')
    assert feeder("ingest").out.splitlines() == ["mine: 3 read, 3 failed", "       3 × empty file"]


def test_ingest_and_its_dry_run_name_dates_that_are_not_understood(feeder: Feeder, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for number in range(12):
        (articles / f"{number:02}.md").write_text(f"---\ntitle: T{number}\ndate: 2024-13-{number:02}\n---\n\nRain.\n")
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "mine"\nfolder = "articles"\n')
    told = "          00.md: date not understood: front matter: date: 2024-13-00"
    for shown in (feeder("ingest", "--dry-run"), feeder("ingest")):
        assert (shown.code, told in shown.out.splitlines()) == (0, True)
        assert shown.out.splitlines()[-1] == "          … and 2 more; --json lists all"
        assert shown.out.count("date not understood:") == 10


def test_ingest_names_the_endings_of_files_that_are_not_read(feeder: Feeder, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for name in ("a.md", "a.pdf", "b.PDF", "c.css", "d.js", "e.zip", "f.png", "g.gif", "h.woff"):
        (articles / name).write_text("It rained all day.\n")
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "mine"\nfolder = "articles"\n')
    assert feeder("ingest").out.splitlines() == [
        "mine: 1 read, 1 new",
        "          8 other files not read (pdf, css, gif, js, png, woff, …)",
    ]
    (articles / "a.md").touch()
    assert feeder("ingest").out == "mine: nothing new (1 unchanged)\n"
    [report] = lines(feeder("ingest", "--json").out)
    assert (report["ignored"], report["ignored_endings"]["pdf"]) == (8, 2)


def test_show_names_every_place_where_an_entry_was_found(feeder: Feeder, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    text = "<!--1676903943000-->\n[题目](https://example.org/1)\n------\n\n下雨了。\n"
    for name in ("a.md", "b.md"):
        (articles / name).write_text(text)
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "mine"\nfolder = "articles"\n')
    feeder("ingest")
    shown = feeder("show", "http://www.example.org/1").out
    assert f"     read from  {articles}/a.md (mine)\n" in shown
    assert f" also found at  {articles}/b.md (mine)\n" in shown


def test_show_names_the_origin_of_each_field(feeder: Feeder, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "a.md").write_text(
        "---\ntitle: 题\nauthor: 甲\nlastmod: 2024-01-02\ntags: [雨]\n---\n"
        "<!--1676903943000-->\n[题目](https://example.org/1)\n------\n\n昨天夜里下了一场大雨。\n"
    )
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "mine"\nfolder = "articles"\n')
    feeder("ingest")
    assert lines(feeder("show", "https://example.org/1", "--json").out)[0]["read_from"] == {
        "title": "link line",
        "link": "link line",
        "published": "epoch",
        "updated": "front matter: lastmod",
        "authors": "front matter: author",
        "categories": "front matter: tags",
        "language": "script and words",
        "content": "body, as Markdown",
        "summary": "first paragraphs",
        "source": "host of the link",
    }
    shown = feeder("show", "https://example.org/1").out
    assert shown.startswith("题目  ← link line\n")
    assert "       updated  2024-01-02T00:00:00Z  ← front matter: lastmod\n" in shown
