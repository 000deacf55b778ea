"""A small client for the tests: sends documented requests, keeps one connection."""

import http.client
import json
import os
import re
import subprocess
import sys
from urllib.parse import quote, urlencode

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = "/flexiti/online-api"
REFERENCE = "0123456789abcdef0123456789abcdef"
CLIENT, SECRET = "flexitidemo", "flexitidemo-secret"
FORM = "application/x-www-form-urlencoded"
ADDRESS = {"first_name": "Ann", "last_name": "Roy", "address_1": "1 Main St", "address_2": "Unit 2",
           "city": "Toronto", "province": "ON", "postal_code": "M1M1M1"}
BUY_BLOCKS = {f"{block}_information.{field}": value for block in ("billing", "shipping") for field, value in ADDRESS.items()}
PREFILL = {"salutation": "Mr", "email": "ann@example.com", "phone_number": "4165550100", "fname": "Ann", "mname": "Q",
           "lname": "Roy", "dob": "1988-07-24", "address_1": "1 Main St", "address_2": "Unit 2", "city": "Toronto",
           "province": "ON", "postal_code": "M1M1M1"}


class Reply:
    """Status, headers and body of an answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def ok(self):
        return 200 <= self.status < 300

    @property
    def json(self):
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {"": value}


class Shopper:
    """Starts the server on a free port and talks to it."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "stranger.py"), "--until-stdin-closes", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.base_url = json.loads(self.process.stdout.readline())["base_url"]
        self.origin = self.base_url[:-len(ROOT)]
        self.connection = http.client.HTTPConnection("127.0.0.1", int(self.origin.rsplit(":", 1)[1]), timeout=10)

        self.own_types = False, False

    def close(self):
        self.connection.close()
        self.process.stdin.close()
        self.process.wait(5)
        self.process.stdout.close()

    def call(self, method, path, headers=None, body=None):
        """One request; path begins at the root of the host."""
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read().decode("utf-8"))

    def configure(self, settings=None, fault=None):
        """Switch the running server."""
        reply = self.call("PUT", "/__stranger", {}, json.dumps({"settings": settings or {}, "fault": fault}))
        assert reply.status == 204, reply.body

    # ---- documented requests; None for a header or parameter leaves it out --------
    def token(self, reference=REFERENCE, content_type=FORM, body=None, **form):
        """A token request with the demo pair unless told otherwise."""
        fields = {"client_id": CLIENT, "client_secret": SECRET, "grant_type": "client_credentials", **form}
        fields = {name: value for name, value in fields.items() if value is not None}
        return self.call("POST", ROOT + "/oauth/token", self.headers(None, reference, content_type),
                         urlencode(fields) if body is None else body)

    def access(self, **form):
        return self.token(**form).json.get("access_token", "none")

    @staticmethod
    def headers(token, reference=REFERENCE, content_type=None):
        values = {"Authorization": token and "Bearer " + token, "x-reference-id": reference, "Content-Type": content_type}
        return {name: value for name, value in values.items() if value is not None}

    @staticmethod
    def params(flow="Apply", /, **changes):
        """Documented init parameters of a flow; a change to None drops one. Double underscores mean a dot."""
        values = {"lang": "En-CA", "flow": flow, "amount_requested": "549.00"}
        if flow != "Apply":
            values.update(BUY_BLOCKS, customer_id="1293836")
        values.update({name.replace("__", "."): value for name, value in changes.items()})
        return {name: value for name, value in values.items() if value is not None}

    def init(self, token, values, version=None, encoding="dotted", reference=REFERENCE, client=CLIENT, raw=None):
        """An init request; version follows from the flow unless given."""
        version = version or ("plain" if values.get("flow") == "Apply" else "v2")
        path = ROOT + ("/online/v2" if version == "v2" else "/online") + f"/client-id/{client}/systems/init"
        body, content_type = encode(values, encoding, self.own_types)
        return self.call("POST", path, self.headers(token, reference, content_type), body if raw is None else raw)

    def note(self, token, key, by_merchant=False, client=CLIENT, reference=REFERENCE):
        kind = "merchant-order-id" if by_merchant else "order-id"
        return self.call("GET", f"{ROOT}/online/client-id/{client}/notifications/{kind}/{quote(str(key), safe='')}",
                         self.headers(token, reference))

    def calculator(self, token, price="499", lang="fr", reference=REFERENCE):
        return self.call("GET", f"{ROOT}/online/v2/client-id/{CLIENT}/systems/payment-calculator?"
                         + urlencode({"clientId": CLIENT, "price": price, "lang": lang}), self.headers(token, reference))

    def availability(self, token):
        return self.call("POST", f"{ROOT}/online/client-id/{CLIENT}/merchants/payment-availability",
                         self.headers(token, REFERENCE, FORM), "amount=499")

    def page(self, url):
        """Open a redirection URL as a browser does."""
        if not isinstance(url, str) or not url.startswith(self.origin + "/"):
            return Reply(0, {}, "")
        return self.call("GET", url[len(self.origin):].partition("#")[0])


def encode(values, encoding, own_types=(False, False)):
    """A body and its content type: dotted, bracket or json, there with amounts and booleans of their own types."""
    if encoding == "json":
        nested, values = {}, dict(values)
        if own_types[0] and re.fullmatch(r"\d+\.\d+", str(values.get("amount_requested"))):
            values["amount_requested"] = float(values["amount_requested"])
        for name in ("is_guest", "has_previous_purchase"):
            if own_types[1] and str(values.get(name)).lower() in ("true", "false"):
                values[name] = values[name].lower() == "true"
        for name, value in values.items():
            block, dot, field = name.partition(".")
            if dot:
                nested.setdefault(block, {})[field] = value
            else:
                nested[name] = value
        return json.dumps(nested), "application/json"
    if encoding == "bracket":
        values = {name.replace(".", "[") + "]" if "." in name else name: value for name, value in values.items()}
    return urlencode(values), FORM
