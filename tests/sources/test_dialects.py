"""Tags of site generators become what they stand for, or nothing, and never show as source."""

import re
from datetime import UTC, datetime

import pytest

from feeder.normalise.entry import normalise
from feeder.sources.files.collection import read_document
from feeder.sources.files.dialects.wordpress import break_classic_parts, break_paragraphs

NOW = datetime(2024, 5, 1, tzinfo=UTC)
PICTURE = '<figure><img src="https://i.example/a.jpg" alt=""></figure>'
CAPTIONED = '<figure><img src="https://i.example/a.jpg" alt=""><figcaption>The bridge</figcaption></figure>'
VIDEO = '<p><a href="https://www.youtube.com/watch?v=w7Ft2ymGmfc">▶ www.youtube.com</a></p>'


def content(body: str, name: str = "a.md") -> str:
    (draft,) = read_document(f"---\ntitle: T\n---\nFirst line.\n\n{body}\n\nLast line.\n".encode(), name)
    html = normalise(draft, now=NOW).content
    return html.removeprefix("<p>First line.</p>\n").removesuffix("<p>Last line.</p>").strip()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        # Hugo
        ('{{< figure src="https://i.example/a.jpg" caption="The bridge" >}}', CAPTIONED),
        ('{{<figure src="https://i.example/a.jpg" title="The bridge">}}', CAPTIONED),
        ("{{< img https://i.example/a.jpg >}}", PICTURE),
        ("{{< youtube w7Ft2ymGmfc >}}", VIDEO),
        ('{{< youtube id="w7Ft2ymGmfc" autoplay="true" >}}', VIDEO),
        ("{{< vimeo 55073825 >}}", '<p><a href="https://vimeo.com/55073825">▶ vimeo.com</a></p>'),
        ("{{< gist ann 4242 >}}", '<p><a href="https://gist.github.com/ann/4242">▶ gist.github.com</a></p>'),
        (
            '{{< x user="ann" id="1453110110599868418" >}}',
            '<p><a href="https://twitter.com/ann/status/1453110110599868418">▶ twitter.com</a></p>',
        ),
        ("{{% notice tip %}}A tip.{{% /notice %}}", "<p>A tip.</p>"),
        ("{{% notice tip %}}\nA **tip**.\n{{% /notice %}}", "<p>A <strong>tip</strong>.</p>"),
        ('{{< details "More" >}}\nHidden.\n{{< /details >}}', "<p><strong>More</strong></p>\n<p>Hidden.</p>"),
        ("{{< highlight go >}}\na < b\n\nc\n{{< /highlight >}}", "<pre><code>a &lt; b\n\nc</code></pre>"),
        ('See [it]({{< ref "a.md" >}}).', "<p>See it.</p>"),
        ("{{< toc >}}", ""),
        ("{{% comment %}}secret{{% /comment %}}", ""),
        ("Use `{{< ref >}}` here.", "<p>Use <code>{{&lt; ref &gt;}}</code> here.</p>"),
        ("```\n{{</* youtube 1 */>}}\n```", "<pre><code>{{&lt; youtube 1 &gt;}}</code></pre>"),
        ("Write {{</* youtube 1 */>}}.", "<p>Write {{&lt; youtube 1 &gt;}}.</p>"),
        (
            '{{< admonition type=tip title="Mind" >}}\nIt rains.\n{{< /admonition >}}',
            "<p><strong>Mind</strong></p>\n<p>It rains.</p>",
        ),
        ('{{< github repo="ann/rain" >}}', '<p><a href="https://github.com/ann/rain">▶ github.com</a></p>'),
        # Zola
        ('{{ youtube(id="w7Ft2ymGmfc") }}', VIDEO),
        ('{{ image(src="https://i.example/a.jpg") }}', PICTURE),
        # Jekyll, Octopress, Hexo, Eleventy
        ('{% include video id="w7Ft2ymGmfc" provider="youtube" %}', VIDEO),
        ('{% include image.html url="https://i.example/a.jpg" description="The bridge" %}', CAPTIONED),
        ("It is {% label success@wet %} and {% span red, cold %}.", "<p>It is wet and cold.</p>"),
        ("{::comment}\nsecret\n{:/comment}", ""),
        ("{::nomarkdown}\n<p>Raw.</p>\n{:/}", "<p>Raw.</p>"),
        # MkDocs, MDX
        (
            '!!! note "Mind"\n    It *rains*.\n\n    Still.\n',
            "<blockquote><p><strong>Mind</strong></p><p>It <em>rains</em>.</p><p>Still.</p></blockquote>",
        ),
        ("import Tabs from '@theme/Tabs';\n\nIt rains.", "<p>It rains.</p>"),
        ("export const a = 1;\n\nIt rains.", "<p>It rains.</p>"),
        # Obsidian, Logseq, Roam
        (
            "![A bridge|300](https://i.example/a.jpg)",
            '<figure><img src="https://i.example/a.jpg" alt="A bridge"></figure>',
        ),
        ("- [/] half\n- [-] off", "<ul><li>half</li><li>off</li></ul>"),
        ("- wet\n  id:: 64a1b2c3-d4e5-f6a7-b8c9-d0e1f2a3b4c5\n- cold", "<ul><li>wet</li><li>cold</li></ul>"),
        ("It is ^^wet^^ {{query (todo TODO)}}.", "<p>It is <mark>wet</mark> .</p>"),
        ("It is <% tp.date.now() %> wet.", "<p>It is wet.</p>"),
        ("{% highlight ruby %}\nputs 1\n{% endhighlight %}", "<pre><code>puts 1</code></pre>"),
        ("{% codeblock lang:js %}\na\n{% endcodeblock %}", "<pre><code>a</code></pre>"),
        ("See [b]({{ site.baseurl }}{% post_url 2024-01-02-x %}).", "<p>See b.</p>"),
        ('See [b]({{ "https://b.example/x" | absolute_url }}).', '<p>See <a href="https://b.example/x">b</a>.</p>'),
        ("{% youtube w7Ft2ymGmfc %}", VIDEO),
        ('{% include youtube.html id="w7Ft2ymGmfc" %}', VIDEO),
        ('{% include figure.html src="https://i.example/a.jpg" caption="The bridge" %}', CAPTIONED),
        ("{% img left https://i.example/a.jpg 300 200 'The bridge' %}", CAPTIONED),
        ("{% asset_img https://i.example/a.jpg The bridge %}", CAPTIONED),
        ("{% post_link my-post 'My post' %}", "<p>My post</p>"),
        (
            "{% blockquote Ann, Letters %}\nWords.\n{% endblockquote %}",
            "<blockquote><p>Words.</p><p>— Ann Letters</p></blockquote>",
        ),
        ("{% comment %}secret{% endcomment %}", ""),
        ("{% if a %}Kept.{% endif %}", "<p>Kept.</p>"),
        ("{% for p in site.posts %}{{ p.title }}{% endfor %}", ""),
        ("{% raw %}{{ shown }}{% endraw %}", "<p>{{ shown }}</p>"),
        ("```\n{% if a %}\n```", "<pre><code>{% if a %}</code></pre>"),
        ("    {{ site.title }}", "<pre><code>{{ site.title }}</code></pre>"),
        ("Words {{ mine }}.", "<p>Words {{ mine }}.</p>"),
        # kramdown, pandoc, VuePress
        ("Text.\n{: .lead}", "<p>Text.</p>"),
        ("* TOC\n{:toc}", ""),
        ("## Part {#part .big}", "<h2>Part</h2>"),
        ('[b](https://b.example/){:target="_blank"}', '<p><a href="https://b.example/">b</a></p>'),
        ("![](https://i.example/a.jpg){width=50%}", PICTURE),
        ("::: tip Mind this\n\nText.\n\n:::", "<p><strong>Mind this</strong></p>\n<p>Text.</p>"),
        # Obsidian
        ("[[Page|shown]], [[Page]], [[Page#Part]]", "<p>shown, Page, Page &gt; Part</p>"),
        ("![[https://i.example/a.jpg|300]]", PICTURE),
        (
            "![[https://i.example/a.jpg|A bridge|300]]",
            '<figure><img src="https://i.example/a.jpg" alt="A bridge"></figure>',
        ),
        ("字==标记==字 a==b==c", "<p>字<mark>标记</mark>字 a==b==c</p>"),
        ("Text. ^abc12f", "<p>Text.</p>"),
        ("> [!note] Mind\n> Text.", "<blockquote><p>Mind</p><p>Text.</p></blockquote>"),
        ("[[1]](https://b.example/)", '<p><a href="https://b.example/">[1]</a></p>'),
        ("`[[a]] ==b==`", "<p><code>[[a]] ==b==</code></p>"),
        # WordPress
        ('[caption id="a" width="1"]<img src="https://i.example/a.jpg"> The bridge[/caption]', CAPTIONED),
        ("[caption]![](https://i.example/a.jpg) The bridge[/caption]", CAPTIONED),
        ('[gallery ids="1,2"]', ""),
        ("[embed]https://v.example/1[/embed]", '<p><a href="https://v.example/1">▶ v.example</a></p>'),
        (
            '[audio src="https://v.example/a.mp3"]',
            (
                '<p><audio controls="" preload="none" src="https://v.example/a.mp3">'
                '<a href="https://v.example/a.mp3">▶ v.example</a></audio></p>'
            ),
        ),
        ("[code](https://b.example/) [sic]", '<p><a href="https://b.example/">code</a> [sic]</p>'),
        # footnotes
        (
            "A[^1] b^[Inline.].\n\n[^1]: First.",
            (
                '<p>A<sup><a href="#text-fn-1" id="text-fnref-1">1</a></sup> '
                'b<sup><a href="#text-fn-__inline_1" id="text-fnref-__inline_1">2</a></sup>.</p>\n'
            ),
        ),
        ("A[^1].", "<p>A<sup>1</sup>.</p>"),
        ("[^x]: Never marked.", "<p>x. Never marked.</p>"),
    ],
)
def test_a_tag_becomes_what_it_stands_for(source: str, shown: str) -> None:
    found = content(source)
    assert found.startswith(shown) if shown.endswith("\n") else found == shown


