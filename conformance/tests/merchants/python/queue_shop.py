#!/usr/bin/env python3
"""A small shop that takes Flexiti and asks for news in the background.

The return page asks nothing: it puts the order into a queue. One worker takes orders out of it,
asks Flexiti, and puts back what is not decided, later each time. Read `Worker` first, then
`Account`. The Python standard library and nothing else.

Environment: FLEXITI_BASE_URL, FLEXITI_CLIENT_ID, FLEXITI_CLIENT_SECRET, SHOP_LISTEN (host:port).
"""

import http.client
import json
import logging
import os
import queue
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlencode, urlsplit

log = logging.getLogger("shop")

FIRST_PAUSE, LONGEST_PAUSE, GIVE_UP = 1, 30, 3600  # seconds between polls, and after them
CUSTOMER = {"first_name": "Marie", "last_name": "Tremblay", "address_1": "1 rue Principale", "address_2": "",
            "city": "Montreal", "province": "QC", "postal_code": "H2X1Y4"}
GIFT = {**CUSTOMER, "first_name": "Jean", "address_1": "22 Elgin Street", "city": "Ottawa", "province": "ON",
        "postal_code": "K1P5K7"}


class Trouble(Exception):
    """No good answer. `maybe`: Flexiti may have done what it was asked; `refused`: it said no."""

    def __init__(self, why, maybe=False, refused=False, wait=None):
        super().__init__(why)
        self.maybe, self.refused, self.wait = maybe, refused, wait


class Account:
    """Flexiti's API with a merchant's keys."""
    TIMEOUT, PAUSES, PATIENCE = 5, (0.2, 0.4, 0.8), 10

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None  # a token goes nowhere but where it was meant to go

    def __init__(self, base_url, client_id, client_secret):
        self.base_url, self.client_id, self.client_secret = base_url.rstrip("/"), client_id, client_secret
        self.opener = urllib.request.build_opener(self.Stay)
        self.quiet_until = 0.0  # Flexiti asked to be left alone until then

    def once(self, path, form, reference, access):
        """(status, JSON object) below 500, or Trouble."""
        wait = self.quiet_until - time.monotonic()
        if wait > self.PATIENCE:
            raise Trouble("told to wait longer than a customer would")
        time.sleep(max(wait, 0))
        headers = {"x-reference-id": reference, **({"Authorization": f"Bearer {access}"} if access else {})}
        data = None if form is None else urlencode(form).encode("ascii")
        try:
            with self.opener.open(urllib.request.Request(self.base_url + path, data, headers), timeout=self.TIMEOUT) as answer:
                body = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return self.unhappy(error.code, error.headers.get("Retry-After", ""))
        except urllib.error.URLError as error:
            refused = isinstance(error.reason, ConnectionRefusedError)
            raise Trouble(str(error.reason), maybe=not refused) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Trouble(type(error).__name__, maybe=True) from None
        if not isinstance(body, dict):
            raise Trouble("the answer is no JSON object", maybe=True)
        return 200, body

    def unhappy(self, status, retry_after):
        told = status in (429, 503) and retry_after.isdecimal()
        if told:
            self.quiet_until = time.monotonic() + int(retry_after)
        if status == 429 or status >= 500:
            raise Trouble(f"status {status}", maybe=not (told or status == 429))
        return status, {}

    def send(self, path, form=None, access=None, repeatable=True, reference=None):
        """At most four tries, all under one reference id. What is not repeatable (init) is tried
        again only if Flexiti surely has not done it."""
        reference = reference or secrets.token_hex(16)
        for pause in (*self.PAUSES, None):
            try:
                return self.once(path, form, reference, access)
            except Trouble as trouble:
                log.warning("flexiti %s %s", reference, trouble)
                if pause is None or (trouble.maybe and not repeatable):
                    raise
            time.sleep(pause)

    def path(self, rest, version=""):
        return f"/online{version}/client-id/{quote(self.client_id, '')}/{rest}"


