"""A client for Ramson, and a small kit for bots. One file, no dependencies.

    with Ramson(home="/path/of/home") as client:
        client.send("05…", "hello")

What the methods take and give is written in docs/rpc.md. A method is called
like there, with `_` for `.`; a parameter that has the name of a Python keyword
gets a `_` at its end (`with_`, `from_`). Results are dictionaries. Fields and
events that a later version adds are no error: pass over what you do not know.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import logging
import os
import random
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections import deque
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import (
    Any,
    Callable,
    Deque,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Union,
)

__all__ = ["Bot", "Context", "Disconnected", "Events", "Ramson", "RpcError", "default_home"]

Json = Dict[str, Any]
Where = Union[str, "os.PathLike[str]"]

log = logging.getLogger("ramson")

# A longer path is none of a socket on some systems.
LONGEST_SOCKET = 103
# The program takes no longer line.
LONGEST_REQUEST = 1 << 20
# The longest text of one message, in code points.
LONGEST_TEXT = 2000
# So many events wait here for whoever iterates over them.
MOST_EVENTS = 4096
# A stream of events over HTTP says at least every 15 s that it is there.
QUIET = 60.0
# A program that ends closes its connections within this time.
ENDING = 15.0
# Pauses between attempts to connect.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 10.0
# The same after a connection that lasted less than a second.
SHORT_LIVED_PAUSE = 0.3
# A handler that fails is tried again after these pauses, then passed over.
PAUSES = (1.0, 5.0)
# A bot is done with so many events that were not for it, at the latest.
MOST_BEHIND = 64

# Events that have a number of their own, with which a durable client is done.
NUMBERED = frozenset(
    "message message_changed message_removed conversation conversation_removed profile account "
    "account_removed".split()
)
# Events that are soon out of date.
PASSING = frozenset("typing network plugins".split())


class RpcError(Exception):
    """The program refused something. `kind` is a name that never changes,
    `message` a sentence for people, `hint` the way out of it."""

    def __init__(self, code: int, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.kind, self.message, self.hint = code, kind, message, hint

    @classmethod
    def of(cls, error: Any) -> "RpcError":
        error = error if isinstance(error, dict) else {}
        data = error.get("data")
        data = data if isinstance(data, dict) else {}
        message = str(error.get("message", "the program gave no reason"))
        return cls(int(error.get("code", 0)), str(data.get("kind", "")), message, str(data.get("hint", "")))


class Disconnected(RpcError):
    """There is no connection, or it broke off before the response: then nobody
    knows whether the request was carried out. Give `key` to what must not be
    done twice, and ask again."""

    def __init__(self, message: str, sent: bool = True) -> None:
        super().__init__(0, "Disconnected", message, message.rpartition("; ")[2])
        self.sent = sent


def default_home() -> Path:
    """The home that the program uses when it is given none."""
    named = os.environ.get("RAMSON_HOME")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if os.path.isabs(data) else Path.home() / ".local" / "share") / "ramson"


class Ramson:
    """A client. It may be used by several threads at once.

    Without more it speaks with the program that runs on `home`, through the
    Unix socket there; `socket` names another one. With `program` it starts
    that program's `rpc` for itself, and `args` are its further arguments. With
    `http`, the address that `ramson rpc --http` tells, it speaks HTTP; the
    `token` for that stands in the home unless it is given.

    A connection that broke off is made again: for a request until `patience`
    seconds are over, for events for ever. A program that was started with
    `program` is not started again."""

    def __init__(
        self,
        home: Optional[Where] = None,
        *,
        socket: Optional[Where] = None,
        program: Optional[Where] = None,
        args: Sequence[str] = (),
        http: Optional[str] = None,
        token: Optional[str] = None,
        patience: float = 10.0,
    ) -> None:
        if sum(way is not None for way in (socket, program, http)) > 1:
            raise ValueError("a client connects one way; give one of socket, program and http")
        self._patience = patience
        self._final = program is not None
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._link: Optional[_Link] = None
        self._opened = float("-inf")
        self._wish: Optional[Json] = None
        self._inbox: Optional[_Inbox] = None
        folder = default_home() if home is None else Path(home)
        self._open: Callable[[], _Link]
        if program is not None:
            place = [] if home is None else ["--home", os.fspath(folder)]
            command = [os.fspath(program), *place, "rpc", *args]
            self._open = lambda: _Child(command)
        elif http is not None:
            address = http if "//" in http else "//" + http
            parts = urllib.parse.urlsplit(address)
            host, port = parts.hostname or "127.0.0.1", parts.port or 80
            self._open = lambda: _Http(host, port, token or _token(folder))
        else:
            self._open = lambda: _Unix(_socket_of(folder) if socket is None else Path(socket))

    def __enter__(self) -> "Ramson":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection. Whoever iterates over events comes to an end."""
        self._closing.set()
        # Not behind whoever waits for the program right now.
        link = self._link
        if link is not None:
            link.close()

    def call(self, method: str, /, **params: Any) -> Json:
        """Calls a method by its name. What is None is left out."""
        given = {
            name[:-1] if name.endswith("_") else name: value
            for name, value in params.items()
            if value is not None
        }
        until = time.monotonic() + self._patience
        while True:
            link, inbox = self._connected(until)
            if method in ("ack", "done") and inbox is not None:
                _check_told(method, given, inbox)
            if method in ("subscribe", "unsubscribe", "narrow"):
                self._forget(None)
            try:
                return link.ask(method, given)
            except Disconnected as error:
                if error.sent or self._final or time.monotonic() > until:
                    raise

    def events(
        self,
        client: str,
        *,
        durable: bool = False,
        topics: Optional[Sequence[str]] = None,
        accounts: Optional[Sequence[str]] = None,
        conversations: Optional[Sequence[str]] = None,
    ) -> "Events":
        """Subscribes, and gives events as they come: first a snapshot of all
        there is, and again whenever the connection was made anew. With
        `durable` an event is told again, after a restart too, until `ack` or
        `done` named its `seq` or a later one; at most 256 are told ahead."""
        wish = {
            "client": client,
            "durable": durable,
            "topics": topics,
            "accounts": accounts,
            "conversations": conversations,
        }
        events = Events(self, {name: value for name, value in wish.items() if value is not None})
        self._forget(events._wish)
        try:
            # What is wrong with the wish is told here.
            self._connected(time.monotonic() + self._patience)
        except RpcError:
            self._forget(None)
            raise
        return events

    def _forget(self, wish: Optional[Json]) -> None:
        """Whoever iterates over events comes to an end; this is wanted now."""
        with self._lock:
            inbox, self._inbox, self._wish = self._inbox, None, wish
        if inbox is not None:
            inbox.end("forgotten")

    def _connected(self, until: Optional[float]) -> Tuple["_Link", Optional["_Inbox"]]:
        """The connection, and where its events are; made anew if need be."""
        pause, told = FIRST_PAUSE, False
        while True:
            if self._closing.is_set():
                raise Disconnected("this client was closed; make another one", sent=False)
            try:
                with self._lock:
                    found = self._attempt()
                if told:
                    log.warning("connected again")
                return found
            except RpcError as error:
                if not isinstance(error, Disconnected) and error.kind not in ("Busy", "Ended"):
                    raise
                left = LONGEST_PAUSE if until is None else until - time.monotonic()
                if self._final or left <= 0:
                    raise
                if not told and until is None:
                    log.warning("%s", error)
                    told = True
            self._closing.wait(min(left, pause * random.uniform(0.5, 1.0)))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _attempt(self) -> Tuple["_Link", Optional["_Inbox"]]:
        if self._link is None or self._link.gone.is_set():
            if self._link is not None:
                self._link.close()
                if self._final:
                    raise Disconnected("the program of this client has ended; make another one")
                if time.monotonic() - self._opened < 1.0:
                    # One that ends as soon as it begins is not asked in a hurry.
                    self._closing.wait(SHORT_LIVED_PAUSE)
            self._link = self._inbox = None
            self._link, self._opened = self._open(), time.monotonic()
            if self._closing.is_set():
                self._link.close()
        if self._wish is not None and self._inbox is None:
            self._inbox = self._link.subscribe(self._wish)
        return self._link, self._inbox

    # The methods of the program, as verbs.py writes them.

    def account_create(self, name: Optional[str] = None) -> Json:
        """Makes an account. Its recovery phrase is only shown by `ramson account show
        --phrase`."""
        return self.call("account.create", name=name)

    def account_list(self) -> Json:
        """Lists the accounts that the client sees, in the order in which they were added."""
        return self.call("account.list")

    def account_remove(self, account: str) -> Json:
        """Removes an account and all its messages from this home. Without its recovery phrase
        it is gone for good."""
        return self.call("account.remove", account=account)

    def account_show(self, *, account: Optional[str] = None) -> Json:
        """Shows one account."""
        return self.call("account.show", account=account)

    def ack(self, seq: int) -> Json:
        """Says that the client is done with every event up to a number. Only of a durable
        client."""
        return self.call("ack", seq=seq)

    def alarm(self, at: int) -> Json:
        """Returns when a time has come. A client has one alarm: another one lets the earlier
        one return at once."""
        return self.call("alarm", at=at)

    def contact_add(self, contact: str, *, account: Optional[str] = None) -> Json:
        """Makes a contact of an account, and lets it write."""
        return self.call("contact.add", contact=contact, account=account)

    def contact_approve(self, contact: str, *, account: Optional[str] = None) -> Json:
        """Lets an account write that asked to."""
        return self.call("contact.approve", contact=contact, account=account)

    def contact_block(
        self,
        contact: str,
        *,
        account: Optional[str] = None,
        blocked: bool = True,
    ) -> Json:
        """Does not hear an account any more, or hears it again."""
        return self.call("contact.block", contact=contact, account=account, blocked=blocked)

    def contact_list(self, *, account: Optional[str] = None) -> Json:
        """Lists contacts."""
        return self.call("contact.list", account=account)

    def contact_name(
        self,
        contact: str,
        name: Optional[str] = None,
        *,
        account: Optional[str] = None,
    ) -> Json:
        """Gives a contact a name, or takes it away."""
        return self.call("contact.name", contact=contact, name=name, account=account)

    def contact_remove(self, contact: str, *, account: Optional[str] = None) -> Json:
        """Removes a contact, its conversation and all messages of it."""
        return self.call("contact.remove", contact=contact, account=account)

    def conversations(self, *, account: Optional[str] = None, all: bool = False) -> Json:
        """Lists conversations, pinned ones first, then the one with the newest message."""
        return self.call("conversations", account=account, all=all)

    def delete(
        self,
        message: str,
        *,
        account: Optional[str] = None,
        from_: Optional[str] = None,
    ) -> Json:
        """Deletes a message. What was deleted does not come back, whatever the swarm still
        has."""
        return self.call("delete", message=message, account=account, from_=from_)

    def done(
        self,
        through: Optional[int] = None,
        *,
        commands: Optional[Sequence[Mapping[str, Any]]] = None,
        records: Optional[Sequence[Mapping[str, Any]]] = None,
    ) -> Json:
        """The same, together with records and commands that follow from the events: all of it
        is kept in one commit, or nothing is. Only of a durable client."""
        return self.call("done", through=through, commands=commands, records=records)

    def expire(
        self,
        with_: str,
        *,
        account: Optional[str] = None,
        after_read: bool = False,
        seconds: Optional[int] = None,
    ) -> Json:
        """Lets messages of a conversation disappear from now on, or stay."""
        return self.call(
            "expire", with_=with_, account=account, after_read=after_read, seconds=seconds,
        )

    def health(self) -> Json:
        """Tells whether the engine answers, and how many clients there are."""
        return self.call("health")

    def message(self, message: str, *, account: Optional[str] = None) -> Json:
        """Gives one message."""
        return self.call("message", message=message, account=account)

    def messages(
        self,
        with_: str,
        *,
        account: Optional[str] = None,
        before: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Json:
        """Gives the newest messages of a conversation, oldest first. Long ones come fewer at
        once."""
        return self.call("messages", with_=with_, account=account, before=before, limit=limit)

    def narrow(
        self,
        *,
        accounts: Optional[Sequence[str]] = None,
        conversations: Optional[Sequence[str]] = None,
        grants: Optional[Sequence[str]] = None,
    ) -> Json:
        """Lets this connection do less from now on. There is no way back. Ends its
        subscription. On stdio and the Unix socket only."""
        return self.call("narrow", accounts=accounts, conversations=conversations, grants=grants)

    def network_status(self, *, account: Optional[str] = None) -> Json:
        """Tells how the network is for an account."""
        return self.call("network.status", account=account)

    def plugin_list(self) -> Json:
        """Lists plugins: those that run, those that ran, and those that are there."""
        return self.call("plugin.list")

    def plugin_run(self, name: str) -> Json:
        """Runs a plugin. It may do what its user decided with `ramson plugin allow`."""
        return self.call("plugin.run", name=name)

    def plugin_stop(self, name: str) -> Json:
        """Stops a plugin."""
        return self.call("plugin.stop", name=name)

    def plugin_swap(self, name: str) -> Json:
        """Loads a plugin's library anew; the old one goes once the new one is ready."""
        return self.call("plugin.swap", name=name)

    def profile(
        self,
        *,
        account: Optional[str] = None,
        name: Optional[str] = None,
        read_receipts: Optional[bool] = None,
        typing: Optional[bool] = None,
    ) -> Json:
        """Sets what others see of an account, and what they are told; shows it when nothing is
        set."""
        return self.call(
            "profile", account=account, name=name, read_receipts=read_receipts, typing=typing,
        )

    def react(
        self,
        message: str,
        emoji: str,
        *,
        account: Optional[str] = None,
        key: Optional[str] = None,
        remove: bool = False,
    ) -> Json:
        """Puts an emoji on a message, or takes it away; at most 20 a minute."""
        return self.call(
            "react", message=message, emoji=emoji, account=account, key=key, remove=remove,
        )

    def read(
        self,
        with_: str,
        *,
        account: Optional[str] = None,
        unread: bool = False,
        up_to: Optional[str] = None,
    ) -> Json:
        """Marks a conversation as read or unread, on all devices of the account."""
        return self.call("read", with_=with_, account=account, unread=unread, up_to=up_to)

    def record_get(self, key: str) -> Json:
        """Gives a record of the client."""
        return self.call("record.get", key=key)

    def record_list(
        self,
        *,
        after: Optional[str] = None,
        limit: Optional[int] = None,
        prefix: Optional[str] = None,
    ) -> Json:
        """Lists records of the client, in order of their keys."""
        return self.call("record.list", after=after, limit=limit, prefix=prefix)

    def record_put(self, key: str, value: Optional[str] = None) -> Json:
        """Writes a record down, or takes it away. It stays in the home under the name of the
        client."""
        return self.call("record.put", key=key, value=value)

    def reply(
        self,
        message: str,
        text: str,
        *,
        account: Optional[str] = None,
        key: Optional[str] = None,
        timeout: Optional[int] = None,
        unsynced: bool = False,
        wait: Optional[str] = None,
    ) -> Json:
        """Answers a message, with a quote of it; otherwise like `send`."""
        return self.call(
            "reply", message=message, text=text, account=account, key=key, timeout=timeout,
            unsynced=unsynced, wait=wait,
        )

    def requests_accept(self, contact: str, *, account: Optional[str] = None) -> Json:
        """Accepts a message request: its author is told, and may write."""
        return self.call("requests.accept", contact=contact, account=account)

    def requests_decline(
        self,
        contact: Optional[str] = None,
        *,
        account: Optional[str] = None,
        all: bool = False,
    ) -> Json:
        """Turns message requests down: their messages go, and nothing is said."""
        return self.call("requests.decline", contact=contact, account=account, all=all)

    def requests_list(self, *, account: Optional[str] = None) -> Json:
        """Lists message requests: strangers who wrote."""
        return self.call("requests.list", account=account)

    def resolve(self, name: str, *, account: Optional[str] = None) -> Json:
        """Gives the Account ID that a registered name stands for. Several service nodes are
        asked, and they must say the same."""
        return self.call("resolve", name=name, account=account)

    def schema(self) -> Json:
        """Gives the JSON schema of all methods, as it stands in docs/rpc-schema.json."""
        return self.call("schema")

    def send(
        self,
        to: str,
        text: Optional[str] = None,
        *,
        account: Optional[str] = None,
        invitation: Optional[Mapping[str, Any]] = None,
        key: Optional[str] = None,
        link: Optional[Mapping[str, Any]] = None,
        timeout: Optional[int] = None,
        unsynced: bool = False,
        wait: Optional[str] = None,
    ) -> Json:
        """Sends a text, and returns once the recipient's swarm has stored it. What is not
        stored in time fails with `NotStoredYet`, but the message stays in the outbox and goes
        out later. With a `key` a message that was sent under that key within 14 days is not
        sent again."""
        return self.call(
            "send", to=to, text=text, account=account, invitation=invitation, key=key, link=link,
            timeout=timeout, unsynced=unsynced, wait=wait,
        )

    def set(
        self,
        with_: str,
        *,
        account: Optional[str] = None,
        draft: Optional[str] = None,
        mute: Optional[int] = None,
        notify: Optional[str] = None,
        priority: Optional[int] = None,
    ) -> Json:
        """Sets how a conversation is listed and what is told of it."""
        return self.call(
            "set", with_=with_, account=account, draft=draft, mute=mute, notify=notify,
            priority=priority,
        )

    def subscribe(
        self,
        client: str,
        *,
        accounts: Optional[Sequence[str]] = None,
        conversations: Optional[Sequence[str]] = None,
        durable: bool = False,
        topics: Optional[Sequence[str]] = None,
    ) -> Json:
        """Lets events come. On stdio and the Unix socket only; over HTTP GET /api/v1/events
        does it. A subscription that the connection had before ends, and so does one of the same
        client name on another connection."""
        return self.call(
            "subscribe", client=client, accounts=accounts, conversations=conversations,
            durable=durable, topics=topics,
        )

    def trace(self, message: str, *, account: Optional[str] = None) -> Json:
        """Gives the delivery ledger of one message: every step of its way."""
        return self.call("trace", message=message, account=account)

    def typing(self, to: str, *, account: Optional[str] = None, typing: bool = True) -> Json:
        """Says that the account types, or stopped. Nothing is kept."""
        return self.call("typing", to=to, account=account, typing=typing)

    def ui_use(self, name: str) -> Json:
        """Lets the running program show another user interface."""
        return self.call("ui.use", name=name)

    def unsubscribe(self) -> Json:
        """Lets no more events come. What a durable client was not done with is told again when
        it comes back."""
        return self.call("unsubscribe")

    def version(self) -> Json:
        """Tells the version of the program."""
        return self.call("version")

    # The methods of the program end here.


def _check_told(method: str, given: Json, inbox: "_Inbox") -> None:
    """An event that came by an earlier connection comes again by this one: it
    must not be done with on the word of somebody who means the earlier one."""
    if method == "ack":
        given["seq"] = min(given["seq"], inbox.told)
    elif given.get("through", 0) > inbox.told:
        raise Disconnected("the connection broke off since that event was told; it is told again")


def _socket_of(home: Path) -> Path:
    """Where the program that runs on a home is reached. A home that is too deep
    for a socket has it in a folder of its owner's, under a hash of its path."""
    home = Path(os.path.realpath(home))
    path = home / "rpc.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET or not home.exists():
        return path
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    shared = Path(tempfile.gettempdir()) / ("ramson-%d" % home.stat().st_uid)
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:32] + ".rpc.sock"
    return (Path(runtime) / "ramson" if runtime else shared) / name


