"""A test server for the Flexiti Online API, written from its fact sheet alone."""

import argparse
import json
import os
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import routes
from config import Config, ConfigError
from faults import FAULTS
from settings import SETTINGS
from state import State

READ_LIMIT = 8 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Holds the configuration and the state; answers one request at a time."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, accounts, config):
        self.lock = threading.Lock()
        self.accounts, self.config, self.state = accounts, config, State(accounts)
        super().__init__(("127.0.0.1", port), Handler)
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"

    def server_bind(self):
        """Bind without looking up the host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        """Log nothing; clients may hang up at any time."""

    def switch(self, raw):
        """Take over a new configuration and forget everything; gives an error text or None."""
        try:
            wanted = json.loads(raw or b"{}")
            config = Config(wanted.get("settings") or {}, wanted.get("fault"))
        except (ValueError, AttributeError, TypeError) as problem:
            return str(problem)
        with self.lock:
            self.config, self.state = config, State(self.accounts)
        return None


class BadRequest(Exception):
    """The framing of a request cannot be read."""


class Handler(BaseHTTPRequestHandler):
    """Reads one request, writes one answer with a single send."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 65536

    def log_message(self, *args):
        """Log nothing."""

    def serve(self):
        try:
            body = self._read_body()
        except (BadRequest, ValueError):
            self.close_connection = True
            self._write(400, {"Connection": "close"}, b"")
            return
        path = self.path.partition("?")[0]
        if path == "/__stranger":
            self._switch(body)
            return
        headers = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), value)
        request = routes.Request(self.command, self.path, headers, body, self.server.origin)
        with self.server.lock:
            try:
                answer = routes.answer(self.server.config, self.server.state, request)
            except Exception as problem:  # a slip of this server must show, not hang up
                answer = routes.Answer(500, repr(problem).encode("utf-8"), "text/plain; charset=utf-8")
        if answer.status != 204:
            answer.headers["Content-Type"] = answer.content_type
        self._write(answer.status, answer.headers, answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = serve

    def _switch(self, body):
        if self.command != "PUT":
            self._write(404, {}, b"")
            return
        problem = self.server.switch(body)
        if problem is None:
            self._write(204, {}, b"")
        else:
            self._write(422, {"Content-Type": "text/plain; charset=utf-8"}, problem.encode("utf-8") + b"\n")

    def _read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= READ_LIMIT:
            raise BadRequest
        return self.rfile.read(length) if length else b""

    def _read_chunks(self):
        parts, total = [], 0
        while True:
            size = int(self.rfile.readline(100).split(b";")[0], 16)
            total += size
            if size < 0 or total > READ_LIMIT:
                raise BadRequest
            if size == 0:
                while self.rfile.readline(1000).strip():
                    pass
                return b"".join(parts)
            parts.append(self.rfile.read(size))
            self.rfile.readline(10)

    def _write(self, status, headers, body):
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Date: " + self.date_time_string()]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if status != 204:
            lines.append(f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self.wfile.write(head if self.command == "HEAD" or status == 204 else head + body)


def _end_with_stdin():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--settings", metavar="FILE.json")
    parser.add_argument("--fault", metavar="NAME")
    parser.add_argument("--client-id", default="flexitidemo")
    parser.add_argument("--client-secret", default="flexitidemo-secret")
    parser.add_argument("--until-stdin-closes", action="store_true")
    parser.add_argument("--list-settings", action="store_true")
    parser.add_argument("--list-faults", action="store_true")
    return parser.parse_args()


def _settings(options):
    """The settings of the file, then those of the command line."""
    chosen = {}
    if options.settings:
        with open(options.settings, encoding="utf-8") as file:
            chosen.update(json.load(file))
    for text in options.set:
        name, _, value = text.partition("=")
        chosen[name] = value
    return chosen


def main():
    """Print a catalogue or serve until killed."""
    options = _arguments()
    if options.list_settings or options.list_faults:
        print(json.dumps(SETTINGS if options.list_settings else FAULTS, indent=1, ensure_ascii=False))
        return
    try:
        config = Config(_settings(options), options.fault)
    except (ConfigError, OSError, ValueError, TypeError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    accounts = {"other": "other-secret", options.client_id: options.client_secret}
    server = Server(options.port, accounts, config)
    if options.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    print(json.dumps({"base_url": server.origin + "/flexiti/online-api"}, separators=(",", ":")), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
