"""What people say to the bot, and its answers: one small module a topic, which `registry` connects to Telegram.

    an update ──▶ registry ──▶ a topic's function (host, asker, …) ──▶ Answer ──▶ pacing: its turn ──▶ Telegram

A function of a topic returns what to answer and calls Telegram only to ask who somebody is.
"""
