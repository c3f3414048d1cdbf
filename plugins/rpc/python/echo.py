"""Answers every text with the same text: python3 echo.py [HOME [ACCOUNT…]]"""

import sys

from ramson import Bot

bot = Bot("echo", home=sys.argv[1] if len(sys.argv) > 1 else None, accounts=sys.argv[2:] or None)


@bot.on_text
def echo(cx, text):
    cx.say(f"echo: {text}")


@bot.command("/ping")
def ping(cx, _):
    """answers 'pong'"""
    cx.reply("pong")


if __name__ == "__main__":
    bot.run()