class Token:
    """The token of one checkout. Who calls holds the lock: one caller renews it, the others find
    it renewed."""
    MARGIN = 60  # so many seconds before its end it is refreshed

    def __init__(self, account):
        self.account, self.lock = account, threading.Lock()
        self.access = self.refresh = None
        self.born = self.lives = 0

    def grant(self, **fields):
        born = time.monotonic()
        keys = {"client_id": self.account.client_id, "client_secret": self.account.client_secret}
        status, body = self.account.send("/oauth/token", {**keys, **fields})
        if status != 200 or not isinstance(body.get("access_token"), str):
            raise Trouble(f"no token: {status}", refused=True)
        lives = body.get("expires_in")
        self.born, self.lives = born, lives if isinstance(lives, (int, float)) else 0
        self.access, self.refresh = body["access_token"], body.get("refresh_token")

    def ready(self):
        age = time.monotonic() - self.born
        if self.access and age < self.lives - self.MARGIN:
            return self.access
        if self.access and self.refresh and age < self.lives:
            try:
                self.grant(grant_type="refresh_token", refresh_token=self.refresh)
                return self.access
            except Trouble:
                pass  # the refresh token may be spent: a new token, then
        self.grant(grant_type="client_credentials")
        return self.access

    def call(self, path, form=None, repeatable=True):
        """A call; one answered 401 is made again, once, with a new token."""
        with self.lock:
            reference = secrets.token_hex(16)
            status, body = self.account.send(path, form, self.ready(), repeatable, reference)
            if status == 401:
                self.grant(grant_type="client_credentials")
                status, body = self.account.send(path, form, self.access, repeatable, reference)
            return status, body


class Order:
    """What the shop sold. `status` is written by the worker alone once the order is open."""

    def __init__(self, number, session):
        self.number, self.session, self.lock = number, session, threading.Lock()
        self.status, self.attempts, self.online_id, self.url = "failed", 0, None, None
        self.flow = self.lang = self.amount = self.token = None

    def start(self, account, form):
        """Opens the order at Flexiti, or gives the address of the one that is open.

        Init is never sent again once it may have arrived. If its answer is lost the customer is
        asked to try again, and the next attempt goes by another name (A17, then A17-2): nobody
        has the address of the lost one's pages, so nobody can pay it, whatever became of it."""
        with self.lock:
            if self.status in ("paid", "approved"):
                return None
            if self.status == "pending":
                return self.url
            self.attempts += 1
            name = self.number if self.attempts == 1 else f"{self.number}-{self.attempts}"
            self.online_id, self.token = None, Token(account)  # the token is this checkout's own
            self.flow, self.lang, self.amount = form["flow"], form["lang"], form["amount"]
            fields = {"merchant_orderid": name, "lang": self.lang, "flow": self.flow, "amount_requested": self.amount}
            fields.update((key, form[key]) for key in ("mname", "customer_id", "vcc") if key in form)
            if self.flow != "apply":
                for block, address in (("billing", CUSTOMER), ("shipping", GIFT)):
                    fields.update((f"{block}_information.{key}", value) for key, value in address.items())
            # With /v2 Flexiti's pages begin with a choice; an application has none.
            path = account.path("systems/init", "" if self.flow == "apply" else "/v2")
            status, body = self.token.call(path, fields, repeatable=False)
            if status != 200:
                raise Trouble(f"init {status}", refused=True)
            url, online_id = body.get("redirection_url"), body.get("online_order_id")
            if not re.fullmatch(r"https?://[!-~]+", str(url)) or not isinstance(online_id, (int, str)):
                raise Trouble("init answers no order", maybe=True)
            self.online_id, self.url, self.status = str(online_id), url, "pending"
            return url

    def ask(self, account):
        """Asks Flexiti, and believes what it says of this order and nothing else."""
        online_id, token = self.online_id, self.token
        status, body = token.call(account.path(f"notifications/order-id/{quote(online_id, '')}"))
        about = str(body.get("transaction_id")) == online_id and str(body.get("flow")).lower() == self.flow
        with self.lock:
            # A new attempt may have begun meanwhile: then this is news of the old one.
            if status == 200 and about and online_id == self.online_id:
                self.status = verdict(self.flow, body)


