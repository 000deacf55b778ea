"""A merchant on the mock, and what a test does with it."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request

from .admin import Admin
from .errors import FlexitiMockError
from .types import (
    ClockView,
    Completed,
    Exchange,
    Fault,
    FaultView,
    Finding,
    Match,
    MerchantView,
    OrderView,
    SettleAfter,
    Times,
    Wanted,
)


class Merchant:
    """A merchant with keys, tokens, orders, clock, faults and journal of its own."""

    def __init__(self, admin: Admin, view: MerchantView) -> None:
        self._admin = admin
        self.client_id = view["client_id"]
        self.client_secret = view["client_secret"]
        self.base_url = view["base_url"]

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a shop that is started as a process of its own."""
        hosts = direct(os.environ.get("no_proxy") or os.environ.get("NO_PROXY"))
        trusted = {"FLEXITI_CA_FILE": self._admin.ca} if self._admin.ca else {}
        return {
            **trusted,
            "FLEXITI_BASE_URL": self.base_url,
            "FLEXITI_CLIENT_ID": self.client_id,
            "FLEXITI_CLIENT_SECRET": self.client_secret,
            "FLEXITI_ADMIN_URL": self._admin.url,
            "NO_PROXY": hosts,
            "no_proxy": hosts,
        }

    def token(self) -> str:
        """Asks for an access token, as the shop would; the request is in the journal."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        request = Request(
            f"{self.base_url}/oauth/token", urlencode(form).encode(), {"x-reference-id": uuid.uuid4().hex}
        )
        try:
            with self._admin.opener.open(request) as answer:
                return str(json.load(answer)["access_token"])
        except HTTPError as error:
            raise FlexitiMockError(f"POST /oauth/token: {error.code}: {error.read().decode()}") from None

    def complete(
        self,
        order: int | str,
        outcome: Wanted,
        *,
        follow: bool = False,
        settle_after: SettleAfter | None = None,
    ) -> Completed:
        """Brings an order to `outcome`, as its customer would.

        With `follow` the mock requests the shop's callback URL, as the customer's browser would.
        """
        body: dict[str, Any] = {"outcome": outcome, "follow": follow}
        if settle_after is not None:
            body["settle_after"] = settle_after
        done: Completed = self._admin.call("POST", "/orders/{id}/complete", body, id=order)
        return done

    def order(self, order: int | str) -> OrderView:
        """An order as it stands now."""
        view: OrderView = self._admin.call("GET", "/orders/{id}", id=order)
        return view

    def advance(self, by: timedelta | None = None, *, minutes: float = 0, seconds: float = 0) -> ClockView:
        """Lets time pass at once on this merchant's clock."""
        span = (by or timedelta()) + timedelta(minutes=minutes, seconds=seconds)
        milliseconds = span // timedelta(milliseconds=1)
        clock: ClockView = self._admin.call(
            "PUT", "/merchants/{client_id}/clock", {"advance_ms": milliseconds}, client_id=self.client_id
        )
        return clock

    def freeze(self, frozen: bool = True) -> ClockView:
        """Stops this merchant's clock, or lets it run again."""
        clock: ClockView = self._admin.call(
            "PUT", "/merchants/{client_id}/clock", {"frozen": frozen}, client_id=self.client_id
        )
        return clock

    def set_clock(self, now: datetime | str) -> ClockView:
        """Sets this merchant's clock, to a datetime or a text such as 2026-01-01T00:00:00Z; a time
        without a zone is UTC."""
        if isinstance(now, str):
            # Before Python 3.11, fromisoformat does not know the Z.
            now = datetime.fromisoformat(now.replace("Z", "+00:00"))
        at = now if now.tzinfo else now.replace(tzinfo=timezone.utc)
        clock: ClockView = self._admin.call(
            "PUT",
            "/merchants/{client_id}/clock",
            {"set": at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")},
            client_id=self.client_id,
        )
        return clock

    def faults(self, *faults: Fault) -> list[FaultView]:
        """Replaces the fault plan; without arguments, nothing fails any more."""
        plan = self._admin.call(
            "PUT", "/merchants/{client_id}/faults", {"faults": faults}, client_id=self.client_id
        )
        return _faults(plan)

    def fault_plan(self) -> list[FaultView]:
        """The faults, and how many requests each was injected into (`struck`)."""
        return _faults(self._admin.call("GET", "/merchants/{client_id}/faults", client_id=self.client_id))

    def dialect(self, name: str, *, extends: str | None = None, answers: dict[str, Any] | None = None) -> None:
        """Lets the mock answer in another dialect from the next request on.

        With `answers`, it is one of your own, which `extends` a shipped one.
        """
        body: dict[str, Any] = {"name": name}
        if answers is not None:
            body["extends"] = extends or "documented"
            body["answers"] = answers
        self._admin.call("PUT", "/merchants/{client_id}/dialect", body, client_id=self.client_id)

    def verify(
        self,
        match: Match | str | None = None,
        *,
        times: Times | None = None,
        in_order: Sequence[Match] = (),
    ) -> int:
        """How many requests were as expected; a `VerificationError` if that is not what was expected.

        `match` may be the name of an endpoint. `times` is at least one if absent.
        """
        expected: dict[str, Any] = {"client_id": self.client_id}
        if match is not None:
            expected["match"] = {"endpoint": match} if isinstance(match, str) else match
        if times is not None:
            expected["times"] = times
        if in_order:
            expected["in_order"] = list(in_order)
        return int(self._admin.call("POST", "/requests/verify", expected)["matched"])

    def requests(
        self, *, endpoint: str | None = None, order: int | str | None = None, status: int | None = None
    ) -> list[Exchange]:
        """What was sent, in order."""
        query = {"client_id": self.client_id, "endpoint": endpoint, "order_id": order, "status": status}
        found: list[Exchange] = self._admin.call("GET", "/requests", query=query)["requests"]
        return found

    def send_again(self, request: int) -> int:
        """Lets the mock answer a request of the journal once more; the status of the answer."""
        return int(self._admin.call("POST", "/requests/{id}/again", id=request)["status"])

    def har(self) -> dict[str, Any]:
        """What was sent and answered, as an HTTP archive for other tools."""
        query = {"client_id": self.client_id}
        archive: dict[str, Any] = self._admin.call(
            "GET", "/requests", query=query, accept="application/har+json"
        )
        return archive

    def lint(self) -> list[Finding]:
        """What a reviewer would object to in the requests; an empty list is a good sign."""
        findings: list[Finding] = self._admin.call(
            "GET", "/merchants/{client_id}/lint", client_id=self.client_id
        )["findings"]
        return findings

    def reset(self) -> None:
        """Forgets tokens, orders, journal, faults, clock and dialect."""
        self._admin.call("POST", "/merchants/{client_id}/reset", client_id=self.client_id)

    def delete(self) -> None:
        """Deletes the merchant with everything that belongs to it."""
        self._admin.call("DELETE", "/merchants/{client_id}", client_id=self.client_id)


def direct(hosts: str | None) -> str:
    """A value of NO_PROXY, with this machine added."""
    return ",".join(filter(None, [hosts, "127.0.0.1,localhost"]))


def _faults(plan: Any) -> list[FaultView]:
    faults: list[FaultView] = plan["faults"]
    return faults
