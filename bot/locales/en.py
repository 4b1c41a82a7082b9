"""English."""

from bot.locales.words import Words

ENGLISH = Words(
    language="en",
    start="Hello! I keep articles and find them again.",
    help="/latest – the newest {default} articles; /latest 10 shows ten, at most {cap}\n"
    '/search words – find articles; several words must all occur, "a phrase" as it stands, -word must not occur\n'
    "/help – this message",
    latest="Newest articles",
    empty="There are no articles yet.",
    latest_usage="Write a number from 1 to {cap}, for example: /latest 10",
    no_feed="There is no saved search named “{name}”. Known: {known}",
    none="none",
    search_usage="Write what to look for, for example: /search rain",
    found="“{query}”: {total} found",
    nothing="Nothing found for “{query}”.",
    misread="I cannot read that search: {reason}",
    previous="‹ Prev",
    next="Next ›",
    too_fast="That is a lot of searches. Please try again in {seconds} s.",
    gone="This search is too old; please send it again.",
    unknown="I do not know that. Try one of these:",
    trouble="Something went wrong here. Please try again later.",
    menu_latest="The newest articles",
    menu_search="Find articles by their words",
    menu_help="What I can do",
)
