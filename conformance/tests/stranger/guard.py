"""What comes before every endpoint: reference id, bearer token, client in the path."""

import re

from messages import Refusal, input_refusal, oauth_refusal
from state import Token

_HEX = re.compile(r"^[0-9A-Fa-f]{32}$")
_DASHED = re.compile(r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")


def reference_problem(config, value, absent_fault, length_fault):
    """The field error of an x-reference-id, or None."""
    name = "x-reference-id"
    if value is None or value.strip() == "":
        return None if config.broken(absent_fault) else (name, "required", value)
    value = value.strip()
    if not value.isascii():
        return (name, "invalid", value)
    if config["reference_content"] == "lower_hex" and value != value.lower():
        return (name, "invalid", value)
    if _DASHED.match(value):
        return None if config["reference_dashed"] == "accepted" else (name, config["length_word"], value)
    if len(value) > 32:
        return None if config.broken(length_fault) else (name, config["length_word"], value)
    if config["reference_content"] != "any" and not _HEX.match(value):
        return (name, "invalid", value)
    return None


def check_reference(config, request, absent_fault, length_fault):
    """Refuse a missing or bad x-reference-id."""
    problem = reference_problem(config, request.headers.get("x-reference-id"), absent_fault, length_fault)
    if problem:
        raise input_refusal(config, [problem])


def check_reference_elsewhere(config, request):
    """The same where the header table is unknown."""
    if config["reference_elsewhere"] == "required":
        check_reference(config, request, None, None)


def _find_token(config, state, request, no_token_fault, invented_fault, path_client):
    """The token of the request; faults let an anonymous one through."""
    header = request.headers.get("authorization")
    anonymous = Token(path_client, "merchant", "", "")
    if header is None or not header.strip():
        if config.broken(no_token_fault):
            return anonymous
        raise oauth_refusal(config, config["missing_token_refusal"], "no_token", [("authorization", "required", None)])
    scheme, _, value = header.strip().partition(" ")
    right_scheme = scheme == "Bearer" or (config["bearer_scheme_case"] == "any" and scheme.lower() == "bearer")
    token = state.by_access.get(value.strip()) if right_scheme else None
    if token is None or token.expired():
        is_json = "json" in (request.headers.get("content-type") or "")
        waved = config.broken(invented_fault) or (is_json and config.broken("json_invented_token_accepted"))
        if right_scheme and value.strip() and waved:
            return anonymous
        raise oauth_refusal(config, config["bad_token_refusal"], "bad_token", [("authorization", "invalid", None)])
    return token


_CUSTOMER_ALLOWED = {"all": ("init", "notification", "calculator", "availability"),
                     "no_notifications": ("init", "calculator", "availability"),
                     "calculator_only": ("calculator",)}


def authorise(config, state, request, kind, path_client, no_token_fault, invented_fault):
    """Check token, scope and the client of the path; gives the token."""
    if config["quoted_client_id"] == "stripped" and len(path_client) > 2:
        path_client = path_client.strip('"')
    token = _find_token(config, state, request, no_token_fault, invented_fault, path_client)
    if token.scope == "customer" and kind not in _CUSTOMER_ALLOWED[config["scope_matrix"]]:
        raise oauth_refusal(config, config["scope_refusal"], "low_scope")
    if path_client not in state.accounts:
        rule, text = config["unknown_path_client"], "Unknown client"
    elif path_client != token.client:
        rule, text = config["foreign_path_client"], "The token belongs to another client"
    else:
        return token
    if rule != "accepted":
        raise Refusal(rule, text, [("client_id", "invalid", path_client)])
    return token
