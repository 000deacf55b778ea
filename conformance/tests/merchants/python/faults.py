"""What can be wrong with a shop, one thing at a time: `plant` breaks the shop of shop.py so.

Each function replaces what it breaks in shop.py or flexiti.py, and nothing else; its first line
says what is wrong. faults.toml says what is to be found of it.
"""

import base64
import contextlib
import json
import re
import threading
import time
from urllib.parse import quote, urlencode

import flexiti
from flexiti import Lost, NotDone, Terms

shop = None  # the module that runs as the program
FAULTS = {}


def plant(program, name):
    global shop
    shop = program
    if name not in FAULTS:
        raise SystemExit(f"SHOP_FAULT: there is no {name}; there are {', '.join(FAULTS)}")
    FAULTS[name]()


def fault(function):
    FAULTS[function.__name__] = function
    return function


def replace(owner, name, wrapper):
    """Puts `wrapper(original, …)` in the place of a function or method."""
    original = getattr(owner, name)
    setattr(owner, name, lambda *args, **more: wrapper(original, *args, **more))


def before_callback(act):
    """Does `act(handler, order, path, query)` before a callback is answered."""
    def callback(original, self, path, query):
        order = self.own_order(query)
        if order:
            act(self, order, path, query)
        original(self, path, query)
    replace(shop.Handler, "callback", callback)


def success_of(order):
    return "approved" if order.terms.flow == "apply" else "paid"


# The outcome.

@fault
def trusts_callback():
    """Any callback makes the order paid."""
    before_callback(lambda handler, order, path, query: setattr(order, "status", success_of(order)))


@fault
def first_attempt_for_ever():
    """Whatever the customer tries again, Flexiti is asked about the first attempt."""
    def ask(original, self):
        latest = self.opened
        self.first = self.first or latest
        self.opened = self.first
        try:
            original(self)
        finally:
            self.opened = latest
    shop.Order.first = None
    replace(shop.Order, "ask", ask)


@fault
def second_attempt_in_english():
    """Whoever pays once more does so in English."""
    def opened(original, self):
        if self.names:
            self.terms = self.terms._replace(lang="en")
        return original(self)
    replace(shop.Order, "open", opened)


@fault
def paid_is_paid_again():
    """A checkout that is sent once more opens the paid order a second time, to be paid."""
    def start(original, self, terms):
        if self.status == "paid":
            self.status, self.opened = "failed", None
            self.names.clear()
        return original(self, terms)
    replace(shop.Order, "start", start)


@fault
def unreadable_is_paid():
    """A notification that cannot be read counts as success."""
    def ask(original, self):
        before = self.asked
        original(self)
        if self.asked != before and self.unread and self.status not in ("paid", "approved"):
            self.status = success_of(self)

    def notification(original, order, *args):
        order.unread = False
        try:
            return original(order, *args)
        except Lost:
            order.unread = True
            raise
    shop.Order.unread = False
    replace(shop.Order, "ask", ask)
    replace(flexiti, "notification", notification)


@fault
def trusts_success_url():
    """The success address makes it paid, and the other one asks."""
    def act(handler, order, path, query):
        if path == "/flexiti/return":
            order.status = success_of(order)
    before_callback(act)


@fault
def trusts_error_url():
    """The error address makes it cancelled for good, whatever Flexiti says."""
    def act(handler, order, path, query):
        if path == "/flexiti/cancel":
            order.status, order.opened = "cancelled", None
    before_callback(act)


@fault
def trusts_query():
    """A parameter of the callback makes it paid."""
    def act(handler, order, path, query):
        if query.get("status", "").lower() in ("success", "paid", "approved"):
            order.status = success_of(order)
    before_callback(act)


@fault
def paid_on_pending():
    """Pending counts as success."""
    flexiti.MEANINGS.update(pending="paid")
    replace(flexiti, "status_of", lambda original, word, success: success if word == "pending" else original(word, success))


@fault
def paid_on_declined():
    """Declined counts as success."""
    bad = ("declined", "refused", "failed")
    replace(flexiti, "status_of", lambda original, word, success: success if word in bad else original(word, success))