def _token(home: Path) -> str:
    try:
        return (home / "rpc-token").read_text().strip()
    except OSError as error:
        text = "the token in %s cannot be read: %s; give the home of the program, or a token"
        raise Disconnected(text % (home, error.strerror), sent=False) from None


class Events:
    """Events as they come. It ends when the client is closed, or subscribes to
    something else."""

    def __init__(self, client: Ramson, wish: Json) -> None:
        self._client, self._wish = client, wish

    def __iter__(self) -> Iterator[Json]:
        return self

    def __next__(self) -> Json:
        event = self.next()
        if event is None:
            raise StopIteration
        return event

    def next(self, timeout: Optional[float] = None) -> Optional[Json]:
        """The next event. None if none came in that time, or none comes."""
        until = None if timeout is None else time.monotonic() + timeout
        client = self._client
        while client._wish is self._wish:
            try:
                link, inbox = client._connected(until)
            except Disconnected:
                late = until is not None and time.monotonic() >= until
                if client._closing.is_set() or (late and not client._final):
                    return None
                raise
            if inbox is None:
                break
            event, over = inbox.take(until)
            if event is not None:
                return event
            if over is None:
                return None
            if over == "closed" and not link.ends_within(ENDING):
                self.close()
                text = "another client is called '%s' and has taken this one's place; choose another name"
                raise RpcError(0, "Replaced", text % self._wish["client"], "choose another name")
            if client._inbox is inbox:
                self.again()
            if over == "full":
                return {"seq": inbox.told, "event": "lagged", "skipped": inbox.skipped}
        return None

    def again(self) -> None:
        """Subscribes anew. What a durable client was not done with is told
        again, behind a snapshot."""
        with self._client._lock:
            inbox = self._client._inbox
            if self._client._wish is self._wish and inbox is not None:
                self._client._inbox = None
                inbox.end("forgotten")

    def close(self) -> None:
        """Comes to an end. What was told before can still be done with."""
        if self._client._wish is self._wish:
            self._client._forget(None)

    def waiting(self) -> int:
        """How many events are here already."""
        inbox = self._client._inbox
        return 0 if inbox is None else len(inbox)


