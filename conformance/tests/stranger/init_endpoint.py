"""POST systems/init and the page behind the redirection URL."""

import html
import re
from urllib.parse import quote

from bodies import FORM, JSON, BadBody, looks_like_json, media_type, read_form, read_json
from guard import authorise, check_reference
from init_rules import PREFILL, Checker
from messages import Answer, Refusal, input_refusal, json_answer

_SIGNS = re.compile("[<>'\"{};\\\\]|%[0-9a-z]")


class Blocked(Exception):
    """The gateway lets the request not through."""


def _read_body(config, request):
    """The parameters in whichever encoding init reads."""
    kind, allowed = media_type(request.headers.get("content-type")), config["init_encodings"]
    json_like = looks_like_json(request.body)
    if kind == "" and config["content_type_absent"] == "guessed":
        kind = JSON if json_like else FORM
    if kind == FORM and json_like and config["json_under_form"] == "read":
        kind = JSON
    try:
        if kind == FORM and allowed != "json_only":
            return read_form(request.body, config)
        if kind == JSON and allowed != "form_only":
            return read_json(request.body, config)
        raise BadBody("encoding not read here")
    except BadBody as problem:
        raise Refusal(config["bad_json_refusal"], "The body cannot be read: " + str(problem)) from None


def _redirection_url(config, state, request, order):
    """The absolute URL of the hosted page."""
    if config.broken("redirection_url_repeated"):
        order = state.orders_of(order.client)[0]
    host, lang = request.origin, order.lang
    path = {"path": f"/ui/{order.key}",
            "query": f"/ui/start?session={order.key}&lang={lang}",
            "fragment": f"/ui/{order.key}/#/{'start' if order.version == 'v2' else 'apply'}?lang={lang}",
            "under_base": f"/flexiti/online-api/ui/{order.key}"}[config["redirect_shape"]]
    if config.broken("redirection_url_dead"):
        path = path.replace(order.key, "gone-" + order.key)
    for fault, name, value in (("redirection_url_with_token", "token", order.token),
                               ("redirection_url_with_secret", "secret", state.accounts.get(order.client, ""))):
        if config.broken(fault):
            head, mark, tail = path.partition("#")
            path = head + ("&" if "?" in head else "?") + name + "=" + quote(value) + mark + tail
    return path if config.broken("redirection_url_relative") else host + path


def init(config, state, request, version, path_client):
    """Answer an init request."""
    def reference():
        check_reference(config, request, version + "_reference_id_not_required", "init_reference_id_too_long_accepted")
    if config["reference_checked"] == "before_token":
        reference()
    token = authorise(config, state, request, "init", path_client,
                      version + "_token_not_required", "init_invented_token_accepted")
    reference()
    params = _read_body(config, request)
    if config["gateway"] == "refuses_signs" and any(_SIGNS.search(str(value)) for value in params.values.values()):
        raise Blocked
    checked = Checker(config, params, version).run()
    repeat = checked.values.get("merchant_orderid")
    if repeat is not None and config["merchant_orderid_repeats"] == "refused" \
            and any(order.merchant_orderid == repeat for order in state.orders_of(token.client)):
        checked.errors.setdefault("merchant_orderid", ("invalid", repeat))
    if checked.errors:
        raise input_refusal(config, checked.error_list())
    rule = config["buy_unknown_customer"]
    if rule != "taken" and _is_unknown(config["unknown_customers"], checked):
        named = "vcc" if "customer_id" not in checked.values else "customer_id"
        fields = [(named, "invalid", checked.values.get(named))] if rule == "409_wrong_inputs" else []
        raise Refusal(rule, "Customer not found", fields)
    order = state.add_order(token.client, version, params.encoding, checked.flow, checked.lang,
                            checked.values, token.access, config)
    if config["order_finishes"] == "at_init":
        order.finish()
    number = 131209 if config.broken("order_ids_reused") else order.number
    members = {"online_order_id": str(number) if config.broken("order_id_string") else number,
               "redirection_url": _redirection_url(config, state, request, order)}
    if config.broken("order_id_null"):
        members["online_order_id"] = None
    if config.broken("order_id_missing"):
        del members["online_order_id"]
    if config.broken("redirection_url_missing"):
        del members["redirection_url"]
    if config["extra_members"] == "some":
        members["session_minutes"] = 20
    return json_answer(int(config["init_success_status"]), members)


def _is_unknown(which, checked):
    """Whether the server does not know the customer of this request."""
    by_id, by_card = "customer_id" in checked.values, "vcc" in checked.values
    if checked.flow == "buy":
        return which == "at_buy" or (which != "at_apply_buy" and by_card)
    return checked.flow == "apply/buy" and ((which == "at_apply_buy" and (by_id or by_card))
                                            or (which == "ids_at_apply_buy_and_cards_at_buy" and by_id))


WORDS = {"en": {"title": "Flexiti financing", "apply": "Apply now", "buy": "Confirm your purchase",
                "apply/buy": "Apply and buy", "lead": "Welcome. Please check what you have told us."},
         "fr": {"title": "Financement Flexiti", "apply": "Faire une demande", "buy": "Confirmer votre achat",
                "apply/buy": "Faire une demande et acheter", "lead": "Bienvenue. Veuillez vérifier vos renseignements."}}


def _page_lang(config, order):
    if config.broken("page_always_english") or (order.version == "plain" and config.broken("plain_page_always_english")):
        return "en"
    return "fr" if config.broken("page_always_french") else order.lang


def _form(config, order):
    """The application form with what init sent to fill it in."""
    values = {} if config.broken("page_prefill_missing") else dict(order.values)
    if config.broken("page_prefill_swapped"):
        values["fname"], values["lname"] = values.get("lname", ""), values.get("fname", "")
    return "".join(f'<input name="{name}" value="{html.escape(values.get(name, ""))}">' for name in PREFILL)


def page(config, state, order, finish=True):
    """The hosted page as HTML."""
    lang = _page_lang(config, order)
    words = WORDS[lang]
    tag = lang if config["page_lang_tag"] == "short" else lang + "-CA"
    leak = ""
    for fault, value in (("page_shows_token", order.token), ("page_shows_client_id", order.client),
                         ("page_shows_secret", state.accounts.get(order.client, ""))):
        if config.broken(fault):
            leak = f'<script>var session = "{html.escape(value)}";</script>'
    form = "" if order.flow == "buy" else f"<form>{_form(config, order)}</form>"
    start = words[order.flow]
    text = (f'<!DOCTYPE html>\n<html lang="{tag}"><head><meta charset="utf-8"><title>{words["title"]}</title></head>'
            f"<body><h1>{start}</h1><p>{words['lead']}</p>{form}{leak}</body></html>\n")
    if finish and config["order_finishes"] == "on_page":
        order.finish()
    return Answer(200, text.encode("utf-8", "replace"), "text/html; charset=utf-8")
