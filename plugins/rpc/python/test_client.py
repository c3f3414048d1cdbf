"""The client and the kit against a program that only pretends, so that what
rarely happens can be made to happen: python3 -m unittest test_client"""

from __future__ import annotations

import inspect
import json
import logging
import random
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable

import ramson
import verbs
from fake import ACCOUNT, PEER, TOKEN, Fake
from ramson import Bot, Disconnected, Ramson, RpcError

# Longer than anything here takes on a busy machine.
PATIENCE = 60.0

NOT_OF_THE_PROGRAM = {"call", "close", "events"}


def until(what: str, holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it does not come: " + what)


class Verbs(unittest.TestCase):
    def setUp(self) -> None:
        self.schema = json.loads(verbs.SCHEMA.read_text())

    def test_every_method_of_the_schema_is_there_with_its_parameters_and_no_other(self) -> None:
        own = {
            name: one
            for name, one in inspect.getmembers(Ramson, inspect.isfunction)
            if not name.startswith("_") and name not in NOT_OF_THE_PROGRAM
        }
        expected = {verbs.python_name(name): about for name, about in self.schema["methods"].items()}
        self.assertEqual(sorted(own), sorted(expected))
        for name, about in expected.items():
            properties, required = verbs.parameters(about["params"], self.schema)
            given = list(inspect.signature(own[name]).parameters.values())[1:]
            self.assertEqual({it.name for it in given}, {verbs.python_name(it) for it in properties}, name)
            must = {it.name for it in given if it.default is inspect.Parameter.empty}
            self.assertEqual(must, {verbs.python_name(it) for it in required}, name)

    def test_the_methods_are_as_the_schema_describes_them(self) -> None:
        _, between, _ = verbs.split(verbs.CLIENT.read_text())
        same = between == verbs.written(self.schema)
        self.assertTrue(same, "ramson.py is not what docs/rpc-schema.json is; python3 verbs.py writes it anew")


class Case(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.fake = Fake(str(Path(folder.name) / "rpc.sock"))
        (Path(folder.name) / "rpc-token").write_text(TOKEN + "\n")
        self.addCleanup(self.fake.stop)
        # What is said of trouble that these tests make.
        logging.getLogger("ramson").setLevel(logging.CRITICAL)
        self.set("PAUSES", (0.01, 0.01))
        self.set("SHORT_LIVED_PAUSE", 0.01)
        self.set("ENDING", 0.5)

    def set(self, name: str, value: Any) -> None:
        self.addCleanup(setattr, ramson, name, getattr(ramson, name))
        setattr(ramson, name, value)

    def http(self) -> str:
        return "http://127.0.0.1:%d" % self.fake.port

    def client(self, **more: Any) -> Ramson:
        client = Ramson(self.home, **more)
        self.addCleanup(client.close)
        return client


class Clients(Case):
    def test_parameters_are_called_as_the_program_calls_them_and_none_is_left_out(self) -> None:
        client = self.client()
        client.delete("m1-1", from_="here")
        client.messages(PEER, limit=3)
        self.assertEqual(self.fake.asked[0], ("delete", {"message": "m1-1", "from": "here"}))
        self.assertEqual(self.fake.asked[1], ("messages", {"with": PEER, "limit": 3}))
        client.call("messages", with_=PEER)
        self.assertEqual(self.fake.asked[2], ("messages", {"with": PEER}))

    def test_what_is_refused_has_a_kind_a_sentence_and_a_hint(self) -> None:
        self.fake.refused["version"] = ["NotGranted"]
        with self.assertRaises(RpcError) as caught:
            self.client().version()
        error = caught.exception
        self.assertEqual(
            (error.code, error.kind, error.message, error.hint),
            (-32000, "NotGranted", "no; try less", "try less"),
        )

    def test_a_request_that_broke_off_is_told_and_the_next_one_finds_the_program_again(self) -> None:
        client = self.client()
        client.version()
        self.fake.after["send"] = 1
        with self.assertRaises(Disconnected) as caught:
            client.send(PEER, "once")
        self.assertTrue(caught.exception.sent)
        self.assertEqual([it[0] for it in self.fake.asked].count("send"), 1)
        client.version()

    def test_a_program_that_is_away_is_waited_for(self) -> None:
        client = self.client()
        client.version()
        self.fake.stop()
        back = threading.Timer(0.3, self.fake.start)
        back.start()
        until("the program", lambda: not client._link or client._link.gone.is_set())
        client.version()
        back.join()
        self.fake.stop()
        with self.assertRaises(Disconnected) as caught:
            self.client(patience=0.2).version()
        self.assertIn("start 'ramson run'", caught.exception.hint)

    def test_a_request_that_is_too_large_does_not_leave(self) -> None:
        with self.assertRaises(RpcError) as caught:
            self.client().send(PEER, "x" * (1 << 20))
        self.assertEqual(caught.exception.kind, "TooLarge")
        self.assertEqual(self.fake.asked, [])

    def test_threads_ask_while_events_are_iterated(self) -> None:
        client, wrong = self.client(), []
        events = client.events("many", durable=True)
        self.fake.tell(*map(str, range(200)))

        def ask() -> None:
            for number in range(50):
                self.fake.records[str(number)] = str(number)
                if client.record_get(str(number))["value"] != str(number):
                    wrong.append(number)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        seen = []
        for event in events:
            if event["event"] == "message":
                seen.append(event["seq"])
                client.ack(event["seq"])
            if len(seen) == 200:
                break
        for thread in threads:
            thread.join()
        self.assertEqual((seen, wrong), (list(range(1, 201)), []))


class Told(Case):
    def test_what_was_not_done_with_is_told_again_by_the_next_connection(self) -> None:
        client = self.client()
        events = client.events("a", durable=True)
        self.fake.tell("one", "two", "three")
        told = [events.next(PATIENCE) for _ in range(4)]
        self.assertEqual([it["seq"] for it in told], [0, 1, 2, 3])
        client.ack(2)
        self.fake.stop()
        self.fake.start()
        told = [events.next(PATIENCE) for _ in range(2)]
        self.assertEqual([(it["event"], it["seq"]) for it in told], [("snapshot", 2), ("message", 3)])

    def test_nothing_is_done_with_on_the_word_of_an_earlier_connection(self) -> None:
        client = self.client()
        events = client.events("a", durable=True)
        self.fake.tell("one", "two")
        for _ in range(3):
            events.next(PATIENCE)
        self.fake.stop()
        self.fake.start()
        until("the end", lambda: client._link.gone.is_set())
        with self.assertRaises(Disconnected):
            client.done(2, records=[{"key": "n", "value": "2"}])
        client.ack(2)
        self.assertEqual((self.fake.cursors, self.fake.records), ({"a": 0}, {}))
        events.next(PATIENCE)
        events.next(PATIENCE)
        client.done(1, records=[{"key": "n", "value": "1"}])
        self.assertEqual((self.fake.cursors, self.fake.records), ({"a": 1}, {"n": "1"}))

    def test_a_client_whose_place_was_taken_stops(self) -> None:
        events = self.client().events("a", durable=True)
        events.next(PATIENCE)
        other = self.client().events("a", durable=True)
        with self.assertRaises(RpcError) as caught:
            events.next(PATIENCE)
        self.assertEqual(caught.exception.kind, "Replaced")
        self.assertIsNone(events.next(PATIENCE))
        self.fake.tell("one")
        self.assertEqual([other.next(PATIENCE)["event"] for _ in range(2)], ["snapshot", "message"])

    def test_a_slow_client_that_is_not_durable_misses_some_and_gets_a_snapshot(self) -> None:
        self.set("MOST_EVENTS", 10)
        client = self.client()
        events = client.events("a")
        self.fake.tell(*map(str, range(30)))
        client.version()
        kinds = [events.next(PATIENCE)["event"] for _ in range(12)]
        self.assertEqual(kinds, ["snapshot"] + ["message"] * 9 + ["lagged", "snapshot"])

    def test_iteration_ends_with_the_client_and_with_another_subscription(self) -> None:
        client = self.client()
        first, ended = client.events("a"), threading.Event()
        first.next(PATIENCE)
        thread = threading.Thread(target=lambda: (list(first), ended.set()))
        thread.start()
        second = client.events("b")
        self.assertTrue(ended.wait(PATIENCE))
        thread.join()
        self.assertEqual(second.next(PATIENCE)["event"], "snapshot")
        self.assertIsNone(second.next(0.01))
        threading.Timer(0.1, client.close).start()
        self.assertEqual(list(second), [])
        with self.assertRaises(Disconnected):
            client.version()

    def test_a_wish_that_makes_no_sense_is_told_at_once(self) -> None:
        client = self.client()
        self.fake.refused["subscribe"] = ["InvalidParams"]
        with self.assertRaises(RpcError):
            client.events("A B")
        client.version()


class OverHttp(Case):
    def test_requests_and_events_of_one_client_belong_together(self) -> None:
        client = self.client(http=self.http())
        client.version()
        events = client.events("a", durable=True, topics=["messages"])
        self.fake.tell("one", "two")
        self.assertEqual([events.next(PATIENCE)["seq"] for _ in range(3)], [0, 1, 2])
        wish = {"client": "a", "durable": "true", "topics": "messages"}
        self.assertEqual(self.fake.asked[1][1], wish)
        client.done(1, records=[{"key": "n", "value": "1"}])
        self.assertEqual(client.record_get("n"), {"value": "1"})
        self.assertEqual(self.fake.cursors, {"a": 1})

    def test_a_stream_that_broke_off_is_opened_again(self) -> None:
        client = self.client(http=self.http())
        events = client.events("a", durable=True)
        self.fake.tell("one", "two")
        self.assertEqual([events.next(PATIENCE)["seq"] for _ in range(3)], [0, 1, 2])
        client.ack(1)
        self.fake.stop()
        self.fake.start()
        self.assertEqual([events.next(PATIENCE)["seq"] for _ in range(2)], [1, 2])

    def test_another_subscription_takes_the_place_of_the_one_before(self) -> None:
        client = self.client(http=self.http())
        client.events("a").next(PATIENCE)
        link, before = client._link, [it for it in threading.enumerate() if it.name == "ramson"]
        events = client.events("b")
        for thread in before:
            thread.join(PATIENCE)
        self.fake.tell("one")
        kinds = [events.next(PATIENCE)["event"] for _ in range(2)]
        self.assertEqual((kinds, client._link is link), (["snapshot", "message"], True))

    def test_a_wrong_token_and_a_missing_one_are_told(self) -> None:
        with self.assertRaises(RpcError) as caught:
            self.client(http=self.http(), token="wrong").version()
        self.assertEqual(caught.exception.kind, "NoToken")
        (Path(self.home) / "rpc-token").unlink()
        with self.assertRaises(Disconnected) as caught:
            self.client(http=self.http(), patience=0.1).version()
        self.assertIn("token", caught.exception.message)

    def test_a_client_whose_place_was_taken_stops(self) -> None:
        events = self.client(http=self.http()).events("a")
        events.next(PATIENCE)
        self.client(http=self.http()).events("a")
        with self.assertRaises(RpcError) as caught:
            events.next(PATIENCE)
        self.assertEqual(caught.exception.kind, "Replaced")


class Bots(Case):
    def run_bot(self, bot: Bot) -> threading.Thread:
        thread = threading.Thread(target=bot.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(bot.stop)
        return thread

    def counter(self, **connect: Any) -> Bot:
        bot = Bot("counter", home=self.home, **connect)

        @bot.on_text
        def count(cx: Any, text: str) -> None:
            number = cx.get("count", 0) + 1
            cx.put("count", number)
            cx.say("%d: %s" % (number, text))

        return bot

    def said(self, count: int) -> Any:
        return until("%d answers" % count, lambda: len(self.fake.said) >= count and self.fake.said)

    def test_commands_texts_and_help_go_their_ways(self) -> None:
        bot = Bot("b", home=self.home)

        @bot.command("/add", "/a")
        def add(cx: Any, rest: str) -> None:
            """adds numbers"""
            cx.reply(sum(map(int, rest.split())))

        ready = threading.Event()
        bot.on_start(lambda _: ready.set())

        @bot.on_text
        def echo(cx: Any, text: str) -> None:
            self.assertEqual((cx.account, cx.conversation, cx.text), (ACCOUNT, PEER, text))
            cx.say(text)

        self.run_bot(bot)
        self.assertTrue(ready.wait(PATIENCE))
        self.fake.tell("/add 1 2", "/A 3\n4", "hello", "/help", " ")
        said = self.said(4)
        self.assertEqual(said, ["3", "7", "hello", "/add, /a: adds numbers"])
        until("the end", lambda: self.fake.cursors["b"] == 5)

    def test_nothing_is_asked_for_before_the_handler_returned_and_all_of_it_at_once(self) -> None:
        bot, seen = Bot("b", home=self.home), []

        @bot.on_text
        def two(cx: Any, text: str) -> None:
            cx.put("x", 1)
            cx.say("one")
            cx.react("👍")
            seen.append((list(self.fake.said), cx.get("x"), list(cx.scan())))

        self.run_bot(bot)
        self.fake.records["y"] = "2"
        self.fake.tell("go")
        self.assertEqual(self.said(2), ["one", "react"])
        self.assertEqual(seen, [([], 1, [("x", 1), ("y", 2)])])
        done = [params for method, params in self.fake.asked if method == "done"]
        self.assertEqual(len(done), 1)
        self.assertEqual(done[0]["records"], [{"key": "x", "value": "1"}])

    def test_a_handler_that_fails_is_tried_again_and_then_passed_over(self) -> None:
        bot, tries = Bot("b", home=self.home), []

        @bot.on_text
        def fail(cx: Any, text: str) -> None:
            tries.append(text)
            cx.put("half", text)
            cx.say("half")
            if text == "never" or (text == "later" and tries.count("later") < 3):
                raise ValueError(text)

        self.run_bot(bot)
        self.fake.tell("never", "later")
        self.said(1)
        self.assertEqual(tries, ["never"] * 3 + ["later"] * 3)
        self.assertEqual((self.fake.said, self.fake.records), (["half"], {"half": '"later"'}))

    def test_a_program_that_has_no_room_is_asked_again_however_long_it_takes(self) -> None:
        self.fake.refused["done"] = ["OutboxFull", "Store", "Busy", "OutboxFull", "NoEngine"]
        self.run_bot(self.counter())
        self.fake.tell("a", "b")
        self.assertEqual(self.said(2), ["1: a", "2: b"])

    def test_what_was_done_before_is_not_tried_again(self) -> None:
        bot, tries = Bot("b", home=self.home), []
        bot.on_text(lambda cx, text: tries.append(text))
        self.run_bot(bot)
        self.fake.refused["done"] = ["AlreadyDone"]
        self.fake.tell("a", "b")
        until("the end", lambda: self.fake.cursors.get("b") == 2)
        self.assertEqual(tries, ["a", "b"])

    def test_a_place_that_was_lost_is_taken_again_behind_all_that_came_before(self) -> None:
        self.fake.refused["done"] = ["Replaced"]
        self.run_bot(self.counter())
        self.fake.tell("a", "b")
        self.assertEqual(self.said(2), ["1: a", "2: b"])
        asked = [method for method, _ in self.fake.asked if method != "record.get"]
        self.assertEqual(asked[:5], ["subscribe", "done", "unsubscribe", "subscribe", "done"])

    def test_what_was_said_is_kept_although_the_bot_is_stopped(self) -> None:
        bot, inside = Bot("b", home=self.home), threading.Event()

        @bot.on_text
        def slow(cx: Any, text: str) -> None:
            inside.set()
            time.sleep(0.1)
            cx.say(text)

        thread = self.run_bot(bot)
        self.fake.tell("a", "b")
        self.assertTrue(inside.wait(PATIENCE))
        bot.stop()
        thread.join()
        self.assertEqual((self.fake.said, self.fake.cursors), (["a"], {"b": 1}))

    def test_a_count_is_right_although_connections_break_off_at_any_moment(self) -> None:
        self.count_while_all_breaks(self.counter())

    def test_a_count_is_right_over_http_too(self) -> None:
        self.count_while_all_breaks(self.counter(http=self.http()))

    def count_while_all_breaks(self, bot: Bot) -> None:
        chance = random.Random(7)
        self.run_bot(bot)
        total = 0
        for _ in range(60):
            with self.fake.lock:
                method = chance.choice(["done", "record.get", "subscribe", "ack"])
                chance.choice([self.fake.before, self.fake.after])[method] = 1
                if chance.random() < 0.3:
                    self.fake.refused.setdefault("done", []).append(chance.choice(["Replaced", "Busy", "Ended"]))
            for _ in range(chance.randrange(4)):
                total += 1
                self.fake.tell(str(total))
            if chance.random() < 0.2:
                self.fake.stop()
                self.fake.start()
            time.sleep(0.02)
        expected = ["%d: %d" % (number, number) for number in range(1, total + 1)]
        self.assertEqual(self.said(total), expected)
        self.assertEqual(self.fake.records, {"count": str(total)})

    def test_events_that_no_handler_wants_are_done_with_in_one_go(self) -> None:
        for number in range(100):
            self.fake.tell("own")
            self.fake.events[number]["message"]["outgoing"] = True
        self.run_bot(self.counter())
        until("the end", lambda: self.fake.cursors.get("counter") == 100)
        self.assertLess(len(self.fake.dones), 50)

    def test_long_texts_become_several_messages(self) -> None:
        parts = list(ramson._parts("a" * 1500 + "\n" + "b" * 1500 + " " + "c" * 4500))
        self.assertEqual([len(part) for part in parts], [1500, 1500, 2000, 2000, 500])
        self.assertEqual("".join(parts), "a" * 1500 + "b" * 1500 + "c" * 4500)
        self.assertRaises(ValueError, lambda: list(ramson._parts(" \n")))


if __name__ == "__main__":
    unittest.main()
