from feeder.normalise.body.html import read_html
from feeder.normalise.body.writing import write_html


def clean_html(html: str, base: str | None = None) -> str:
    return write_html(read_html(html, base))