class _Inbox:
    """Where events of one subscription wait. It is bounded: the program tells
    a durable client at most 256 events ahead, and to another one a snapshot
    says what it missed."""

    def __init__(self, durable: bool) -> None:
        self._durable = durable
        self._events: Deque[Json] = deque()
        self._changed = threading.Condition()
        self._over: Optional[str] = None
        self.skipped = 0
        # The newest event with a number that was taken out.
        self.told = 0

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Json) -> None:
        kind = event.get("event")
        with self._changed:
            full = len(self._events) >= MOST_EVENTS
            if self._over or (full and kind in PASSING):
                return
            if not self._durable and (full or self.skipped):
                self.skipped += 1
            else:
                self._events.append(event)
            self._changed.notify()

    def end(self, why: str) -> None:
        with self._changed:
            self._over = self._over or why
            self._changed.notify_all()

    def take(self, until: Optional[float]) -> Tuple[Optional[Json], Optional[str]]:
        """The next event; else why there are no more, if there are no more."""
        with self._changed:
            left = None if until is None else max(0.0, until - time.monotonic())
            self._changed.wait_for(lambda: self._events or self.skipped or self._over, left)
            if not self._events:
                return None, "full" if self.skipped else self._over
            event = self._events.popleft()
            seq = int(event.get("seq", 0))
            if event.get("event") == "snapshot":
                self.told = seq
            elif event.get("event") in NUMBERED:
                self.told = max(self.told, seq)
            return event, None


