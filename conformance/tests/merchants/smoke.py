#!/usr/bin/env python3
"""Runs the merchants of this folder against a mock: correct ones must believe what is true,
broken ones must start, and show in the mock's journal or in their answers that they are broken.

    smoke.py /path/to/flexiti-mock [correct|faults] [program] [case or fault]
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

HERE = Path(__file__).resolve().parent
PROGRAMS = {"python": (["python3", "shop.py"], HERE / "python"),
            "node": (["node", "shop.mjs"], HERE / "node"),
            "queue": (["python3", "queue_shop.py"], HERE / "python")}
DECIDED = 15  # seconds that a shop has to find out what is decided


def http_call(url, method="GET", body=None, headers=None):
    """status, headers, text; redirects are not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=40)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, dict((k.lower(), v) for k, v in response.getheaders()), response.read().decode()
    finally:
        connection.close()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Mock:
    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        ready = Path(self.folder.name, "ready.json")
        self.process = subprocess.Popen(
            [program, "--listen", "127.0.0.1:0", "--ready-file", str(ready), "--reveal-secrets", "--log-level", "error"], stdout=subprocess.DEVNULL)
        until(lambda: ready.exists(), 10, "the mock is ready")
        said = json.loads(ready.read_text())
        self.base_url, self.admin_url = said["base_url"], said["admin_url"]

    def admin(self, method, path, body=None):
        status, _, text = http_call(self.admin_url + path, method, None if body is None else json.dumps(body),
                                    {"content-type": "application/json"})
        assert status < 300, (method, path, status, text)
        return json.loads(text) if text else None

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Proxy:
    """Stands between a shop and the mock, adds a field to each answer and turns its fields
    round, as a server may; and keeps the addresses as they were requested, query and all."""

    def __init__(self, base_url):
        self.paths = paths = []
        origin = base_url[:base_url.index("/", 8)]

        class Handler(BaseHTTPRequestHandler):
            def forward(self):
                paths.append(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                status, headers, text = http_call(origin + self.path, self.command, self.rfile.read(length) or None,
                                                  dict(self.headers.items()))
                if status == 200:
                    text = json.dumps({"new": {"unknown": [1]}, **dict(reversed(json.loads(text).items()))})
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
            do_GET = do_POST = forward

            def log_message(self, *_):
                pass
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base_url = f"http://127.0.0.1:{self.server.server_port}{base_url[len(origin):]}"


class Shop:
    """A merchant's program with an account of its own at the mock."""

    def __init__(self, mock, program, fault=None, dialect=None, proxy=False):
        self.mock, self.port = mock, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        wish = {"success_url": f"{self.url}/flexiti/return", "error_url": f"{self.url}/flexiti/cancel"}
        self.account = mock.admin("POST", "/merchants", wish)
        self.id, self.secret = self.account["client_id"], self.account["client_secret"]
        if dialect:
            mock.admin("PUT", f"/merchants/{self.id}/dialect", dialect)
        command, folder = PROGRAMS[program]
        self.proxy = Proxy(mock.base_url) if proxy else None
        base_url = self.proxy.base_url if proxy else mock.base_url
        environment = {**os.environ, "FLEXITI_BASE_URL": base_url, "FLEXITI_CLIENT_ID": self.id,
                       "FLEXITI_CLIENT_SECRET": self.secret, "SHOP_LISTEN": f"127.0.0.1:{self.port}",
                       "PYTHONDONTWRITEBYTECODE": "1"}
        if fault:
            environment["SHOP_FAULT"] = fault
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=self.log, stderr=self.log)
        until(self.is_open, 15, f"{program} {fault} listens")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.process.terminate()
        self.process.wait()
        if self.proxy:
            self.proxy.server.shutdown()
        self.log.seek(0)
        text = self.log.read()
        self.log.close()
        if kind and os.environ.get("SMOKE_LOG"):
            print(text)

    def is_open(self):
        assert self.process.poll() is None, "the program ended: " + self.logged()
        try:
            return http_call(self.url + "/")[0] > 0
        except OSError:
            return False

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def faults(self, *faults):
        self.mock.admin("PUT", f"/merchants/{self.id}/faults", {"faults": list(faults)})

    def struck(self):
        plan = self.mock.admin("GET", f"/merchants/{self.id}/faults")["faults"]
        return all(fault["consumed_by"] for fault in plan)

    def checkout(self, cookie=None, **form):
        status, headers, text = http_call(
            self.url + "/checkout", "POST", urlencode(form),
            {"content-type": "application/x-www-form-urlencoded", **({"cookie": cookie} if cookie else {})})
        cookie = headers.get("set-cookie", "").split(";")[0] or cookie
        return status, headers.get("location"), cookie, text

    def orders(self):
        return self.mock.admin("GET", f"/orders?client_id={self.id}")["orders"]

    def complete(self, order, outcome, **more):
        return self.mock.admin("POST", f"/orders/{order['id']}/complete", {"outcome": outcome, **more})["callback_url"]

    def visit(self, url, cookie):
        return http_call(url, headers={"cookie": cookie} if cookie else {})

    def status(self, number):
        status, _, text = http_call(f"{self.url}/orders/{number}")
        return json.loads(text).get("status") if status == 200 else f"HTTP {status}"

    def comes_to(self, number, wanted, seconds=DECIDED):
        end, seen = time.monotonic() + seconds, None
        while time.monotonic() < end:
            seen = self.status(number)
            if seen == wanted:
                return
            time.sleep(0.3)
        raise AssertionError(f"{number} is {seen}, not {wanted}")

    def stays(self, number, wanted, seconds=2.5):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert (seen := self.status(number)) == wanted, f"{number} is {seen}, not {wanted}"
            time.sleep(0.3)

    def requests(self, path="", method=None):
        found = self.mock.admin("GET", f"/requests?client_id={self.id}&limit=1000")["requests"]
        found = [seen for seen in found if path in seen["path"] and method in (None, seen["method"])]
        return sorted(found, key=lambda seen: seen["id"])