def test_tags_in_the_html_of_a_site_generator_are_read_too() -> None:
    html = content("<p>One {{ site.title }}</p>\n{% include youtube.html id='w7Ft2ymGmfc' %}\n<p>Two</p>", "a.html")
    assert VIDEO in html
    assert "{" not in html


def test_a_picture_does_not_make_markdown_html() -> None:
    found = content('One [b](/b).\n<img src="https://i.example/a.jpg">\n\nTwo.')
    assert found == f"<p>One b.</p>\n{PICTURE}\n<p>Two.</p>"


@pytest.mark.parametrize(
    "text",
    [
        "Dieser Absatz ist bei etwa fünfzig Zeichen umbrochen,\nund wer ihn liest, soll nichts davon merken.",
        "第一行有二十个字左右然后在句子中间被编辑器\n折断了所以读者不应该看到任何换行的地方在\n这里。",
    ],
)
def test_wrapped_lines_flow(text: str) -> None:
    assert "<br>" not in content(text)


def test_line_ends_of_chinese_writers_are_breaks() -> None:
    assert "<br>" in content("今天是二月二，\n也是个好日子")


@pytest.mark.parametrize(
    ("classic", "html"),
    [
        ("a\n\nb", "a<br><br>b"),
        ("a\nb", "a<br>b"),
        ("a\n\n<ul>\n<li>b</li>\n</ul>\n\nc", "a<ul><li>b</li></ul>c"),
        ("<pre>a\n\nb</pre>\n\nc", "<pre>a\n\nb</pre>c"),
        ("a <b\nc>d</b>\ne", "a <b\nc>d</b><br>e"),
        ("a<!--more-->\n\nb", "a<!--more--><br><br>b"),
    ],
)
def test_line_ends_of_wordpress_s_classic_editor(classic: str, html: str) -> None:
    assert break_paragraphs(classic) == html


