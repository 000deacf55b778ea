"""What openapi-python-client makes of the export sends what the API takes, and reads its answers.

    python client.py BASE_URL
"""

import sys
from uuid import uuid4

from flexiti_client import AuthenticatedClient, Client, models
from flexiti_client.api.online_api import init_plain, init_v2, notification_order, token

base_url = sys.argv[1]


def reference() -> str:
    return uuid4().hex


keys = models.TokenClientCredentials(client_id="flexitidemo", client_secret="flexitidemo-secret")
granted = token.sync(client=Client(base_url=base_url), body=keys, x_reference_id=reference())
assert isinstance(granted, models.TokenATokenAnswer) and granted.expires_in == 1200, granted
client = AuthenticatedClient(base_url=base_url, token=granted.access_token)


def init(call, body):
    return call.sync("flexitidemo", client=client, body=body, x_reference_id=reference())


wanted = {"lang": "fr", "flow": models.InitPlainDataApplyFlow.APPLY, "merchant_orderid": "CART-1"}
opened = init(init_plain, models.InitPlainDataApply(amount_requested="499.99", **wanted))
assert isinstance(opened, models.InitPlainAnInitAnswer) and opened.redirection_url.startswith("http"), opened
refused = init(init_plain, models.InitPlainDataApply(amount_requested="10,50", **wanted))
assert refused.code == 409 and refused.field_errors[0].param == "amount_requested", refused
address = {
    "first_name": "A", "last_name": "B", "address_1": "1 Main", "address_2": "", "city": "Toronto",
    "province": "ON", "postal_code": "M1M1M1",
}  # fmt: skip
bought = init(
    init_v2,
    models.InitV2JsonBuyWithCustomerId(
        lang="en",
        flow=models.InitV2JsonBuyWithCustomerIdFlow.BUY,
        amount_requested=499.99,
        customer_id=1293836,
        billing_information=models.InitV2JsonBuyWithCustomerIdBillingInformation(**address),
        shipping_information=models.InitV2JsonBuyWithCustomerIdShippingInformation(**address),
    ),
)
assert isinstance(bought, models.InitV2AnInitAnswer), bought
unfinished = notification_order.sync("flexitidemo", str(opened.online_order_id), client=client)
assert unfinished is not None
print("ok: orders", opened.online_order_id, "and", bought.online_order_id)
