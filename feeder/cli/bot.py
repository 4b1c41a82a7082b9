"""`feeder bot`: runs the Telegram bot alone, and shows how its chats are."""

from typing import Annotated

import typer

from feeder.cli.context import exit_on_closed_pipe, open_store

_NAME = "telegram"

bot_app = typer.Typer(help="Run only the Telegram bot; show how its chats are.")


@bot_app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be posted; no token needed.")] = False,
) -> None:
    """Run only the Telegram bot; show how its chats are."""
    import asyncio

    from feeder.catalogue.departed import remove_demo
    from feeder.errors import ConfigError
    from feeder.run import until_stopped
    from feeder.service import get_service, run_alone

    if context.invoked_subcommand is not None:
        return
    service = get_service(_NAME)
    with open_store(context) as (config, store):
        if not dry_run:
            remove_demo(config, store)
        if dry_run:
            for message in service.preview(config, store):
                print(message)
            return
        if not service.is_enabled(config):
            raise ConfigError("telegram.token: not set; put the token from @BotFather in $FEEDER_TELEGRAM__TOKEN")
        asyncio.run(until_stopped(run_alone(service, config, store)))


@bot_app.command()
def status(context: typer.Context) -> None:
    """Show for each chat what was sent, waits, is in doubt and has failed, and why it is off."""
    from feeder.service import get_service

    exit_on_closed_pipe()
    service = get_service(_NAME)
    with open_store(context) as (config, store):
        for line in service.status(config, store):
            print(line)
