"""The open questions: every switch, its alternatives and why it is open.

Each alternative keeps every documented sentence (marks D and E of the Online
API). Refusal values read STATUS_word, for example 409_wrong_inputs.
"""

TOKEN = "POST /oauth/token"
INIT = "POST systems/init"
NOTE = "GET notifications"
CALC = "GET systems/payment-calculator"
AVAIL = "POST merchants/payment-availability"
PAGE = "GET redirection_url"
API = "every endpoint that needs a bearer token"
ALL = "every endpoint"

SETTINGS = []


def _s(name, values, endpoint, about, evidence, source, description, default=None):
    """Register one setting; the first value is the default unless one is named."""
    SETTINGS.append({
        "name": name, "description": description, "endpoint": endpoint, "about": about,
        "evidence": evidence, "source": source, "values": values,
        "default": default or values[0]})


# ---- token endpoint -------------------------------------------------------
_s("token_missing_client_refusal", ["400_invalid_client", "401_invalid_client", "409_wrong_inputs", "400_invalid_request"],
   TOKEN, "client_id", "P", "P-err", "Status and error word when client id or secret is missing.")
_s("token_wrong_client_refusal", ["400_invalid_client", "401_invalid_client", "400_invalid_credentials", "403_invalid_client"],
   TOKEN, "client_secret", "P", "P-err, P-plan", "Status and error word when client id and secret do not belong together.")
_s("token_grant_refusal", ["400_unsupported_grant_type", "400_invalid_request", "409_wrong_inputs", "422_wrong_inputs"],
   TOKEN, "grant_type", "P", "P-err, NOS2, NOS3", "Status and error word for a grant_type outside the list, or missing where required.")
_s("token_scope_refusal", ["400_invalid_scope", "409_wrong_inputs", "400_invalid_request", "409_wrong_input"],
   TOKEN, "scope", "P", "P-err", "Status and error word for a scope outside the list.")
_s("token_encoding_refusal", ["400_invalid_request", "415_unsupported_media_type", "409_wrong_inputs", "400_invalid_client"],
   TOKEN, "Content-Type", "?", "R-cur, NOS2, NOS3", "Which error a body gets that is not form-encoded (that it gets one is documented).")
_s("token_input_refusal", ["400_invalid_request", "409_wrong_inputs", "422_wrong_inputs", "409_wrong_input"],
   TOKEN, "x-reference-id", "?", "R-cur, P-err", "Status and error word for a missing or bad x-reference-id and for unreadable or repeated form fields.")
_s("refresh_missing_refusal", ["400_invalid_request", "400_invalid_grant", "409_wrong_inputs"],
   TOKEN, "refresh_token", "I", "NOS2, NOS3", "Status and error word when a refresh carries no refresh_token.")
_s("refresh_unknown_refusal", ["400_invalid_grant", "401_invalid_token", "400_invalid_request", "409_wrong_inputs"],
   TOKEN, "refresh_token", "I", "NOS2, NOS3, P-err", "Status and error word when a refresh carries an unknown refresh_token.")
_s("lockout", ["none", "ten_wrong_secrets"],
   TOKEN, "client_secret", "?", "R-cur", "Whether ten wrong secrets keep a client out for three seconds.")
_s("oauth_wording", ["nos3", "nos2", "plain"],
   ALL, "error_description", "I", "NOS2, NOS3", "Which library generation the sentences of OAuth errors come from.")
_s("token_type_spelling", ["bearer", "Bearer"],
   TOKEN, "token_type", "E", "R-cur, R-old1", "Spelling of token_type; both are printed.")
_s("token_form", ["hex", "uuid", "dotted"],
   TOKEN, "access_token", "E", "R-cur", "What tokens look like: the printed example has 40 lower-case hex characters, and no sentence says more.")
_s("expires_in_value", ["1200", "1199"],
   TOKEN, "expires_in", "E", "R-cur, R-old1", "Number of seconds announced; both are printed.")
_s("token_member_order", ["new", "old"],
   TOKEN, None, "E", "R-cur, R-old1", "Order of the members in the token answer; both are printed.")
