"""From a request to its endpoint."""

from urllib.parse import parse_qs, unquote

import init_endpoint
import other_endpoints
import token_endpoint
from messages import Answer, Refusal, refusal_answer

BASE = ["flexiti", "online-api"]


class Request:
    """One request; header names are lower case, segments are decoded."""

    def __init__(self, method, target, headers, body, origin):
        self.method, self.headers, self.body, self.origin = method, headers, body, origin
        self.path, _, self.query = target.partition("?")
        self.segments = [unquote(part) for part in self.path.lstrip("/").split("/")]


def _ui_key(config, request):
    """The key of the hosted page that a path leads to, or None."""
    parts = request.segments
    if config["redirect_shape"] == "under_base":
        return parts[3] if len(parts) == 4 and parts[:3] == BASE + ["ui"] else None
    if parts[0] != "ui":
        return None
    if config["redirect_shape"] == "query":
        return parse_qs(request.query).get("session", [None])[0] if parts == ["ui", "start"] else None
    return parts[1] if len(parts) == 2 or (len(parts) == 3 and parts[2] == "") else None


def find(config, state, request):
    """The method a path takes, the function that answers, whether it is init; None for an unknown path."""
    key = _ui_key(config, request)
    if key is not None:
        order = state.order_by_key(key)
        return None if order is None else (
            "GET", lambda: init_endpoint.page(config, state, order, request.method == "GET"), False)
    if request.segments == ["ui", "learn-more"] and config["learn_more"] == "served":
        return "GET", lambda: Answer(200, b"<!DOCTYPE html><title>Flexiti</title>\n", "text/html; charset=utf-8"), False
    if request.segments[:2] != BASE:
        return None
    parts = request.segments[2:]
    if config["trailing_slash"] == "ignored" and len(parts) > 1 and parts[-1] == "":
        parts = parts[:-1]
    if parts == ["oauth", "token"]:
        return "POST", lambda: token_endpoint.token(config, state, request), False
    if len(parts) < 4 or parts[0] != "online":
        return None
    version = "v2" if parts[1] == "v2" else "plain"
    rest = parts[2:] if version == "v2" else parts[1:]
    if rest[0] != "client-id" or len(rest) < 4:
        return None
    return _client_path(config, state, request, version, rest[1], rest[2:])


def _client_path(config, state, request, version, client, tail):
    """The endpoints below client-id/{clientId}."""
    args = (config, state, request)
    if tail == ["systems", "init"]:
        return "POST", lambda: init_endpoint.init(*args, version, client), True
    if version == "v2":
        if tail == ["systems", "payment-calculator"] and not config.broken("calculator_not_served"):
            return "GET", lambda: other_endpoints.calculator(*args, client), False
        return None
    if tail == ["merchants", "payment-availability"] and not config.broken("availability_not_served"):
        return "POST", lambda: other_endpoints.availability(*args, client), False
    if tail == ["systems", "learn-more"] and config["learn_more"] == "served":
        return "POST", lambda: other_endpoints.learn_more(*args, client), False
    if tail[0] != "notifications" or tail[-1] == "":
        return None
    if len(tail) == 3 and tail[1] in ("order-id", "merchant-order-id"):
        by_merchant = tail[1] == "merchant-order-id"
        method = "POST" if config.broken("notification_wants_post") and not by_merchant else "GET"
        return method, lambda: other_endpoints.notification(*args, client, tail[2], by_merchant), False
    if len(tail) == 2 and config["old_notification_path"] == "served":
        return "GET", lambda: other_endpoints.notification(*args, client, tail[1], False), False
    return None


def _unknown_path(config, request):
    shape = config["unknown_path"]
    if shape == "html":
        return Answer(404, b"<!DOCTYPE html><title>404</title><h1>Not Found</h1>\n", "text/html; charset=utf-8")
    if shape == "bare":
        return Answer(404, b"", "text/plain")
    return refusal_answer(config, Refusal("404_not_found", "Not found"), request.path, False)


def answer(config, state, request):
    """The answer to a request, with the headers every answer has."""
    state.requests += 1
    if config["gateway"] == "unavailable_now_and_then" and state.requests % 20 == 0:
        return Answer(503, b"<!DOCTYPE html><title>Service unavailable</title>\n", "text/html")
    result = _answer(config, state, request)
    if config["cache_headers"] == "no_store":
        result.headers.update({"Cache-Control": "no-store", "Pragma": "no-cache"})
    if config["cors"] == "any_origin":
        result.headers.update({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"})
    return result


def _answer(config, state, request):
    found = find(config, state, request)
    if found is None:
        return _unknown_path(config, request)
    method, endpoint, is_init = found
    if request.method == "OPTIONS" and config["cors"] == "any_origin":
        return Answer(204, headers={"Access-Control-Allow-Methods": method + ", OPTIONS"})
    like_get = request.method == "HEAD" and method == "GET" and config["head_answers"] == "like_get"
    if request.method != method and not like_get:
        status = config["wrong_method"]
        refusal = Refusal(status + "_invalid_request", "Wrong method", headers={"Allow": method} if status == "405" else None)
        return refusal_answer(config, refusal, request.path, is_init)
    if len(request.body) > int(config["body_limit"]):
        return refusal_answer(config, Refusal("413_too_large", "Body too large"), request.path, is_init)
    try:
        return endpoint()
    except init_endpoint.Blocked:
        page = b"<!DOCTYPE html><title>Request blocked</title>\n"
        return Answer(403, page, "text/html")
    except Refusal as refusal:
        return refusal_answer(config, refusal, request.path, is_init)
