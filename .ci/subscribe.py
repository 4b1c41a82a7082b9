"""Subscribes to the running default as a feed reader does: reads the feed, polls it again, opens an article."""

import sys

import httpx

address = sys.argv[1]
with httpx.Client(base_url=address, trust_env=False) as client:
    feed = client.get("atom.xml").raise_for_status()
    if feed.text.count("<entry") != len(list(__import__("pathlib").Path("seeds").iterdir())):
        sys.exit("the feed does not hold one entry for each seed")
    again = client.get("atom.xml", headers={"If-None-Match": feed.headers["etag"]})
    if again.status_code != httpx.codes.NOT_MODIFIED:
        sys.exit(f"polling an unchanged feed gave {again.status_code}, not 304")
    client.get("").raise_for_status()
    client.get("search", params={"q": "普京"}).raise_for_status()
    print("subscribed, polled, searched:", client.get("healthz").raise_for_status().text)
