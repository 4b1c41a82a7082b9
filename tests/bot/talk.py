"""A person who talks to the bot and waits for its replies."""

from tests.bot.api import BotApi, User


class Talk:
    """One person's conversation with the bot."""

    def __init__(self, api: BotApi, person: User, chat: int | None = None) -> None:
        self.api = api
        self.person = person
        self.chat = chat or person.id

    def ask(self, text: str) -> str:
        before = len(self.api.texts(self.chat))
        self.api.say(self.person, text, self.chat)
        self.api.wait(lambda: len(self.api.texts(self.chat)) > before)
        return self.api.texts(self.chat)[-1]

    def press(self, label: str) -> str:
        message = self.api.messages(self.chat)[-1]
        query = self.api.press(self.person, message["message_id"], label, self.chat)
        self.api.wait(lambda: query in self.api.telegram.toasts)
        return str(self.api.messages(self.chat)[-1]["text"])

    def wait_for(self, text: str) -> str:
        """Return the last message as soon as it holds a text."""
        self.api.wait(lambda: text in self.last)
        return self.last

    @property
    def last(self) -> str:
        texts = self.api.texts(self.chat)
        return texts[-1] if texts else ""

    @property
    def rows(self) -> list[list[str]]:
        """The labels of the buttons under the last message."""
        rows = self.api.messages(self.chat)[-1].get("reply_markup", {"inline_keyboard": []})["inline_keyboard"]
        return [[button["text"] for button in row] for row in rows]

    def send(self, data: str) -> str:
        """Press a button of this data under the last message, as a changed client can; return the note."""
        query = self.api.press_data(self.person, self.api.messages(self.chat)[-1]["message_id"], data, self.chat)
        self.api.wait(lambda: query in self.api.telegram.toasts)
        return self.api.telegram.toasts[query]
