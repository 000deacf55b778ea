"""What the admin API takes and answers, as far as the helpers show it.

`tests/test_openapi.py` compares this file with the OpenAPI document of the program.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union

Outcome = Literal[
    "approved", "pending", "declined", "retry", "purchased", "refused", "cancelled", "abandoned", "expired"
]
Wanted = Literal[
    "approved", "pending", "declined", "retry", "purchased", "refused", "cancelled", "abandoned", "expired",
    "as_applied",
]  # fmt: skip
Target = Literal[
    "token", "init", "init_v2", "init_plain", "notification", "notification_order", "notification_merchant_order",
    "notification_old", "calculator", "availability", "learn_more", "callback",
]  # fmt: skip
ActionType = Literal[
    "delay", "delay_uniform", "delay_lognormal", "status", "empty", "reset", "truncate", "lost_response", "dribble",
    "malformed", "malformed_chunking", "wrong_type", "expire_token", "late_notification", "duplicate_callback",
    "no_callback", "maintenance",
]  # fmt: skip


class NewMerchant(TypedDict, total=False):
    """What a new merchant may have; what is left out is generated."""

    client_id: str
    client_secret: str
    username: str
    password: str
    provisioned: bool
    trust_url: str
    success_url: str
    error_url: str
    name: str
    name_fr: str
    lang: str
    dialect: str


class _MerchantView(TypedDict):
    client_id: str
    client_secret: str
    base_url: str


class MerchantView(_MerchantView, total=False):
    """A merchant with its keys."""

    username: str | None
    password: str | None
    dialect: str | None


class SettleAfter(TypedDict, total=False):
    """When notifications begin to show the outcome: milliseconds, or notifications without it."""

    ms: int
    polls: int


class _OrderView(TypedDict):
    id: int
    client_id: str
    flow: str
    lang: str
    amount: str
    stage: str
    next: list[Wanted]
    settled: bool
    redirection_url: str


class OrderView(_OrderView, total=False):
    """An order as it stands now."""

    merchant_order_id: str | None
    decision: str | None
    outcome: Outcome | None
    refused: str | None
    customer_id: str | None
    pin: str | None
    opened: str | None
    ended: str | None
    callback_url: str | None


class Followed(TypedDict, total=False):
    """What the shop answered to a callback."""

    status: int | None
    error: str | None


class _Completed(TypedDict):
    order: OrderView


class Completed(_Completed, total=False):
    """An order after `complete`, and where its customer is sent."""

    callback_url: str | None
    followed: Followed | None


class ClockView(TypedDict):
    """A merchant's clock."""

    now: str
    frozen: bool


class _Action(TypedDict):
    type: ActionType


# `from` is a word of Python's.
_Window = TypedDict("_Window", {"from": str, "until": str}, total=False)


class Action(_Action, _Window, total=False):
    """What a fault does; which members belong to which type is in the reference of fault plans."""

    ms: int
    min_ms: int
    max_ms: int
    median_ms: int
    sigma: float
    status: int
    headers: dict[str, str]
    body: Any
    bytes: int
    every_ms: int


class FaultMatch(TypedDict, total=False):
    """The requests that a fault is for."""

    endpoint: Target
    nth: int
    params: dict[str, str]
    probability: float


class _Fault(TypedDict):
    action: Action


class Fault(_Fault, total=False):
    """One planned fault: `times` is 1 if absent, and 0 means always."""

    match: FaultMatch
    times: int


class FaultView(Fault):
    """A fault, with the requests it was injected into."""

    struck: int
    consumed_by: list[int]


class Match(TypedDict, total=False):
    """What a request must have."""

    endpoint: str
    method: str
    path: str
    status: int
    params: dict[str, Any]
    headers: dict[str, str]


class Range(TypedDict, total=False):
    """How many."""

    min: int
    max: int


Times = Union[int, Range]


class _Finding(TypedDict):
    rule: str
    message: str
    requests: list[int]
    remedy: str


class Finding(_Finding, total=False):
    """Something that a reviewer would object to."""

    clause: str | None
    test_case: str | None


class _Broken(TypedDict):
    clause: str


class Broken(_Broken, total=False):
    """A clause that a request broke."""

    param: str | None
    msg: str | None
    remedy: str


class _Exchange(TypedDict):
    id: int
    at: str
    method: str
    path: str
    headers: dict[str, Any]
    status: int
    duration_us: int
    violations: list[Broken]


class Exchange(_Exchange, total=False):
    """A request of the journal."""

    clock: str | None
    client_id: str | None
    endpoint: str | None
    params: dict[str, Any] | None
    body: str | None
    error: str | None
    order_id: int | None
    fault: str | None
