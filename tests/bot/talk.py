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

    @property
    def labels(self) -> list[str]:
        rows = self.api.messages(self.chat)[-1].get("reply_markup", {"inline_keyboard": [[]]})["inline_keyboard"]
        return [button["text"] for button in rows[0]]
