"""The client against the real program on a local network of nine nodes:
RAMSON_BIN=…/ramson python3 -m unittest test_ramson"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Set

from ramson import Events, Json, Ramson, RpcError
from verbs import SCHEMA

HERE = Path(__file__).resolve().parent

# Longer than anything here takes on a busy machine.
PATIENCE = 90.0


def until(what: str, holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it does not come: " + what)


class Counted(Ramson):
    """Knows what it was asked for."""

    called: Set[str] = set()

    def call(self, method: str, /, **params: Any) -> Json:
        self.called.add(method)
        return super().call(method, **params)


class Town:
    """A folder with a local network, homes, and programs that run on them."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.running: List["subprocess.Popen[str]"] = []
        # Nothing of the user's is used.
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RAMSON_", "XDG_"))
        }
        self.environment["HOME"] = self.path("user")
        if "RAMSON_BIN" not in os.environ:
            raise AssertionError("RAMSON_BIN names no program; set it to the path of ramson")
        self.program = os.path.abspath(os.environ["RAMSON_BIN"])

    def path(self, name: str) -> str:
        return os.path.join(self.folder.name, name)

    def json(self, *args: str) -> Json:
        """Runs a command to its end, and gives the first line of what it says."""
        command = [self.program, *args, "--json"]
        ended = subprocess.run(
            command, cwd=self.folder.name, env=self.environment, capture_output=True, text=True
        )
        if ended.returncode != 0:
            raise AssertionError("%s: %s" % (args, ended.stderr))
        return json.loads(ended.stdout.splitlines()[0]) if ended.stdout else {}

    def start(self, *args: str) -> "subprocess.Popen[str]":
        """Starts a command that runs until the end."""
        return self._begin(self.program, *args)

    def bot(self, *args: str) -> "subprocess.Popen[str]":
        """Starts a bot."""
        return self._begin(sys.executable, *args)

    def _begin(self, *command: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command,
            cwd=self.folder.name,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
        )
        self.running.append(process)
        return process

    def ready(self, *args: str) -> Json:
        """The same, and gives what it says when it is ready."""
        process = self.start(*args, "--json")
        assert process.stdout is not None
        for line in process.stdout:
            value: Json = json.loads(line)
            if value.get("event") == "ready":
                return value
        raise AssertionError("%s is not ready" % (args,))

    def network(self) -> None:
        self.ready("localnet", "--nodes", "9", "--write-network", "net.toml", "--state", "state")

    def account(self, home: str) -> str:
        made = self.json("--home", home, "--network", "net.toml", "account", "create", "--name", home[:9])
        return str(made["id"])

    def end(self) -> None:
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            process.wait(PATIENCE)
            if process.stdout is not None:
                process.stdout.close()
        self.folder.cleanup()


