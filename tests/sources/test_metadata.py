"""Front matter and similar blocks."""

import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.sources.files.heads.metadata import (
    Metadata,
    fields_to_metadata,
    first_key,
    looks_like_fields,
    read_lines,
    read_toml,
    read_yaml,
)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("title: 春天", "春天"),
        ("title: #话题 雨", "#话题 雨"),
        ("title: 【 #新闻 】雨", "【 #新闻 】雨"),
        ("title: 专访3: 雨", "专访3: 雨"),
        ("title: '雨'与山", "'雨'与山"),
        ("title: '雨''山'", "雨'山"),
        ('title: "雨 \\"山\\""', '雨 "山"'),
        ('title: "雨\\山"', "雨\\山"),
        ("title: *雨", "*雨"),
        ("title: [雨] 山", "[雨] 山"),
        ("title: %雨", "%雨"),
        ("title: @雨", "@雨"),
        ("title: \t雨", "雨"),
        ("title: &#8220;雨&#8221;", "&#8220;雨&#8221;"),
        ("title: 2020", "2020"),
        ("title: >-\n  雨\n  山", "雨 山"),
        ("title: 雨\n  山", "雨 山"),
        ("Title: 雨", "雨"),
        ("title:", None),
        ('title: ""', None),
        ("title: null", None),
        ("author: x", None),
    ],
)
def test_a_title_is_read_as_it_is_printed(line: str, title: str | None) -> None:
    assert fields_to_metadata(read_yaml(line)).title == title
    assert fields_to_metadata(read_yaml(f"layout: post\n{line}\ncomments: true")).title == title


def test_invalid_yaml_is_read_line_by_line() -> None:
    found = read_yaml("title: 专访: 雨\ntags: [ a, 'b' ]\ncategories:\n- c\n- d\nempty:\n- e\nno key here\n")
    assert found == {
        "title": "专访: 雨",
        "tags": ["a", "b"],
        "categories": ["c", "d"],
        "empty": ["e"],
    }
    assert read_lines("- x\na: b\na: c") == {"a": "b"}


def test_yaml_of_another_kind_or_too_long_is_read_line_by_line() -> None:
    assert read_yaml("- a\n- b") == {}
    assert read_yaml("title: a\nx: " + "y" * 70_000)["title"] == "a"


def test_values_stay_text_and_what_is_nested_counts() -> None:
    block = (
        "tags: 996\ndate: 2010-1-11\nauthor:\n  name: 甲\nextra:\n  link: https://e.org/\n  deep: {a: {b: {c: d}}}\n"
        "list:\n- {name: x}\n- [y]\n"
    )
    assert read_yaml(block) == {
        "tags": "996",
        "date": "2010-1-11",
        "author": "甲",
        "list": ["x"],
        "link": "https://e.org/",
    }
    found = fields_to_metadata(read_yaml(block))
    assert (found.categories, found.authors, found.link) == (("996",), ("甲",), "https://e.org/")
    assert [stamp.text for stamp in found.stamps] == ["2010-1-11"]


def test_toml_is_read_with_its_tables() -> None:
    found = fields_to_metadata(
        read_toml(
            'title = "雨"\ndate = 2020-01-02\nauthors = ["甲", "乙"]\ndraft = true\n'
            'path = "2020/03/04/rain"\n[taxonomies]\ntags = ["a"]\n',
        ),
    )
    assert (found.title, found.authors, found.categories) == ("雨", ("甲", "乙"), ("a",))
    assert [(stamp.read_from, stamp.text) for stamp in found.stamps] == [
        ("front matter", "2020-01-02"),
        ("link", "2020-03-04"),
    ]
    assert read_toml('title = "雨\ndate = 2020')["date"] == "2020"