def until(true, seconds, what):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.02)


# What correct merchants must do.

def plain(outcome, wanted, **form):
    def run(shop):
        status, url, cookie, _ = shop.checkout(order="A17", **form)
        assert status == 303 and url and cookie, (status, url)
        assert shop.status("A17") == "pending"
        order = shop.orders()[0]
        assert order["merchant_order_id"] == "A17", order
        assert order["lang"] == form.get("lang", "en"), order
        assert order["redirection_url"] == url.split("?")[0], (url, order)
        assert order["amount"] == "1249.50", order
        assert order["flow"] == form["flow"].replace("/", "_"), order
        status, _, html = shop.visit(shop.complete(order, outcome), cookie)
        assert status == 200 and f'lang="{form.get("lang", "en")}"' in html, html
        shop.comes_to("A17", wanted)
        if wanted == "pending":
            shop.stays("A17", wanted)
        lints(shop)
    return run


def callback_twice(shop):
    _, _, cookie, _ = shop.checkout(order="A17", flow="apply/buy", amount="20")
    url = shop.complete(shop.orders()[0], "purchased")
    for _ in range(2):
        assert shop.visit(url, cookie)[0] == 200
    shop.comes_to("A17", "paid")
    assert len(shop.orders()) == 1


def pending_callback_twice(shop):
    _, _, cookie, _ = shop.checkout(order="A17", flow="apply", amount="20")
    for _ in range(3):
        shop.visit(shop.url + "/flexiti/return", cookie)
    assert len(shop.orders()) == 1 and shop.status("A17") == "pending"
    shop.visit(shop.complete(shop.orders()[0], "approved"), cookie)
    shop.comes_to("A17", "approved", 5)


def forged_callback(shop):
    _, _, cookie, _ = shop.checkout(order="A17", flow="apply/buy", amount="20")
    for path in ("/flexiti/return", "/flexiti/return?status=SUCCESS", "/flexiti/return?order=A17&orderId=1"):
        shop.visit(shop.url + path, cookie)
        shop.visit(shop.url + path, None)
    shop.stays("A17", "pending")
    shop.complete(shop.orders()[0], "declined")
    shop.visit(shop.url + "/flexiti/return", cookie)  # the wrong one of the two
    shop.comes_to("A17", "failed")