@fault
def paid_on_any_200():
    """Whatever a notification says, that there is one counts as success."""
    flexiti.belief = lambda flow, body: "approved" if flow == "apply" else "paid"


@fault
def paid_on_approval():
    """An approved application counts as a purchase in apply/buy."""
    def belief(original, flow, body):
        approved = flexiti.word_of(body, "apply", "apply_status") == "success"
        return "paid" if flow == "apply/buy" and approved else original(flow, body)
    replace(flexiti, "belief", belief)


@fault
def unknown_word_is_failure():
    """A word that the shop does not know, and a block that is not there, count as failed for good."""
    replace(flexiti, "status_of", lambda original, word, success:
            "failed" if original(word, success) == "pending" else original(word, success))

    def ask(original, self):
        original(self)
        if self.status == "failed":
            self.opened = None
    replace(shop.Order, "ask", ask)


@fault
def pending_is_final():
    """What was pending when it was first asked is never asked about again."""
    def ask(original, self):
        if self.asked == float("-inf"):
            original(self)
    replace(shop.Order, "ask", ask)


@fault
def unknown_is_failure():
    """A notification that is not there (404), or cannot be had, makes the order failed."""
    def ask(original, self):
        seen = []

        def notification(real, *args):
            body = real(*args)
            seen.append(body)
            return body
        real = flexiti.notification
        flexiti.notification = lambda *args: notification(real, *args)
        try:
            asks = self.opened and self.status == "pending" and time.monotonic() - self.asked >= 1
            original(self)
        finally:
            flexiti.notification = real
        if asks and (not seen or seen[0] is None):
            self.status, self.opened = "failed", None
    replace(shop.Order, "ask", ask)


@fault
def never_asks():
    """No notification is ever read: the order stays pending."""
    shop.Order.ask = lambda self: None


@fault
def believes_any_order():
    """Asks about the order that anyone opened last, and believes it."""
    last = []

    def open_(original, self):
        last[:] = [original(self)]
        return last[0]

    replace(shop.Order, "open", open_)
    replace(flexiti, "notification", lambda original, checkout, kind, key:
            original(checkout, kind, last[0].order_id if kind == "order-id" and last else key))
    flexiti.is_about = lambda body, opened, flow: True


@fault
def foreign_order_in_query():
    """A callback's orderId finds the order of any customer, with or without a cookie."""
    def own_order(original, self, query):
        for order in shop.orders.values():
            if order.opened and order.opened.order_id == query.get("orderId"):
                return order
        return original(self, query)
    replace(shop.Handler, "own_order", own_order)


@fault
def foreign_order_in_query_of_a_session():
    """A callback's orderId finds the order of any customer, if the browser has a session."""
    def own_order(original, self, query):
        for order in shop.orders.values() if self.session() else ():
            if order.opened and order.opened.order_id == query.get("orderId"):
                return order
        return original(self, query)
    replace(shop.Handler, "own_order", own_order)


@fault
def shows_the_latest_order():
    """The page after Flexiti's pages shows the number of the order that anyone opened last."""
    latest = []

    def open_(original, self):
        latest[:] = [self.number]
        return original(self)

    def order_page(original, order, status):
        return original(order, status).replace(order.number, latest[-1] if latest else order.number)

    replace(shop.Order, "open", open_)
    replace(shop, "order_page", order_page)


@fault
def callback_twice_opens_again():
    """The second callback of an order opens another one at Flexiti."""
    def act(handler, order, path, query):
        if getattr(order, "came", False):
            with order.lock:
                order.opened, order.status = order.open(), "pending"
        order.came = True
    before_callback(act)


# Tokens.

@fault
def token_per_request():
    """Each call has a token of its own."""
    flexiti.renewed = lambda token: flexiti.new_token()


@fault
def one_token_for_all():
    """All customers share one token."""
    shared = []

    def new_token(original):
        if not shared or time.monotonic() - shared[0].created > shared[0].lives - flexiti.MARGIN:
            shared[:] = [original()]
        return shared[0]
    replace(flexiti, "new_token", new_token)