def test_every_field_has_its_meaning() -> None:
    found = fields_to_metadata(
        read_yaml(
            "title: 雨\nsource: 某报\nurl: https://e.org/a\nvia: https://o.example/x\nlang: zh\ndescription: 述\n"
            "copyright: 某报\ndate: 2020-01-01\nlastmod: 2020-02-02\nauthor: '[[甲]]'\ntranslator: '@乙'\n"
            "tags: 雨,风\nkeywords: '#山'\nimage: /p.jpg\noriginal: https://o.example/y\n",
        ),
    )
    assert (found.link, found.language, found.summary, found.rights) == ("https://e.org/a", "zh", "述", "某报")
    assert [(s.text, s.means) for s in found.stamps] == [("2020-01-01", "published"), ("2020-02-02", "updated")]
    assert (found.authors, [c.name for c in found.credits]) == (("甲",), ["乙"])
    assert found.categories == ("雨", "风", "山")
    assert [link.href for link in found.links] == ["https://o.example/x", "https://o.example/y"]
    assert [media.url for media in found.media] == ["/p.jpg"]
    assert fields_to_metadata({"permalink": "/a/b"}).link == "/a/b"


def test_missing_metadata_is_completed() -> None:
    one, other = Metadata(title="雨", authors=("甲",)), Metadata(title="山", link="https://e.org/")
    assert one.or_else(other) == Metadata(title="雨", authors=("甲",), link="https://e.org/")


def test_a_block_of_fields_is_distinguished_from_prose() -> None:
    assert looks_like_fields("title: a\n\n- b\n  c\n# d")
    assert not looks_like_fields("title: a\n雨下了")
    assert not looks_like_fields("\n")
    assert first_key("\nTitle: a\nb") == "title"
    assert first_key("雨下了") == ""


@given(st.text())
def test_any_block_is_read(block: str) -> None:
    for fields in (read_yaml(f"title: {block}"), read_yaml(block), read_toml(block)):
        said = fields_to_metadata(fields)
        assert said.title is None or isinstance(said.title, str)
        assert all(isinstance(name, str) for name in (*said.authors, *said.categories))


@pytest.mark.parametrize("marks", ["[", "{", "- ", "? ", "[{a: ", "{? "])
def test_a_very_deeply_nested_head_is_read_line_by_line_and_crashes_no_process(marks: str) -> None:
    program = (
        "import sys; from feeder.sources.files.heads.metadata import read_yaml;"
        "print(read_yaml('title: a\\nx:\\n  ' + sys.argv[1] * (60_000 // len(sys.argv[1])))['title'])"
    )
    done = subprocess.run([sys.executable, "-c", program, marks], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "a\n")


DOTTED = "a." * 3000
MANY_DOTTED = "".join(f"a{number}.{'a.' * 90}b = 1\n" for number in range(2000))


@pytest.mark.parametrize("rest", [f"{DOTTED}b = 1", MANY_DOTTED])
def test_very_long_dotted_keys_do_not_exhaust_memory(rest: str) -> None:
    tracemalloc.start()
    assert read_toml(f"title = 'a'\n{rest}")["title"] == "a"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_number_with_too_many_digits_does_not_affect_the_rest_of_a_head() -> None:
    assert read_toml(f"title = 'a'\nn = {'9' * 5000}")["title"] == "a"


def test_a_wiki_s_date_is_that_of_the_last_change() -> None:
    found = fields_to_metadata(read_yaml("date: 2025-11-02\ndateCreated: 2023-01-26\neditor: markdown"))
    assert [(stamp.text, stamp.means) for stamp in found.stamps] == [
        ("2023-01-26", "published"),
        ("2025-11-02", "updated"),
    ]
    assert found.credits == ()
    assert [credit.name for credit in fields_to_metadata({"editor": "Jane"}).credits] == ["Jane"]


def test_keys_may_be_in_other_languages() -> None:
    found = fields_to_metadata(read_yaml("标题: 雨\n作者: 甲\n链接: https://e.org/1\n发布时间: 2021-03-04"))
    assert (found.title, found.authors, found.link) == ("雨", ("甲",), "https://e.org/1")
    assert [stamp.text for stamp in found.stamps] == ["2021-03-04"]