_s("grant_type_required", ["no", "yes"],
   TOKEN, "grant_type", "D", "R-cur, R-old1", "Whether grant_type may be left out; the documented versions contradict each other.")
_s("grant_type_singular", ["refused", "accepted"],
   TOKEN, "grant_type", "D", "R-cur, RT", "Whether the spelling client_credential (singular) works too.")
_s("grant_type_case", ["exact", "any"],
   TOKEN, "grant_type", "?", "R-cur", "Whether grant_type is compared without regard to case.")
_s("basic_credentials", ["ignored", "accepted"],
   TOKEN, "Authorization", "C", "R-old1, POC", "Whether a Basic header can stand in for client id and secret in the form.")
_s("password_grant", ["client_pair", "any_user", "no_user", "unknown_user"],
   TOKEN, "username", "?", "R-cur, R-old1, POC", "Who may log in with grant_type=password: username and password equal to the client pair, any non-empty user, user not looked at, or no user known at all.")
_s("refresh_accepts", ["refresh_token", "both"],
   TOKEN, "refresh_token", "D", "R-cur, RT", "Whether the last access token is also accepted in the refresh_token parameter.")
_s("refresh_rotation", ["new_and_revoke", "new_and_keep", "same"],
   TOKEN, "refresh_token", "?", "R-cur, R-seed, NOS2", "Whether a refresh gives a new refresh token and what becomes of the old one.")
_s("refresh_old_access", ["stays", "revoked"],
   TOKEN, "access_token", "?", "R-cur", "Whether the access token before a refresh goes on working.")
_s("refresh_scope", ["keep", "parameter"],
   TOKEN, "scope", "?", "R-cur", "Scope after a refresh: that of the first token, or the scope parameter with its default.")
_s("earlier_tokens", ["stay", "end"],
   TOKEN, "access_token", "?", "R-cur", "Whether a new token for client id and secret ends those that the client was given before.")
_s("scope_list", ["refused", "accepted"],
   TOKEN, "scope", "?", "R-cur", "Whether both scopes may be asked for in one value separated by a space.")
# ---- bearer token, path, reference id --------------------------------------
_s("missing_token_refusal", ["401_unauthorized_request", "400_invalid_request", "401_invalid_token", "409_wrong_inputs", "403_forbidden"],
   API, "authorization", "P", "P-err, P-val, NOS2, NOS3", "Status and error word when no bearer token is sent.")
_s("bad_token_refusal", ["401_invalid_token", "401_unauthorized", "403_forbidden", "409_wrong_inputs", "400_invalid_token"],
   API, "authorization", "P", "P-err, P-val", "Status and error word for an unknown bearer token.")
_s("bearer_scheme_case", ["any", "exact"],
   API, "authorization", "I", "R-bul, P-val", "Whether the word Bearer may be written in another case.")
_s("scope_matrix", ["all", "no_notifications", "calculator_only"],
   API, "scope", "?", "R-cur, P-auth", "Which endpoints a customer token may call.")
_s("scope_refusal", ["403_insufficient_scope", "403_forbidden", "401_invalid_token", "409_invalid_role"],
   API, "scope", "P", "P-auth, P-plan, NOS3", "Status and error word when the scope is not enough.")
_s("foreign_path_client", ["403_forbidden", "401_invalid_token", "404_not_found", "409_wrong_inputs", "accepted"],
   API, "client_id", "?", "R-bul", "What happens when the path names another client than the token.")
_s("unknown_path_client", ["404_not_found", "403_forbidden", "401_invalid_token", "409_wrong_inputs", "accepted"],
   API, "client_id", "P", "P-val", "What happens when the path names a client that does not exist.")
_s("quoted_client_id", ["unknown", "stripped"],
   API, "client_id", "C", "HS-rs", "Whether double quotes around the client id in the path are stripped.")
_s("reference_dashed", ["accepted", "refused"],
   ALL, "x-reference-id", "D", "R-cur, R-bul, HS-rs", "Whether a GUID with dashes (36 characters) passes, as the type GUID and the length 32 disagree about it.")
