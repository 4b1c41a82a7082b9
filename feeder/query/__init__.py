"""The query language: parses text into a `Query`, and evaluates a query against one entry.

Pure. Nothing here knows SQL or the index: `store.search.translate` translates a query for the index, and
`Query.matches` defines what it must find. The language:

    query   = { clause }                                  every clause must match
    clause  = item { ( "OR" | "|" ) item }                one of the items must match: OR binds tighter than spaces
    item    = [ "-" | "NOT" ] ( word | phrase | group | field )
    group   = "(" query ")"                               up to 16 deep
    phrase  = quoted text: "…" “…” 「…」 『…』; an unclosed quote reaches to the end
    word    = text up to white space, a quote, a parenthesis, "|" or one of ，。、；！？
    field   = name ":" ( value { "|" value } | group )    the group's words are values of the field
            | "#" value                                   the same as category:value
    value   = word | phrase

    title:雨           these adjacent words in the title
    source:联合早报    these adjacent words in the name of the original publisher or the configured source
    category:天气      the whole category; short: #天气
    author:王小明      these adjacent words in an author's name
    language:zh        a BCP 47 tag or its prefix (RFC 4647 §3.3.1): zh finds zh-Hans and zh-Hant
    site:bbc.com       the link's host or a subdomain; "www." and anything after the host are ignored
    on:2022-03         published in that year (2022), month or day (2022-03-05, 2022/3/5, 2022年3月5日)
    after:2022-03      published at or after the first moment of that year, month or day
    before:2022-03     published before its first moment: after:2022-03 before:2022-04 is March
    last:7d            published in the last hours (h), days (d), weeks (w), months (m) or years (y)
    has:image          with an image, audio or video

Days, months and years are in UTC, as on the pages. `last:` stays relative in a query: it counts back from the `now` of
each search.

A word of several parts (don't, covid-19, 手机app, 12:30, a URL) is found where its parts are adjacent. Case, width,
accents and Chinese script are ignored, as is the width of the punctuation above. "AND" between items has no effect; a
quoted "OR" is a word. A known name with ":" is a field, any other is part of a word. Text without a letter or digit is
ignored. At most 8 words to find, 8 to exclude and 16 fields.

`str(query)` writes a query in this language; parsing that gives the same query.
"""

from feeder.query.nodes import (
    And,
    AuthorFilter,
    Between,
    CategoryFilter,
    Has,
    LanguageFilter,
    Last,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    SiteFilter,
    SourceFilter,
    fold_category,
    fold_name,
    host_of,
    searchable_parts,
    searchable_text,
)
from feeder.query.parse import MAX_CHARACTERS, MAX_DEPTH, MAX_FIELDS, MAX_WORDS, parse_query, problem_of

__all__ = [
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_FIELDS",
    "MAX_WORDS",
    "And",
    "AuthorFilter",
    "Between",
    "CategoryFilter",
    "Has",
    "LanguageFilter",
    "Last",
    "Leaf",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Query",
    "SiteFilter",
    "SourceFilter",
    "fold_category",
    "fold_name",
    "host_of",
    "parse_query",
    "problem_of",
    "searchable_parts",
    "searchable_text",
]
