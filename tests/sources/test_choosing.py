"""Which files of a folder are read: globs, what lies beside saved pages, and what is no article."""

from pathlib import Path

import pytest

from feeder.errors import NotAnArticleError
from feeder.sources.data import Data
from feeder.sources.files.addresses import is_home_page
from feeder.sources.files.choosing import Choice
from feeder.sources.files.collection import iter_document, read_document
from feeder.sources.files.folder import iter_files

_TEXT = "The harbour was closed for two days. Boats waited outside until the storm had passed. " * 3


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        ((), (), {"a.md", "b.txt", "posts/c.md", "posts/d/e.md", "drafts/f.md"}),
        (("*.md",), (), {"a.md", "posts/c.md", "posts/d/e.md", "drafts/f.md"}),
        (("posts",), (), {"posts/c.md", "posts/d/e.md"}),
        (("posts/*.md",), (), {"posts/c.md"}),
        (("posts/**/*.md",), (), {"posts/c.md", "posts/d/e.md"}),
        (("/posts/**",), ("d",), {"posts/c.md"}),
        ((), ("drafts/", "*.txt"), {"a.md", "posts/c.md", "posts/d/e.md"}),
        (("[ab].*",), (), {"a.md", "b.txt"}),
        ((), ("**/e.md", "posts/c.*"), {"a.md", "b.txt", "drafts/f.md"}),
    ],
)
def test_files_are_chosen_by_globs(
    tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...], taken: set[str]
) -> None:
    for name in ("a.md", "b.txt", "posts/c.md", "posts/d/e.md", "drafts/f.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    files = iter_files(tmp_path, {}, max_bytes=100, choice=Choice(include, exclude))
    assert {file.path for file in files} == taken


@pytest.mark.parametrize("folder", ["Rain_files", "Rain-Dateien", "Rain_fichiers", "Rain.files", "Rain_archivos"])
def test_the_frames_beside_a_saved_page_are_no_entries(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "frame.html").write_text("x")
    (tmp_path / "Rain.html").write_text("x")
    (tmp_path / "Rain-2").mkdir()
    (tmp_path / "Rain-2" / "page.html").write_text("x")
    assert [file.path for file in iter_files(tmp_path, {}, max_bytes=100)] == ["Rain.html", "Rain-2/page.html"]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("LICENSE", f"MIT License\n\n{_TEXT}", "licence"),
        ("LICENCE.md", _TEXT, "licence"),
        ("LICENSE-MIT", _TEXT, "licence"),
        ("COPYING", _TEXT, "licence"),
        ("README.md", f"# My blog\n\n{_TEXT}", "readme"),
        ("README.zh-CN.md", _TEXT, "readme"),
        ("README_EN.md", _TEXT, "readme"),
        ("google0123456789abcdef.html", _TEXT, "proof of ownership for a search engine"),
        ("docs/README", _TEXT, "readme"),
        ("CONTRIBUTING.md", _TEXT, "project file"),
        ("SECURITY.md", _TEXT, "project file"),
        ("CNAME", "blog.example", "project file"),
        ("Gemfile", "gem 'x'", "project file"),
        ("robots.txt", "User-agent: *", "note to robots"),
        ("content/_index.md", "---\ntitle: Posts\n---\n", "list of pages"),
        ("404.html", "<html><body>Not here.</body></html>", "error page"),
        ("_layouts/post.html", "---\nlayout: default\n---\n<h1>{{ page.title }}</h1>", "_layouts"),
        ("sass/app.scss", ".a { color: red }", "stylesheet"),
        ("site.webmanifest", "{}", "manifest"),
        ("templates/page.html", "{% extends 'x' %}{% block a %}{% endblock %}", "template"),
        ("layouts/index.html", '{{ define "main" }}<h1>{{ .Title }}</h1>{{ end }}', "template"),
        ("index.html", "---\nlayout: home\n---\n{% for post in site.posts %}{{ post.title }}{% endfor %}", "template"),
        ("page.html", "<?php get_header(); ?><p>x</p>", "template"),
        ("archetypes/default.md", '---\ntitle: "{{ replace .Name "-" " " }}"\ndate: {{ .Date }}\n---\n', "template"),
        ("view.ejs", "<h1><%= title %></h1>", "template"),
        ("deploy", "#!/bin/sh\nset -e\nrsync -a public/ host:/srv\n", "nothing in it reads like one"),
        ("words.unknown", "one\ntwo\nthree\n", "nothing in it reads like one"),
        ("paper.org", "* Heading\n\nText.", "Org"),
        ("book.adoc", "= Title\n\nText.", "AsciiDoc"),
    ],
)
def test_a_file_of_another_kind_is_told(name: str, text: str, kind: str) -> None:
    with pytest.raises(NotAnArticleError, match=kind):
        read_document(text.encode(), name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", f"---\ntitle: A post\ndate: 2024-01-01\n---\n{_TEXT}"),
        ("security.md", _TEXT),
        ("license-to-kill.md", _TEXT),
        ("post/index.md", "---\ntitle: x\n---\nShort."),
        ("note", _TEXT),
        ("2024.03.01 storm at sea", _TEXT),
        ("page.php", f"<html><body><p>{_TEXT}</p></body></html>"),
        ("about-templates.md", f"# Jinja\n\n{_TEXT}\n\n```\n{{% extends 'x' %}}\n```\n"),
        ("_posts/2024-01-01-x.html", "---\ntitle: x\ndate: 2024-01-01\n---\n<p>{{ page.title }}</p>"),
        ("a.md", "x"),
        ("雨", "昨天下了一整天的雨，港口关闭了两天。船只在外面等待，直到风暴过去。" * 5),
    ],
)
def test_what_reads_like_an_article_is_one(name: str, text: str) -> None:
    assert len(read_document(text.encode(), name)) == 1


def test_a_name_that_is_written_out_is_read() -> None:
    choice = Choice(include=("docs/README.md", "*.md"))
    assert choice.names("docs/README.md")
    assert not choice.names("README.md")
    assert len(list(iter_document(Data(_TEXT.encode()), "docs/README.md", chosen=True))) == 1


@pytest.mark.parametrize(
    ("link", "is_home"),
    [
        ("https://h.example", True),
        ("https://h.example/", True),
        ("http://h.example/index.html", True),
        ("https://h.example/?utm_source=x", True),
        ("https://h.example/?p=1", False),
        ("https://h.example/#!/post/1", False),
        ("https://h.example/en/", True),
        ("https://h.example/zh-hans", True),
        ("https://h.example/a", False),
        ("https://h.example/en/a", False),
        ("https://h.example/index.html/a", False),
        (None, False),
    ],
)
def test_a_home_page_names_no_article(link: str | None, is_home: bool) -> None:  # noqa: FBT001  a parameter
    assert is_home_page(link) == is_home