@fault
def never_refreshes():
    """A token is used until Flexiti answers 401."""
    flexiti.renewed = lambda token: token or flexiti.new_token()


@fault
def new_instead_of_refresh():
    """A token near its end is replaced by a new one and not refreshed."""
    flexiti.refreshed = lambda token: flexiti.new_token()


@fault
def refreshes_with_access_token():
    """`refresh_token` holds the access token."""
    flexiti.refreshed = lambda token: flexiti.ask_for_token(grant_type="refresh_token", refresh_token=token.access)


@fault
def refreshes_after_expiry():
    """A token is refreshed only after its end."""
    def renewed(token):
        if token is None:
            return flexiti.new_token()
        if time.monotonic() - token.created < token.lives:
            return token
        with contextlib.suppress(flexiti.Refused, Lost):
            return flexiti.refreshed(token)
        return flexiti.new_token()
    flexiti.renewed = renewed


@fault
def no_new_token_after_401():
    """A 401 is the end of the call, and of all that follow."""
    def call(checkout, path, form=None, reference=None, repeatable=True):
        with checkout.lock:
            checkout.token = flexiti.renewed(checkout.token)
            return flexiti.send(path, form, reference or flexiti.new_reference(), checkout.token.access, repeatable)
    flexiti.call = call


@fault
def endless_after_401():
    """A 401 is answered with another token again and again."""
    def call(original, *args, **more):
        for _ in range(40):
            answer = original(*args, **more)
            if answer.status != 401:
                break
        return answer
    replace(flexiti, "call", call)


@fault
def stampede():
    """Nothing is locked: all who look at once ask at once, and each renews the token."""
    def init(original, self, *args):
        original(self, *args)
        self.lock = contextlib.nullcontext()
    replace(shop.Order, "__init__", init)


# Trying again.

@fault
def no_retry():
    """Nothing is tried again."""
    flexiti.PAUSES = ()


@fault
def ignores_retry_after():
    """Retry-After is not read."""
    replace(flexiti, "read_answer", lambda original, status, raw, pause: original(status, raw, ""))


@fault
def retries_init_blindly():
    """Init is sent again although the first may have opened an order."""
    replace(flexiti, "send", lambda original, path, form, reference, bearer=None, repeatable=True:
            original(path, form, reference, bearer, True))


@fault
def retry_storm():
    """Twenty tries without a pause."""
    flexiti.PAUSES = (0,) * 20


# Reference ids.

@fault
def reference_missing():
    """No x-reference-id."""
    def headers_of(original, *args):
        headers = original(*args)
        del headers["x-reference-id"]
        return headers
    replace(flexiti, "headers_of", headers_of)


@fault
def reference_constant():
    """One x-reference-id for everything."""
    flexiti.new_reference = lambda: "0123456789abcdef0123456789abcdef"


@fault
def reference_fresh_on_retry():
    """A retry has another x-reference-id than the first try."""
    replace(flexiti, "attempt", lambda original, path, form, headers:
            original(path, form, {**headers, "x-reference-id": flexiti.new_reference()}))


# What init says.

def in_form(change):
    """Changes the form of init."""
    def init_form(original, terms, merchant_order):
        form = original(terms, merchant_order)
        change(form)
        return form
    replace(flexiti, "init_form", init_form)


@fault
def amount_in_cents():
    """499.99 dollars are sent as 49999."""
    in_form(lambda form: form.update(amount_requested=form["amount_requested"].replace(".", "")))


@fault
def amount_with_comma():
    """499.99 dollars are sent as 499,99."""
    in_form(lambda form: form.update(amount_requested=form["amount_requested"].replace(".", ",")))


@fault
def amount_of_stale_cart():
    """The amount is that of the first cart that the shop saw."""
    first = []

    def change(form):
        first.append(form["amount_requested"])
        form.update(amount_requested=first[0] if len(first) > 1 else "499.99")
    in_form(change)


@fault
def lang_always_en():
    """Flexiti's pages are in English for everyone."""
    in_form(lambda form: form.update(lang="en"))