def foreign_session(shop):
    """A callback shows nothing of the order of somebody else, nor to whom has no cookie."""
    _, _, mine, _ = shop.checkout(order="A17", flow="apply", amount="20")
    _, _, other, _ = shop.checkout(order="B18", flow="apply", amount="20")
    assert mine != other
    first = next(order for order in shop.orders() if order["merchant_order_id"] == "A17")
    shop.complete(first, "approved")
    for cookie in (None, other):
        _, _, html = shop.visit(f"{shop.url}/flexiti/return?orderId={first['id']}", cookie)
        assert "A17" not in html
    assert shop.checkout(cookie=other, order="A17", flow="apply")[0] == 409
    shop.comes_to("A17", "approved")
    assert shop.status("B18") == "pending"


def settles_later(shop):
    _, _, cookie, _ = shop.checkout(order="A17", flow="apply/buy", amount="20")
    url = shop.complete(shop.orders()[0], "purchased", settle_after={"polls": 2})
    shop.visit(url, cookie)
    assert shop.status("A17") == "pending"
    shop.comes_to("A17", "paid")
    assert len(shop.requests("/notifications/")) >= 3


def expired_token(shop):
    """A token that ends before its time is replaced, at init and later."""
    shop.faults({"match": {"endpoint": "init"}, "action": {"type": "expire_token"}})
    status, _, cookie, _ = shop.checkout(order="A17", flow="apply", amount="20")
    assert status == 303 and shop.struck(), status
    shop.faults({"match": {"endpoint": "notification"}, "action": {"type": "expire_token"}})
    shop.visit(shop.complete(shop.orders()[0], "approved"), cookie)
    shop.comes_to("A17", "approved")
    assert shop.struck()
    assert len(shop.requests("/oauth/token")) == 3
    lints(shop)


def always_401(shop):
    shop.checkout(order="A17", flow="apply", amount="20")
    shop.faults({"match": {"endpoint": "notification"}, "times": 0, "action": {"type": "expire_token"}})
    shop.visit(shop.url + "/flexiti/return", None)
    shop.status("A17")
    time.sleep(1.5)
    assert len(shop.requests("/notifications/")) <= 6, len(shop.requests("/notifications/"))


def struck_by(*faults, tries=1):
    """A checkout that comes to its end although this happens; a customer tries it again where
    the shop says 503."""
    def run(shop):
        shop.faults(*faults)
        cookie = None
        for _ in range(tries):
            status, url, cookie, _ = shop.checkout(cookie=cookie, order="A17", flow="apply/buy", lang="fr", amount="20")
            if status != 503:
                break
        assert status == 303, status
        order = next(order for order in shop.orders() if order["redirection_url"] == url.split("?")[0])
        shop.visit(shop.complete(order, "purchased"), cookie)
        shop.comes_to("A17", "paid")
        assert shop.struck()
        names = [order["merchant_order_id"] for order in shop.orders()]
        assert len(names) == len(set(names)), names
        lints(shop)
    return run


def fault(endpoint, kind, times=1, **more):
    return {"match": {"endpoint": endpoint}, "times": times, "action": {"type": kind, **more}}


def unreachable_then_503(shop):
    shop.faults(fault("token", "status", 0, status=503))
    assert shop.checkout(order="A17", flow="apply", amount="20")[0] == 503
    tries = len(shop.requests("/oauth/token"))
    assert 2 <= tries <= 4, tries


def refused_then_409(shop):
    assert shop.checkout(order="A17", flow="buy", customer_id="0", amount="20")[0] == 409


def double_click(shop):
    """Two clicks at once open one order."""
    _, _, cookie, _ = shop.checkout(order="A16", flow="apply", amount="20")
    with ThreadPoolExecutor(4) as pool:
        form = {"cookie": cookie, "order": "A17", "flow": "apply", "amount": "20"}
        came = list(pool.map(lambda _: shop.checkout(**form)[:2], range(4)))
    assert {status for status, _ in came} == {303} and len({url for _, url in came}) == 1, came
    assert len(shop.orders()) == 2


def refresh(shop):
    """In the last minute the token is refreshed with the refresh token, once, whoever asks."""
    _, _, cookie, _ = shop.checkout(order="A17", flow="apply", amount="20")
    time.sleep(3.2)  # expires_in is 63 s in this dialect
    url = shop.complete(shop.orders()[0], "approved")
    shop.faults(fault("token", "delay", 0, ms=700))  # so that all who ask meet
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shop.visit(url, cookie), range(8)))
    shop.comes_to("A17", "approved")
    grants = [grant(seen) for seen in shop.requests("/oauth/token")]
    assert grants == ["client_credentials", "refresh_token"], grants


