"""POST /oauth/token."""

import base64
import binascii
import re

from bodies import FORM, BadBody, Params, looks_like_json, media_type, read_json, read_pairs
from guard import reference_problem
from messages import Refusal, input_refusal, json_answer, oauth_refusal

GRANTS = ("client_credentials", "refresh_token", "password")
SCOPES = ("merchant", "customer")


_PART = re.compile(r'name="([^"]+)"\r\n\r\n([^\r]*)\r\n')


def _read(config, request):
    """The form parameters; any other encoding is refused."""
    kind = media_type(request.headers.get("content-type"))
    absent = kind == "" and config["content_type_absent"] == "guessed" and not looks_like_json(request.body)
    try:
        if kind == "application/json" and config.broken("token_json_accepted"):
            values = read_json(request.body, config).values
            return Params("json", {name: str(value) for name, value in values.items()})
        if kind == "multipart/form-data" and config.broken("token_multipart_accepted"):
            return Params("form", dict(_PART.findall(request.body.decode("utf-8", "replace"))))
        if not (kind == FORM or absent or (kind == "text/plain" and config.broken("token_plain_text_accepted"))):
            raise oauth_refusal(config, config["token_encoding_refusal"], "encoding")
        values, repeated = read_pairs(request.body, config)
    except BadBody as problem:
        raise input_refusal(config, [("body", "invalid", str(problem))], config["token_input_refusal"]) from None
    if repeated and config["repeated_parameter"].startswith("refused"):
        word = config["repeated_parameter"].split("_")[1]
        raise input_refusal(config, [(name, word, None) for name in repeated], config["token_input_refusal"])
    return Params("form", values)