class _Link:
    """One connection."""

    def __init__(self) -> None:
        # Set once it is of no use any more.
        self.gone = threading.Event()

    def ask(self, method: str, params: Json) -> Json:
        raise NotImplementedError

    def subscribe(self, wish: Json) -> _Inbox:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def ends_within(self, seconds: float) -> bool:
        return self.gone.wait(seconds)


class _Lines(_Link):
    """One request a line, one response or event a line. A thread reads."""

    def __init__(self, what: str, read: Any, write: Callable[[bytes], Any]) -> None:
        super().__init__()
        self._what, self._read, self._write = what, read, write
        self._ids = itertools.count(1)
        self._state, self._writing = threading.Lock(), threading.Lock()
        self._waiting: Dict[int, "Future[Json]"] = {}
        self._inbox: Optional[_Inbox] = None
        self._reason: Optional[RpcError] = None
        threading.Thread(target=self._listen, name="ramson", daemon=True).start()

    def ask(self, method: str, params: Json) -> Json:
        number = next(self._ids)
        response: "Future[Json]" = Future()
        line = _request(number, method, params) + b"\n"
        with self._state:
            if self.gone.is_set():
                raise self._reason or Disconnected(self._broken(), sent=False)
            self._waiting[number] = response
        try:
            with self._writing:
                self._write(line)
        except (OSError, ValueError):
            self._end()
        return response.result()

    def subscribe(self, wish: Json) -> _Inbox:
        with self._state:
            again, self._inbox = self._inbox is not None, None
        if again:
            # After its response nothing comes that belongs to the earlier one.
            try:
                self.ask("unsubscribe", {})
            except Disconnected:
                raise
            except RpcError as error:
                log.debug("%s", error)
        inbox = _Inbox(bool(wish.get("durable")))
        with self._state:
            self._inbox = inbox
        self.ask("subscribe", wish)
        return inbox

    def _broken(self) -> str:
        return "the connection to %s broke off; ask again" % self._what

    def _listen(self) -> None:
        try:
            for line in self._read:
                self._take(json.loads(line))
        except (OSError, ValueError):
            pass
        finally:
            self._end()
            self._read.close()

    def _take(self, value: Any) -> None:
        if not isinstance(value, dict):
            return
        if "method" in value:
            params = value.get("params") or {}
            with self._state:
                inbox = self._inbox
            if inbox is not None and value["method"] == "event":
                inbox.put(params)
            elif inbox is not None and value["method"] == "unsubscribed":
                inbox.end(str(params.get("reason", "closed")))
            return
        if value.get("id") is None and "error" in value:
            # It is about the connection: there is no room for it.
            self._reason = RpcError.of(value["error"])
            return self._end()
        with self._state:
            response = self._waiting.pop(int(value.get("id", 0)), None)
        if response is None:
            return
        if "error" in value:
            response.set_exception(RpcError.of(value["error"]))
        else:
            response.set_result(value.get("result") or {})

    def _end(self) -> None:
        with self._state:
            self.gone.set()
            waiting, self._waiting = self._waiting, {}
            inbox = self._inbox
        for response in waiting.values():
            response.set_exception(self._reason or Disconnected(self._broken()))
        if inbox is not None:
            inbox.end("broken")


