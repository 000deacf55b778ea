#!/usr/bin/env python3
"""A shop of forms, as Django and Rails make them: a login, CSRF tokens, a cart with prices of the shop's
own, order numbers of its own, an address for each language, and the status of an order on a page behind the
login. Whoever pays waits on a page that reloads itself until Flexiti's is there. To apply for credit is a page
of its own, without login and cart, and so is its answer. It speaks to Flexiti as shop.py does. Standard library only."""

import html
import itertools
import os
import secrets
import threading
import urllib.parse
from http import cookies
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import shop as flexiti

PRICES = {"en": "129.95", "fr": "149.95"}
WORDS = {"en": {"paid": "Paid", "pending": "Being decided", "failed": "Not paid", "hello": "Welcome, this is your shop"},
         "fr": {"paid": "Payée", "pending": "En attente", "failed": "Refusée", "hello": "Bienvenue, voici votre boutique"}}
CREDIT = {"en": {"paid": "You have credit", "pending": "We are looking at it", "failed": "No credit"},
          "fr": {"paid": "Crédit accordé", "pending": "À l'étude", "failed": "Crédit refusé"}}
SESSIONS, NUMBERS, LAST = {}, itertools.count(1001), {}


class Forms(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def begin(self):
        cookie = cookies.SimpleCookie(self.headers.get("Cookie", "")).get("sid")
        self.sid = cookie.value if cookie and cookie.value in SESSIONS else secrets.token_hex(12)
        self.session = SESSIONS.setdefault(self.sid, {"csrf": secrets.token_urlsafe(18) + "&<", "orders": [], "lock": threading.Lock()})
        self.parts = urllib.parse.urlsplit(self.path).path.strip("/").split("/")
        self.lang = self.parts[0] if self.parts[0] in PRICES else self.session.get("lang", "en")

    def page(self, body, status=200, location=None):
        csrf = html.escape(self.session["csrf"])
        text = (f'<!doctype html><html lang="{self.lang}-CA"><title>Shop</title><h1>{WORDS[self.lang]["hello"]}</h1>'
                f'<form method="post"><input type="hidden" name="authenticity_token" value="{csrf}">{body}</form></html>')
        text = flexiti.spoilt(text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Set-Cookie", f"sid={self.sid}; Path=/; HttpOnly; SameSite=Lax")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.begin()
        if self.parts[0] == "done":
            orders = self.session["orders"]
            if not orders:
                return self.page("<p>-</p>")
            order = orders[-1]
            with order["lock"]:
                flexiti.ask(order)
            self.lang = order["lang"]
            words = CREDIT if order["flow"] == "apply" else WORDS
            return self.page(f"<p>{words[self.lang][order['state']]}</p>")
        if self.parts == ["credit", "answer"]:
            asked = [order for order in self.session["orders"] if order["flow"] == "apply"]
            if not asked:
                return self.page("<p>-</p>", 404)
            with asked[-1]["lock"]:
                flexiti.ask(asked[-1])
            return self.page(f'<p id="credit">{CREDIT[asked[-1]["lang"]][asked[-1]["state"]]}</p>')
        if self.parts[-1] == "wait" and self.session["orders"]:
            return self.wait(self.session["orders"][-1])
        if self.parts[0] == "account":
            everybody = flexiti.FAULT in ("plain_anybodys_order", "plain_any_customers_order")
            asked = SESSIONS.values() if everybody else [self.session]
            own = [order for session in asked for order in session["orders"] if order["number"] == self.parts[-1]]
            if ("user" not in self.session and flexiti.FAULT != "plain_anybodys_order") or not own:
                return self.page("<p>-</p>", 404)
            with own[0]["lock"]:
                flexiti.ask(own[0])
            word = WORDS[own[0]["lang"]][own[0]["state"]]
            return self.page(f'<dl><dt>State</dt><dd class="order state">{word}</dd><dt>Total</dt><dd>{own[0]["amount"]}</dd></dl>')
        leaks = flexiti.FAULT == "plain_secret_in_cart" and "user" in self.session
        self.page("<button>OK</button>" + (f"<!-- {flexiti.SECRET} -->" if leaks else ""))

    def do_POST(self):
        self.begin()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(urllib.parse.parse_qsl(raw))
        if form.get("authenticity_token") != self.session["csrf"]:
            return self.page("<p>CSRF</p>", 403)
        action = self.parts[-1]
        if action == "login" and form.get("password") == "opensesame":
            self.session.update(user=form["user"], lang=self.lang, csrf=secrets.token_urlsafe(18))
            return self.page("", 303, f"/{self.lang}/cart")
        if action == "credit":
            return self.pay("apply", form["amount"])
        if "user" not in self.session:
            return self.page("<p>Login</p>", 401)
        if action == "cart":
            self.session["cart"] = form["sku"]
            LAST["lang"] = self.lang
            return self.page("", 303, f"/{self.lang}/checkout")
        if action == "checkout" and self.session.get("cart"):
            self.pay("apply/buy", PRICES[LAST["lang"] if flexiti.FAULT == "plain_last_cart" else self.lang])
        else:
            self.page("<p>?</p>", 422)

    def pay(self, flow, amount):
        with self.session["lock"]:
            live = [order for order in self.session["orders"] if order["state"] == "pending" and order["flow"] == flow]
            order = live[-1] if live else {
                "number": f"W-{next(NUMBERS)}", "lang": self.lang, "flow": flow, "amount": amount,
                "state": "pending", "reference": secrets.token_hex(16), "lock": threading.Lock()}
            if not live:
                self.session["orders"].append(order)
        if flow == "apply":
            self.open(order)
            return self.wait(order)
        # The customer of the cart waits on a page that reloads itself.
        if not order.get("url") and not order.get("opening"):
            order.update(opening=True, gone=False)
            threading.Thread(target=self.open, args=[order]).start()
        self.page("", 303, f"/{self.lang}/wait")

    def open(self, order):
        with order["lock"]:
            try:
                if not order.get("url"):
                    flexiti.open_order(order)
            except Exception:  # whatever it is, nobody waits for ever
                order["gone"] = True
            finally:
                order["opening"] = False

    def wait(self, order):
        if order.get("url"):
            self.page("", 302, order["url"])
        elif order.get("gone"):
            self.page("<p>Flexiti</p>", 503)
        else:
            self.page('<meta http-equiv="refresh" content="0.2"><p>&hellip;</p>')

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    host, port = os.environ["LISTEN"].split(":")
    ThreadingHTTPServer((host, int(port)), Forms).serve_forever()
