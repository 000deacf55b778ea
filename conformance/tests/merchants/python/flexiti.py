"""Flexiti's API as the shop uses it: what is sent, what is tried again, with which token, and
what an answer proves. Read `call` first. The Python standard library and nothing else."""

import http.client
import json
import logging
import os
import re
import secrets
import threading
import time
import unicodedata
from collections import namedtuple
from urllib.parse import quote, urlencode, urlsplit

BASE_URL = os.environ.get("FLEXITI_BASE_URL", "http://127.0.0.1:4359/flexiti/online-api").rstrip("/")
CLIENT_ID = os.environ.get("FLEXITI_CLIENT_ID", "flexitidemo")
CLIENT_SECRET = os.environ.get("FLEXITI_CLIENT_SECRET", "flexitidemo-secret")

TIMEOUT = 5  # seconds for a try
PAUSES = (0.2, 0.4, 0.8)  # seconds between tries; so there are four at most
PATIENCE = 10  # seconds that a customer is kept waiting because of a Retry-After
MARGIN = 60  # so many seconds before its end a token is refreshed

log = logging.getLogger("flexiti")


class Refused(Exception):
    """Flexiti said no."""


class Lost(Exception):
    """No answer, or none that can be read: nobody knows what Flexiti did."""


class NotDone(Lost):
    """No good answer, and Flexiti surely did nothing: no connection, or it asked to wait."""


# One request.

Answer = namedtuple("Answer", "status body retry_after")
quiet_until = 0.0  # Flexiti asked to be left alone until then, whoever the customer is


def new_reference():
    """An x-reference-id: one for each operation, the same when the operation is tried again."""
    return secrets.token_hex(16)


def headers_of(reference, bearer):
    headers = {"x-reference-id": reference, "Accept": "application/json"}
    if bearer:
        # Whatever the case of token_type, the header says `Bearer`.
        headers["Authorization"] = f"Bearer {bearer}"
    return headers


def exchange(path, form, headers):
    """One request and its answer; a POST if there is a form. Redirects are not followed: the
    token goes nowhere but where it was meant to go."""
    base = urlsplit(BASE_URL)
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    connection = kind(base.hostname, base.port, timeout=TIMEOUT)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NotDone(type(error).__name__) from None
        if form is None:
            connection.request("GET", base.path + path, headers=headers)
        else:
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", base.path + path, urlencode(form), headers)
        response = connection.getresponse()
        return read_answer(response.status, response.read(), response.getheader("Retry-After", ""))
    except (OSError, http.client.HTTPException) as error:
        raise Lost(type(error).__name__) from None
    finally:
        connection.close()


def read_answer(status, raw, pause):
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if status < 400 and not isinstance(body, dict):
        raise Lost("the answer is no JSON object")
    asks_to_wait = status in (429, 503) and pause.isdecimal()
    return Answer(status, body if isinstance(body, dict) else {}, int(pause) if asks_to_wait else None)


def attempt(path, form, headers):
    """An exchange that comes to an answer, or to one of the three kinds of trouble."""
    global quiet_until
    wait = quiet_until - time.monotonic()
    if wait > PATIENCE:
        raise NotDone("Flexiti asked for a longer pause than a customer would wait")
    time.sleep(max(wait, 0))
    answer = exchange(path, form, headers)
    log.info("%s %s", headers.get("x-reference-id"), answer.status)
    if answer.retry_after is not None:
        quiet_until = time.monotonic() + answer.retry_after
    if answer.status == 429 or answer.retry_after is not None:
        raise NotDone(f"status {answer.status}")
    if answer.status >= 500:
        raise Lost(f"status {answer.status}")
    return answer


def send(path, form, reference, bearer=None, repeatable=True):
    """Sends a request, at most four times, always under the same reference. What is not
    repeatable (init) is sent again only if it surely was not carried out."""
    headers = headers_of(reference, bearer)
    for pause in (*PAUSES, None):
        try:
            return attempt(path, form, headers)
        except Lost as trouble:
            log.warning("%s %s", reference, trouble)
            if pause is None or not (repeatable or isinstance(trouble, NotDone)):
                raise
        time.sleep(pause)


# Tokens: one for each checkout, refreshed in its last minute.

Token = namedtuple("Token", "access refresh created lives")


class Checkout:
    """What calls for one customer's checkout share. Its lock is held during a call, so that a
    token is renewed by one caller and not by all who need it."""

    def __init__(self):
        self.lock = threading.RLock()
        self.token = None


def ask_for_token(**grant):
    created = time.monotonic()  # before the request: a token may seem older than it is, not younger
    form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **grant}
    answer = send("/oauth/token", form, new_reference())
    access, lives = answer.body.get("access_token"), answer.body.get("expires_in")
    if answer.status != 200 or not isinstance(access, str):
        raise Refused(f"token: {answer.status}")
    # Without a life that can be read the token serves for one call.
    return Token(access, answer.body.get("refresh_token"), created, lives if isinstance(lives, int) else 0)


def new_token():
    return ask_for_token(grant_type="client_credentials")