_s("reference_content", ["any", "hex", "lower_hex"],
   ALL, "x-reference-id", "?", "R-cur, R-bul", "Whether a reference id must look like a GUID, perhaps in lower case, or may be any ASCII text of up to 32 characters.")
_s("reference_elsewhere", ["not_looked_at", "required"],
   "notifications, calculator, availability", "x-reference-id", "I", "R-cur", "Whether x-reference-id is required on the endpoints whose header table is unknown.")
_s("reference_checked", ["after_token", "before_token"],
   INIT, "x-reference-id", "?", "R-bul", "Which complaint wins when both the bearer token and the reference id are wrong.")
_s("www_authenticate", ["none", "with_401"],
   ALL, "WWW-Authenticate", "I", "NOS2, NOS3", "Whether 401 answers carry a WWW-Authenticate header.")
# ---- shape of errors --------------------------------------------------------
_s("error_shape", ["union", "doc", "pos", "oauth2"],
   "every endpoint but init", None, "P", "R-old3, P-err, HS-tr, NOS3", "JSON shape of errors outside init.")
_s("init_error_shape", ["doc", "doc_with_list", "union"],
   INIT, None, "D", "R-old3, R-v3, P-err", "Which members an init error has beside the documented code, error and error_description.")
_s("error_code_member", ["status", "zero", "own"],
   ALL, "code", "?", "R-old3, R-v3", "What number stands in code: the HTTP status, 0, or a number of its own.")
_s("field_list_name", ["field_errors", "error_fields"],
   ALL, "field_errors", "P", "P-err", "Name of the list of field errors, where the shape has one.")
_s("field_list_extent", ["all", "first"],
   ALL, "field_errors", "?", "P-err", "Whether all wrong parameters are listed or only the first.")
_s("field_list_order", ["table", "alphabetical", "reversed"],
   ALL, "field_errors", "?", "P-err", "Order of the field errors.")
_s("input_refusal", ["400_wrong_inputs", "409_wrong_inputs", "422_wrong_inputs", "409_wrong_input", "400_invalid_request"],
   "init, calculator, notifications", "error", "P", "P-err", "Status and error word of a parameter refusal.")
_s("length_word", ["length", "invalid"],
   ALL, "field_errors.msg", "P", "P-val", "Word for a value that is too long.")
# ---- reading of the init body ------------------------------------------------
_s("init_encodings", ["all", "form_only", "json_only"],
   INIT, "Content-Type", "?", "R-cur, SDK, POC, HS-rs", "Which body encodings init reads, as no encoding is documented for it.")
_s("form_brackets", ["accepted", "ignored", "only"],
   INIT, "billing_information", "I", "R-seed, P-wid", "Whether form keys with brackets are read like dotted ones, or in their place.")
_s("json_dotted_keys", ["ignored", "accepted"],
   INIT, "billing_information", "I", "R-seed, P-wid", "Whether flat dotted keys are read inside a JSON body.")
_s("json_under_form", ["not_read", "read"],
   INIT, "Content-Type", "C", "HS-rs", "Whether a JSON body under a form content type is read as JSON.")
_s("bad_json_refusal", ["400_invalid_request", "409_wrong_inputs", "422_wrong_inputs", "415_unsupported_media_type"],
   INIT, None, "?", "P-err", "Status and error word for a body that cannot be read or has an encoding init does not read.")
_s("bad_escapes", ["kept", "refused"],
   ALL, None, "?", "R-cur", "Whether a broken percent escape in a form stays as it is or is refused.")
_s("content_type_absent", ["refused", "guessed"],
   "token, init", "Content-Type", "I", "R-cur", "Whether a body without Content-Type is refused or read as what it looks like.")
_s("repeated_parameter", ["last", "first", "refused_invalid", "refused_type"],
   "token, init", None, "?", "R-cur", "What a form parameter sent twice means.")
_s("unknown_parameters", ["ignored", "refused"],
   INIT, None, "?", "R-cur", "Whether parameters outside the table are ignored.")
_s("json_number_text", ["accepted", "type"],
   INIT, "customer_id", "P", "R-bul, P-val", "Whether a JSON number may stand for a text parameter.")
