"""The planted faults: each contradicts one documented thing.

WAIVERS and DEMANDS hold the data of the faults about required and optional
init parameters; every other fault is asked for by name where it acts.
"""

TOKEN = "POST /oauth/token"
V2 = "POST /online/v2/.../systems/init"
PLAIN = "POST /online/.../systems/init"
INIT = "POST systems/init (both paths)"
PAGE = "GET redirection_url"
BY_ID = "GET notifications/order-id"
BY_MERCHANT = "GET notifications/merchant-order-id"
NOTE = "GET notifications (both paths)"
CALC = "GET systems/payment-calculator"
AVAIL = "POST merchants/payment-availability"

FAULTS = []
WAIVERS = {}
DEMANDS = {}


def _f(name, endpoint, about, evidence, source, description):
    """Register one fault."""
    FAULTS.append({"name": name, "description": description, "endpoint": endpoint,
                   "about": about, "evidence": evidence, "source": source})


def _waive(name, endpoint, about, source, description, versions=None, flows=None, encodings=None):
    """Register a fault that does not require a required init parameter."""
    _f(name, endpoint, about, "D", source, description)
    WAIVERS[name] = (about, versions, flows, encodings)


def _demand(name, endpoint, about, evidence, source, description, flows=None):
    """Register a fault that requires an optional init parameter."""
    _f(name, endpoint, about, evidence, source, description)
    DEMANDS[name] = (about, flows)


# ---- token: request -----------------------------------------------------------
for _n, _a, _d in [
        ("token_json_accepted", "Content-Type", "The token endpoint reads a JSON body."),
        ("token_multipart_accepted", "Content-Type", "The token endpoint reads a multipart form."),
        ("token_plain_text_accepted", "Content-Type", "The token endpoint reads a form body sent as text/plain."),
        ("token_reference_id_not_required", "x-reference-id", "The token endpoint works without x-reference-id."),
        ("token_reference_id_too_long_accepted", "x-reference-id", "The token endpoint takes an x-reference-id of any length."),
        ("token_client_id_not_required", "client_id", "A token is given without client_id when the secret is known."),
        ("token_secret_not_required", "client_secret", "A token is given without client_secret."),
        ("token_wrong_secret_accepted", "client_secret", "A token is given for any client_secret that is sent."),
        ("token_unknown_client_accepted", "client_id", "A token is given for a client_id that does not exist."),
        ("token_wrong_secret_accepted_customer", "client_secret", "A token of the scope customer is given for any client_secret."),
        ("token_grant_prefix_accepted", "grant_type", "A grant_type that begins with client_credentials counts as it."),
        ("token_unknown_grant_accepted", "grant_type", "A grant_type outside the list counts as client_credentials."),
        ("token_client_credentials_refused", "grant_type", "The listed grant_type client_credentials is refused when named."),
        ("token_unknown_scope_accepted", "scope", "A scope outside the list counts as merchant."),
        ("token_scope_required", "scope", "A token request without scope is refused though scope is optional."),
        ("token_customer_scope_refused", "scope", "The listed scope customer is refused."),
        ("token_merchant_scope_refused", "scope", "The listed scope merchant is refused when named."),
        ("token_default_scope_customer", "scope", "Without scope the token is for customer instead of merchant."),
        ("refresh_refused", "refresh_token", "The refresh token of the last answer is refused."),
        ("refresh_token_not_required", "refresh_token", "A refresh works without refresh_token."),
        ("refresh_token_prefix_accepted", "refresh_token", "A refresh works with a part of the refresh token."),
        ("refresh_invented_token_accepted", "refresh_token", "A refresh works with an invented refresh_token."),
        ("refresh_without_secret_accepted", "client_secret", "A refresh works without client_secret."),
        ("refresh_wrong_secret_accepted", "client_secret", "A refresh works with a wrong client_secret."),
        ("refresh_same_access_token", "access_token", "A refresh answers the same access token again."),
        ("refresh_no_expires_in", "expires_in", "The answer to a refresh lacks expires_in."),
        ("refresh_no_refresh_token", "refresh_token", "The answer to a refresh lacks refresh_token."),
        ("refreshed_token_useless", "access_token", "The access token from a refresh is not accepted by other endpoints.")]:
    _f(_n, TOKEN, _a, "D", "R-cur", _d)
