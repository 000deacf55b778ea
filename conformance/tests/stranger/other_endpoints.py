"""Notifications, payment calculator, payment availability, learn-more."""

import datetime
import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from bodies import BadBody, read_pairs
from guard import authorise, check_reference_elsewhere
from messages import Answer, Refusal, input_refusal, json_answer

ROUNDING = {"half_up": ROUND_HALF_UP, "truncate": ROUND_DOWN, "half_even": ROUND_HALF_EVEN}
OUTCOMES = {"A": "approved", "D": "declined", "P": "pending"}
STATUS = {"upper": {"declined": "DECLINED", "pending": "PENDING", "retry": "RETRY"},
          "title": {"declined": "Declined", "pending": "Pending", "retry": "Retry"},
          "failed": {"declined": "FAILED", "pending": "PENDING", "retry": "FAILED"}}


# ---- notifications ---------------------------------------------------------------
def _outcome(config, order):
    """How the application of this order ends."""
    middle = order.values.get("mname", "")
    if config["response_keys"] == "off" or not re.match(r"^[ADP]-[A-Z_]+$", middle):
        return "approved"
    if middle == "D-EMAIL_DBL_TIMEOUT":
        return "retry"
    return OUTCOMES[middle[0]]


def _apply_block(config, order):
    outcome = _outcome(config, order)
    status = "SUCCESS" if outcome == "approved" else STATUS[config["status_words"]][outcome]
    block = {"customer_id": order.customer_id, "apply_status": status}
    if config.broken("apply_customer_id_string"):
        block["customer_id"] = str(order.customer_id)
    if config.broken("apply_status_lower"):
        block["apply_status"] = status.lower()
    for fault, member in (("apply_customer_id_missing", "customer_id"), ("apply_status_missing", "apply_status")):
        if config.broken(fault):
            del block[member]
    return block


def _date(config, order):
    moment = datetime.datetime.fromtimestamp(order.date, datetime.timezone.utc)
    if config.broken("date_number"):
        return int(order.date)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if not config.broken("date_without_milliseconds"):
        text += f".{moment.microsecond // 1000:03d}"
    return text + ("+00:00" if config.broken("date_with_offset") else "Z")


def _flow_word(config, order):
    if config.broken("notification_flow_always_apply"):
        return "apply"
    if order.flow == "apply/buy":
        return config["apply_buy_word"]
    return "Apply" if order.flow == "apply" and config.broken("notification_flow_capital") else order.flow


def _blocks(config, order):
    """The blocks about application and purchase."""
    title = config["status_words"] == "title"
    blocks = {}
    pending = not order.finished
    if order.flow != "buy" and not config.broken("apply_block_missing"):
        if pending:
            blocks["apply"] = {"customer_id": None, "apply_status": "Pending" if title else "PENDING"}
        else:
            blocks["apply"] = _apply_block(config, order)
    if order.flow == "buy" or (order.flow == "apply/buy" and not pending and _outcome(config, order) == "approved"):
        good = "Success" if title else "SUCCESS"
        waiting = "Pending" if title else "PENDING"
        blocks[config["purchase_block_name"]] = {"status": waiting if pending else good}
    return blocks


def _notification(config, order, by_merchant):
    """The body of the notification of one order."""
    if not order.finished and config["unfinished_order"] == "empty":
        return {}
    transaction = 131222 if config.broken("transaction_id_shared") else order.transaction
    body = {"transaction_id": str(transaction) if config.broken("transaction_id_string") else transaction,
            "flow": _flow_word(config, order),
            "callback_url": 0 if config.broken("callback_url_number") else ""}
    if order.finished or config["unfinished_order"] == "pending":
        body.update(_blocks(config, order))
    body["date"] = _date(config, order)
    for fault, member in (("transaction_id_missing", "transaction_id"), ("notification_flow_missing", "flow"),
                          ("callback_url_missing", "callback_url"), ("date_missing", "date")):
        if config.broken(fault):
            del body[member]
    if by_merchant and config.broken("merchant_notification_date_missing"):
        del body["date"]
    if config["extra_members"] == "some":
        body["channel"] = "online"
    return body