@fault
def lang_as_browser_tag():
    """The language is spelled `en-US`."""
    in_form(lambda form: form.update(lang={"en": "en-US", "fr": "fr-CA"}[form["lang"]]))


@fault
def page_always_english():
    """The customer comes back to an English page."""
    replace(shop, "order_page", lambda original, order, status:
            shop.page("en", status, f"<p>{order.number}</p>"))


@fault
def v2_for_apply():
    """An application goes to the path with /v2."""
    replace(flexiti, "init_path", lambda original, flow: original("buy"))


@fault
def plain_path_for_buy():
    """A purchase goes to the path without /v2."""
    replace(flexiti, "init_path", lambda original, flow: original("apply"))


@fault
def flow_always_apply_buy():
    """Whatever the customer chose, the flow is apply/buy."""
    def read_terms(original, form, session):
        terms = original(form, session)
        return Terms("apply/buy", *terms[1:]) if terms.flow == "apply" else terms
    replace(shop, "read_terms", read_terms)


@fault
def unknown_parameter():
    """Init has a parameter that Flexiti does not know."""
    in_form(lambda form: form.update(currency="CAD"))


@fault
def other_spelling():
    """`merchant_order_id` in place of `merchant_orderid`."""
    in_form(lambda form: form.update(merchant_order_id=form.pop("merchant_orderid")))


@fault
def not_ascii():
    """Names go out as they are."""
    flexiti.ascii_only = lambda text: text


@fault
def shipping_is_billing():
    """The shipping address is the billing address, whatever the cart says."""
    def change(form):
        for name in [name for name in form if name.startswith("shipping_")]:
            form[name] = form[name.replace("shipping_", "billing_")]
    in_form(change)


@fault
def wrong_province():
    """The province is the shop's own."""
    def change(form):
        for name in [name for name in form if name.endswith(".province")]:
            form[name] = "BC"
    in_form(change)


# Secrets.

def in_answer(change):
    """Changes what browsers are answered: change(status, text, headers) → text, headers."""
    def answer(original, self, status, text, headers=()):
        text, headers = change(status, text, dict(headers))
        original(self, status, text, headers)
    replace(shop.Handler, "answer", answer)


@fault
def secret_in_page():
    """The client secret stands in a comment of every page."""
    in_answer(lambda status, text, headers: (f"{text}<!-- {flexiti.CLIENT_SECRET} -->" if text.startswith("<") else text, headers))


@fault
def client_id_in_page():
    """The cart page has the client id in an attribute."""
    replace(shop, "cart_page", lambda original, lang:
            original(lang).replace("<form", f'<form data-client="{flexiti.CLIENT_ID}"'))


def last_token():
    tokens = [order.token for order in shop.orders.values() if order.token]
    return tokens[-1].access if tokens else ""


@fault
def token_in_cookie():
    """The browser keeps the token in the session cookie's neighbour."""
    def change(status, text, headers):
        if "Location" in headers:
            headers["Set-Cookie"] = f"{headers['Set-Cookie']}\r\nSet-Cookie: flexiti={last_token()}; Path=/"
        return text, headers
    in_answer(change)


@fault
def token_in_redirect():
    """The token stands in the URL that the browser is sent to."""
    def change(status, text, headers):
        if "Location" in headers:
            headers["Location"] += ("&" if "?" in headers["Location"] else "?") + f"token={last_token()}"
        return text, headers
    in_answer(change)


@fault
def secret_in_query():
    """The token request has the keys in its query too."""
    keys = urlencode({"client_id": flexiti.CLIENT_ID, "client_secret": flexiti.CLIENT_SECRET})
    replace(flexiti, "exchange", lambda original, path, form, headers:
            original(f"{path}?{keys}" if path == "/oauth/token" else path, form, headers))


# Reading.

@fault
def ids_are_numbers():
    """An id that is a string cannot be read."""
    flexiti.id_text = lambda value: str(value) if isinstance(value, int) else None


