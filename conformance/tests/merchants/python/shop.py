#!/usr/bin/env python3
"""A small shop that takes Flexiti: what a merchant's server has to do, and no more.

Read `Order` first: `start` opens an order at Flexiti, `look` asks what became of it; the rules
that matter are there and in flexiti.py. The rest is pages. Python 3.9 or newer, nothing else.

Environment: FLEXITI_BASE_URL, FLEXITI_CLIENT_ID, FLEXITI_CLIENT_SECRET, SHOP_LISTEN (host:port).
"""

import json
import logging
import os
import re
import secrets
import threading
import time
from decimal import Decimal
from html import escape
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import flexiti
from flexiti import Lost, NotDone, Refused, Terms

LISTEN = os.environ.get("SHOP_LISTEN", "127.0.0.1:9000")
POLL_PAUSE = 1  # seconds between two questions about one order, at least

log = logging.getLogger("shop")


class Order(flexiti.Checkout):
    """An order of this shop, and its checkout at Flexiti. All that happens to it happens under
    its lock: a double click opens one order, and two tabs refresh a token once."""

    def __init__(self, number, session):
        super().__init__()
        self.number, self.session = number, session
        self.terms = self.opened = None
        self.status = "pending"
        self.asked = float("-inf")
        self.names = []  # the merchant_orderids that it went by
        self.abandoned = []  # those at Flexiti whose pages nobody can reach

    def new_name(self):
        """A17, then A17-2, …: no two orders at Flexiti may answer to one name."""
        self.names.append(f"{self.number}-{len(self.names) + 1}" if self.names else self.number)
        return self.names[-1]

    def start(self, terms):
        """Where the customer goes to pay; None if there is nothing left to pay. An order that
        may still be paid is gone on with, not opened a second time."""
        with self.lock:
            self.ask()
            if self.status in ("paid", "approved"):
                return None
            if self.opened and self.status == "pending":
                return self.opened.url
            # Failed until init has answered. The token is of this checkout and no other.
            self.terms, self.opened, self.status = terms, None, "failed"
            self.token = flexiti.new_token()
            self.opened = self.open()
            self.status, self.asked = "pending", float("-inf")
            return self.opened.url

    def open(self):
        """Opens the order at Flexiti. An answer to init that was lost may have left an order
        there, whose pages nobody can reach. It is abandoned, with its name: to ask whether there
        is one would not help, as Flexiti may say 404 for a while and know it later."""
        name, reference = self.new_name(), flexiti.new_reference()
        for pause in (*flexiti.PAUSES, None):
            try:
                return flexiti.init(self, self.terms, name, reference)
            except NotDone:
                raise  # `flexiti.send` has tried often enough
            except Lost:
                if pause is None:
                    raise
            time.sleep(pause)
            log.warning("the answer about %s was lost; it is abandoned", name)
            self.abandoned.append(name)
            name, reference = self.new_name(), flexiti.new_reference()

    def ask(self):
        """Asks Flexiti what became of the order, unless that was just done or is settled. Who
        was declined or gave up may come back to the same pages, so only success is final."""
        too_soon = time.monotonic() - self.asked < POLL_PAUSE
        if not self.opened or self.status in ("paid", "approved") or too_soon:
            return
        try:
            body = flexiti.notification(self, "order-id", self.opened.order_id)
            if body is not None and flexiti.is_about(body, self.opened, self.terms.flow):
                self.status = flexiti.belief(self.terms.flow, body)
                self.session.customer_id = flexiti.customer_id(body) or self.session.customer_id
        except (Lost, Refused) as error:
            log.warning("no news of order %s: %s", self.number, error)  # it stays as it was
        self.asked = time.monotonic()

    def look(self):
        with self.lock:
            self.ask()
            return self.status


class Session:
    """A customer's browser."""

    def __init__(self):
        self.id = secrets.token_hex(16)
        self.orders = []  # the newest last
        self.customer_id = None


sessions, orders, store = {}, {}, threading.Lock()

# What the shop knows of its customer. A real one has it in its session.
BILLING = {"first_name": "Aimée", "last_name": "Côté", "address_1": "1 rue Saint-Étienne",
           "address_2": "Bureau 100", "city": "Montréal", "province": "QC", "postal_code": "H2X 1Y4"}
SHIPPING = {"first_name": "Zoë", "last_name": "Gagné", "address_1": "22 Elgin Street",
            "address_2": "Suite 5", "city": "Ottawa", "province": "ON", "postal_code": "K1P 5K7"}


def read_terms(form, session):
    """The checkout form, checked; ValueError if it is wrong. The amount is the form's so that
    tests can choose it: a shop that sells anything takes it from its own cart."""
    flow, lang = form.get("flow", "apply").lower(), form.get("lang", "en")
    amount = form.get("amount", "499.99")
    if flow not in ("apply", "buy", "apply/buy") or lang not in ("en", "fr"):
        raise ValueError("flow or lang")
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,2})?", amount) or Decimal(amount) <= 0:
        raise ValueError("amount")
    return Terms(flow, lang, f"{Decimal(amount):.2f}", form.get("mname"), buyer(form, session, flow),
                 address("billing", BILLING, form), address("shipping", SHIPPING, form))


def buyer(form, session, flow):
    """Who buys; Flexiti wants to know that for the flow buy only."""
    known = {"vcc": form.get("vcc"), "customer_id": form.get("customer_id") or session.customer_id}
    given = [{name: value} for name, value in known.items() if value]
    if flow == "buy" and not given:
        raise ValueError("nobody to buy")
    return given[0] if flow == "buy" else {}


