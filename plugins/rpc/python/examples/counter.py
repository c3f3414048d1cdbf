"""Counts every text, and answers with its number: python3 counter.py [HOME]

The count is a record, which is kept in one step with the answer and with
"this text is done with". So no text is counted or answered twice, or not at
all, whatever crashes: this program, Ramson, or both.

On its own it speaks with the program that runs on HOME through the socket
there; --http ADDRESS lets it do so over HTTP, --name NAME run a second one."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ramson import Bot  # noqa: E402

parser = argparse.ArgumentParser(description="Counts texts.")
parser.add_argument("home", nargs="?")
parser.add_argument("--http", metavar="ADDRESS")
parser.add_argument("--name", default="counter")
asked = parser.parse_args()

bot = Bot(asked.name, home=asked.home, http=asked.http)


@bot.on_text
def count(cx, text):
    number = cx.get("count", 0)
    if text == "count":
        return cx.say(number)
    cx.put("count", number + 1)
    cx.say(f"{number + 1}: {text}")


@bot.on_start
def ready(_):
    print("ready", flush=True)


bot.run()