@fault
def bearer_as_said():
    """The scheme of the authorization is spelled as `token_type` spells it."""
    said = ["bearer"]

    def exchange(original, path, form, headers):
        if "Authorization" in headers:
            headers = {**headers, "Authorization": headers["Authorization"].replace("Bearer", said[0])}
        answer = original(path, form, headers)
        said[0] = answer.body.get("token_type", said[0])
        return answer
    replace(flexiti, "exchange", exchange)


@fault
def unknown_field_is_fatal():
    """A field that the shop does not know makes an answer worthless."""
    known = {"access_token", "token_type", "expires_in", "refresh_token", "scope", "online_order_id", "redirection_url",
             "transaction_id", "flow", "callback_url", "apply", "purchase", "date"}

    def read_answer(original, *args):
        answer = original(*args)
        if answer.status == 200 and not set(answer.body) <= known:
            raise Lost("an unknown field")
        return answer
    replace(flexiti, "read_answer", read_answer)


@fault
def reads_with_a_pattern():
    """A notification is read with a regular expression that knows one order of fields."""
    def read_answer(original, status, raw, pause):
        text = raw.decode("utf-8", "replace")
        ordered = re.match(r'\{"transaction_id":.*"flow":.*"callback_url":.*("apply":|"purchase":|"date":)', text)
        if status == 200 and "transaction_id" in text and not ordered:
            raise Lost("not as expected")
        return original(status, raw, pause)
    replace(flexiti, "read_answer", read_answer)


@fault
def asks_too_fast():
    """While the order is pending the shop asks every 100 milliseconds."""
    def look(original, self):
        for _ in range(15):
            self.asked = float("-inf")
            status = original(self)
            if status != "pending":
                break
            time.sleep(0.1)
        return status
    replace(shop.Order, "look", look)


# Silence, forged callbacks, and customers who click twice.

@fault
def silence_is_success():
    """A notification that cannot be had counts as success: the shop fails open."""
    def notification(original, checkout, kind, key):
        try:
            return original(checkout, kind, key)
        except (Lost, flexiti.Refused):
            checkout.status = success_of(checkout)
            raise
    replace(flexiti, "notification", notification)


@fault
def missing_is_success():
    """A notification that is not there (404) counts as success."""
    def notification(original, checkout, kind, key):
        body = original(checkout, kind, key)
        if body is None:
            checkout.status = success_of(checkout)
        return body
    replace(flexiti, "notification", notification)


def on_unknown_id(act):
    """Does `act(handler, query)` for a callback whose orderId is not one of the customer's."""
    def callback(original, self, path, query):
        if "orderId" in query and self.own_order(query) is None:
            return act(self, query)
        return original(self, path, query)
    replace(shop.Handler, "callback", callback)


@fault
def unknown_id_breaks():
    """A callback with an id that the shop does not know breaks the page."""
    on_unknown_id(lambda handler, query: handler.answer(500, "<html lang=en>KeyError</html>"))


@fault
def dies_of_unknown_id():
    """A callback with an id that the shop does not know ends the program."""
    import os
    on_unknown_id(lambda handler, query: os._exit(3))


@fault
def echoes_markup():
    """The page says which order it does not know, as it stands in the address."""
    on_unknown_id(lambda handler, query: handler.answer(404, f"<html lang=en>No order {query['orderId']}</html>"))


@fault
def redirects_anywhere():
    """A callback redirects where its parameter `next` says."""
    def callback(original, self, path, query):
        if "next" in query:
            return self.answer(303, "", {"Location": query["next"]})
        return original(self, path, query)
    replace(shop.Handler, "callback", callback)


@fault
def uses_callback_token():
    """A token in the callback's address takes the place of the shop's own."""
    def act(handler, order, path, query):
        if "auth_token" in query and order.token:
            order.token = order.token._replace(access=query["auth_token"])
    before_callback(act)


@fault
def opens_again():
    """Each submission of the checkout opens another order at Flexiti."""
    def start(original, self, terms):
        self.opened = None
        return original(self, terms)
    replace(shop.Order, "start", start)