def _find(config, state, client, key, by_merchant):
    """The order asked for, of whichever client, or None."""
    if not by_merchant:
        if config.broken("notification_by_id_not_found"):
            return None
        return state.orders.get(int(key)) if re.match(r"^[0-9]{1,15}$", key) else None
    if config.broken("merchant_lookup_not_found"):
        return None
    found = [order for order in state.orders.values() if order.merchant_orderid == key]
    if config.broken("json_merchant_lookup_not_found"):
        found = [order for order in found if order.encoding != "json"]
    if config.broken("buy_merchant_lookup_not_found"):
        found = [order for order in found if order.flow != "buy"]
    own = [order for order in found if order.client == client]
    found = own or found
    if not found:
        return None
    return found[0] if config["merchant_orderid_repeats"] == "oldest" else found[-1]


def notification(config, state, request, path_client, key, by_merchant):
    """Answer a notification request."""
    fault = "merchant_notification_token_not_required" if by_merchant else "notification_token_not_required"
    token = authorise(config, state, request, "notification", path_client, fault, "notification_invented_token_accepted")
    check_reference_elsewhere(config, request)
    if not by_merchant and not re.match(r"^[0-9]{1,15}$", key) and config["malformed_order_id"] == "wrong_inputs":
        raise input_refusal(config, [("orderId", "type", key)])
    order = _find(config, state, token.client, key, by_merchant)
    own = state.orders_of(token.client)
    if order is not None and not by_merchant and config.broken("notification_of_previous_order"):
        order = own[max(own.index(order) - 1, 0)] if order in own else order
    if own and order is None and config.broken("unknown_order_shows_newest"):
        order = own[-1]
    if own and order is not None and by_merchant and config.broken("merchant_lookup_newest"):
        order = own[-1]
    if own and order is not own[-1] and config.broken("older_order_not_found"):
        order = None
    if order is not None and config.broken("notification_shown_once"):
        order.told, told = True, order.told
        order = None if told else order
    if order is not None and order.client != token.client and config["foreign_order"] != "shown":
        if config["foreign_order"] != "as_unknown":
            raise Refusal(config["foreign_order"], "Not your order")
        order = None
    if order is None:
        if config["unknown_order"] == "empty":
            return json_answer(200, {})
        raise Refusal(config["unknown_order"], "Not found")
    if config.broken("merchant_notification_other_order" if by_merchant else "notification_other_order"):
        order = (state.orders_of(token.client) or [order])[0]
    if not order.finished and config["unfinished_order"] == "404":
        raise Refusal("404_not_found", "Not found")
    body = _notification(config, order, by_merchant)
    return json_answer(200, {"data": body} if config.broken("notification_wrapped") else body)


# ---- calculator ----------------------------------------------------------------------
def _html(config, lang, monthly, months, client):
    text = (f"ou {months} versements de {monthly} $ par mois" if lang == "fr"
            else f"or {months} payments of ${monthly} a month")
    if config.broken("html_render_shows_client_id"):
        text += f"<!-- {client} -->"
    more = "En savoir plus" if lang == "fr" else "Learn more"
    return {"div": f'<div class="flexiti" lang="{lang}">{text}</div>', "text": text,
            "link": f'<p lang="{lang}">{text} <a href="#">{more}</a></p>'}[config["calculator_html"]]


def _no_plan(config, lang, how):
    """The answer where no plan fits."""
    if how == "404":
        raise Refusal("404_not_found", "Not found")
    plan = None if how == "null_plan" else {"monthlyPayment": "", "months": ""}
    return json_answer(200, {"htmlRender": "", "paymentPlan": plan})