@pytest.mark.parametrize(
    ("post", "html"),
    [
        ("<!-- wp:freeform -->\na\n\nb\n<!-- /wp:freeform -->", "a<br><br>b"),
        ("<!-- wp:x -->\n<p>a\nb</p>\n<!-- /wp:x -->\n\nc\n\nd", "\n<p>a\nb</p>\nc<br><br>d"),
        ("<!-- wp:more /-->\na\n\nb", "a<br><br>b"),
        ("<!-- wp:a --><!-- wp:b -->\n<!-- /wp:b -->x\ny<!-- /wp:a -->", "\nx\ny"),
    ],
)
def test_classic_parts_among_wordpress_s_blocks(post: str, html: str) -> None:
    assert re.sub(r"<!--.*?-->", "", break_classic_parts(post)) == html


def test_forms_and_scripts_do_not_join_the_paragraphs_around_them() -> None:
    assert break_paragraphs("a\n\n<form></form>\n\nb") == "a<br><br><form></form><br><br>b"
    assert break_paragraphs("a\n\n<script>\nx\n\ny</script>\n\nb") == "a<br><br><script>\nx\n\ny</script><br><br>b"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("> Note.\n{.is-info}", "<blockquote><p>Note.</p></blockquote>"),
        ("- a\n{.links-list}", "<ul><li>a</li></ul>"),
        (":::note info\nNote.\n:::", "<p>Note.</p>"),
        (":::message alert\nNote.\n:::", "<p>Note.</p>"),
        ("&#123;% raw %}\n\nNote.\n\n&#123;% endraw %}", "<p>Note.</p>"),
        (":::tip information\nNote.\n:::", "<p><strong>information</strong></p>\n<p>Note.</p>"),
    ],
)
def test_attributes_and_kinds_of_boxes_are_not_shown(source: str, shown: str) -> None:
    assert content(source) == shown
