"""What a reader looks for: text in, a `Query` out, and the same query asked of one entry.

Pure. Nothing here knows of SQL: the search turns the nodes of a query into what each database understands, and
`Query.matches` is the last word on what an entry must hold. The language:

    query   = { clause }                                  every clause must hold
    clause  = item { ( "OR" | "|" ) item }                one of the items must hold: OR binds before what stands apart
    item    = [ "-" | "NOT" ] ( word | phrase | group | field )
    group   = "(" query ")"                               up to 16 deep
    phrase  = quoted text: "…" “…” 「…」 『…』; a quote that is not closed reaches to the end
    word    = text up to white space, a quote, a parenthesis, "|" or one of ，。、；！？
    field   = name ":" ( value { "|" value } | group )    the group's words are values of the field
            | "#" value                                   the same as category:value
    value   = word | phrase

    title:雨           the words side by side in the title
    source:联合早报    the words side by side in the name of where it was first published, or of the configured source
    category:天气      the whole category; #天气 is the same
    author:王小明      the words side by side in an author's name
    language:zh        a BCP 47 tag or its beginning (RFC 4647 §3.3.1): zh finds zh-Hans and zh-Hant
    site:bbc.com       the link's host, or one below it; "www." and what follows the host make no difference
    on:2022-03         published in that year (2022), month or day (2022-03-05, 2022/3/5, 2022年3月5日)
    after:2022-03      published from the first moment of that year, month or day on
    before:2022-03     published before its first moment: after:2022-03 before:2022-04 is March
    last:7d            published in the last hours (h), days (d), weeks (w), months (m) or years (y), or since
    has:image          with an image, audio or video

Days, months and years are those of UTC, as on the pages. `last:` stays relative in a query and is counted, when the
query is asked, from the `now` that it is asked with.

A word of several parts (don't, covid-19, 手机app, 12:30, an address) is found where its parts stand side by side.
Case, width, accents and Chinese script make no difference, nor does the width of the punctuation above. "AND" between
items may be written and says nothing; a quoted "OR" is a word. A known name with ":" is a field, any other is part of
a word. Text without a letter or digit is passed over. At most 8 words to find, 8 to leave out and 16 fields.

`str(query)` writes a query in this language, so that it is read as the same query.
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
    "fold_name",
    "host_of",
    "parse_query",
    "problem_of",
    "searchable_parts",
    "searchable_text",
]