# ---- token: answer ----------------------------------------------------------------
for _n, _a, _e, _s, _d in [
        ("access_token_missing", "access_token", "D", "R-cur", "The token answer lacks access_token."),
        ("access_token_short", "access_token", "E", "R-cur", "The access token has 32 characters instead of 40."),
        ("access_token_upper_case", "access_token", "E", "R-cur", "The access token has upper-case hex letters."),
        ("token_status_201", "status", "D", "R-cur, P-plan", "The token answer has the status 201."),
        ("access_token_lives_three_seconds", "expires_in", "D", "R-cur, RT", "Access tokens end after three seconds."),
        ("access_token_repeated", "access_token", "D", "TC", "Every token request of a client gets the same access token."),
        ("refresh_token_missing", "refresh_token", "D", "R-cur", "The token answer has no refresh_token."),
        ("refresh_token_short", "refresh_token", "E", "R-cur", "The refresh token has 32 characters instead of 40."),
        ("expires_in_missing", "expires_in", "D", "R-cur", "The token answer has no expires_in."),
        ("expires_in_string", "expires_in", "E", "R-cur", "expires_in is a text."),
        ("expires_in_3600", "expires_in", "D", "R-cur, RT", "expires_in is 3600 instead of twenty minutes."),
        ("token_type_missing", "token_type", "E", "R-cur", "The token answer has no token_type."),
        ("token_type_mac", "token_type", "E", "R-cur", "token_type is mac."),
        ("token_scope_missing", "scope", "E", "R-cur", "The token answer has no scope."),
        ("token_scope_list", "scope", "E", "R-cur", "scope in the token answer is a list.")]:
    _f(_n, TOKEN, _a, _e, _s, _d)
# ---- init: headers --------------------------------------------------------------------
for _n, _p, _a, _d in [
        ("v2_token_not_required", V2, "authorization", "The v2 init works without a bearer token."),
        ("plain_token_not_required", PLAIN, "authorization", "The init without v2 works without a bearer token."),
        ("json_invented_token_accepted", INIT, "authorization", "Init accepts an invented bearer token with a JSON body."),
        ("init_invented_token_accepted", INIT, "authorization", "Init accepts an invented bearer token."),
        ("v2_reference_id_not_required", V2, "x-reference-id", "The v2 init works without x-reference-id."),
        ("plain_reference_id_not_required", PLAIN, "x-reference-id", "The init without v2 works without x-reference-id."),
        ("init_reference_id_too_long_accepted", INIT, "x-reference-id", "Init takes an x-reference-id of any length.")]:
    _f(_n, _p, _a, "D", "R-bul, R-seed", _d)
