"""What the server remembers: clients, tokens and orders."""

import secrets
import time
import uuid


LIFETIME = 1200


class Token:
    """One access token with its refresh token."""

    def __init__(self, client, scope, access, refresh, lifetime=LIFETIME):
        self.client, self.scope, self.access, self.refresh = client, scope, access, refresh
        self.ends = time.monotonic() + lifetime

    def expired(self):
        """Whether the twenty minutes are over; then it cannot be refreshed either."""
        return time.monotonic() >= self.ends


class Order:
    """One started flow."""

    def __init__(self, number, transaction, client, version, encoding, flow, lang, values, token):
        self.number, self.transaction, self.client = number, transaction, client
        self.version, self.encoding, self.flow, self.lang = version, encoding, flow, lang
        self.values, self.token = values, token
        self.key = secrets.token_urlsafe(18)
        self.customer_id = 1293836 + (number - 131209)
        self.finished = self.told = False
        self.date = time.time()

    @property
    def merchant_orderid(self):
        return self.values.get("merchant_orderid")

    def finish(self):
        """Let the customer reach the end of the flow."""
        if not self.finished:
            self.finished, self.date = True, time.time()


class State:
    """Everything that a reset forgets."""

    def __init__(self, accounts):
        self.accounts = dict(accounts)
        self.requests = 0
        self.wrong_secrets, self.shut_until = {}, {}
        self.by_access, self.by_refresh, self.orders = {}, {}, {}

    def issue(self, client, scope, config, refresh=None, access=None):
        """Make a token pair; a given refresh or access token is kept."""
        access = access or self._new(config, "access_token_short")
        if config.broken("access_token_upper_case"):
            access = ("ABCDEF" + access[6:]).upper()
        refresh = refresh or self._new(config, "refresh_token_short")
        token = Token(client, scope, access, refresh, 3 if config.broken("access_token_lives_three_seconds") else LIFETIME)
        self.by_access[access] = token
        self.by_refresh[refresh] = token
        return token

    def count_wrong_secret(self, client):
        """Ten of them keep the client out for three seconds."""
        self.wrong_secrets[client] = self.wrong_secrets.get(client, 0) + 1
        if self.wrong_secrets[client] % 10 == 0:
            self.shut_until[client] = time.monotonic() + 3

    def is_shut_out(self, client):
        """Whether the client is kept out."""
        return time.monotonic() < self.shut_until.get(client, 0)

    @staticmethod
    def _new(config, short_fault):
        if config["token_form"] == "uuid":
            return str(uuid.uuid4())
        if config["token_form"] == "dotted":
            return ".".join(secrets.token_urlsafe(9) for _ in range(3))
        return secrets.token_hex(16 if config.broken(short_fault) else 20)

    def add_order(self, client, version, encoding, flow, lang, values, token, config):
        """Store a new order under the next number."""
        count = len(self.orders)
        number = 131209 + count
        own = config["transaction_id_value"] == "own"
        transaction = 131222 + 3 * count if own else number
        order = Order(number, transaction, client, version, encoding, flow, lang, values, token)
        self.orders[number] = order
        return order

    def orders_of(self, client):
        """Orders of one client, oldest first."""
        return [order for order in self.orders.values() if order.client == client]

    def order_by_key(self, key):
        """The order whose page has this key, or None."""
        for order in self.orders.values():
            if order.key == key:
                return order
        return None
