"""`feeder feeds`: secret addresses of private feeds. Imports are local, as in `app.py`."""

import json
import logging
from datetime import UTC, datetime
from typing import Annotated

import typer

from feeder.cli.context import JsonOption, exit_on_closed_pipe, open_store

feeds_app = typer.Typer(no_args_is_help=True, help="Secret addresses of private feeds.")

FeedName = Annotated[str, typer.Argument(metavar="NAME", help="A feed in [[feeds]] with `private = true`.")]
TokenId = Annotated[str, typer.Argument(metavar="ID", help="Its id in `feeder feeds tokens`, or the token itself.")]


@feeds_app.command()
def token(context: typer.Context, name: FeedName) -> None:
    """Make a secret address of a private feed and print it. It cannot be shown again; make one for each reader."""
    from feeder.config.saved import find_feed, get_search
    from feeder.errors import ConfigError
    from feeder.publish.tokens import make_token, private_path

    with open_store(context, logging.WARNING) as (config, store):
        get_search(name, config.feeds)  # its error lists the known names
        feed = find_feed(name.lstrip("@"), config.feeds)
        if feed is None or not feed.private:
            raise ConfigError(
                f"{name!r}: not private, at feeds/{name}.xml for everyone; set private = true in its block"
            )
        made = make_token(store, feed.name, now=datetime.now(UTC))
        print(config.site.url + private_path(made, feed.name, "xml"))


@feeds_app.command()
def tokens(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the secret addresses that are valid, by id: the addresses themselves are not stored."""
    from feeder.publish.tokens import read_tokens

    exit_on_closed_pipe()
    with open_store(context, logging.WARNING) as (_, store):
        for one in read_tokens(store):
            if as_json:
                print(json.dumps({"id": one.id, "feed": one.feed, "made_at": one.made_at}, ensure_ascii=False))
            else:
                print(f"{one.id}  {one.made_at}  {one.feed}")


@feeds_app.command()
def revoke(context: typer.Context, token_id: TokenId) -> None:
    """Make a secret address invalid, from the next request on."""
    from feeder.publish.tokens import revoke_token

    with open_store(context, logging.WARNING) as (_, store):
        print(f"revoked: a token of {revoke_token(store, token_id).feed}")
