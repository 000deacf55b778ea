#!/usr/bin/env python3
"""A shop behind an API, as Magento and Next have them: a guest's cart, shipping, payment, each a JSON call of
the page's script; order numbers of its own; the owner logs in for a token and reads an order's status in a
header. With SPA=1 the page at the callback is made in the browser: its script asks for the outcome, and
nothing else makes the shop ask Flexiti. It speaks to Flexiti as shop.py does. Standard library only."""

import itertools
import json
import os
import secrets
import threading
from http import cookies
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import shop as flexiti

CARTS, ORDERS, NUMBERS, OWNER = {}, {}, itertools.count(1), secrets.token_hex(16)
SPA = bool(os.environ.get("SPA"))


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value, headers=()):
        is_page = isinstance(value, str) and value.startswith("<")
        body = (flexiti.spoilt(value) if is_page else json.dumps(value)).encode()
        self.send_response(status)
        kind = "text/html; charset=utf-8" if is_page else "application/json"
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def page(self, lang, text):
        self.answer(200, f'<html lang="{lang}"><div id="root">{text}</div></html>')

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/rest/orders/"):
            if self.headers.get("Authorization") != f"Bearer {OWNER}":
                return self.answer(401, {"message": "owner only"})
            order = ORDERS.get(path.rsplit("/", 1)[1])
            if order is None:
                return self.answer(404, {"message": "no such order"})
            with order["lock"]:
                if not SPA:
                    flexiti.ask(order)
            return self.answer(200, {"items": 1}, [("X-Order-State", order["state"])])
        if path.startswith("/rest/guest-carts/") and path.endswith("/outcome"):
            order = CARTS.get(path.split("/")[3], {}).get("order")
            if order is None or self.headers.get("X-Requested-With") != "XMLHttpRequest":
                return self.answer(404, {"message": "no such cart"})
            with order["lock"]:
                flexiti.ask(order)
            return self.answer(200, {"state": order["state"]})
        if path == "/return":
            cookie = cookies.SimpleCookie(self.headers.get("Cookie", "")).get("guest_cart")
            order = CARTS.get(cookie.value, {}).get("order") if cookie else None
            if order is None:
                return self.page("en", "Nothing here")
            if SPA:
                return self.page(order["lang"], "")
            with order["lock"]:
                flexiti.ask(order)
            return self.page(order["lang"], order["state"])
        self.page("en", "Shop")

    def do_PUT(self):
        self.do_POST()

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = json.loads(raw or "{}")
        if self.path == "/rest/owner/token":
            return self.answer(200, OWNER) if sent.get("password") == "owner" else self.answer(401, {})
        if self.headers.get("X-Requested-With") != "XMLHttpRequest":
            return self.answer(400, {"message": "not a script"})
        if self.path == "/rest/guest-carts":
            cart = secrets.token_hex(8)
            CARTS[cart] = {"lock": threading.Lock()}
            return self.answer(200, {"cart": {"id": cart}}, [("Set-Cookie", f"guest_cart={cart}; Path=/; Secure; SameSite=None")])
        _, _, _, number, what = self.path.split("/")
        cart = CARTS.get(number)
        if cart is None:
            return self.answer(404, {"message": "no such cart"})
        if what == "shipping-information":
            cart["address"] = sent["address"]
            return self.answer(200, {"totals": {"grand_total": 1}})
        if "address" not in cart:
            return self.answer(400, {"message": "no address"})
        with cart["lock"]:
            self.pay(cart, sent)

    def pay(self, cart, sent):
        order = cart.get("order")
        if order is None:
            order = cart["order"] = {
                "number": f"{next(NUMBERS):09}", "lang": sent["locale"][:2], "flow": sent["method"]["flow"], "amount": sent["amount"],
                "middle": sent["method"].get("middle"), "customer": sent["method"].get("customer"), "state": "pending",
                "reference": secrets.token_hex(16), "lock": threading.Lock()}
            ORDERS[order["number"]] = order
        with order["lock"]:
            try:
                if not order.get("url"):
                    flexiti.open_order(order)
            except flexiti.NoAnswer:
                return self.answer(503, {"message": "Flexiti is not available"})
        self.answer(200, {"order": {"increment_id": order["number"]}, "redirect": order["url"]})

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    host, port = os.environ["LISTEN"].split(":")
    ThreadingHTTPServer((host, int(port)), Api).serve_forever()