def grant(seen):
    return seen_body(seen).get("grant_type", ["client_credentials"])[0]


def seen_body(seen):
    body = seen["body"]
    return parse_qs(body if isinstance(body, str) else "")


def secrets_stay(shop):
    """Neither keys nor tokens in pages, redirects, cookies or the log."""
    texts = [http_call(shop.url + path)[2] for path in ("/", "/cart", "/?lang=fr")]
    status, url, cookie, text = shop.checkout(order="A17", flow="apply", amount="20")
    texts += [url, cookie, text]
    texts += shop.visit(shop.complete(shop.orders()[0], "approved"), cookie)[2:]
    shop.comes_to("A17", "approved")
    texts.append(shop.logged())
    tokens = [seen["headers"]["authorization"].split()[1] for seen in shop.requests("/notifications/")]
    assert tokens
    for secret in (shop.id, shop.secret, *tokens):
        assert not any(secret in text for text in texts), secret


KNOWN = {"merchant_orderid", "lang", "flow", "amount_requested", "fname", "mname", "lname", "customer_id", "vcc"}


def two_customers(shop):
    """Each checkout has one token, and no two the same."""
    for number in ("A17", "B18"):
        _, _, cookie, _ = shop.checkout(order=number, flow="apply", amount="20")
        shop.visit(shop.complete(shop.orders()[0], "approved"), cookie)
        shop.comes_to(number, "approved")
    assert len(shop.requests("/oauth/token")) == 2
    used = [seen["headers"]["authorization"] for seen in shop.requests("/client-id/")]
    assert len(set(used)) == 2 and len(shop.requests("/notifications/")) >= 2, used
    lints(shop)


def same_reference(shop):
    shop.faults(fault("token", "status", status=503))
    assert shop.checkout(order="A17", flow="apply", amount="20")[0] == 303
    references = [seen["headers"]["x-reference-id"] for seen in shop.requests("/oauth/token")]
    assert len(references) == 2 and len(set(references)) == 1, references


def waits_as_told(shop):
    shop.faults(fault("token", "status", status=503, headers={"Retry-After": "2"}))
    begun = time.monotonic()
    assert shop.checkout(order="A17", flow="apply", amount="20")[0] == 303
    assert 1.9 <= time.monotonic() - begun < 5


def patient_polls(shop):
    _, _, cookie, _ = shop.checkout(order="A17", flow="apply", amount="20")
    for _ in range(20):
        shop.visit(shop.url + "/flexiti/return", cookie)
        shop.status("A17")
        time.sleep(0.1)
    assert 2 <= len(shop.requests("/notifications/")) <= 4, len(shop.requests("/notifications/"))


def not_there_at_first(shop):
    _, _, cookie, _ = shop.checkout(order="A17", flow="apply", amount="20")
    shop.faults(fault("notification", "status", status=404))
    shop.visit(shop.complete(shop.orders()[0], "approved"), cookie)
    assert shop.status("A17") == "pending"
    shop.comes_to("A17", "approved")


def wrong_address(outcome, path, wanted):
    """The customer comes to the other one of the two addresses."""
    def run(shop):
        _, _, cookie, _ = shop.checkout(order="A17", flow="apply", amount="20")
        shop.complete(shop.orders()[0], outcome)
        for _ in range(2):
            shop.visit(shop.url + path, cookie)
        shop.comes_to("A17", wanted, 5)
        shop.stays("A17", wanted, 1.5)
    return run


def through_proxy(shop):
    """Unknown fields and another order of fields do no harm; no secret is in an address."""
    CORRECT["apply approved"](shop)
    assert not any("?" in path for path in shop.proxy.paths), shop.proxy.paths


def lints(shop):
    """The rules that every request of a correct merchant keeps."""
    seen = shop.requests()
    tokens = [s for s in seen if s["path"].endswith("/oauth/token")]
    for one in seen:
        reference = one["headers"].get("x-reference-id", "")
        assert re.fullmatch("[0-9a-f]{32}", reference), one
    for init in (s for s in seen if s["path"].endswith("/systems/init")):
        form = seen_body(init)
        assert ("/v2/" in init["path"]) == (form["flow"] != ["apply"]), init["path"]
        assert all(value.isascii() for values in form.values() for value in values), form
        assert {name for name in form if "." not in name} <= KNOWN, form
        assert form["lang"][0] in ("en", "fr") and "," not in form["amount_requested"][0], form
        if form["flow"] != ["apply"]:
            lines = [(form[f"{block}_information.province"], form[f"{block}_information.city"]) for block in ("billing", "shipping")]
            assert lines == [(["QC"], ["Montreal"]), (["ON"], ["Ottawa"])], lines
    references = {}
    for one in seen:
        kind = (one["method"], one["path"])
        assert references.setdefault(one["headers"]["x-reference-id"], kind) == kind, "a reference id for two operations"
    assert tokens


