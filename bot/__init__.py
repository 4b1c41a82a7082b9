"""The Telegram bot: posts each new entry to the configured chats, and answers /latest and /search.

Uses feeder's public names and nothing deeper.
"""

import os

# python-telegram-bot 22 warns whenever it reads `retry_after`, unless this says that we want the timedelta.
os.environ.setdefault("PTB_TIMEDELTA", "1")
