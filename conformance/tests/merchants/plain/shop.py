#!/usr/bin/env python3
"""A small shop without a framework, as one evening's work with Flexiti's documentation makes it.

It does what the documentation asks for and no more: it asks Flexiti only while it makes a page, never
refreshes a token (C-3 is optional), repeats no call but the one after a 401, and sends init again under
the same number. Nothing of that is wrong. Standard library only.
"""

import json
import os
import secrets
import threading
import urllib.error
import urllib.parse
import urllib.request
from http import cookies
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = os.environ.get("FLEXITI_BASE_URL") or os.environ["BNPL_URL"]
ID = os.environ.get("FLEXITI_CLIENT_ID") or os.environ["BNPL_KEY"]
SECRET = os.environ.get("FLEXITI_CLIENT_SECRET") or os.environ["BNPL_SECRET"]
ORDERS, BASKETS, LOCK = {}, {}, threading.Lock()
# A shop that does one thing wrong, to test who judges shops: faults.toml says what.
FAULT = os.environ.get("SHOP_FAULT", "")


def spoilt(text):
    """A page, with the client secret in it if that is the fault."""
    return text + f"<!-- {SECRET} -->" if FAULT == "plain_secret_in_page" and text.startswith("<") else text


ADDRESS = {"first_name": "Ann", "last_name": "Lee", "address_1": "5 King Street", "address_2": "Unit 2",
           "city": "Toronto", "province": "ON", "postal_code": "M5H1A1"}


class NoAnswer(Exception):
    """No answer that says anything; perhaps a request to come back later."""

    def __init__(self, what, later=False):
        super().__init__(what)
        self.later = later


def http(method, url, form=None, headers=()):
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            raw, status = answer.read(), answer.status
    except urllib.error.HTTPError as error:
        raw, status = error.read(), error.code
    except Exception as error:
        raise NoAnswer(str(error)) from None
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if status >= 500 or status == 429 or not isinstance(body, dict):
        raise NoAnswer(str(status), status in (429, 503))
    return status, body


def new_token(order):
    form = {"grant_type": "client_credentials", "client_id": ID, "client_secret": SECRET}
    reference = {} if FAULT == "plain_no_reference" else {"x-reference-id": order["reference"]}
    for _ in range(12 if FAULT == "plain_retry_storm" else 0):
        try:
            http("POST", API + "/oauth/token", form, reference)
            break
        except NoAnswer:
            pass
    status, body = http("POST", API + "/oauth/token", form, reference)
    if status != 200 or "access_token" not in body:
        raise NoAnswer("token")
    order["token"] = body["access_token"]


def api(order, method, path, form=None):
    for last in (False, True):
        if not order.get("token"):
            new_token(order)
        headers = {"Authorization": "Bearer " + order["token"], "x-reference-id": order["reference"]}
        status, body = http(method, API + path, form, headers)
        if FAULT == "plain_token_each_call":
            order["token"] = None
        if status != 401:
            return status, body
        order["token"] = None
        if last:
            raise NoAnswer("401 twice")


def open_order(order):
    version = "" if order["flow"] == "apply" or FAULT == "plain_path" else "/v2"
    path = f"/online{version}/client-id/{urllib.parse.quote(ID)}/systems/init"
    form = {"merchant_orderid": order["number"], "lang": order["lang"], "flow": order["flow"],
            "amount_requested": order["amount"], "fname": "Ann", "lname": "Lee"}
    if order.get("middle"):
        form["mname"] = order["middle"]
    if order["flow"] == "buy":
        form["customer_id"] = order["customer"]
    if order["flow"] != "apply":
        for block in ("billing", "shipping"):
            for name, value in ADDRESS.items():
                form[f"{block}_information.{name}"] = value
    if FAULT == "plain_amount_in_cents":
        form["amount_requested"] = order["amount"].replace(".", "")
    if FAULT == "plain_always_english":
        form["lang"] = "en"
    if FAULT == "plain_other_city" and order["flow"] != "apply":
        form["shipping_information.city"] = "Ottawa"
    for last in (False, True):
        try:
            status, body = api(order, "POST", path, form)
            break
        except NoAnswer as trouble:
            if last or trouble.later or order.get("tried_again"):
                raise
            order["tried_again"] = True
    if status >= 300 or not isinstance(body.get("redirection_url"), str):
        raise NoAnswer(f"init {status}")
    order["online"], order["url"] = str(body["online_order_id"]), body["redirection_url"]