def _plan(config, price):
    """Monthly payment and months as the texts of the answer."""
    months = 6 if config["calculator_plans"] == "by_price" and price >= 1000 else 3
    monthly = (price / months).quantize(Decimal("0.01"), ROUNDING[config["calculator_rounding"]])
    if config.broken("calculator_499_wrong"):
        monthly += Decimal("0.01")
    text = str(monthly)
    if config.broken("monthly_payment_comma"):
        text = text.replace(".", ",")
    if config.broken("monthly_payment_dollar"):
        text = "$" + text
    shown_months = months + 1 if config.broken("calculator_months_wrong") else months
    plan = {"monthlyPayment": float(monthly) if config.broken("monthly_payment_number") else text,
            "months": shown_months if config.broken("months_number") else str(shown_months)}
    for fault, member in (("monthly_payment_missing", "monthlyPayment"), ("months_missing", "months")):
        if config.broken(fault):
            del plan[member]
    return plan, text, months


def calculator(config, state, request, path_client):
    """Answer a calculator request."""
    token = authorise(config, state, request, "calculator", path_client,
                      "calculator_token_not_required", "calculator_invented_token_accepted")
    check_reference_elsewhere(config, request)
    try:
        query, _ = read_pairs(request.query, config)
    except BadBody:
        raise input_refusal(config, [("price", "invalid", None)]) from None
    problems = []
    named, rule = query.get("clientId"), config["calculator_client_query"]
    if rule != "ignored" and not named:
        problems.append(("clientId", "required", None))
    elif rule == "must_match" and named != path_client.strip('"'):
        problems.append(("clientId", "invalid", named))
    text = query.get("price", "")
    good_price = re.match(r"^[0-9]{1,15}(\.[0-9]{1,10})?$", text) is not None and Decimal(text) > 0
    if not good_price and config["calculator_bad_price"] == "refused":
        problems.append(("price", "invalid" if text else "required", text or None))
    lang = {"en": "en", "fr": "fr"}.get(query.get("lang", "")[:2].lower())
    if lang is None:
        if config["calculator_missing_lang"] == "refused":
            problems.append(("lang", "invalid" if query.get("lang") else "required", query.get("lang")))
        lang = config["calculator_missing_lang"]
    if problems:
        raise input_refusal(config, problems)
    if not good_price:
        return _no_plan(config, lang, config["calculator_bad_price"])
    price = Decimal(text)
    if price < 50 and config["calculator_no_plan"] != "none":
        return _no_plan(config, lang, config["calculator_no_plan"])
    if config.broken("calculator_language_ignored"):
        lang = "en"
    plan, shown, months = _plan(config, price)
    body = {"htmlRender": _html(config, lang, shown, months, token.client), "paymentPlan": plan}
    if config.broken("html_render_null"):
        body["htmlRender"] = None
    if config.broken("html_render_missing"):
        del body["htmlRender"]
    if config.broken("payment_plan_missing"):
        del body["paymentPlan"]
    if config.broken("payment_plan_flat"):
        body.update(body.pop("paymentPlan"))
    if config["extra_members"] == "some":
        body["currency"] = "CAD"
    return json_answer(200, body)


# ---- availability and learn-more ---------------------------------------------------------
def availability(config, state, request, path_client):
    """Answer a payment-availability request; its body is not looked at."""
    authorise(config, state, request, "availability", path_client,
              "availability_token_not_required", "availability_invented_token_accepted")
    check_reference_elsewhere(config, request)
    shape = config["availability_body"]
    if shape == "no_content":
        return Answer(204)
    bodies = {"available": {"available": True}, "list": [{"name": "Flexiti", "available": True}], "empty": {},
              "payment_available": {"payment_available": "true", "flows": ["apply", "buy"]}}
    return json_answer(200, bodies[shape])


def learn_more(config, state, request, path_client):
    """Answer a request to the withdrawn learn-more endpoint."""
    authorise(config, state, request, "init", path_client, None, None)
    return json_answer(200, {"redirection_url": request.origin + "/ui/learn-more"})
