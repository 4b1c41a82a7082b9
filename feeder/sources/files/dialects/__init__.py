"""Converts what site generators and note apps add to Markdown or HTML: tags become plain HTML, or nothing.

Each module knows one family of programs. A tag that stands for something (a picture, a video, a quotation, code)
becomes that; a tag that only its program understands is removed, and the text between two such tags is kept. Code is
unchanged. Pure.
"""

from feeder.sources.files.dialects.attributes import without_attributes
from feeder.sources.files.dialects.hugo import render_hugo
from feeder.sources.files.dialects.liquid import render_liquid
from feeder.sources.files.dialects.obsidian import render_obsidian
from feeder.sources.files.dialects.wordpress import render_shortcodes


def render_markdown_dialects(text: str) -> str:
    """Return a Markdown text in which only CommonMark, its usual extensions and HTML are left."""
    text = render_liquid(render_hugo(text))
    return render_obsidian(without_attributes(render_shortcodes(text)))


def render_html_dialects(text: str) -> str:
    """Return the HTML of a page of a site generator without the generator's own tags."""
    return render_shortcodes(render_liquid(render_hugo(text, is_html=True), is_html=True), is_html=True)