def address(block, own, form):
    fields = {name: form.get(f"{block}_{name}", value) for name, value in own.items()}
    return {**fields, "postal_code": fields["postal_code"].replace(" ", "").upper()}


# Pages.

TEXTS = {
    "cart": ("Your cart", "Votre panier"),
    "pay": ("Pay with Flexiti", "Payer avec Flexiti"),
    "pending": ("We are waiting for Flexiti’s decision", "Nous attendons la décision de Flexiti"),
    "paid": ("Thank you, it is paid", "Merci, c’est payé"),
    "approved": ("You are approved", "Vous êtes approuvé"),
    "failed": ("Flexiti did not accept", "Flexiti n’a pas accepté"),
    "cancelled": ("You cancelled", "Vous avez annulé"),
    "nothing": ("There is nothing here", "Il n’y a rien ici"),
    "mistake": ("This cannot be ordered", "Cette commande est impossible"),
    "refused": ("Please choose another way to pay", "Veuillez choisir un autre mode de paiement"),
    "lost": ("Flexiti does not answer, nothing was charged. Please try again",
             "Flexiti ne répond pas, rien n’a été facturé. Veuillez réessayer"),
}


def say(lang, text):
    return TEXTS[text][lang == "fr"]


def page(lang, text, more=""):
    title = say(lang, text)
    return (f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{title}</title>'
            f"<h1>{title}</h1>{more}</html>")


def cart_page(lang):
    return page(lang, "cart", '<form method="post" action="/checkout">'
                '<input type="hidden" name="flow" value="apply/buy">'
                f'<input type="hidden" name="lang" value="{lang}"><button>{say(lang, "pay")}</button></form>')


def order_page(order, status):
    """In the language that the order was made in, whatever the browser says now."""
    return page(order.terms.lang, status, f"<p>{escape(order.number)}: {order.terms.amount} $</p>")


class Handler(BaseHTTPRequestHandler):
    """Browsers come here."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path in ("/", "/cart"):
            self.answer(200, cart_page("fr" if query.get("lang") == "fr" else "en"))
        elif url.path in ("/flexiti/return", "/flexiti/cancel"):
            self.callback(url.path, query)
        elif url.path.startswith("/orders/"):
            self.tell(url.path[len("/orders/"):])
        else:
            self.answer(404, page("en", "nothing"))

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if self.path != "/checkout" or not length.isdecimal() or int(length) > 65536:
            self.close_connection = True
            return self.answer(404, page("en", "nothing"))
        raw = self.rfile.read(int(length)).decode("utf-8", "replace")
        if self.headers.get("Origin") not in (None, f"http://{self.headers.get('Host')}"):
            return self.answer(403, page("en", "nothing"))  # a form of another site
        self.checkout({name: values[0] for name, values in parse_qs(raw).items()})

    def checkout(self, form):
        """Starts the checkout and sends the customer to it."""
        lang = "fr" if form.get("lang") == "fr" else "en"
        session = self.session() or Session()
        cookie = {"Set-Cookie": f"shop_session={session.id}; Path=/; HttpOnly; SameSite=Lax"}
        try:
            terms = read_terms(form, session)
            order = self.order_of(session, form.get("order") or secrets.token_hex(8))
        except ValueError:
            return self.answer(422, page(lang, "mistake"))
        except PermissionError:
            return self.answer(409, page(lang, "mistake"))
        try:
            url = order.start(terms)
        except Refused as error:
            log.warning("%s", error)
            return self.answer(409, page(lang, "refused"), cookie)
        except Lost:
            return self.answer(503, page(lang, "lost"), cookie)
        if url is None:
            return self.answer(200, order_page(order, order.look()), cookie)
        self.answer(303, "", {"Location": url, **cookie})

    def order_of(self, session, number):
        """The order of that number; nobody can have one of another customer's."""
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,36}", number):
            raise ValueError("order")
        with store:
            order = orders.setdefault(number, Order(number, session))
            if order.session is not session:
                raise PermissionError("another customer's order")
            sessions[session.id] = session
            session.orders = [other for other in session.orders if other is not order] + [order]
        return order

    def callback(self, path, query):
        """Flexiti's pages sent the browser back. Which of the two addresses it came to says
        nothing: the order is looked for in the browser's own session, and Flexiti is asked.
        An `orderId` only chooses among the orders of that session."""
        order = self.own_order(query)
        if order is None:
            return self.answer(404, page("en", "nothing"))
        self.answer(200, order_page(order, order.look()))

    def own_order(self, query):
        session, wanted = self.session(), query.get("orderId")
        own = [order for order in (session.orders if session else ()) if order.terms]
        for order in reversed(own):
            if wanted is None or (order.opened and order.opened.order_id == wanted):
                return order
        return None

    def tell(self, number):
        """What the shop believes, for tests."""
        order = orders.get(number)
        body = {"status": order.look()} if order else {"error": "unknown_order"}
        self.answer(200 if order else 404, json.dumps(body), {"Content-Type": "application/json"})

    def session(self):
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get("shop_session")
        except CookieError:
            return None
        return sessions.get(cookie.value) if cookie else None

    def answer(self, status, text, headers=()):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                            "Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """The path without its query, which the shop did not write."""
        log.info("%s %s %s", self.command, urlsplit(self.path).path, code)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    host, port = LISTEN.rsplit(":", 1)
    Server((host, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    if os.environ.get("SHOP_FAULT"):  # a shop that does one thing wrong, to test who judges shops
        import sys

        import faults
        faults.plant(sys.modules[__name__], os.environ["SHOP_FAULT"])
    main()
