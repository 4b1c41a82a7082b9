"""`python -m tests.bot.api --port 0`: a Telegram to talk to by hand.

What is typed is said to the bot by a person; `[label]` presses the button of that label under the last message
that has one; `#-100123` makes a channel of that number; Ctrl-D ends it.
"""

import argparse
import sys

from tests.bot.api.server import TOKEN, BotApi
from tests.bot.api.transcript import lines_of


def show(text: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends, and print what is said as it is said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--language", default="en", help="the person's language_code")
    options = parser.parse_args()
    with BotApi(port=options.port, token=options.token) as api:
        api.on_act = lambda kind, act: show("\n".join(lines_of(kind, act)))
        person = api.add_user(1001, "Alice", options.language)
        show(f"FEEDER_TELEGRAM__API_URL={api.url} FEEDER_TELEGRAM__TOKEN={api.token}")
        for line in sys.stdin:
            text = line.strip()
            if text.startswith("#"):
                api.add_chat(int(text[1:]))
            elif text.startswith("["):
                labelled = [message for message in api.messages(person.id) if "reply_markup" in message]
                api.press(person, labelled[-1]["message_id"], text.strip("[]"))
            elif text:
                api.say(person, text)


if __name__ == "__main__":
    main()
