"""Attributes and marks of kramdown, pandoc, MkDocs, MDX and VuePress: `{: .lead}`, `:::tip`, `!!! note`, `[TOC]`."""

import re

from feeder.sources.files.dialects.code import CODE, Replacement, replace_outside_code

_SYNTAX = re.compile(
    CODE + r"|(?P<contents>^[ \t]*+(?:[-*+]|\d\.)[ \t]++[^\n]{1,100}\n"
    r"\{:[ \t]*+(?:toc|[^{}\n]{0,100}\btoc\b)[^{}\n]{0,100}\}[ \t]*+$)|"
    r"(?P<hidden>\{::comment\}(?>(?s:.*?)\{:/(?:comment)?\}|(?s:.*)))|"
    r"(?P<mdx>^(?:import\s[^\n;]{0,300}?from\s*+[\"'][^\"'\n]{1,200}[\"'];?|import\s*+[\"'][^\"'\n]{1,200}[\"'];?|"
    r"export[ \t]+(?:const|let|default|function)\b[^\n]*+)[ \t]*+$)|"
    r"(?P<admonition>^(?:!!!|\?\?\?\+?)[ \t]*+[\w-]{1,30}(?>(?:[ \t]++[\w-]{1,30})*)"
    r"(?:[ \t]*+\"(?P<named>[^\"\n]{0,200})\")?[ \t]*+\n"
    r"(?P<inside>(?>(?:(?: {4}|\t)[^\n]*+(?:\n|\Z)|[ \t]*+\n(?=(?: {4}|\t)\S))+)))|"
    r"(?P<line>^[ \t]*+(?:\[\[?_?toc_?\]?\]|\[\[_TOC_\]\]|"
    r"(?>(?:>[ \t]*+)*)\{[:.#][^{}\n]{1,300}\}|\{::?/?[^{}\n]{0,100}\}|<!--[ \t]*+more[ \t]*+-->)[ \t]*+$)|"
    r"(?P<kramdown>\{::?/?[ \t]*+[.#a-z/][^{}\n]{0,300}\})|"
    r"(?P<pandoc>(?<=[)\]])\{[ \t]*+[.#:a-z][^{}\n]{0,300}\})|"
    r"(?P<heading>^(?P<words>\#{1,6}[ \t][^\n{}]*+)\{[ \t]*+[#.][^{}\n]{0,200}\}[ \t]*+$)|"
    r"(?P<box>^[ \t>]*+:{3,}+[ \t]*+(?:\{[^{}\n]{0,200}\}|(?P<kind>[\w-]{0,40}+)"
    r"(?:[ \t]++(?:info|warn|alert|warning|danger|tip|success|caution|important)(?!\w))?+)(?P<title>[^\n]{0,200}+)$)"
)
_ANY = re.compile(
    r"(?m)^(?:import|export)\s|^(?:!!!|\?\?\?)|\{[ \t]*+[:.#]|[)\]]\{|:::|toc_?\]|<!--[ \t]*+more", re.IGNORECASE
)  # most texts have none


def without_attributes(text: str) -> str:
    """Return a Markdown text without attributes, lists of contents, and the fences of boxes."""
    if _ANY.search(text) is None:
        return text
    return replace_outside_code(text, _SYNTAX, _replace)


def _replace(match: "re.Match[str]") -> Replacement:
    if match["words"] is not None:
        return match["words"], match.end()
    if match["admonition"] is not None:
        inside = re.sub(r"(?m)^(?: {4}|\t)?", "> ", match["inside"].rstrip("\n"))
        title = f"> **{match['named']}**\n>\n" if match["named"] else ""
        return f"\n{title}{inside}\n", match.end()
    if match["box"] is not None:
        title = match["title"].strip(" \t[]:")
        title = "" if title.startswith("{") else title
        return (f"\n**{title}**\n" if title else "\n"), match.end()
    return "", match.end()
