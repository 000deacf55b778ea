"""Tests of the stranger: happy path, planted faults, random settings."""

import json
import random
import subprocess
import sys
import time
import unittest

from config import FAULT_NAMES
from documented import FLOWS, Judge
from settings import SETTINGS
from shopper import HERE, ROOT, Shopper

RANDOM_RUNS = 30
ODD_VALUES = [None, True, 0, -1, 1e300, "1e999", [], {}, {"a": {}}, "\u00e9", "\ud800", " ", "9" * 5000]
ODD_BODIES = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"a=%zz&=&&b", b"flow[=1&flow]=2&[]=3", b'{"amount_requested": NaN}',
              b'{"amount_requested": ' + b"9" * 5000 + b"}", b"[" * 3000]


class StrangerTest(unittest.TestCase):
    """All tests share one running server."""

    @classmethod
    def setUpClass(cls):
        cls.shop = Shopper("--port", "0")

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def test_happy_path_in_three_encodings(self):
        for encoding in ("dotted", "bracket", "json"):
            for flow, _ in FLOWS:
                with self.subTest(encoding=encoding, flow=flow):
                    self.shop.configure()
                    token = self.shop.access()
                    reply = self.shop.init(token, Shopper.params(flow, merchant_orderid="cart 1/é", lang="fr"), encoding=encoding)
                    self.assertEqual(reply.status, 200, reply.body)
                    order = reply.json["online_order_id"]
                    page = self.shop.page(reply.json["redirection_url"])
                    self.assertIn('<html lang="fr">', page.body)
                    note = self.shop.note(token, order).json
                    self.assertEqual(note, self.shop.note(token, "cart 1/é", by_merchant=True).json)
                    self.assertEqual(note["flow"], flow.lower())
                    if flow != "Buy":
                        self.assertEqual(note["apply"]["apply_status"], "SUCCESS")

    def test_no_admin_paths(self):
        for path in ("/__admin", "/__admin/state", ROOT + "/__admin"):
            self.assertEqual(self.shop.call("GET", path).status, 404)

    def test_second_account_is_kept_apart(self):
        self.shop.configure()
        mine, other = self.shop.access(), self.shop.access(client_id="other", client_secret="other-secret")
        order = self.shop.init(mine, Shopper.params()).json["online_order_id"]
        self.assertEqual(self.shop.note(other, order, client="other").status, 404)
        self.assertEqual(self.shop.note(other, order).status, 403)

    def test_every_fault_breaks_a_documented_sentence(self):
        for fault in FAULT_NAMES:
            if fault == "access_token_lives_three_seconds":
                continue  # below: it takes time
            with self.subTest(fault=fault):
                self.shop.configure(fault=fault)
                self.assertTrue(Judge(self.shop, {}).run(first_only=True), "nothing broken")

    def test_tokens_end_early_if_that_is_planted(self):
        for fault, granted in ((None, True), ("access_token_lives_three_seconds", False)):
            self.shop.configure(fault=fault)
            token = self.shop.access()
            time.sleep(3.1)
            self.assertEqual(self.shop.init(token, Shopper.params()).status == 200, granted)

    def test_settings_keep_the_documented_sentences(self):
        self.shop.configure()
        self.assertEqual(Judge(self.shop, {}).run(), [])
        chance = random.Random(20)
        for _ in range(RANDOM_RUNS):
            chosen = drawn(chance)
            with self.subTest(settings=chosen):
                self.shop.configure(chosen)
                self.assertEqual(Judge(self.shop, chosen).run(), [])

    def test_odd_requests_get_an_answer(self):
        chance = random.Random(7)
        for _ in range(40):
            self.shop.configure(drawn(chance))
            token = self.shop.access()
            for value in ODD_VALUES:
                for name in ("lang", "flow", "amount_requested", "customer_id", "is_guest", "merchant_orderid", "billing_information"):
                    reply = self.shop.init(token, Shopper.params("Buy", **{name: value}), encoding="json")
                    self.assertLess(reply.status, 500, reply.body)
            for raw in ODD_BODIES:
                for encoding in ("dotted", "json"):
                    self.assertIn(self.shop.init(token, {}, encoding=encoding, raw=raw).status // 100, (2, 4))
                self.assertIn(self.shop.token(body=raw).status // 100, (2, 4))
            for key in ("", "x", "-1", "é", "%", "a/b"):
                self.assertLess(self.shop.note(token, key).status, 500)
                self.assertLess(self.shop.note(token, key, by_merchant=True).status, 500)
                self.assertLess(self.shop.calculator(token, price=key, lang=key).status, 500)

    def test_catalogues_and_refused_arguments(self):
        for option, keys in (("--list-settings", {"values", "default"}), ("--list-faults", set())):
            entries = json.loads(run(option).stdout)
            for entry in entries:
                self.assertGreaterEqual(set(entry), {"name", "description", "endpoint", "about", "evidence", "source"} | keys)
            names = [entry["name"] for entry in entries]
            self.assertEqual(len(names), len(set(names)))
        for wrong in (["--fault", "nonsense"], ["--set", "nonsense=1"], ["--set", "error_shape=nonsense"]):
            result = run(*wrong)
            self.assertEqual((result.returncode, result.stderr.count("\n")), (2, 1))
            self.assertIn("nonsense", result.stderr)


def drawn(chance):
    """Any setting, but for those that take away what the judge of this test needs: a customer who may
    buy, a token that stays, an answer to each request."""
    chosen = {entry["name"]: chance.choice(entry["values"]) for entry in SETTINGS}
    gateway = "none" if chosen["gateway"] == "unavailable_now_and_then" else chosen["gateway"]
    return {**chosen, "buy_unknown_customer": "taken", "lockout": "none", "gateway": gateway}


def run(*arguments):
    return subprocess.run([sys.executable, HERE + "/stranger.py", *arguments], capture_output=True, text=True, timeout=10)


if __name__ == "__main__":
    unittest.main()