def refreshed(token):
    return ask_for_token(grant_type="refresh_token", refresh_token=token.refresh)


def renewed(token):
    """A token that is good for a call. After its end a token can no longer be refreshed."""
    if token:
        age = time.monotonic() - token.created
        if age < token.lives - MARGIN:
            return token
        if age < token.lives and token.refresh:
            try:
                return refreshed(token)
            except (Refused, Lost):
                pass  # A refresh whose answer was lost may have spent the refresh token.
    return new_token()


def call(checkout, path, form=None, reference=None, repeatable=True):
    """Makes a call with the checkout's token."""
    reference = reference or new_reference()
    with checkout.lock:
        checkout.token = renewed(checkout.token)
        answer = send(path, form, reference, checkout.token.access, repeatable)
        if answer.status == 401:  # The token ended before its time: another one, once.
            checkout.token = new_token()
            answer = send(path, form, reference, checkout.token.access, repeatable)
        return answer


# The calls.

Terms = namedtuple("Terms", "flow lang amount mname buyer billing shipping")
Opened = namedtuple("Opened", "order_id url")


def init_path(flow):
    """With /v2 Flexiti's pages begin with a choice; an application has none."""
    version = "" if flow == "apply" else "/v2"
    return f"/online{version}/client-id/{quote(CLIENT_ID, '')}/systems/init"


def init_form(terms, merchant_order):
    form = {"merchant_orderid": merchant_order, "lang": terms.lang, "flow": terms.flow,
            "amount_requested": terms.amount, "fname": terms.billing["first_name"],
            "mname": terms.mname, "lname": terms.billing["last_name"], **terms.buyer}
    if terms.flow != "apply":
        for block, address in (("billing", terms.billing), ("shipping", terms.shipping)):
            form.update((f"{block}_information.{name}", value) for name, value in address.items())
    return {name: ascii_only(value) for name, value in form.items() if value is not None}


def ascii_only(text):
    """Flexiti's texts are ASCII: "Côté" goes as "Cote"."""
    text = text.translate({ord("œ"): "oe", ord("æ"): "ae", ord("ß"): "ss", ord("’"): "'"})
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def init(checkout, terms, merchant_order, reference):
    """Opens an order. It is not idempotent: after `Lost` there may be one or not."""
    answer = call(checkout, init_path(terms.flow), init_form(terms, merchant_order), reference, repeatable=False)
    if answer.status != 200:
        rows = answer.body.get("field_errors")
        rows = rows if isinstance(rows, list) else []
        # The names of the fields; their values are the customer's business.
        names = [row.get("param") for row in rows if isinstance(row, dict)]
        raise Refused(f"init: {answer.status} {names}")
    order_id, url = id_text(answer.body.get("online_order_id")), answer.body.get("redirection_url")
    if order_id is None or not isinstance(url, str) or not re.fullmatch(r"https?://[!-~]+", url):
        raise Lost("init answers no order")
    return Opened(order_id, url)


def notification(checkout, kind, key):
    """What Flexiti says of an order; None if it knows of none."""
    answer = call(checkout, f"/online/client-id/{quote(CLIENT_ID, '')}/notifications/{kind}/{quote(key, '')}")
    if answer.status not in (200, 404):
        raise Refused(f"notification: {answer.status}")
    return answer.body if answer.status == 200 else None


# What a notification proves.

def id_text(value):
    """An id: a number in the reference's examples, a string for some clients."""
    return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def word_of(body, block, name):
    block = body.get(block)
    word = block.get(name) if isinstance(block, dict) else None
    return word.lower() if isinstance(word, str) else None


def is_about(body, opened, flow):
    """Whether a notification is about this order at all."""
    said = body.get("flow")
    same_flow = isinstance(said, str) and re.sub("[^a-z]", "", said.lower()) == flow.replace("/", "")
    return same_flow and id_text(body.get("transaction_id")) == opened.order_id


MEANINGS = {"declined": "failed", "refused": "failed", "failed": "failed", "retry": "failed",
            "cancelled": "cancelled", "canceled": "cancelled", "expired": "cancelled"}


def status_of(word, success):
    """A word that nobody knows proves nothing."""
    status = success if word == "success" else MEANINGS.get(word, "pending")
    if word is not None and status == "pending":
        log.info("not decided: %r", word[:20])
    return status


def belief(flow, body):
    """The status that a notification proves. Nothing else proves one: not the callback that was
    requested, and no parameter of it."""
    apply, purchase = word_of(body, "apply", "apply_status"), word_of(body, "purchase", "status")
    if flow == "apply":
        return status_of(apply, "approved")
    # Who buys has not paid by being approved; and who was not approved will not pay.
    if flow == "apply/buy" and purchase != "success" and apply not in (None, "success"):
        return status_of(apply, "pending")
    return status_of(purchase, "paid")


def customer_id(body):
    """The Flexiti customer of an approved application: with it the next purchase needs no card."""
    approved = word_of(body, "apply", "apply_status") == "success"
    return id_text(body["apply"].get("customer_id")) if approved else None