BUY = {"amount": "1249.5", "customer_id": "20009100", "flow": "buy"}
CORRECT = {
    "apply approved": plain("approved", "approved", flow="apply", amount="1249.5"),
    "apply approved, French": plain("approved", "approved", flow="apply", amount="1249.5", lang="fr", mname="A-RR_L"),
    "apply declined": plain("declined", "failed", flow="apply", amount="1249.5"),
    "apply pending": plain("pending", "pending", flow="apply", amount="1249.5"),
    "apply cancelled": plain("cancelled", "cancelled", flow="apply", amount="1249.5"),
    "apply/buy purchased": plain("purchased", "paid", flow="apply/buy", amount="1249.5"),
    "apply/buy purchased, French": plain("purchased", "paid", flow="apply/buy", amount="1249.5", lang="fr"),
    "apply/buy declined": plain("declined", "failed", flow="apply/buy", amount="1249.5"),
    "buy purchased": plain("purchased", "paid", **BUY),
    "buy purchased, French, with a card": plain("purchased", "paid", flow="buy", amount="1249.5", lang="fr",
                                                vcc="1070015210367982"),
    "buy refused": plain("refused", "failed", **BUY),
    "callback twice": callback_twice,
    "callback twice of a pending order": pending_callback_twice,
    "forged callback": forged_callback,
    "declined on the success address": wrong_address("declined", "/flexiti/return", "failed"),
    "approved on the error address": wrong_address("approved", "/flexiti/cancel", "approved"),
    "apply/buy approved, then refused": plain("refused", "failed", flow="apply/buy", amount="1249.5"),
    "apply/buy cancelled": plain("cancelled", "cancelled", flow="apply/buy", amount="1249.5"),
    "two customers": two_customers,
    "a retry has the same reference id": same_reference,
    "waits as Retry-After says": waits_as_told,
    "polls are a second apart": patient_polls,
    "notification 404 at first": not_there_at_first,
    "callback in a foreign session": foreign_session,
    "pending, then settled": settles_later,
    "token ended before its time": expired_token,
    "401 for ever": always_401,
    "token 503 once": struck_by(fault("token", "status", status=503)),
    "token 503 with Retry-After": struck_by(fault("token", "status", status=503, headers={"Retry-After": "1"})),
    "token truncated": struck_by(fault("token", "truncate")),
    "token malformed": struck_by(fault("token", "malformed")),
    "token reset": struck_by(fault("token", "reset")),
    "init 503 with Retry-After": struck_by(fault("init", "status", status=503, headers={"Retry-After": "1"})),
    "init 429": struck_by(fault("init", "status", status=429, headers={"Retry-After": "1"})),
    "init 500": struck_by(fault("init", "status", status=500), tries=2),
    "init lost": struck_by(fault("init", "lost_response"), tries=2),
    "init truncated": struck_by(fault("init", "truncate"), tries=2),
    "init empty": struck_by(fault("init", "empty"), tries=2),
    "notification 503, then empty": struck_by(fault("notification", "status", status=503), fault("notification", "empty")),
    "token down": unreachable_then_503,
    "refused": refused_then_409,
    "double click": double_click,
    "secrets stay": secrets_stay,
}


def short_life(**answers):
    return {"name": "short", "extends": "documented", "answers": answers}


IN_DIALECT = {
    "refresh in the last minute": (short_life(token_ttl=63), refresh),
    "ids as strings": (short_life(ids_as="string"), CORRECT["apply/buy purchased"]),
    "Bearer": (short_life(token_type="Bearer", token_ttl=1199), CORRECT["apply/buy purchased"]),
    "lenient": ({"name": "lenient"}, CORRECT["apply/buy purchased"]),
    "other fields, other order": (None, through_proxy),
    "strict": ({"name": "strict"}, CORRECT["apply/buy purchased"]),
}