_s("json_amount", ["any", "number"],
   INIT, "amount_requested", "?", "R-seed", "Whether an amount in JSON must be a number.")
_s("json_boolean", ["any", "boolean"],
   INIT, "is_guest", "?", "R-bul", "Whether is_guest and has_previous_purchase in JSON must be booleans.")
_s("apply_extras", ["ignored", "customer_refused", "addresses_refused", "both_refused"],
   INIT, "customer_id", "?", "R-seed", "Whether Apply refuses customer_id and vcc, or the two address blocks, which it does not need.")
_s("gateway", ["none", "refuses_signs", "unavailable_now_and_then"],
   INIT, None, "?", "R-cur", "Whether a gateway refuses values that look like an attack to it, on a page of its own, or has no server to pass one request in twenty on to.")
_s("json_null", ["as_missing", "type"],
   INIT, None, "?", "P-val", "What JSON null means for an optional parameter (a required one is refused either way).")
_s("empty_required_word", ["required", "invalid"],
   INIT, "lang", "P", "P-val", "Word for a required parameter that is sent empty.")
_s("empty_optional", ["as_missing", "invalid"],
   INIT, "email", "?", "R-seed", "Whether an optional parameter may be sent empty.")
# ---- rules of the init parameters ----------------------------------------------
_s("address_2_rule", ["may_be_empty", "not_empty", "optional"],
   INIT, "billing_information.address_2", "D", "R-seed, HS-tr", "How literally the word Yes beside address_2 in the two address blocks is taken.")
_s("buy_customer_named", ["customer_id", "vcc", "both"],
   INIT, "customer_id", "?", "R-seed", "Which parameter is named when a buy has neither customer_id nor vcc.")
_s("buy_unknown_customer", ["taken", "409_customer_not_found", "404_not_found", "409_wrong_inputs"],
   INIT, "customer_id", "?", "R-bul, P-env", "What a purchase gets whose customer this server does not know.")
_s("unknown_customers", ["at_buy", "at_apply_buy", "cards_at_buy", "ids_at_apply_buy_and_cards_at_buy"],
   INIT, "customer_id", "?", "R-bul, P-env", "Which customers it does not know, if any: those of a flow, or those that are named by their card or by their id.")
_s("apply_buy_needs_customer", ["no", "yes"],
   INIT, "customer_id", "D", "R-cur, R-seed, R-old2, R-old3, R-v3", "Whether Apply/Buy needs customer_id or vcc; the documented versions contradict each other.")
_s("boolean_spellings", ["any_case", "printed", "with_numbers"],
   INIT, "is_guest", "?", "R-bul, R-old1", "Which texts beside true, false, True and False count as a boolean.")
_s("bad_boolean_word", ["type", "invalid"],
   INIT, "is_guest", "P", "P-val", "Word for a text that is no boolean.")
_s("previous_purchase_text", ["refused", "ignored"],
   INIT, "has_previous_purchase", "?", "R-seed, R-old1", "What happens to a has_previous_purchase that is no boolean.")
_s("amount_format_word", ["pos", "invalid", "type"],
   INIT, "amount_requested", "P", "P-val", "Word for a wrong decimal separator and for text that is no number (pos: invalid and type).")
_s("amount_decimals", ["accepted", "length", "invalid"],
   INIT, "amount_requested", "P", "P-val, P-wid", "What happens to an amount with more than two decimals.")
_s("amount_least", ["none", "500"],
   INIT, "amount_requested", "?", "R-seed", "Whether there is a least amount, which no page gives.")
_s("amount_exponent", ["refused", "accepted"],
   INIT, "amount_requested", "?", "R-seed", "Whether a text amount like 1e3 is a number.")
_s("init_lang_values", ["prefix", "listed", "old_list"],
   INIT, "lang", "?", "R-seed, R-old1, R-ex, HS-tr", "Which languages are known: every tag that begins with en or fr; en, fr, En-CA, en-CA, fr-CA, en-FR; or only En-CA and en-FR as once listed (then en-FR is French and others are refused).")
_s("unknown_lang", ["refused", "english"],
   INIT, "lang", "?", "R-seed", "Whether an unknown language is refused or shown in English.")