@fault
def no_lock():
    """Two submissions at once both find that nothing is open yet."""
    def start(original, self, terms):
        if self.opened:
            return self.opened.url
        self.terms, self.token = terms, flexiti.new_token()
        self.opened = self.open()
        self.status, self.asked = "pending", float("-inf")
        return self.opened.url

    def call(original, checkout, *args, **more):
        lock, checkout.lock = checkout.lock, contextlib.nullcontext()
        try:
            return original(checkout, *args, **more)
        finally:
            checkout.lock = lock
    def order_of(original, self, session, number):
        try:
            return original(self, session, number)
        except PermissionError:  # the other click, which came without a cookie too
            return shop.orders[number]
    replace(flexiti, "call", call)
    replace(shop.Order, "start", start)
    replace(shop.Handler, "order_of", order_of)


@fault
def resends_refused():
    """An init that was refused is sent again, twice."""
    def init(original, *args):
        for _ in range(2):
            try:
                return original(*args)
            except flexiti.Refused:
                pass
        return original(*args)
    replace(flexiti, "init", init)


@fault
def gives_up_pending():
    """What is pending at the third look is given up."""
    def look(original, self):
        status = original(self)
        self.times = getattr(self, "times", 0) + (status == "pending")
        if self.times >= 3:
            self.status, self.opened = "failed", None
        return self.status
    replace(shop.Order, "look", look)


@fault
def ids_of_31_bits():
    """Order ids are kept in 32 bits with a sign."""
    replace(flexiti, "id_text", lambda original, value:
            str((int(value) + 2**31) % 2**32 - 2**31) if isinstance(value, int) and value >= 2**31 else original(value))


@fault
def ids_are_floats():
    """Order ids are kept as floating-point numbers, and written with 14 digits."""
    replace(flexiti, "id_text", lambda original, value:
            f"{float(value):.14g}" if isinstance(value, int) and not isinstance(value, bool) else original(value))


# What reaches the browser.

@fault
def always_says_paid():
    """The page at the callback says that the order is paid, whatever became of it."""
    shop.TEXTS.update({status: shop.TEXTS["paid"] for status in ("failed", "cancelled", "pending")})


def with_script(path, text, more=None):
    """The cart's page has a script."""
    replace(shop, "cart_page", lambda original, lang: original(lang).replace("</html>", '<script src="/app.js"></script></html>'))
    files = {"/app.js": "1;//# sourceMappingURL=app.js.map\n", path: text}

    def do_get(original, self):
        if self.path in files:
            return self.answer(200, files[self.path], {"Content-Type": "text/javascript"})
        original(self)
    replace(shop.Handler, "do_GET", do_get)


@fault
def secret_in_script():
    """A script of the cart's page has the client secret."""
    with_script("/app.js", f"const secret = '{flexiti.CLIENT_SECRET}';")


@fault
def secret_in_source_map():
    """The source map of a script has the client secret."""
    with_script("/app.js.map", f'{{"sourcesContent": ["{flexiti.CLIENT_SECRET}"]}}')


@fault
def secret_in_error_page():
    """The page of an order that Flexiti refused shows what was sent."""
    def answer(original, self, status, text, headers=()):
        original(self, status, text + flexiti.CLIENT_SECRET if status in (409, 503) else text, headers)
    replace(shop.Handler, "answer", answer)


def cookies_with(attributes):
    def answer(original, self, status, text, headers=()):
        headers = {name: value.replace("SameSite=Lax", attributes) for name, value in dict(headers).items()}
        original(self, status, text, headers)
    replace(shop.Handler, "answer", answer)


@fault
def samesite_strict():
    """The session's cookie is SameSite=Strict: it stays away on the way back from Flexiti."""
    cookies_with("SameSite=Strict")


@fault
def samesite_none_insecure():
    """The session's cookie is SameSite=None without Secure: no browser keeps it."""
    cookies_with("SameSite=None")


# What only several scenarios show, or what a customer is told.

@fault
def pays_without_flexiti():
    """An order that Flexiti would not open counts as paid."""
    def start(original, self, terms):
        try:
            return original(self, terms)
        except (flexiti.Refused, Lost):
            self.status = success_of(self)
            raise
    replace(shop.Order, "start", start)