ALL = {name: (None, run) for name, run in CORRECT.items()} | IN_DIALECT


def run_case(mock, program, case, broken=None):
    """None, or what went wrong."""
    dialect, run = ALL[case]
    shop = Shop(mock, program, broken, dialect, proxy=run is through_proxy)  # a broken one starts, too
    try:
        with shop:
            run(shop)
    except (AssertionError, KeyError, OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__} {error}"[:300]


# Which case a broken merchant must fail in; the others fail in "apply/buy purchased, French".
WITNESSES = {
    "trusts_callback": "forged callback", "trusts_success_url": "declined on the success address",
    "trusts_error_url": "approved on the error address", "trusts_query": "forged callback",
    "paid_on_pending": "apply pending", "paid_on_declined": "apply declined", "paid_on_any_200": "apply declined",
    "paid_on_approval": "apply/buy approved, then refused", "paid_unless_declined": "apply cancelled",
    "unknown_word_is_failure": "pending, then settled", "pending_is_final": "pending, then settled",
    "unknown_is_failure": "notification 404 at first", "believes_any_order": "callback in a foreign session",
    "foreign_order_in_query": "callback in a foreign session", "callback_twice_opens_again": "callback twice of a pending order",
    "callback_twice_fails": "callback twice of a pending order", "token_per_request": "two customers",
    "one_token_for_all": "two customers", "never_refreshes": "refresh in the last minute",
    "new_instead_of_refresh": "refresh in the last minute", "refreshes_with_access_token": "refresh in the last minute",
    "refreshes_after_expiry": "refresh in the last minute", "stampede": "refresh in the last minute",
    "no_new_token_after_401": "token ended before its time", "endless_after_401": "401 for ever",
    "no_retry": "token 503 once", "ignores_retry_after": "waits as Retry-After says",
    "retries_init_blindly": "init lost", "retry_storm": "token down", "dies_of_bad_json": "token malformed",
    "reference_fresh_on_retry": "a retry has the same reference id", "amount_of_stale_cart": "apply approved",
    "lang_as_browser_tag": "apply approved", "v2_for_apply": "apply approved", "flow_always_apply_buy": "apply approved",
    "secret_in_page": "secrets stay", "client_id_in_page": "secrets stay", "token_in_page": "secrets stay",
    "token_in_cookie": "secrets stay", "token_in_redirect": "secrets stay", "secret_in_query": "other fields, other order",
    "ids_are_numbers": "ids as strings", "bearer_is_fatal": "Bearer", "unknown_field_is_fatal": "other fields, other order",
    "reads_with_a_pattern": "other fields, other order", "asks_too_fast": "polls are a second apart",
}


def run_all(jobs):
    """Runs (what, case, should fail, job) two at a time; what did not come out as it should."""
    wrong = []
    with ThreadPoolExecutor(2) as pool:
        came = pool.map(lambda job: job[3](), jobs)
        for (what, case, fails, _), trouble in zip(jobs, came):
            right = (trouble is not None) == fails
            if not right:
                wrong.append(f"{what}: {case}")
            word = ("caught " if fails else "ok     ") if right else "WRONG  "
            print(f"  {word} {what}: {case}{': ' + trouble if trouble else ''}", flush=True)
    return wrong


def jobs_of(mock, what, program, only):
    if what in (None, "correct"):
        for name in PROGRAMS:
            if program in (None, name):
                for case in ALL:
                    if only is None or only == case:
                        yield name, case, False, lambda name=name, case=case: run_case(mock, name, case)
    if what in (None, "faults"):
        for broken in tomllib.loads((HERE / "faults.toml").read_text())["faults"]:
            name, thing = broken["program"], broken["name"]
            if program in (None, name) and only in (None, thing):
                case = WITNESSES.get(thing, "apply/buy purchased, French")
                yield (f"{name} {thing}", case, True,
                       lambda name=name, thing=thing, case=case: run_case(mock, name, case, thing))


def main():
    mock = Mock(sys.argv[1])
    what, program, only = (sys.argv[2:] + [None] * 3)[:3]
    try:
        jobs = list(jobs_of(mock, what, program, only))
        wrong = run_all(jobs)
    finally:
        mock.stop()
    broken = sum(fails for _, _, fails, _ in jobs)
    print(f"{len(jobs) - broken} runs of correct merchants, {broken} broken merchants, {len(wrong)} not as they should")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