class _Unix(_Lines):
    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(os.fspath(path))
        except OSError as error:
            self._socket.close()
            text = "nothing answers at %s: %s; start 'ramson run' on that home"
            raise Disconnected(text % (path, error.strerror or error), sent=False) from None
        super().__init__(os.fspath(path), self._socket.makefile("rb"), self._socket.sendall)

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
        self._end()


class _Child(_Lines):
    def __init__(self, command: List[str]) -> None:
        try:
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            text = "'%s' cannot be started: %s; name the program with its path"
            raise Disconnected(text % (command[0], error.strerror), sent=False) from None
        self._child = child
        super().__init__("'%s'" % " ".join(command), child.stdout, self._put)

    def _broken(self) -> str:
        return "%s has ended; what it said on stderr says why" % self._what

    def _put(self, line: bytes) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(line)
        self._child.stdin.flush()

    def close(self) -> None:
        """It ends by itself once it is asked for nothing more."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.close()
        except OSError:
            pass
        for then in (self._child.terminate, self._child.kill):
            try:
                self._child.wait(10)
                break
            except subprocess.TimeoutExpired:
                then()
        self._child.wait()
        self._end()


class _Http(_Link):
    """Each request has a connection of its own, and the events have one."""

    def __init__(self, host: str, port: int, token: str) -> None:
        super().__init__()
        self._host, self._port, self._token = host, port, token
        self._name: Optional[str] = None
        self._stream: Optional[socket.socket] = None
        self._inbox: Optional[_Inbox] = None

    def _send(
        self, method: str, path: str, body: Optional[bytes] = None, name: Optional[str] = None
    ) -> Tuple[http.client.HTTPConnection, socket.socket, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self._host, self._port)
        where = "http://%s:%d" % (self._host, self._port)
        try:
            connection.connect()
        except OSError as error:
            self.gone.set()
            text = "nothing answers at %s: %s; start 'ramson rpc --http' there"
            raise Disconnected(text % (where, error.strerror or error), sent=False) from None
        headers = {"Authorization": "Bearer " + self._token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if name is not None:
            headers["X-Ramson-Client"] = name
        stream: socket.socket = connection.sock
        try:
            connection.request(method, path, body, headers)
            return connection, stream, connection.getresponse()
        except (OSError, http.client.HTTPException):
            connection.close()
            self.gone.set()
            raise Disconnected("the connection to %s broke off; ask again" % where) from None

    def ask(self, method: str, params: Json) -> Json:
        body = _request(1, method, params)
        connection, _, response = self._send("POST", "/api/v1/rpc", body, self._name)
        try:
            value = json.loads(response.read())
        except (OSError, ValueError, http.client.HTTPException):
            raise Disconnected("the response is not complete; ask again") from None
        finally:
            connection.close()
        if "error" in value:
            raise RpcError.of(value["error"])
        return value.get("result") or {}

    def subscribe(self, wish: Json) -> _Inbox:
        # The end of an earlier stream is not that of this connection.
        self._inbox = None
        self._close_stream()
        query = urllib.parse.urlencode({name: _in_query(value) for name, value in wish.items()})
        connection, stream, response = self._send("GET", "/api/v1/events?" + query)
        if response.status != 200:
            try:
                error = json.loads(response.read()).get("error")
            except (OSError, ValueError, http.client.HTTPException):
                error = None
            connection.close()
            raise RpcError.of(error)
        inbox = _Inbox(bool(wish.get("durable")))
        stream.settimeout(QUIET)
        self._name, self._stream, self._inbox = str(wish["client"]), stream, inbox
        reader = threading.Thread(
            target=self._listen, args=(connection, response, inbox), name="ramson", daemon=True
        )
        reader.start()
        return inbox

    def _listen(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, inbox: _Inbox
    ) -> None:
        kind, data = "", b""
        try:
            for line in response:
                field, _, value = line.rstrip(b"\r\n").partition(b": ")
                if field == b"event":
                    kind = value.decode()
                elif field == b"data":
                    data += value
                elif not line.strip() and data:
                    params = json.loads(data)
                    if kind == "unsubscribed":
                        return inbox.end(str(params.get("reason", "closed")))
                    inbox.put(params)
                    kind, data = "", b""
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        finally:
            connection.close()
        if inbox is self._inbox:
            self.gone.set()
        inbox.end("broken")

    def ends_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.gone.wait(0.2):
            try:
                self._send("GET", "/api/v1/check")[0].close()
            except Disconnected:
                break
        return self.gone.is_set()

    def _close_stream(self) -> None:
        stream, self._stream, self._name = self._stream, None, None
        if stream is not None:
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        self.gone.set()
        self._close_stream()
        if self._inbox is not None:
            self._inbox.end("broken")


def _in_query(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ",".join(value)


def _request(number: int, method: str, params: Json) -> bytes:
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    line = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
    if len(line) > LONGEST_REQUEST:
        text = "a request has at most %d bytes; send less at once" % LONGEST_REQUEST
        raise RpcError(-32600, "TooLarge", text, "send less at once")
    return line


Handler = Callable[..., Any]


class Context:
    """What a handler has. What it says, writes down and asks for is kept
    together with "this event is done with" once the handler returned: after a
    crash all of that was done, or nothing, and then the event comes again."""

    def __init__(self, client: Ramson, event: Json, synced: bool) -> None:
        self.client, self.event = client, event
        self.account = _id(event.get("account"))
        message = event.get("message")
        self.message: Optional[Json] = message if isinstance(message, dict) else None
        place = self.message if self.message is not None else event
        self.conversation = _id(place.get("conversation"))
        self._synced = synced
        self.records: Dict[str, Optional[str]] = {}
        self.commands: List[Json] = []

    @property
    def text(self) -> str:
        """The message's text; empty if there is none."""
        return (self.message or {}).get("text") or ""

    def say(self, text: object) -> None:
        """Says something in the conversation. What is longer than 2,000 code
        points becomes several messages."""
        self.send(self.conversation, text)

    def reply(self, text: object) -> None:
        """Says something, and quotes the message."""
        self.send(self.conversation, text, reply_to=self._message_id())

    def send(
        self,
        to: str,
        text: object,
        *,
        reply_to: Optional[str] = None,
        account: Optional[str] = None,
    ) -> None:
        """Writes to an account."""
        for part in _parts(str(text)):
            more = {} if reply_to is None else {"reply_to": reply_to}
            self.command("send", account=account, to=to, text=part, unsynced=not self._synced, **more)
            reply_to = None

    def react(self, emoji: str) -> None:
        """Puts an emoji on the message."""
        self.command("react", message=self._message_id(), emoji=emoji)

    def command(self, command: str, /, *, account: Optional[str] = None, **params: Any) -> None:
        """Tells the account to do something else, as `done` in docs/rpc.md has
        it: `cx.command("mark_read", conversation=cx.conversation)`."""
        self.commands.append({"account": account or self.account, "command": command, **params})

    def get(self, key: str, default: Any = None) -> Any:
        """What was written down under a key."""
        value = self.records[key] if key in self.records else self.client.record_get(key).get("value")
        return default if value is None else json.loads(value)

    def put(self, key: str, value: Any) -> None:
        """Writes something down that JSON can hold; at most 65,536 bytes."""
        self.records[key] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def remove(self, key: str) -> None:
        """Takes away what was written down."""
        self.records[key] = None

    def scan(self, prefix: str = "") -> Iterator[Tuple[str, Any]]:
        """What was written down under keys that begin so, in order."""
        found: Dict[str, Optional[str]] = {}
        after, complete = None, False
        while not complete:
            page = self.client.record_list(prefix=prefix, after=after)
            complete = page["complete"] or not page["records"]
            for record in page["records"]:
                after = record["key"]
                found[after] = record.get("value")
        found.update((key, value) for key, value in self.records.items() if key.startswith(prefix))
        for key in sorted(found):
            value = found[key]
            if value is not None:
                yield key, json.loads(value)

    def _message_id(self) -> str:
        name = _id(self.event.get("message"))
        if not name:
            raise ValueError("there is no message here; a reply or a reaction is only possible to one")
        return name