# ---- init: required parameters ----------------------------------------------------------
_waive("v2_lang_not_required", V2, "lang", "R-seed", "The v2 init works without lang.", versions=["v2"])
_waive("plain_lang_not_required", PLAIN, "lang", "R-seed", "The init without v2 works without lang.", versions=["plain"])
_waive("json_lang_not_required", INIT, "lang", "R-seed", "A JSON init works without lang.", encodings=["json"])
_waive("v2_flow_not_required", V2, "flow", "R-seed", "The v2 init without flow counts as Apply.", versions=["v2"])
_waive("plain_flow_not_required", PLAIN, "flow", "R-seed", "The init without v2 and without flow counts as Apply.", versions=["plain"])
_waive("v2_amount_not_required", V2, "amount_requested", "R-seed", "The v2 init works without amount_requested.", versions=["v2"])
_waive("plain_amount_not_required", PLAIN, "amount_requested", "R-seed", "The init without v2 works without amount_requested.", versions=["plain"])
_waive("form_amount_not_required_buy", INIT, "amount_requested", "R-seed", "A form init for Buy works without amount_requested.", flows=["buy"], encodings=["dotted", "bracket"])
_waive("json_amount_not_required", INIT, "amount_requested", "R-seed", "A JSON init works without amount_requested.", encodings=["json"])
for _block in ("billing", "shipping"):
    for _field, _flows, _encodings in [
            ("first_name", ["buy"], None), ("last_name", ["buy"], ["json"]),
            ("address_1", ["apply/buy"], None), ("city", ["apply/buy"], None),
            ("province", None, ["dotted"]), ("postal_code", None, ["json"]), ("city", ["buy"], ["bracket"])]:
        _tail = "".join(["_" + x.replace("/", "_") for x in _flows or []] + ["_" + x for x in _encodings or []])
        _words = " ".join((_flows or ["Buy and Apply/Buy"]) + (["sent as " + _encodings[0]] if _encodings else []))
        _waive(f"{_block}_{_field}_not_required{_tail}", INIT, f"{_block}_information.{_field}", "R-seed",
               f"{_block}_information.{_field} may be missing for {_words}.", flows=_flows, encodings=_encodings)
for _n, _a, _e, _s, _d in [
        ("shipping_block_missing_accepted", "shipping_information", "D", "R-seed", "A buy or apply/buy without any shipping field is accepted."),
        ("buy_without_customer_accepted", "customer_id", "D", "R-seed", "A buy with neither customer_id nor vcc is accepted."),
        ("json_buy_without_customer_accepted", "customer_id", "D", "R-seed", "A JSON buy with neither customer_id nor vcc is accepted."),
        ("lang_empty_accepted", "lang", "D", "R-seed", "An empty lang is accepted."),
        ("amount_empty_accepted", "amount_requested", "D", "R-seed", "An empty amount_requested is accepted."),
        # ---- init: values
        ("flow_unknown_accepted", "flow", "D", "R-seed, R-old1", "An unknown flow counts as Apply."),
        ("amount_zero_accepted", "amount_requested", "P", "R-seed, P-val", "An amount of 0 is accepted."),
        ("amount_negative_accepted", "amount_requested", "P", "R-seed, P-val", "A negative amount is accepted."),
        ("amount_comma_accepted", "amount_requested", "P", "R-seed, P-val", "A comma as decimal separator is accepted."),
        ("amount_text_accepted", "amount_requested", "P", "R-seed, P-val", "An amount that is no number is accepted."),
        ("customer_id_21_accepted", "customer_id", "D", "R-bul", "A customer_id of more than 20 characters is accepted in a form."),
        ("json_customer_id_21_accepted", "customer_id", "D", "R-bul", "A customer_id of more than 20 characters is accepted in JSON."),
        ("customer_id_20_refused", "customer_id", "D", "R-bul", "A customer_id of exactly 20 characters is refused."),
        ("is_guest_bad_text_accepted", "is_guest", "D", "R-bul", "Any text is accepted for the boolean is_guest."),
        ("is_guest_true_refused", "is_guest", "D", "R-bul", "is_guest true is refused."),
        ("is_guest_capital_refused", "is_guest", "D", "R-bul, R-old1", "is_guest True with a capital is refused though listed once."),
        ("previous_purchase_false_refused", "has_previous_purchase", "D", "R-seed, R-old1", "has_previous_purchase False and false are refused."),
        ("salutation_mrs_refused", "salutation", "D", "R-old1", "The listed salutation Mrs is refused."),
        ("province_ab_refused", "province", "D", "R-old1", "The listed province AB is refused as prefill."),
        ("flow_containing_buy_accepted", "flow", "D", "R-seed, R-old1", "A flow that contains buy, such as rebuy, counts as Buy."),
        ("merchant_orderid_digits_refused", "merchant_orderid", "D", "R-bul", "A merchant_orderid of digits alone is refused."),
        ("province_qc_refused", "province", "D", "R-old1", "The listed province QC is refused as prefill."),
        ("lang_en_ca_refused", "lang", "D", "R-old1", "The listed language En-CA is refused."),
        ("lang_en_fr_refused", "lang", "D", "R-old1", "The listed language en-FR is refused.")]:
    _f(_n, INIT, _a, _e, _s, _d)