_s("en_fr_page", ["fr", "en"],
   INIT, "lang", "I", "R-old1", "Which language en-FR means, where fr or fr-CA is there for French.")
_s("flow_spellings", ["any_case", "prose", "loose"],
   INIT, "flow", "?", "R-seed, R-old1, R-ex, HS-tr", "Which spellings beside Apply, Buy and Apply/Buy are known: other case; none; other case and apply_buy, apply-buy, applybuy.")
_s("path_flows", ["any", "plain_apply_only", "v2_no_apply", "both_rules"],
   INIT, "flow", "?", "R-cur, R-seed", "Whether Buy and Apply/Buy are refused without /v2 and Apply is refused with it.")
_s("customer_id_content", ["any", "digits_hyphen", "not_zero"],
   INIT, "customer_id", "P", "P-val, P-cust", "Which characters a customer_id may have.")
_s("vcc_content", ["any", "up_to_16", "digits_16", "luhn"],
   INIT, "vcc", "P", "P-wid, P-cust", "Length, characters and check digit of vcc.")
_s("merchant_orderid_alias", ["accepted", "ignored"],
   INIT, "merchant_orderid", "C", "HS-tr, SDK", "Whether merchant_order_id is read like merchant_orderid.")
_s("merchant_orderid_repeats", ["newest", "oldest", "refused"],
   INIT, "merchant_orderid", "?", "R-bul", "What happens when a merchant_orderid is used again.")
_s("name_length", ["unlimited", "35", "50", "130"],
   INIT, "fname", "P", "P-cust, P-wid", "Longest first, middle and last name.")
_s("non_ascii", ["accepted", "ids_refused", "refused"],
   INIT, "fname", "?", "R-bul, R-seed", "Whether letters outside ASCII pass, in ids and in all text.")
_s("email_check", ["none", "simple"],
   INIT, "email", "?", "P-err", "Whether the form of the e-mail address is checked.")
_s("phone_check", ["none", "ten_digits", "punctuated"],
   INIT, "phone_number", "?", "R-seed", "Whether a phone number must be ten digits, perhaps with punctuation and a leading 1.")
_s("dob_check", ["none", "iso"],
   INIT, "dob", "P", "P-cust", "Whether the date of birth must be a date YYYY-MM-DD.")
_s("salutation_check", ["none", "listed", "any_case_dot"],
   INIT, "salutation", "?", "R-old1", "Whether salutations beside Mr, Mrs and Ms are refused.")
_s("province_check", ["none", "upper_codes", "codes", "codes_or_names"],
   INIT, "province", "?", "R-old1", "Whether provinces must be upper-case codes, codes, or codes or English names.")
_s("postal_code_check", ["none", "six", "canadian"],
   INIT, "postal_code", "P", "P-wid, P-cust", "Whether a postal code must be six characters, or a Canadian code perhaps with a space.")
# ---- init answer and page ------------------------------------------------------
_s("init_success_status", ["200", "201"],
   INIT, None, "?", "R-ex, SDK", "HTTP status of a successful init.")
_s("redirect_shape", ["path", "query", "fragment", "under_base"],
   INIT, "redirection_url", "?", "R-ex, P-wid", "Shape of the redirection URL.")
_s("page_lang_tag", ["short", "regional"],
   PAGE, "lang", "?", "TC", "Whether the page says fr or fr-CA in its lang attribute.")
_s("extra_members", ["none", "some"],
   "init, notifications, token, calculator", None, "P", "P-env", "Whether successful answers carry members beyond the printed ones.")
# ---- notifications ---------------------------------------------------------------
_s("order_finishes", ["on_page", "at_init", "never"],
   NOTE, "apply", "?", "GS", "When the customer of this test server finishes: when the page is opened, at once, or never.")
_s("unfinished_order", ["without_block", "pending", "404", "empty"],
   NOTE, "apply", "?", "R-ex", "Answer for an order that is not finished.")
_s("unknown_order", ["404_not_found", "409_wrong_inputs", "400_not_found", "empty"],
   NOTE, "orderId", "P", "P-err", "Answer for an order that does not exist.")
