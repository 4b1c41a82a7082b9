"""Measures the cost of hostile documents: one fragment repeated 50,000 times or up to a quarter of a megabyte.

    .venv/bin/python benchmarks/hostile.py [SECONDS]

Prints the processor time of each from bytes to entry, slowest first, with the target. Documents that take less than
SECONDS (default 0.05) are not listed.
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from feeder.normalise.entry import normalise
from feeder.sources.files.article import read_article

TARGET = 0.2
TIMES, LENGTH = 50_000, 250_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)

HTML = (
    "<p>a", "<p>a</p>", "<a ", "<", "<div>", "<b>", "<b>a", "<li>", "<br>", "<br>a",
    "<article><li class=share>", "<li class=share>", "<table><tr><td>", "<tr><td>a", "<ul><li>a",
    "<p class=a>a", "<a href=/a>a</a>", "<a href='https://e.org/a?b=c'>a</a> ", "<img src=/a.jpg>",
    "<figure><img src=/a.jpg>a</figure>", "<blockquote>a", "<span>", "<i>a</i>", "<!--", "&amp", "&amp;amp;",
    "<h2>a</h2>", "<hr>", "<pre>a", "<iframe src=//e.org>", "<time datetime=1>1 day ago</time>", "<meta ",
    "<noscript><img src=/a>", "<small>a", "<p>编辑：甲</p>", "<p>作者 甲</p>", "<p>2020年1月1日</p>", "<p>分享</p>",
    "<p>1</p>", "<p>https://e.org/</p>", "<nav>a</nav>", "<div class=comments>a</div>",
    "<section id=related>a", "<p>图片来源：a</p>", "<audio src=/a>", "<ruby>a<rt>b",
)  # fmt: skip
MARKDOWN = (
    "*a", "**a ", "***a*** ", "_a_ ", "[a](b)", "[a](", "![](", "[", "[[zh:", "[a][b]", "> ", "> a\n", ">",
    "- ", "- a\n", "* a\n", "  - a\n", "1. a\n", "`", "`a` ", "``` ", "```\n", "~~a", "<b>", "a\n", "a\n\n",
    "# a\n", "#a\n", "---\n", "|a|b|\n", "|a", "\\n", "\\", "&amp;", "<a ", "[a]: b\n", "[a\n",
    "![a](https://e.org/a.jpg)\n", "编辑：甲\n\n", "作者", "（译者：", "｜作者", "编辑/", "2020年", "1", "年", "http://",
    "https://e.org/ ", "\ta", "    中\n", "\u3000a", "\u200ba", "图片", "**中", "欢迎", "share ", "·", ":", "“",
    "，", "!", "(", "字字字字字字字字\n\n", "a. ", "[a](https://e.org/)\n\n", "*a*\n\n", "- [a](https://e.org/)\n",
    "@", "a:: b\n",
)  # fmt: skip
# With words in between: denser documents are not read as Markdown.
SPARSE = tuple(
    f"{mark}{'字' * 12}{end}" for mark in ("[", "[a](", "*", "_", "`", "<", "> ", "- ", "|", "# ") for end in ("", "\n")
)


def main() -> None:
    """Measure every document and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("shortest", type=float, nargs="?", default=0.05, help="list no document that takes less")
    shortest = parser.parse_args().shortest
    texts = [(fragment, fragment * TIMES, "a.html") for fragment in HTML]
    texts += [
        (fragment, fragment * (LENGTH // len(fragment.encode())), "a.md") for fragment in (*HTML, *MARKDOWN, *SPARSE)
    ]
    results = sorted(((seconds(text, name), name, fragment) for fragment, text, name in texts), reverse=True)
    for spent, name, fragment in results:
        if spent >= shortest:
            print(f"  {spent:6.2f} s  {name:7} {fragment!r:32} {'' if spent < TARGET else 'SLOW'}")
    print(f"{len(results)} documents, {sum(spent >= TARGET for spent, _, _ in results)} not below {TARGET} s")


def seconds(text: str, name: str) -> float:
    """Return the processor time from bytes to entry."""
    data = text.encode()
    start = time.process_time()
    normalise(read_article(data, name), now=NOW)
    return time.process_time() - start


if __name__ == "__main__":
    main()