_f("plain_apply_refused", PLAIN, "flow", "D", "R-cur, R-seed", "The init without v2 refuses Apply.")
_f("v2_buy_refused", V2, "flow", "D", "R-cur, R-seed", "The v2 init refuses Buy.")
_f("v2_apply_buy_refused", V2, "flow", "D", "R-cur, R-seed", "The v2 init refuses Apply/Buy.")
for _n, _a, _e, _s, _d, _flows in [
        ("merchant_orderid_required", "merchant_orderid", "D", "R-bul", "Init demands the optional merchant_orderid.", None),
        ("is_guest_required", "is_guest", "D", "R-bul", "Init demands the optional is_guest.", None),
        ("previous_purchase_required", "has_previous_purchase", "D", "R-seed", "Init demands the optional has_previous_purchase.", None),
        ("email_required", "email", "D", "R-seed, SDK, POC, HS-tr", "Init demands the optional email for Apply.", ["apply"]),
        ("phone_required", "phone_number", "D", "R-seed", "Init demands the optional phone_number for Apply/Buy.", ["apply/buy"]),
        ("prefill_city_required", "city", "D", "R-seed", "Init demands the optional city.", None),
        ("vcc_always_required", "vcc", "D", "R-seed", "A buy with a customer_id demands vcc too.", ["buy"]),
        ("customer_id_always_required", "customer_id", "D", "R-seed, R-bul", "A buy with a vcc demands customer_id too.", ["buy"]),
        ("customer_id_required_for_apply", "customer_id", "D", "R-seed", "Apply demands customer_id.", ["apply"]),
        ("billing_required_for_apply", "billing_information.city", "D", "R-seed", "Apply demands the city of the billing block.", ["apply"]),
        ("shipping_required_for_apply", "shipping_information.city", "D", "R-seed", "Apply demands the city of the shipping block.", ["apply"])]:
    _demand(_n, INIT, _a, _e, _s, _d, _flows)
# ---- init: answer ------------------------------------------------------------------------
for _n, _a, _e, _s, _d in [
        ("redirection_url_missing", "redirection_url", "D", "R-cur, R-ex", "The init answer has no redirection_url."),
        ("redirection_url_relative", "redirection_url", "D", "R-cur", "redirection_url has no scheme and host, so it cannot be opened."),
        ("redirection_url_dead", "redirection_url", "D", "R-cur", "redirection_url leads to a 404."),
        ("redirection_url_with_token", "redirection_url", "D", "TC", "redirection_url carries the access token."),
        ("redirection_url_with_secret", "redirection_url", "D", "TC", "redirection_url carries the client secret."),
        ("redirection_url_repeated", "redirection_url", "D", "R-cur", "Every init of a client gets the redirection_url of its first order."),
        ("order_id_missing", "online_order_id", "E", "R-ex", "The init answer has no online_order_id."),
        ("order_id_string", "online_order_id", "E", "R-ex, R-old3", "online_order_id is a text."),
        ("order_id_null", "online_order_id", "E", "R-ex, R-old3", "online_order_id is null."),
        ("order_ids_reused", "online_order_id", "D", "R-ex, R-bul", "Every init answers the same online_order_id."),
        ("init_error_code_missing", "code", "D", "R-old3, R-v3", "Init errors have no code."),
        ("init_errors_with_200", "code", "D", "R-old3, R-v3", "Init errors come with the status of a success."),
        ("init_error_code_string", "code", "D", "R-old3, R-v3", "code in init errors is a text."),
        ("init_error_word_missing", "error", "D", "R-old3, R-v3", "Init errors have no error."),
        ("init_error_description_missing", "error_description", "D", "R-old3, R-v3", "Init errors have no error_description."),
        ("init_error_nested", "error", "D", "R-old3, R-v3", "error in init errors is an object instead of a text.")]:
    _f(_n, INIT, _a, _e, _s, _d)