def message(events: Events, text: str) -> Json:
    """The event of a text; others are passed over."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        event = events.next(deadline - time.monotonic())
        if event is not None and event["event"] == "message" and event["message"].get("text") == text:
            return event
    raise AssertionError("it does not come: " + text)


class Real(unittest.TestCase):
    town: Town

    @classmethod
    def setUpClass(cls) -> None:
        cls.town = Town()
        cls.addClassCleanup(cls.town.end)
        cls.town.network()

    def client(self, home: str, **more: Any) -> Counted:
        client = Counted(self.town.path(home), patience=PATIENCE, **more)
        self.addCleanup(client.close)
        return client

    def child(self, home: str) -> Counted:
        """A client that has the program for itself."""
        return self.client(home, program=self.town.program)

    def refused(self, kind: str, call: Callable[..., Any], *given: Any, **named: Any) -> None:
        with self.assertRaises(RpcError) as caught:
            call(*given, **named)
        self.assertEqual(caught.exception.kind, kind, caught.exception)


class AllVerbs(Real):
    def test_every_method_of_the_schema_is_called_and_does_what_it_says(self) -> None:
        town = self.town
        town.account("bot")
        town.account("ann")
        town.json("--home", "bot", "plugin", "allow", "bot-echo", "--yes")
        town.start("--home", "bot", "run")
        bot, ann = self.client("bot"), self.child("ann")
        Counted.called.clear()

        self.assertEqual(bot.version()["program"], "ramson")
        methods = set(json.loads(SCHEMA.read_text())["methods"])
        self.assertEqual(set(bot.schema()["methods"]), methods)
        self.assertTrue(bot.health()["ok"])
        [own] = bot.account_list()["accounts"]
        bot_id = own["id"]
        self.assertEqual(bot.account_show(), {"account": own})
        self.assertEqual(bot.profile(name="Robot", read_receipts=True)["account"]["name"], "Robot")
        [own] = ann.account_list()["accounts"]
        ann_id = own["id"]
        self.assertIn("network", bot.network_status())

        self.talk(bot, ann, bot_id, ann_id)
        self.conversation(bot, ann_id)
        self.contacts(bot, bot_id, ann, ann_id)
        self.durable(bot, ann, bot_id, ann_id)
        self.plugins(bot)

        bot.narrow(grants=["read"])
        self.refused("NotGranted", bot.send, ann_id, "I may not")
        self.assertEqual(methods - Counted.called, set())

    def talk(self, bot: Ramson, ann: Ramson, bot_id: str, ann_id: str) -> None:
        """Messages, and what is done to them."""
        heard, told = ann.events("ann"), bot.events("bot")
        sent = bot.send(ann_id, "hello", key="once")
        self.assertEqual((sent["state"], len(sent["hash"])), ("stored", 43))
        self.assertEqual(bot.send(ann_id, "hello", key="once")["message"], sent["message"])
        came = message(heard, "hello")["message"]
        self.assertEqual((came["author"], came["hash"]), (bot_id, sent["hash"]))
        until("the request", lambda: ann.requests_list()["requests"])
        ann.requests_accept(bot_id)
        self.assertEqual(ann.requests_list(), {"requests": []})

        ann.reply(came["id"], "hello yourself")
        answer = message(told, "hello yourself")["message"]
        self.assertEqual(answer["quote"], {"author": bot_id, "sent": sent["sent"]})
        self.assertEqual(bot.message(answer["id"])["message"]["text"], "hello yourself")
        self.assertEqual(bot.trace(sent["message"])["trace"]["message"], sent["message"])
        bot.react(answer["id"], "👍")
        until("the reaction", lambda: ann.messages(bot_id, limit=1)["messages"][0].get("reactions"))
        page = bot.messages(ann_id, before=answer["id"])
        found = [it["id"] for it in page["messages"] if "notice" not in it]
        self.assertEqual((found, page["complete"]), ([sent["message"]], True))
        bot.delete(sent["message"], from_="everyone")
        until("its end", lambda: ann.message(came["id"])["message"]["deleted"])

    def conversation(self, bot: Ramson, ann_id: str) -> None:
        """What is set of a conversation."""

        def line() -> Json:
            [line] = [it for it in bot.conversations(all=True)["conversations"] if it["id"] == ann_id]
            return dict(line)

        bot.read(ann_id)
        self.assertEqual(line()["unread"], 0)
        bot.read(ann_id, unread=True)
        self.assertTrue(line()["marked_unread"])
        bot.typing(ann_id)
        bot.typing(ann_id, typing=False)
        bot.expire(ann_id, seconds=3600)
        self.assertEqual(line()["disappearing"], {"after_send": 3600})
        bot.expire(ann_id)
        bot.set(ann_id, priority=1, mute=60, notify="off", draft="well")
        found = line()
        self.assertEqual((found["priority"], found["notify"], found["draft"]), (1, "off", "well"))
        self.refused("InvalidParams", bot.set, ann_id)

    def contacts(self, bot: Ramson, bot_id: str, ann: Ramson, ann_id: str) -> None:
        """Contacts, names and other accounts of the home."""
        second = bot.account_create("Second")["account"]["id"]
        self.refused("SeveralAccounts", bot.contact_list)
        bot.contact_name(ann_id, "Ann the first", account=bot_id)
        [found] = bot.contact_list(account=bot_id)["contacts"]
        self.assertEqual((found["id"], found["nickname"]), (ann_id, "Ann the first"))
        bot.contact_block(ann_id, account=bot_id)
        self.refused("Blocked", bot.send, ann_id, "no", account=bot_id)
        bot.contact_block(ann_id, blocked=False, account=bot_id)
        bot.contact_approve(ann_id, account=bot_id)

        self.town.json("localnet", "name", "ann", ann_id, "--state", "state")
        self.assertEqual(bot.resolve("ann", account=second), {"id": ann_id})
        self.refused("NameNotRegistered", bot.resolve, "nobody", account=second)
        bot.contact_add("ann", account=second)
        bot.send("ann", "and me?", account=second)
        until("the request", lambda: ann.requests_list()["requests"])
        ann.requests_decline(second)
        until("its end", lambda: not ann.requests_list()["requests"])
        bot.contact_remove(ann_id, account=second)
        until("its end", lambda: not bot.contact_list(account=second)["contacts"])
        bot.account_remove(second)
        self.assertEqual(len(bot.account_list()["accounts"]), 1)

    def durable(self, bot: Ramson, ann: Ramson, bot_id: str, ann_id: str) -> None:
        """Events until they are done with, and records."""
        self.refused("NotSubscribed", self.client("bot").record_get, "x")
        bot.subscribe("raw", topics=["messages"])
        bot.record_put("x", "1")
        self.assertEqual(bot.record_get("x"), {"value": "1"})
        bot.unsubscribe()
        events = bot.events("durable", durable=True, topics=["messages"])
        events.next(PATIENCE)
        ann.send(bot_id, "one")
        ann.send(bot_id, "two")
        first = message(events, "one")
        bot.ack(first["seq"])
        second = message(events, "two")
        answer = {"command": "send", "to": ann_id, "text": "done"}
        records = [{"key": "a/1", "value": "x"}, {"key": "b", "value": "y"}]
        done = bot.done(second["seq"], records=records, commands=[answer])
        self.assertEqual(done["outcomes"][0]["outcome"], "queued")
        self.refused("AlreadyDone", bot.done, second["seq"], records=records)
        listed = bot.record_list(prefix="a/")
        self.assertEqual(listed, {"records": [{"key": "a/1", "value": "x"}], "complete": True})
        bot.alarm(int(time.time() * 1000) + 100)

    def plugins(self, bot: Ramson) -> None:
        """Plugins of the program."""

        def state() -> Optional[str]:
            found = [it for it in bot.plugin_list()["plugins"] if it["name"] == "bot-echo"]
            return str(found[0]["state"]["is"]) if found else None

        bot.plugin_run("bot-echo")
        until("the plugin", lambda: state() == "running")
        bot.plugin_swap("bot-echo")
        until("the other one", lambda: state() == "running")
        bot.plugin_stop("bot-echo")
        until("its end", lambda: state() != "running")
        self.refused("NoSuchPlugin", bot.ui_use, "nothing")


class Transports(Real):
    def test_a_round_trip_goes_over_all_three(self) -> None:
        town = self.town
        # So deep that its socket is elsewhere.
        deep = "d" * 120
        bot_id, ann_id = town.account(deep), town.account("ann")
        town.start("--home", deep, "run")
        address = town.ready("--home", deep, "rpc", "--http", "127.0.0.1:0")["url"]
        ways: Dict[str, Dict[str, Any]] = {
            "socket": {},
            "stdio": {"program": town.program},
            "http": {"http": address},
        }
        with self.child("ann") as ann:
            heard = ann.events("ann")
            heard.next(PATIENCE)
            for name, way in ways.items():
                with self.subTest(name), self.client(deep, **way) as bot:
                    self.assertEqual(bot.account_list()["accounts"][0]["id"], bot_id)
                    events = bot.events("by-" + name, durable=True)
                    first = events.next(PATIENCE)
                    assert first is not None
                    self.assertEqual(first["event"], "snapshot")
                    ann.send(bot_id, "by " + name)
                    event = message(events, "by " + name)
                    command = {"command": "send", "to": ann_id, "text": "heard by " + name}
                    record = {"key": "n", "value": name}
                    bot.done(event["seq"], records=[record], commands=[command])
                    self.assertEqual(bot.record_get("n"), {"value": name})
                    message(heard, "heard by " + name)
                    self.refused("NoSuchMessage", bot.message, "m1-4096")

    def test_the_example_answers(self) -> None:
        town = self.town
        bot_id = town.account("echo")
        town.account("cat")
        town.start("--home", "echo", "run")
        town.bot(str(HERE / "echo.py"), town.path("echo"))
        with self.child("cat") as cat:

            def answered() -> bool:
                # What comes before the bot's first start is not for it.
                cat.send(bot_id, "hi")
                found = cat.messages(bot_id)["messages"]
                return any(it.get("text") == "echo: hi" for it in found)

            until("an answer", answered)


class Killed(Real):
    def test_a_bot_answers_each_text_once_whatever_is_killed_over_the_socket(self) -> None:
        self.count("socket", ["run"], [])

    def test_a_bot_answers_each_text_once_whatever_is_killed_over_http(self) -> None:
        # A port of its own, so that it is the same after a restart.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        self.count("http", ["rpc", "--http", address], ["--http", address])

    def count(self, home: str, serve: List[str], connect: List[str], texts: int = 30) -> None:
        """Texts come in while the program, the bot or both are killed."""
        town, chance = self.town, random.Random(7)
        bot_id = town.account(home)
        town.account("ben-" + home)
        run: Dict[str, Callable[[], "subprocess.Popen[str]"]] = {
            "program": lambda: town.start("--home", home, *serve),
            "bot": lambda: town.bot(str(HERE / "examples" / "counter.py"), town.path(home), *connect),
        }
        running = {name: start() for name, start in run.items()}
        with self.child("ben-" + home) as ben:
            # What came before its first start is not for it.
            assert running["bot"].stdout is not None
            self.assertEqual(running["bot"].stdout.readline(), "ready\n")
            for number in range(texts):
                ben.send(bot_id, "text %d" % number, wait="queued")
                time.sleep(chance.random() / 5)
                for name in chance.choice([[], ["bot"], ["program"], ["bot", "program"]]):
                    running[name].kill()
                    running[name].wait()
                    running[name] = run[name]()
            answers(ben, bot_id, texts)
            ben.send(bot_id, "count")
            said = answers(ben, bot_id, texts + 1)
        self.assertEqual([it for it in said if ": " not in it], [str(texts)])
        numbers, echoes = zip(*(it.split(": ") for it in said if ": " in it))
        self.assertEqual(sorted(map(int, numbers)), list(range(1, texts + 1)))
        self.assertEqual(sorted(echoes), sorted("text %d" % it for it in range(texts)))


def answers(client: Ramson, bot: str, count: int) -> List[str]:
    """What a bot answered, once there is so much of it."""

    def found() -> List[str]:
        messages = client.messages(bot, limit=1000)["messages"]
        return [it["text"] for it in messages if not it["outgoing"] and it.get("text")]

    until("%d answers" % count, lambda: len(found()) >= count)
    return found()


if __name__ == "__main__":
    unittest.main()