_s("foreign_order", ["as_unknown", "403_forbidden", "shown"],
   NOTE, "orderId", "I", "R-ex", "Answer for an order of another client.")
_s("malformed_order_id", ["as_unknown", "wrong_inputs"],
   NOTE, "orderId", "?", "R-ex", "Answer for an order id that is no number.")
_s("transaction_id_value", ["own", "order_id"],
   NOTE, "transaction_id", "I", "R-ex", "Whether transaction_id is the order id or a number of its own.")
_s("purchase_block_name", ["purchase", "buy"],
   NOTE, "purchase", "C", "HS-tr", "Name of the block about the purchase.")
_s("status_words", ["upper", "title", "failed"],
   NOTE, "apply.apply_status", "?", "R-ex, HS-tr", "Words for outcomes other than an approved application (SUCCESS), and for purchases.")
_s("apply_buy_word", ["apply/buy", "apply_buy", "Apply/Buy"],
   NOTE, "flow", "?", "R-ex, HS-tr", "Spelling of flow in the notification of an Apply/Buy order.")
_s("response_keys", ["off", "on"],
   NOTE, "apply.apply_status", "D", "TD", "Whether the account is conditioned so that the middle name decides the outcome.")
_s("old_notification_path", ["not_served", "served"],
   NOTE, None, "C", "POC", "Whether notifications/{orderId} is served too.")
# ---- calculator, availability, learn-more ------------------------------------------
_s("calculator_client_query", ["ignored", "required", "must_match"],
   CALC, "clientId", "?", "R-ex", "Whether clientId in the query is needed and must equal the path.")
_s("calculator_rounding", ["half_up", "truncate", "half_even"],
   CALC, "paymentPlan.monthlyPayment", "I", "R-ex", "Rounding of the monthly payment; 499 does not tell.")
_s("calculator_plans", ["always_3", "by_price"],
   CALC, "paymentPlan.months", "?", "R-ex", "Whether dearer goods (1000 and above) get six months.")
_s("calculator_no_plan", ["none", "null_plan", "404", "empty_texts"],
   CALC, "paymentPlan", "?", "R-ex", "What comes for a price below 50, where perhaps no plan fits.")
_s("calculator_bad_price", ["refused", "null_plan", "404"],
   CALC, "price", "?", "R-ex", "What comes when price is missing or no positive number.")
_s("calculator_missing_lang", ["en", "fr", "refused"],
   CALC, "lang", "?", "R-ex", "What comes when lang is missing or unknown.")
_s("calculator_html", ["div", "text", "link"],
   CALC, "htmlRender", "?", "R-ex", "What kind of HTML htmlRender holds.")
_s("availability_body", ["available", "payment_available", "list", "empty", "no_content"],
   AVAIL, None, "?", "R-cur, R-ex", "What payment-availability answers.")
_s("learn_more", ["404", "served"],
   "POST systems/learn-more", None, "D", "R-old3, R-cur", "Whether the withdrawn learn-more endpoint is still there.")
# ---- HTTP -----------------------------------------------------------------------------
_s("unknown_path", ["json", "html", "bare"],
   ALL, None, "?", "P-err", "What body the 404 for an unknown path has.")
_s("wrong_method", ["405", "404", "400"],
   ALL, None, "?", "R-cur, NOS2", "Status for a known path with another method.")
_s("body_limit", ["1048576", "65536"],
   ALL, None, "?", "R-cur", "Largest request body in bytes; more gets 413.")
_s("cors", ["none", "any_origin"],
   ALL, "Access-Control-Allow-Origin", "?", "R-cur, GS", "Whether browsers of any origin are let in.")
_s("head_answers", ["refused", "like_get"],
   ALL, None, "?", "R-cur", "Whether HEAD works where GET does.")
_s("trailing_slash", ["404", "ignored"],
   ALL, None, "?", "R-cur", "Whether a slash at the end of a path is ignored.")
_s("cache_headers", ["no_store", "none"],
   ALL, "Cache-Control", "I", "NOS2, NOS3", "Whether answers forbid caching.")