# ---- page -------------------------------------------------------------------------------------
for _n, _a, _s, _d in [
        ("page_always_english", "lang", "TC", "The page is in English when French was asked for."),
        ("page_always_french", "lang", "TC", "The page is in French when English was asked for."),
        ("plain_page_always_english", "lang", "TC", "The page of an init without v2 is in English when French was asked for."),
        ("page_shows_token", "access_token", "TC", "The HTML of the page holds the access token."),
        ("page_shows_secret", "client_secret", "TC", "The HTML of the page holds the client secret."),
        ("page_shows_client_id", "client_id", "TC", "The HTML of the page holds the client id."),
        ("page_prefill_missing", "fname", "R-seed", "The application form on the page is not filled in."),
        ("page_prefill_swapped", "fname", "R-seed", "First and last name are swapped in the application form.")]:
    _f(_n, PAGE, _a, "D", _s, _d)
# ---- notifications ------------------------------------------------------------------------------
for _n, _p, _a, _e, _s, _d in [
        ("notification_token_not_required", BY_ID, "authorization", "D", "R-cur", "The notification by order id works without a token."),
        ("merchant_notification_token_not_required", BY_MERCHANT, "authorization", "D", "R-cur", "The notification by merchant order id works without a token."),
        ("notification_invented_token_accepted", NOTE, "authorization", "D", "R-cur", "Notifications accept an invented token."),
        ("notification_other_order", BY_ID, "orderId", "D", "R-ex", "The notification by order id shows the client's first order."),
        ("merchant_notification_other_order", BY_MERCHANT, "merchantOrderId", "D", "R-bul, R-ex", "The notification by merchant order id shows the client's first order."),
        ("merchant_lookup_not_found", BY_MERCHANT, "merchantOrderId", "D", "R-bul", "An order is not found by the merchant_orderid that init stored."),
        ("json_merchant_lookup_not_found", BY_MERCHANT, "merchantOrderId", "D", "R-bul", "An order is not found by a merchant_orderid sent in JSON."),
        ("buy_merchant_lookup_not_found", BY_MERCHANT, "merchantOrderId", "D", "R-bul", "A buy is not found by its merchant_orderid."),
        ("notification_by_id_not_found", BY_ID, "orderId", "D", "R-ex", "No order is found by its order id."),
        ("notification_of_previous_order", BY_ID, "orderId", "D", "R-ex", "An order id leads to the order before it."),
        ("unknown_order_shows_newest", NOTE, "orderId", "D", "R-ex", "An id that no order has leads to the newest order."),
        ("merchant_lookup_newest", BY_MERCHANT, "merchantOrderId", "D", "R-bul", "Any merchant order id that is known leads to the newest order."),
        ("notification_shown_once", NOTE, "orderId", "D", "R-ex", "An order is found once, and then no more."),
        ("older_order_not_found", NOTE, "orderId", "D", "R-ex", "Only the newest order is found."),
        ("notification_wants_post", BY_ID, None, "D", "R-cur", "The notification by order id answers to POST in place of GET."),
        ("notification_wrapped", NOTE, None, "E", "R-ex", "The members of a notification stand one level deeper."),
        ("notification_flow_missing", NOTE, "flow", "E", "R-ex", "The notification has no flow."),
        ("notification_flow_always_apply", NOTE, "flow", "E", "R-ex", "The notification of every order says flow apply."),
        ("notification_flow_capital", NOTE, "flow", "E", "R-ex", "The notification of an apply order says Apply instead of apply."),
        ("transaction_id_missing", NOTE, "transaction_id", "E", "R-ex", "The notification has no transaction_id."),
        ("transaction_id_string", NOTE, "transaction_id", "E", "R-ex", "transaction_id is a text."),
        ("transaction_id_shared", NOTE, "transaction_id", "E", "R-ex", "All orders have the same transaction_id."),
        ("callback_url_missing", NOTE, "callback_url", "E", "R-ex", "The notification has no callback_url."),
        ("callback_url_number", NOTE, "callback_url", "E", "R-ex", "callback_url is a number."),
        ("date_missing", NOTE, "date", "E", "R-ex", "The notification has no date."),
        ("date_without_milliseconds", NOTE, "date", "E", "R-ex", "date has no milliseconds."),
        ("date_with_offset", NOTE, "date", "E", "R-ex", "date ends in +00:00 instead of Z."),
        ("date_number", NOTE, "date", "E", "R-ex", "date is a number."),
        ("merchant_notification_date_missing", BY_MERCHANT, "date", "E", "R-ex", "Only the notification by merchant order id has no date."),
        ("apply_block_missing", NOTE, "apply", "E", "R-ex", "The notification of a finished application has no apply block."),
        ("apply_status_missing", NOTE, "apply.apply_status", "E", "R-ex", "The apply block has no apply_status."),
        ("apply_status_lower", NOTE, "apply.apply_status", "E", "R-ex", "apply_status is success instead of SUCCESS."),
        ("apply_customer_id_missing", NOTE, "apply.customer_id", "E", "R-ex", "The apply block has no customer_id."),
        ("apply_customer_id_string", NOTE, "apply.customer_id", "E", "R-ex", "customer_id in the apply block is a text."),
        # ---- calculator
        ("calculator_not_served", CALC, None, "D", "R-cur", "The payment calculator is not there."),
        ("calculator_token_not_required", CALC, "authorization", "D", "R-cur", "The calculator works without a token."),
        ("calculator_invented_token_accepted", CALC, "authorization", "D", "R-cur", "The calculator accepts an invented token."),
        ("calculator_499_wrong", CALC, "paymentPlan.monthlyPayment", "E", "R-ex", "The monthly payment is one cent too high."),
        ("calculator_months_wrong", CALC, "paymentPlan.months", "E", "R-ex", "months says one month more than the payment is for."),
        ("monthly_payment_number", CALC, "paymentPlan.monthlyPayment", "E", "R-ex", "monthlyPayment is a number."),
        ("monthly_payment_comma", CALC, "paymentPlan.monthlyPayment", "E", "R-ex", "monthlyPayment has a comma for the period."),
        ("monthly_payment_dollar", CALC, "paymentPlan.monthlyPayment", "E", "R-ex", "monthlyPayment begins with a dollar sign."),
        ("monthly_payment_missing", CALC, "paymentPlan.monthlyPayment", "E", "R-ex", "The plan has no monthlyPayment."),
        ("months_number", CALC, "paymentPlan.months", "E", "R-ex", "months is a number."),
        ("months_missing", CALC, "paymentPlan.months", "E", "R-ex", "The plan has no months."),
        ("html_render_missing", CALC, "htmlRender", "E", "R-ex", "The calculator answer has no htmlRender."),
        ("html_render_null", CALC, "htmlRender", "E", "R-ex", "htmlRender is null."),
        ("html_render_shows_client_id", CALC, "htmlRender", "D", "TC", "The HTML for the product page holds the client id."),
        ("payment_plan_missing", CALC, "paymentPlan", "E", "R-ex", "The calculator answer has no paymentPlan."),
        ("payment_plan_flat", CALC, "paymentPlan", "E", "R-ex", "The members of paymentPlan stand at the top level."),
        ("calculator_language_ignored", CALC, "lang", "E", "R-ex, TC", "The calculator's HTML is in English when lang is fr."),
        # ---- availability
        ("availability_not_served", AVAIL, None, "D", "R-cur, R-ex", "The payment-availability endpoint is not there."),
        ("availability_token_not_required", AVAIL, "authorization", "D", "R-cur", "Payment-availability works without a token."),
        ("availability_invented_token_accepted", AVAIL, "authorization", "D", "R-cur", "Payment-availability accepts an invented token.")]:
    _f(_n, _p, _a, _e, _s, _d)
