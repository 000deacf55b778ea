"""A shop's checkout with Flexiti, from the token to the notification, with what goes wrong."""

import json
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

ADDRESS = {"first_name": "Elodie", "last_name": "Gagnon", "address_1": "1 rue Saint-Paul", "address_2": "app. 3",
           "city": "Montreal", "province": "QC", "postal_code": "H2Y1C6"}  # fmt: skip


class Flexiti:
    """The shop's client: keeps a token, gets another when it has ended, and retries what failed."""

    def __init__(self, base_url, client_id, client_secret):
        self.base_url, self.token = base_url, None
        self.keys = {"client_id": client_id, "client_secret": client_secret}

    def call(self, path, cart=None, retries=1):
        self.token = self.token or self.new_token()
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        try:
            return self.send(path, cart and json.dumps(cart), headers)
        except HTTPError as error:
            if retries == 0 or error.code not in (401, 503):
                raise
            self.token = None if error.code == 401 else self.token
            return self.call(path, cart, retries - 1)

    def new_token(self):
        return self.send("/oauth/token", urlencode({"grant_type": "client_credentials", **self.keys}), {})["access_token"]

    def send(self, path, body, headers):
        request = Request(self.base_url + path, body and body.encode(), {"x-reference-id": uuid4().hex, **headers})
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)


def test_a_checkout(flexiti_merchant):
    flexiti = Flexiti(flexiti_merchant.base_url, flexiti_merchant.client_id, flexiti_merchant.client_secret)
    client = f"client-id/{flexiti_merchant.client_id}"

    # The first init is answered 503; the shop sends it again with the same token.
    flexiti_merchant.faults({"match": {"endpoint": "init"}, "action": {"type": "status", "status": 503}})
    cart = {"lang": "fr", "flow": "apply/buy", "amount_requested": 499.99, "merchant_orderid": "CART-1",
            "billing_information": ADDRESS, "shipping_information": ADDRESS}  # fmt: skip
    order = flexiti.call(f"/online/v2/{client}/systems/init", cart)["online_order_id"]
    flexiti_merchant.verify({"endpoint": "init", "params": {"lang": "fr", "billing_information.city": "Montreal"}}, times=2)

    # The customer buys, and takes longer than the token lives.
    flexiti_merchant.complete(order, "purchased")
    flexiti_merchant.advance(minutes=21)
    notification = flexiti.call(f"/online/{client}/notifications/order-id/{order}")
    assert notification["purchase"]["status"] == "Success", notification

    flexiti_merchant.verify("token", times=2)
    assert flexiti_merchant.lint() == []