def _id(value: Any) -> str:
    """An id that stands for itself, or in what it names."""
    return str((value.get("id") if isinstance(value, dict) else value) or "")


def _parts(text: str) -> Iterator[str]:
    text = text.strip()
    if not text:
        raise ValueError("a text without a letter cannot be sent; say something")
    while len(text) > LONGEST_TEXT:
        # After a line, else between two words, else anywhere.
        cut = text.rfind("\n", 1, LONGEST_TEXT + 1)
        cut = cut if cut > 0 else text.rfind(" ", 1, LONGEST_TEXT + 1)
        cut = cut if cut > 0 else LONGEST_TEXT
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    yield text


class Bot:
    """A bot. `name` is what its place and its records are kept under, so two
    that run at once have two names; the rest is as `Ramson` has it.

        bot = Bot("echo", home="/path/of/home")

        @bot.on_text
        def echo(cx, text):
            cx.say("echo: " + text)

        bot.run()

    A handler that raises is tried again after 1 s and after 5 s; then the
    event is passed over, and the log has a line. With `synced` the account's
    other devices are told what the bot writes."""

    def __init__(
        self,
        name: str,
        *,
        accounts: Optional[Sequence[str]] = None,
        topics: Sequence[str] = ("messages",),
        synced: bool = False,
        **connect: Any,
    ) -> None:
        self.name, self._accounts, self._topics = name, accounts, topics
        self._synced, self._connect = synced, connect
        self._commands: Dict[str, Handler] = {}
        self._help: List[str] = []
        self._handlers: Dict[str, List[Handler]] = {}
        self._starting: List[Handler] = []
        self._behind: List[int] = []
        self._events: Optional[Events] = None
        self._stopping = threading.Event()

    def on_text(self, handler: Handler) -> Handler:
        """`handler(cx, text)` gets each text that somebody wrote to the bot,
        unless it is one of its commands."""
        self._handlers.setdefault("text", []).append(handler)
        return handler

    def command(self, *names: str) -> Callable[[Handler], Handler]:
        """`handler(cx, rest)` gets texts that begin with this word, such as
        '/help', and what stands behind it. Its first line of documentation is
        what '/help' says of it, unless there is another handler for '/help'."""

        def add(handler: Handler) -> Handler:
            self._commands.update((name.lower(), handler) for name in names)
            about = (handler.__doc__ or "").strip().split("\n")[0]
            self._help.append(", ".join(names) + (": " + about if about else ""))
            return handler

        return add

    def on_start(self, handler: Handler) -> Handler:
        """`handler(client)` is called once, when the bot hears of everything
        that comes from now on."""
        self._starting.append(handler)
        return handler

    def on_event(self, kind: str) -> Callable[[Handler], Handler]:
        """`handler(cx, event)` gets each event of a kind that has a number, as
        docs/rpc.md has it, such as 'message_changed'."""
        if kind not in NUMBERED:
            known = ", ".join(sorted(NUMBERED))
            raise ValueError("'%s' is no event that a bot gets; there are %s" % (kind, known))

        def add(handler: Handler) -> Handler:
            self._handlers.setdefault(kind, []).append(handler)
            return handler

        return add

    def run(self) -> None:
        """Runs until `stop`, or Ctrl-C."""
        with Ramson(**self._connect) as client:
            try:
                self._events = events = self._subscribed(client)
                for event in events:
                    self._take(client, event, events)
                    if self._stopping.is_set():
                        break
            except KeyboardInterrupt:
                pass

    def stop(self) -> None:
        """Lets `run` return once the handler that runs has returned, and what
        it asked for is kept."""
        self._stopping.set()
        if self._events is not None:
            self._events.close()

    def _subscribed(self, client: Ramson) -> Events:
        """A program that is not there yet is waited for."""
        while True:
            try:
                return client.events(self.name, durable=True, topics=self._topics, accounts=self._accounts)
            except Disconnected as error:
                if client._final or self._stopping.is_set():
                    raise
                log.warning("%s", error)

    def _take(self, client: Ramson, event: Json, events: Events) -> None:
        kind, seq = event.get("event"), event.get("seq", 0)
        if kind == "snapshot":
            self._behind = []
            starting, self._starting = self._starting, []
            for handler in starting:
                handler(client)
        elif kind in NUMBERED:
            handlers = self._handlers_of(event)
            if handlers:
                self._behind = []
                return self._handle(client, event, handlers)
            self._behind.append(seq)
        # Nobody here wants these. That is said when there is time.
        if self._behind and (not events.waiting() or len(self._behind) >= MOST_BEHIND):
            seq, self._behind = self._behind[-1], []
            self._settle(seq, lambda: self._done(client, seq, None))

    def _handlers_of(self, event: Json) -> List[Callable[[Context], Any]]:
        kind = event["event"]
        found: List[Callable[[Context], Any]] = []
        found += [partial(_event, handler) for handler in self._handlers.get(kind, [])]
        message = event.get("message")
        if kind != "message" or not isinstance(message, dict) or message.get("outgoing"):
            return found
        text = message.get("text") or ""
        word, *rest = text.split(None, 1) or [""]
        command = self._commands.get(word.lower())
        if command is None and self._help and word.lower() == "/help":
            command = self._say_help
        if command is not None:
            found.append(partial(_with, command, rest[0].strip() if rest else ""))
        elif word:
            found += [partial(_with, handler, text) for handler in self._handlers.get("text", [])]
        return found

    def _say_help(self, cx: Context, _: str) -> None:
        cx.say("\n".join(self._help))

    def _handle(self, client: Ramson, event: Json, handlers: List[Callable[[Context], Any]]) -> None:
        def attempt() -> None:
            cx = Context(client, event, self._synced)
            for handler in handlers:
                handler(cx)
            self._done(client, seq, cx)

        seq = event["seq"]
        for pause in PAUSES:
            try:
                return self._settle(seq, attempt)
            except Exception as error:
                log.warning("event %s failed: %r; it is tried again in %g s", seq, error, pause)
            if self._stopping.wait(pause):
                return
        try:
            self._settle(seq, attempt)
        except Exception:
            log.exception("event %s is passed over", seq)
            self._settle(seq, lambda: self._done(client, seq, None))

    def _settle(self, seq: int, attempt: Callable[[], None]) -> None:
        """Does it, however often it takes, unless it is the attempt's own fault."""
        pause = FIRST_PAUSE
        while True:
            try:
                return attempt()
            except RpcError as error:
                if error.kind == "AlreadyDone":
                    return
                if error.kind in COMES_AGAIN:
                    log.info("event %s comes again: %s", seq, error)
                    assert self._events is not None
                    return self._events.again()
                if error.kind not in TRANSIENT:
                    raise
                log.warning("event %s is done later: %s", seq, error)
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _done(self, client: Ramson, through: int, cx: Optional[Context]) -> None:
        records = [] if cx is None else [{"key": key, "value": value} for key, value in cx.records.items()]
        commands = [] if cx is None else cx.commands
        outcomes = client.done(through, records=records, commands=commands).get("outcomes", [])
        for outcome, command in zip(outcomes, commands):
            if outcome.get("outcome") == "refused":
                log.warning("'%s' of event %s was refused: %s", command["command"], through, outcome.get("text"))


def _event(handler: Handler, cx: Context) -> None:
    handler(cx, cx.event)


def _with(handler: Handler, value: str, cx: Context) -> None:
    handler(cx, value)


# After these the event is told again.
COMES_AGAIN = frozenset("Disconnected Replaced Ended NotSubscribed NotTold".split())
# After these the same is said again after a while.
TRANSIENT = frozenset("Busy OutboxFull NoEngine Engine Store OutOfOrder".split())