def verdict(flow, body):
    """What a notification proves. Unknown words and blocks that are not there prove nothing."""
    ends = {"declined": "failed", "refused": "failed", "failed": "failed", "retry": "failed",
            "cancelled": "cancelled", "canceled": "cancelled", "expired": "cancelled"}

    def word(block, key):
        block = body.get(block)
        return str(block.get(key)).lower() if isinstance(block, dict) and key in block else None
    apply, purchase = word("apply", "apply_status"), word("purchase", "status")
    if flow == "apply":
        return {**ends, "success": "approved"}.get(apply, "pending")
    if flow == "apply/buy" and purchase != "success" and apply not in (None, "success"):
        return ends.get(apply, "pending")  # who is not approved will not pay
    return {**ends, "success": "paid"}.get(purchase, "pending")


class Worker(threading.Thread):
    """Asks about the orders of the queue. An order is in it once at most, and is asked about at
    once, then after 1, 2, 4, … seconds until it is decided."""

    def __init__(self, account):
        super().__init__(daemon=True)
        self.account, self.inbox = account, queue.Queue()
        self.plan = {}  # order → (when to ask, the pause after that, when to give up)
        self.asked = {}  # order → when it was last asked about

    def wake(self, order):
        """There may be news of this order."""
        self.inbox.put(order)

    def wake_if_idle(self, order):
        if order not in self.plan:
            self.wake(order)

    def run(self):
        while True:
            now = time.monotonic()
            due = min((at for at, _, _ in self.plan.values()), default=now + 60)
            try:
                self.add(self.inbox.get(timeout=max(due - now, 0)))
            except queue.Empty:
                for order in [order for order, (at, _, _) in self.plan.items() if at <= time.monotonic()]:
                    self.ask(order)

    def add(self, order):
        """Asked about now; but never sooner than a pause after the last time."""
        now = time.monotonic()
        at = max(now, self.asked.get(order, 0) + FIRST_PAUSE)
        self.plan[order] = (at, FIRST_PAUSE, now + GIVE_UP)

    def ask(self, order):
        _, pause, end = self.plan.pop(order)
        try:
            order.ask(self.account)
        except Trouble as trouble:
            log.warning("no news of %s: %s", order.number, trouble)
        except Exception:  # one order must not end the news of all others
            log.exception("order %s", order.number)
        now = self.asked[order] = time.monotonic()
        if order.status == "pending" and now < end:
            self.plan[order] = (now + pause, min(pause * 2, LONGEST_PAUSE), end)


TEXTS = {"en": {"cart": "Your cart", "pay": "Pay with Flexiti", "pending": "We are waiting for Flexiti", "paid": "It is paid",
                "approved": "You are approved", "failed": "Flexiti did not accept", "cancelled": "You cancelled",
                "nothing": "There is nothing here", "again": "Flexiti does not answer, please try again"},
         "fr": {"cart": "Votre panier", "pay": "Payer avec Flexiti", "pending": "Nous attendons Flexiti", "paid": "C’est payé",
                "approved": "Vous êtes approuvé", "failed": "Flexiti n’a pas accepté", "cancelled": "Vous avez annulé",
                "nothing": "Il n’y a rien ici", "again": "Flexiti ne répond pas, veuillez réessayer"}}


def page(lang, text, more="", head=""):
    title = TEXTS[lang][text]
    return f'<!doctype html><html lang="{lang}"><meta charset="utf-8">{head}<title>{title}</title><h1>{title}</h1>{more}</html>'