def _basic_pair(config, request):
    """Client id and secret from a Basic header, or (None, None)."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if config["basic_credentials"] != "accepted" or scheme.lower() != "basic":
        return None, None
    try:
        name, _, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return name or None, secret or None


def _client(config, state, request, form, refreshing):
    """The client that asks, or a refusal."""
    name, secret = form.get("client_id") or None, form.get("client_secret") or None
    if name is None and secret is None:
        name, secret = _basic_pair(config, request)
    if name is None and secret is not None and config.broken("token_client_id_not_required"):
        for known, its_secret in state.accounts.items():
            if secret == its_secret:
                return known
    if name is None:
        raise oauth_refusal(config, config["token_missing_client_refusal"], "no_id", [("client_id", "required", None)])
    known = name in state.accounts
    if state.is_shut_out(name):
        raise Refusal("403_access_denied", "Too many wrong secrets: try again later")
    if secret is None:
        waived = "refresh_without_secret_accepted" if refreshing else "token_secret_not_required"
        if known and config.broken(waived):
            return name
        raise oauth_refusal(config, config["token_missing_client_refusal"], "no_secret", [("client_secret", "required", None)])
    if known and state.accounts[name] == secret:
        return name
    if known and form.get("scope") == "customer" and config.broken("token_wrong_secret_accepted_customer"):
        return name
    waived = "refresh_wrong_secret_accepted" if refreshing else "token_wrong_secret_accepted"
    if (known and config.broken(waived)) or (not known and config.broken("token_unknown_client_accepted")):
        return name
    if config["lockout"] == "ten_wrong_secrets":
        state.count_wrong_secret(name)
    raise oauth_refusal(config, config["token_wrong_client_refusal"], "wrong_pair", [("client_secret", "invalid", None)])


def _grant(config, form):
    """The grant type in its listed spelling, or a refusal."""
    given = form.get("grant_type") or ""
    if not given:
        if config["grant_type_required"] == "yes":
            raise oauth_refusal(config, config["token_grant_refusal"], "no_grant", [("grant_type", "required", None)])
        return "client_credentials"
    grant = given.lower() if config["grant_type_case"] == "any" else given
    if grant == "client_credential" and config["grant_type_singular"] == "accepted":
        return "client_credentials"
    if grant.startswith("client_credentials") and config.broken("token_grant_prefix_accepted"):
        return "client_credentials"
    known = grant in GRANTS
    if not known and config.broken("token_unknown_grant_accepted"):
        return "client_credentials"
    if not known or (grant == "client_credentials" and config.broken("token_client_credentials_refused")):
        raise oauth_refusal(config, config["token_grant_refusal"], "bad_grant", [("grant_type", "invalid", given)])
    return grant


def _scope(config, form):
    """The scope asked for, or a refusal."""
    given = form.get("scope") or ""
    if not given:
        if config.broken("token_scope_required"):
            raise oauth_refusal(config, config["token_scope_refusal"], "bad_scope", [("scope", "required", None)])
        return "customer" if config.broken("token_default_scope_customer") else "merchant"
    refused = config.broken(f"token_{given}_scope_refused") if given in SCOPES else True
    if not refused:
        return given
    if sorted(given.split(" ")) == sorted(SCOPES) and config["scope_list"] == "accepted":
        return given
    if given not in SCOPES and config.broken("token_unknown_scope_accepted"):
        return "merchant"
    raise oauth_refusal(config, config["token_scope_refusal"], "bad_scope", [("scope", "invalid", given)])


def _check_user(config, state, client, form):
    """The user of the password grant, or a refusal."""
    rule = config["password_grant"]
    name, word = form.get("username") or "", form.get("password") or ""
    if rule == "no_user" or (rule == "any_user" and name and word):
        return
    if rule == "client_pair" and name == client and word == state.accounts.get(client):
        return
    raise oauth_refusal(config, "400_invalid_grant", "bad_user", [("username", "invalid", name)])


def _refresh(config, state, client, form):
    """The new token for a refresh, or a refusal."""
    given = form.get("refresh_token") or ""
    if not given:
        if config.broken("refresh_token_not_required"):
            return state.issue(client, "merchant", config)
        raise oauth_refusal(config, config["refresh_missing_refusal"], "no_refresh", [("refresh_token", "required", None)])
    old = state.by_refresh.get(given)
    if old is None and config["refresh_accepts"] == "both":
        old = state.by_access.get(given)
    if old is None and config.broken("refresh_token_prefix_accepted"):
        longer = [token for word, token in state.by_refresh.items() if len(given) > 8 and word.startswith(given)]
        old = longer[0] if longer else None
    if old is None and config.broken("refresh_invented_token_accepted"):
        return state.issue(client, "merchant", config)
    if old is None or old.expired() or old.client != client or config.broken("refresh_refused"):
        raise oauth_refusal(config, config["refresh_unknown_refusal"], "bad_refresh", [("refresh_token", "invalid", None)])
    scope = _scope(config, form) if config["refresh_scope"] == "parameter" else old.scope
    access = old.access if config.broken("refresh_same_access_token") else None
    if config["refresh_rotation"] == "same":
        token = state.issue(client, scope, config, refresh=old.refresh, access=access)
    else:
        token = state.issue(client, scope, config, access=access)
        if config["refresh_rotation"] == "new_and_revoke":
            state.by_refresh.pop(old.refresh, None)
    if config["refresh_old_access"] == "revoked" and token.access != old.access:
        state.by_access.pop(old.access, None)
    if config.broken("refreshed_token_useless"):
        del state.by_access[token.access]
    return token


def _first_token(config, state, client, form):
    """The token for a grant other than a refresh."""
    scope = _scope(config, form)
    earlier = [token for token in state.by_access.values() if token.client == client]
    if config["earlier_tokens"] == "end":
        for token in earlier:
            del state.by_access[token.access]
    if config.broken("access_token_repeated"):
        for token in earlier:
            if token.scope == scope:
                return state.issue(client, scope, config, access=token.access)
    return state.issue(client, scope, config)


def token_body(config, token, refreshed):
    """The members of a token answer in their order."""
    seconds = int(config["expires_in_value"])
    if config.broken("expires_in_3600"):
        seconds = 3600
    members = {
        "token_type": "mac" if config.broken("token_type_mac") else config["token_type_spelling"],
        "access_token": token.access,
        "expires_in": str(seconds) if config.broken("expires_in_string") else seconds,
        "refresh_token": token.refresh,
        "scope": [token.scope] if config.broken("token_scope_list") else token.scope}
    if config["token_member_order"] == "old":
        members = {name: members[name] for name in ("access_token", "token_type", "expires_in", "refresh_token", "scope")}
    for fault, member in (("access_token_missing", "access_token"), ("refresh_token_missing", "refresh_token"),
                          ("expires_in_missing", "expires_in"), ("token_type_missing", "token_type"),
                          ("token_scope_missing", "scope")):
        if config.broken(fault) and not refreshed:
            del members[member]
    for fault, member in (("refresh_no_expires_in", "expires_in"), ("refresh_no_refresh_token", "refresh_token")):
        if config.broken(fault) and refreshed:
            del members[member]
    if config["extra_members"] == "some":
        members["client_name"] = "Test shop"
    return members


def token(config, state, request):
    """Answer a token request."""
    form = _read(config, request).values
    problem = reference_problem(config, request.headers.get("x-reference-id"),
                                "token_reference_id_not_required", "token_reference_id_too_long_accepted")
    if problem:
        raise input_refusal(config, [problem], config["token_input_refusal"])
    refreshing = (form.get("grant_type") or "").lower() == "refresh_token"
    client = _client(config, state, request, form, refreshing)
    grant = _grant(config, form)
    if grant == "password":
        _check_user(config, state, client, form)
    if grant == "refresh_token":
        made = _refresh(config, state, client, form)
    else:
        made = _first_token(config, state, client, form)
    return json_answer(201 if config.broken("token_status_201") else 200, token_body(config, made, grant == "refresh_token"))
