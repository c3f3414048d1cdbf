"""A program that only pretends: it speaks the lines of a Unix socket and HTTP,
tells texts to durable clients, and breaks off or refuses when a test says so."""

from __future__ import annotations

import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, List, Optional, Set, Tuple
from urllib.parse import parse_qsl, urlsplit

ACCOUNT = "05" + "aa" * 32
PEER = "05" + "bb" * 32
TOKEN = "cc" * 32


def text_event(number: int, text: str, outgoing: bool = False) -> Dict[str, Any]:
    message = {"id": "m1-%d" % number, "conversation": PEER, "author": PEER, "outgoing": outgoing, "text": text}
    return {"event": "message", "account": ACCOUNT, "message": message}


class Fake:
    """The program. What it keeps survives `restart`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.events: List[Dict[str, Any]] = []
        self.cursors: Dict[str, int] = {}
        self.records: Dict[str, Optional[str]] = {}
        self.said: List[str] = []
        self.dones: List[int] = []
        self.asked: List[Tuple[str, Any]] = []
        # How often a method breaks off before or after it was done, or is refused.
        self.before: Dict[str, int] = {}
        self.after: Dict[str, int] = {}
        self.refused: Dict[str, List[str]] = {}
        self.port = 0
        self.lock = threading.RLock()
        self.clients: Set["_Client"] = set()
        self.start()

    def start(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        self._http = _HttpServer(("127.0.0.1", self.port), _Handler)
        self._http.fake, self.port = self, self._http.server_port
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """It ends as a power cut would end it."""
        if os.path.exists(self.path):
            os.unlink(self.path)
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._http.shutdown()
            self._http.server_close()
        with self.lock:
            clients, self.clients = self.clients, set()
        for client in clients:
            client.drop()

    def tell(self, *texts: str) -> None:
        with self.lock:
            for text in texts:
                self.events.append(text_event(len(self.events) + 1, text))
            for client in self.clients:
                client.tell_new()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            client = _Client(self, stream)
            with self.lock:
                self.clients.add(client)
            threading.Thread(target=client.serve, daemon=True).start()


class _Client:
    """A client. Its events are lines here; over HTTP a stream of events."""

    def __init__(self, fake: Fake, stream: socket.socket, lines: bool = True) -> None:
        self._fake, self._stream, self._lines = fake, stream, lines
        self._told: Optional[int] = None
        self.name = ""

    def drop(self) -> None:
        try:
            self._stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def serve(self) -> None:
        with self._stream, self._stream.makefile("rb") as lines:
            for line in lines:
                if self.answer(json.loads(line), self._write) is None:
                    break
            self.drop()
        with self._fake.lock:
            self._fake.clients.discard(self)

    def notify(self, method: str, **params: Any) -> None:
        if self._lines:
            return self._write({"jsonrpc": "2.0", "method": method, "params": params})
        name = params.get("event", method)
        self._send(b"event: %s\ndata: %s\n\n" % (name.encode(), json.dumps(params).encode()))

    def _write(self, value: Dict[str, Any]) -> None:
        self._send(json.dumps(value).encode() + b"\n")

    def _send(self, data: bytes) -> None:
        try:
            self._stream.sendall(data)
        except OSError:
            pass

    def answer(self, request: Dict[str, Any], write: Any) -> Optional[Dict[str, Any]]:
        """The response; None if the connection breaks off instead."""
        fake, method = self._fake, request["method"]
        response: Dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        with fake.lock:
            fake.asked.append((method, request["params"]))
            if fake.before.get(method, 0) > 0:
                fake.before[method] -= 1
                return None
            try:
                kinds = fake.refused.get(method)
                if kinds:
                    raise Refused(kinds.pop(0))
                response["result"] = self._carry(method, **request["params"])
            except Refused as refused:
                data = {"kind": refused.args[0], "hint": "try less"}
                response["error"] = {"code": -32000, "message": "no; try less", "data": data}
            if fake.after.get(method, 0) > 0:
                fake.after[method] -= 1
                return None
            write(response)
            if method == "subscribe" and "result" in response:
                self.tell_new()
        return response

    def _carry(self, method: str, **params: Any) -> Any:
        fake = self._fake
        if method == "subscribe":
            for other in fake.clients:
                if other is not self and other.name == params["client"]:
                    other._told, other.name = None, ""
                    other.notify("unsubscribed", reason="closed")
            self.name = params["client"]
            self._told = fake.cursors.setdefault(self.name, 0)
            self.notify("event", seq=self._told, event="snapshot", accounts=[{"id": ACCOUNT}])
        elif method == "unsubscribe":
            self._told = None
        elif method == "ack":
            self._done(params["seq"], [], [])
        elif method == "done":
            self._done(params.get("through"), params.get("records", []), params.get("commands", []))
            return {"outcomes": [{"outcome": "done"} for _ in params.get("commands", [])]}
        elif method == "record.get":
            return {"value": fake.records.get(params["key"])}
        elif method == "record.list":
            found = sorted(key for key in fake.records if key.startswith(params.get("prefix", "")))
            found = [key for key in found if key > params.get("after", "")]
            return {
                "records": [{"key": key, "value": fake.records[key]} for key in found[:2]],
                "complete": len(found) <= 2,
            }
        return {}

    def _done(self, through: Optional[int], records: List[Any], commands: List[Any]) -> None:
        fake = self._fake
        if self._told is None:
            raise Refused("NotSubscribed")
        if through is not None:
            if through > self._told:
                raise Refused("NotTold")
            if through <= fake.cursors[self.name]:
                if records or commands:
                    raise Refused("AlreadyDone")
                return
            fake.cursors[self.name] = through
            fake.dones.append(through)
        for record in records:
            if record["value"] is None:
                fake.records.pop(record["key"], None)
            else:
                fake.records[record["key"]] = record["value"]
        fake.said += [command.get("text", command["command"]) for command in commands]

    def tell_new(self) -> None:
        if self._told is None:
            return
        for event in self._fake.events[self._told :]:
            self._told += 1
            self.notify("event", seq=self._told, **event)


class _HttpServer(ThreadingHTTPServer):
    fake: Fake
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def _respond(self, value: Dict[str, Any], status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, fake = self.headers["X-Ramson-Client"], self.server.fake
        if self.headers["Authorization"] != "Bearer " + TOKEN:
            data = {"kind": "NoToken", "hint": ""}
            return self._respond({"id": None, "error": {"code": -32600, "message": "", "data": data}}, 401)
        with fake.lock:
            named = [client for client in fake.clients if name and client.name == name]
        client = named[0] if named else _Client(fake, self.connection, False)
        self.close_connection = client.answer(body, self._respond) is None

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if where.path.endswith("/check"):
            return self._respond({"ok": True})
        fake, wish = self.server.fake, dict(parse_qsl(where.query))
        client = _Client(fake, self.connection, False)
        with fake.lock:
            fake.clients.add(client)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": here\n\n")
        self.close_connection = True
        if client.answer({"id": 1, "method": "subscribe", "params": wish}, lambda _: None) is not None:
            # Until the other end, or the program, ends it.
            self.rfile.read(1)
        with fake.lock:
            fake.clients.discard(client)


class Refused(Exception):
    """Its argument is the kind."""
