"""The metadata in the head of saved web pages."""

from feeder.sources.files.heads.page_head import read_page_head


def test_open_graph_and_meta_are_read() -> None:
    found = read_page_head(
        '<html lang="zh-CN"><head><title>雨 - 某报</title><meta property="og:title" content="雨 &amp; 风">'
        "<meta name='description' content='述'><meta property=article:published_time content=2020-01-01T10:00:00Z>"
        '<meta property="article:modified_time" content="2020-01-02"><meta name="author" content="甲">'
        '<meta name="empty" content=""><link rel="canonical" href="https://e.org/a"><link rel="icon" href="/i"></head>',
    )
    assert (found.title, found.link, found.language, found.summary) == ("雨 & 风", "https://e.org/a", "zh-CN", "述")
    assert [(s.read_from, s.text, s.means) for s in found.stamps] == [
        ("page", "2020-01-01T10:00:00Z", "published"),
        ("page", "2020-01-02", "updated"),
    ]
    assert found.authors == ("甲",)


def test_linked_data_is_read_wherever_it_is_nested() -> None:
    found = read_page_head(
        '<html><script type="application/ld+json">{broken</script><script type="application/ld+json">'
        '{"@graph":[{"@type":"WebSite"},[{"headline":"雨","datePublished":"2020-01-01","author":[{"name":"甲"}]}]]}</script>'
        '<meta property="og:url" content="https://e.org/b">',
    )
    assert (found.title, found.authors, found.link) == ("雨", ("甲",), "https://e.org/b")
    assert [stamp.text for stamp in found.stamps] == ["2020-01-01"]


def test_a_page_without_metadata_has_only_its_title() -> None:
    assert read_page_head("<html><title> 雨&amp;风 </title>").title == "雨&风"
    found = read_page_head(
        '<html><meta name="author" content="https://e.org/me"><script type="application/ld+json">'
        '{"headline":["x"],"author":[],"dateModified":3}</script>'
    )
    assert (found.title, found.authors, found.stamps) == ("x", (), ())


def test_linked_data_that_is_not_of_an_article_or_too_deep_is_ignored() -> None:
    deep = '{"@graph":[' * 4 + '{"headline":"雨"}' + "]}" * 4
    found = read_page_head(
        '<html><link rel="icon" href="/i"><link rel="canonical"><meta name="x"><script type="application/ld+json">'
        f'{deep}</script><script type="application/ld+json">"雨"</script>',
    )
    assert (found.title, found.link) == (None, None)