def ask(order):
    if order["state"] == "paid" or order.get("given_up") or not order.get("online"):
        return
    try:
        status, body = api(order, "GET", f"/online/client-id/{urllib.parse.quote(ID)}/notifications/order-id/{order['online']}")
    except NoAnswer:
        if FAULT == "plain_silence_is_paid":
            order["state"] = "paid"
        return
    if status != 200:
        if FAULT == "plain_missing_is_paid":
            order["state"] = "paid"
        return
    if FAULT == "plain_any_answer_is_paid":
        order["state"] = "paid"
        return
    apply = (body.get("apply") or {}).get("apply_status", "")
    block = body.get("purchase") or body.get("buy") or {}
    purchase = block.get("status", "")
    word = apply if order["flow"] == "apply" else purchase
    if order["flow"] == "apply/buy" and not purchase and apply.lower() not in ("", "success", "pending"):
        word = apply
    word = word.lower()
    if FAULT == "plain_pending_is_paid" and apply.lower() == "pending":
        word = "success"
    if word == "success":
        order["state"] = "paid"
    elif word in ("failed", "declined", "refused", "cancelled", "expired", "retry"):
        order["state"] = "failed"
    else:
        order["state"] = "pending"
        order["answers"] = order.get("answers", 0) + 1
        if FAULT == "plain_gives_up" and order["answers"] == 3:
            order["state"], order["given_up"] = "failed", True


SAY = {"en": {"paid": "Thank you, your order is paid", "pending": "Your order is not decided yet",
              "failed": "Your order was not paid", "none": "There is nothing for you here", "down": "Flexiti is not available, please try again"},
       "fr": {"paid": "Merci, votre commande est payée", "pending": "Votre commande est en attente, merci",
              "failed": "Votre commande est refusée", "none": "Il n'y a rien pour vous", "down": "Flexiti est indisponible, merci de réessayer"}}


class Shop(BaseHTTPRequestHandler):
    def page(self, status, lang, word, more=()):
        # No lang attribute: the words say it.
        body = f"<!doctype html><title>Shop</title><p>{SAY[lang][word]}</p>"
        body = spoilt(body).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))), *more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def basket(self):
        cookie = cookies.SimpleCookie(self.headers.get("Cookie", "")).get("basket")
        return BASKETS.get(cookie.value) if cookie else None

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/":
            return self.page(200, "en", "pending")
        if url.path.startswith("/status/"):
            order = ORDERS.get(url.path[8:])
            body = json.dumps({"order": {"state": order["state"] if order else "unknown"}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            return self.wfile.write(body)
        order = self.basket()
        if url.path != "/back" or order is None:
            return self.page(200, "en", "none")
        with order["lock"]:
            ask(order)
        self.page(200, order["lang"], order["state"])

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        with LOCK:
            order = ORDERS.setdefault(form["number"], {
                "number": form["number"], "lang": form["lang"], "flow": form["flow"], "amount": form["amount"],
                "middle": form.get("middle"), "customer": form.get("customer"), "state": "pending",
                "reference": secrets.token_hex(16), "lock": threading.Lock(), "basket": secrets.token_hex(16)})
        BASKETS[order["basket"]] = order
        cookie = ("Set-Cookie", f"basket={order['basket']}; Path=/; HttpOnly; SameSite=Lax")
        with order["lock"]:
            try:
                if not order.get("url"):
                    open_order(order)
            except NoAnswer:
                return self.page(503, order["lang"], "down", [cookie])
        body = b""
        self.send_response(303)
        for name, value in (("Location", order["url"]), ("Content-Length", "0"), cookie):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    host, port = os.environ["LISTEN"].split(":")
    ThreadingHTTPServer((host, int(port)), Shop).serve_forever()
