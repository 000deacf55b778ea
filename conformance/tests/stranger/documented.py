"""Documented sentences as checks; each gives the sentences an answer breaks.

The requests use only what every reading allows: spellings printed in the
documentation, Apply without /v2, Buy and Apply/Buy with it.
"""

import re

from shopper import BUY_BLOCKS, CLIENT, PREFILL, SECRET, Shopper

HEX40 = re.compile(r"^[0-9a-f]{40}$")
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
FLOWS = (("Apply", "plain"), ("Buy", "v2"), ("Apply/Buy", "v2"))

MULTIPART = "".join(f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                    for name, value in (("client_id", CLIENT), ("client_secret", SECRET))) + "--x--\r\n"


class Judge:
    """Runs all checks against a server with given settings."""

    def __init__(self, shopper, settings):
        self.shop, self.settings, self.broken, self.access = shopper, settings, [], None
        read = settings.get("init_encodings", "all")
        self.encodings = {"all": ["dotted", "bracket", "json"], "form_only": ["dotted", "bracket"], "json_only": ["json"]}[read]
        unread = {"ignored": "bracket", "only": "dotted"}.get(settings.get("form_brackets"))
        self.encodings = [name for name in self.encodings if name != unread]
        shopper.own_types = settings.get("json_amount") == "number", settings.get("json_boolean") == "boolean"
        self.french = "en-FR" if settings.get("init_lang_values") == "old_list" else "fr-CA"

    def say(self, holds, sentence):
        if not holds:
            self.broken.append(sentence)

    def run(self, first_only=False):
        """The sentences that do not hold; first_only stops after the first group that has one."""
        steps = [self.calculator, self.availability, self.token_requests, self.token_answers, self.refresh,
                 self.init_headers, self.init_answers, self.pages, self.notifications]
        for encoding in self.encodings:
            steps.append(lambda encoding=encoding: self.init_values(encoding))
            steps.append(lambda encoding=encoding: self.init_requirements(encoding))
        for step in steps:
            self.access = self.shop.access()
            step()
            if first_only and self.broken:
                break
        return self.broken

    # ---- token -------------------------------------------------------------
    def token_requests(self):
        shop, say = self.shop, self.say
        say(shop.token().ok, "client credentials give a token")
        say(shop.token(scope="merchant").ok and shop.token(scope="customer").ok, "scopes merchant and customer are allowed")
        say(shop.token().json.get("scope") == "merchant", "the default scope is merchant")
        if self.settings.get("grant_type_required") != "yes":
            say(shop.token(grant_type=None).ok, "grant_type is optional")
        for sentence, change in [
                ("client_id is required", {"client_id": None}), ("client_secret is required", {"client_secret": None}),
                ("client_secret is checked", {"client_secret": "wrong"}), ("client_id is checked", {"client_id": "nobody"}),
                ("client_secret is checked for each scope", {"client_secret": "wrong", "scope": "customer"}),
                ("grant_type is one of the list", {"grant_type": "magic"}),
                ("grant_type is the whole word", {"grant_type": "client_credentials2"}), ("scope is one of the list", {"scope": "magic"}),
                ("x-reference-id is required by token", {"reference": None}),
                ("x-reference-id has at most 32 characters", {"reference": "a" * 64}),
                ("token reads no JSON", {"content_type": "application/json",
                                         "body": f'{{"client_id":"{CLIENT}","client_secret":"{SECRET}"}}'}),
                ("token reads no text/plain", {"content_type": "text/plain"}),
                ("token reads no multipart form", {"content_type": "multipart/form-data; boundary=x", "body": MULTIPART})]:
            say(not shop.token(**change).ok, sentence)

    def token_answers(self):
        reply, say = self.shop.token(), self.say
        body = reply.json
        say(reply.status == 200, "a token answer has the status 200")
        for name in ("access_token", "refresh_token"):
            hex40 = HEX40.match(str(body.get(name))) is not None
            say(hex40 or self.settings.get("token_form", "hex") != "hex", name + " is 40 lower-case hex characters")
        say(body.get("expires_in") in (1200, 1199) and isinstance(body["expires_in"], int), "expires_in is 1200")
        say(body.get("token_type") in ("bearer", "Bearer"), "token_type is bearer")
        say(isinstance(body.get("scope"), str), "scope is a text")
        other = self.shop.token().json.get("access_token")
        say(other != body.get("access_token"), "each customer gets a fresh token")
        kept = other if self.settings.get("earlier_tokens") == "end" else body.get("access_token")
        say(self.shop.calculator(kept).ok, "a token serves the whole checkout")

    def refresh(self):
        shop, say, first = self.shop, self.say, self.shop.token().json
        grant = {"grant_type": "refresh_token"}
        last = {**grant, "refresh_token": first.get("refresh_token", "none")}
        say(not shop.token(**grant).ok, "refresh_token is required for a refresh")
        say(not shop.token(**grant, refresh_token="0" * 40).ok, "a refresh needs the last refresh token")
        say(not shop.token(**last, client_secret=None).ok, "client_secret is required for a refresh")
        say(not shop.token(**last, client_secret="wrong").ok, "client_secret is checked at a refresh")
        prefix = {**last, "refresh_token": last["refresh_token"][:-1]}
        say(not shop.token(**prefix).ok, "a refresh needs the whole refresh token")
        reply = shop.token(**last)
        body = reply.json
        say(reply.ok, "the last refresh token is accepted")
        say(all(name in body for name in ("access_token", "refresh_token", "expires_in")), "a refresh answers like a first grant")
        say(body.get("access_token") != first.get("access_token"), "a refresh gives a new access token")
        say(shop.calculator(body.get("access_token")).ok, "the new access token works")
        say(shop.token(**{**last, "refresh_token": body.get("refresh_token", "none")}).ok, "the next refresh token works")

    # ---- init -----------------------------------------------------------------
    def send(self, flow="Apply", /, encoding=None, **changes):
        return self.shop.init(self.access, Shopper.params(flow, **changes), "plain" if flow == "Apply" else "v2",
                              encoding or self.encodings[0])

    def init_headers(self):
        shop, encoding = self.shop, self.encodings[0]
        for flow, version in FLOWS:
            values = Shopper.params(flow)
            refused = [shop.init(None, values, encoding=encoding), shop.init("0" * 40, values, encoding=encoding),
                       shop.init(self.access, values, encoding=encoding, reference=None),
                       shop.init(self.access, values, encoding=encoding, reference="a" * 64)]
            for reply, sentence in zip(refused, ("needs a token", "needs a known token", "needs x-reference-id",
                                                 "limits x-reference-id to 32 characters")):
                self.say(not reply.ok, f"{version} init {sentence}")
                self.error_shape(reply)
            for other in self.encodings:
                self.say(not shop.init("0" * 40, values, version, other).ok, f"{version} init needs a known token in {other}")

    def error_shape(self, reply):
        body = reply.json
        self.say(isinstance(body.get("code"), int) and isinstance(body.get("error"), str)
                 and isinstance(body.get("error_description"), str), "an init error has code, error and error_description")

    def init_requirements(self, encoding):
        say = self.say
        for flow, version in FLOWS:
            say(self.send(flow, encoding=encoding).ok, f"{flow} works in {encoding}")
            for name in ("lang", "flow", "amount_requested"):
                reply = self.shop.init(self.access, Shopper.params(flow, **{name: None}), version, encoding)
                say(not reply.ok, f"{name} is required for {flow} in {encoding}")
                self.error_shape(reply)
            if flow != "Apply":
                for name in BUY_BLOCKS:
                    if not name.endswith("address_2"):
                        say(not self.send(flow, encoding=encoding, **{name: None}).ok, f"{name} is required for {flow} in {encoding}")
        none = dict.fromkeys(("shipping_information." + name.split(".")[1] for name in BUY_BLOCKS))
        say(not self.send("Buy", encoding=encoding, **none).ok, f"Buy needs the shipping block in {encoding}")
        say(not self.send("Buy", encoding=encoding, customer_id=None).ok, f"Buy needs customer_id or vcc in {encoding}")
        say(self.send("Buy", encoding=encoding, customer_id=None, vcc="2374980012865116").ok, f"Buy works with vcc in {encoding}")

    def init_values(self, encoding):
        say = self.say
        extras = self.settings.get("apply_extras", "ignored")
        customer = None if extras in ("customer_refused", "both_refused") else "1293836"
        say(self.send(encoding=encoding, merchant_orderid="cart-" + encoding, is_guest="true", has_previous_purchase="False",
                      customer_id=customer, **PREFILL).ok, f"all optional parameters are taken in {encoding}")
        for name, value in [("is_guest", "True"), ("is_guest", "false"), ("has_previous_purchase", "true"), ("salutation", "Mrs"),
                            ("salutation", "Ms"), ("province", "QC"), ("province", "AB"), ("lang", "En-CA"), ("lang", "en-FR"),
                            ("customer_id", "12345678901234567890"), ("merchant_orderid", f"2026113{len(encoding)}"),
                            ("amount_requested", "500.00" if self.settings.get("amount_least") == "500" else "0.01")]:
            flow = "Buy" if name == "customer_id" and customer is None else "Apply"
            say(self.send(flow, encoding=encoding, **{name: value}).ok, f"{name} {value} is taken in {encoding}")
        say(not self.send("Buy", encoding=encoding, flow="rebuy").ok, f"flow is a whole word in {encoding}")
        for name, value in [("lang", ""), ("amount_requested", ""), ("flow", "Rent"), ("amount_requested", "0"),
                            ("amount_requested", "-5"), ("amount_requested", "499,00"), ("amount_requested", "much"),
                            ("customer_id", "1" * 21), ("is_guest", "perhaps")]:
            say(not self.send(encoding=encoding, **{name: value}).ok, f"{name} {value!r} is refused in {encoding}")

    def init_answers(self):
        one, two = self.send().json, self.send("Buy").json
        for body in (one, two):
            self.say(type(body.get("online_order_id")) is int, "online_order_id is a number")
            url = body.get("redirection_url")
            self.say(isinstance(url, str) and url.startswith("http"), "redirection_url is an absolute URL")
            self.say(not any(secret in str(url) for secret in (self.access, SECRET)), "redirection_url exposes no key")
        self.say(one.get("online_order_id") != two.get("online_order_id"), "each order has its own id")
        self.say(one.get("redirection_url") != two.get("redirection_url"), "each order has its own page")

    def pages(self):
        for flow, _ in FLOWS:
            for lang, short in (("En-CA", "en"), (self.french, "fr")):
                text = self.shop.page(self.send(flow, lang=lang, **PREFILL).json.get("redirection_url"))
                found = re.search(r'<html lang="(..)', text.body)
                self.say(text.status == 200 and found and found.group(1) == short, f"the {flow} page is in {short}")
                self.say(not any(key in text.body for key in (self.access, SECRET, CLIENT)), "the page exposes no key")
                if flow != "Buy":
                    self.say('name="fname" value="Ann"' in text.body, "the application form is filled in")

    # ---- the rest ------------------------------------------------------------------
    def notifications(self):
        shop, say, seen, gone = self.shop, self.say, {}, self.settings.get("unfinished_order") in ("404", "empty")
        orders = [(flow, encoding, f"note-{flow}-{encoding}".replace("/", "")) for flow, _ in FLOWS for encoding in self.encodings]
        numbers = {}
        for flow, encoding, key in orders:
            body = self.send(flow, encoding=encoding, merchant_orderid=key).json
            numbers[key] = body.get("online_order_id")
            shop.page(body.get("redirection_url"))
        for flow, encoding, key in orders:
            for by_merchant, name in ((False, numbers[key]), (True, key)):
                say(not shop.note(None, name, by_merchant).ok, "notifications need a token")
                say(not shop.note("0" * 40, name, by_merchant).ok, "notifications need a known token")
                reply = shop.note(self.access, name, by_merchant)
                if gone and self.settings.get("order_finishes") == "never":
                    continue
                say(reply.ok, f"a {flow} order is found, sent in {encoding}")
                self.notification_body(reply.json, flow)
                seen.setdefault(key, set()).add(reply.json.get("transaction_id"))
        unknown = shop.note(self.access, 999999999)
        say(unknown.json.get("transaction_id") is None, "an unknown id shows no order")
        say(all(len(ids) == 1 for ids in seen.values()), "both notification paths show the same order")
        say(len(set().union(*seen.values())) == len(seen), "each order has its own transaction")

    def notification_body(self, body, flow):
        say = self.say
        say(type(body.get("transaction_id")) is int, "transaction_id is a number")
        say(isinstance(body.get("callback_url"), str), "callback_url is a text")
        say(DATE.match(str(body.get("date"))) is not None, "date is ISO 8601 with milliseconds")
        word = str(body.get("flow"))
        say(word == "apply" if flow == "Apply" else word.lower().replace("_", "/") == flow.lower(), "flow is that of the order")
        if flow == "Apply" and self.settings.get("order_finishes") != "never":
            apply = body.get("apply", {})
            say(type(apply.get("customer_id")) is int, "apply.customer_id is a number")
            say(apply.get("apply_status") == "SUCCESS", "apply.apply_status is SUCCESS")

    def calculator(self):
        shop, say, body = self.shop, self.say, self.shop.calculator(self.access).json
        say(not shop.calculator(None).ok and not shop.calculator("0" * 40).ok, "the calculator needs a known token")
        say(body.get("paymentPlan") == {"monthlyPayment": "166.33", "months": "3"}, "499 is three times 166.33 as texts")
        say(isinstance(body.get("htmlRender"), str) and CLIENT not in body["htmlRender"], "htmlRender is HTML without keys")
        say(body.get("htmlRender") != shop.calculator(self.access, lang="en").json.get("htmlRender"), "the calculator follows lang")

    def availability(self):
        say = self.say
        say(self.shop.availability(self.access).ok, "payment-availability is there")
        say(not self.shop.availability(None).ok and not self.shop.availability("0" * 40).ok, "payment-availability needs a known token")
