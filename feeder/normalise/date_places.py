"""The places that dates are read from, and how reliable each is. Pure."""

READ_TIME = "read time"

# Places, most reliable first. A date in the body ranks higher when it has a time and a zone (`_rank`).
_RANKING = (
    "feed",
    "body, exact",
    "epoch",
    "front matter",
    "byline",
    "page",
    "body",
    "link",
    "file name",
    "text",
    "image path",
    "time saved",
    "file time",
)
# What is told by these is the age of a copy.
PLACES_OF_COPIES = frozenset({"time saved", "file time", READ_TIME})
# What is told by these is not stated as the date of the article.
ESTIMATING_PLACES = PLACES_OF_COPIES | {"text", "image path"}


def rank_of_place(place: str) -> int:
    """Return how reliable the dates of a place are: less is better."""
    return _RANKING.index(place) if place in _RANKING else len(_RANKING)