def checked(form):
    """The form with its defaults; ValueError if something is wrong."""
    form = {"flow": "apply", "lang": "en", "amount": "499.99", "order": secrets.token_hex(8), **form}
    rules = {"flow": "apply|buy|apply/buy", "lang": "en|fr", "amount": r"(?=.*[1-9])[0-9]{1,7}(\.[0-9]{1,2})?",
             "order": "[A-Za-z0-9_.-]{1,36}", "mname": "[ -~]{1,35}", "customer_id": "[0-9-]{1,20}", "vcc": "[0-9]{16}"}
    for name, rule in rules.items():
        if name in form and not re.fullmatch(rule, form[name]):
            raise ValueError(name)
    if form["flow"] != "buy":  # only who buys is to be named
        form = {name: value for name, value in form.items() if name not in ("customer_id", "vcc")}
    elif not {"customer_id", "vcc"} & form.keys():
        raise ValueError("customer_id")
    dollars, _, cents = form["amount"].partition(".")
    return {**form, "amount": f"{dollars}.{cents:0<2}"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account = worker = None
    orders, sessions, guard = {}, {}, threading.Lock()  # number → order; cookie → its orders

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path in ("/", "/cart"):
            lang = "fr" if "lang=fr" in query.split("&") else "en"
            self.answer(200, page(lang, "cart", f'<form method="post" action="/checkout"><input type="hidden" name="lang" '
                                  f'value="{lang}"><button>{TEXTS[lang]["pay"]}</button></form>'))
        elif path in ("/flexiti/return", "/flexiti/cancel"):
            self.returned()
        elif path.startswith("/orders/"):
            order = self.orders.get(path[len("/orders/"):])
            if order and order.status == "pending":
                self.worker.wake_if_idle(order)  # its customer may never have come back
            body = {"status": order.status} if order else {"error": "unknown_order"}
            self.answer(200 if order else 404, json.dumps(body), kind="application/json")
        else:
            self.answer(404, page("en", "nothing"))

    def returned(self):
        """The customer is back. Where, and with which parameters, says nothing: the order is the
        browser's newest, and the worker finds out what became of it."""
        own = self.sessions.get(self.cookie(), [])
        if not own:
            return self.answer(404, page("en", "nothing"))
        order = own[-1]
        if order.online_id and order.status not in ("paid", "approved"):
            self.worker.wake(order)
        again = '<meta http-equiv="refresh" content="2">' if order.status == "pending" else ""
        self.answer(200, page(order.lang or "en", order.status, f"<p>{escape(order.number)}</p>", again))

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if self.path != "/checkout" or not length.isdecimal() or int(length) > 65536:
            self.close_connection = True
            return self.answer(404, page("en", "nothing"))
        raw = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        if self.headers.get("Origin") not in (None, f"http://{self.headers.get('Host')}"):
            return self.answer(403, page("en", "nothing"))  # a form of another site
        try:
            form = checked({name: values[0] for name, values in raw.items()})
        except ValueError:
            return self.answer(422, page("en", "nothing"))
        session = self.cookie() if self.cookie() in self.sessions else secrets.token_hex(16)
        with self.guard:
            order = self.orders.setdefault(form["order"], Order(form["order"], session))
            if order.session != session:
                return self.answer(409, page(form["lang"], "nothing"))
            own = self.sessions.setdefault(session, [])
            own[:] = [other for other in own if other is not order] + [order]
        headers = {"Set-Cookie": f"shop_session={session}; Path=/; HttpOnly; SameSite=Lax"}
        try:
            url = order.start(self.account, form)
        except Trouble as trouble:
            log.warning("order %s: %s", order.number, trouble)
            status, text = (409, "failed") if trouble.refused else (503, "again")
            return self.answer(status, page(form["lang"], text), headers)
        if url is None:
            return self.answer(200, page(order.lang, order.status), headers)
        self.answer(303, "", {**headers, "Location": url})

    def cookie(self):
        found = re.search(r"(?:^|;\s*)shop_session=([0-9a-f]{32})", self.headers.get("Cookie", ""))
        return found and found[1]

    def answer(self, status, text, headers=(), kind="text/html"):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-store",
                            "Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        log.info("%s %s %s", self.command, urlsplit(self.path).path, code)


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    Handler.account = Account(os.environ.get("FLEXITI_BASE_URL", "http://127.0.0.1:4359/flexiti/online-api"),
                              os.environ.get("FLEXITI_CLIENT_ID", "flexitidemo"),
                              os.environ.get("FLEXITI_CLIENT_SECRET", "flexitidemo-secret"))
    Handler.worker = Worker(Handler.account)
    Handler.worker.start()
    host, port = os.environ.get("SHOP_LISTEN", "127.0.0.1:9000").rsplit(":", 1)
    Server((host, int(port)), Handler).serve_forever()
