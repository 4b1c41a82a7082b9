"""What every reading process needs: importing it reads a small feed. The fork server does so once for all of them."""

from feeder.reading.feed import load_feed_parsers

load_feed_parsers()