def in_place_of_trouble(status, text, more=()):
    """What a customer sees whose order Flexiti did not open."""
    def answer(original, self, own, page, headers=()):
        if own in (409, 503):
            return original(self, status, text(page), {**dict(headers), **dict(more)})
        original(self, own, page, headers)
    replace(shop.Handler, "answer", answer)


@fault
def thanks_for_nothing():
    """A customer whose order Flexiti did not open is thanked for it."""
    in_place_of_trouble(200, lambda page: '<html lang="en"><h1>Thank you for your order!</h1></html>')


@fault
def blank_trouble():
    """A customer whose order Flexiti did not open sees an empty page."""
    in_place_of_trouble(200, lambda page: '<!doctype html><html lang="en"><body>\n</body></html>')


@fault
def trouble_is_ok():
    """A script that starts a checkout is told that all is well, whatever Flexiti says."""
    in_place_of_trouble(200, lambda page: '{"ok": true}', {"Content-Type": "application/json"})


@fault
def trouble_in_english():
    """What goes wrong is said in English, whatever the customer's language is."""
    replace(shop, "page", lambda original, lang, what, *more: original("en" if what in ("refused", "lost") else lang, what, *more))


@fault
def one_number_for_all():
    """All orders have one number at Flexiti."""
    in_form(lambda form: form.update(merchant_orderid="A1"))


@fault
def asks_for_ever():
    """A worker goes on asking about orders that are paid."""
    def work():
        while True:
            time.sleep(0.1)
            for order in list(shop.orders.values()):
                if order.opened and order.status in ("paid", "approved"):
                    with contextlib.suppress(Lost, flexiti.Refused):
                        flexiti.notification(order, "order-id", order.opened.order_id)
    threading.Thread(target=work, daemon=True).start()


@fault
def stops_at_first_error():
    """An order about which a question failed once is never asked about again."""
    flexiti.PAUSES = ()
    real = flexiti.notification

    def notification(order, *args):
        try:
            return real(order, *args)
        except (Lost, flexiti.Refused):
            order.forgotten = True
            raise
    flexiti.notification = notification

    def ask(original, self):
        if not getattr(self, "forgotten", False):
            original(self)
    replace(shop.Order, "ask", ask)


@fault
def paid_and_pending_again():
    """An order that is paid is asked about again, and pending again if the answer cannot be had."""
    def ask(original, self):
        if self.status == "paid":
            try:
                flexiti.notification(self, "order-id", self.opened.order_id)
            except (Lost, flexiti.Refused):
                self.status, self.opened = "pending", None
        original(self)
    replace(shop.Order, "ask", ask)


@fault
def secret_in_readable_session():
    """The client secret stands in a cookie that is signed and can be read, as sessions often are."""
    def end_headers(original, self):
        session = base64.urlsafe_b64encode(json.dumps({"id": 7, "key": flexiti.CLIENT_SECRET}).encode())
        self.send_header("Set-Cookie", f"basket={session.decode()}.c2ln; HttpOnly; Path=/")
        original(self)
    replace(shop.Handler, "end_headers", end_headers)


@fault
def answers_nothing():
    """A customer whose order Flexiti refuses gets no answer."""
    def answer(original, self, status, *args):
        if status == 409:
            raise ConnectionAbortedError("no answer")
        original(self, status, *args)
    replace(shop.Handler, "answer", answer)


@fault
def impatient():
    """An answer to init that takes longer than a second is given up, and the customer sent away."""
    flexiti.TIMEOUT = 1
    shop.Order.open = lambda self: flexiti.init(self, self.terms, self.new_name(), flexiti.new_reference())


@fault
def no_page_after_cancel():
    """Whoever comes back to the error address finds no page."""
    def callback(original, self, path, query):
        if path == "/flexiti/cancel":
            return self.answer(404, shop.page("en", "nothing"))
        original(self, path, query)
    replace(shop.Handler, "callback", callback)
