"""The rules of the init parameters: which are needed, and what they may hold."""

import datetime
import re
from decimal import Decimal, InvalidOperation

from bodies import BLOCKS
from faults import DEMANDS, WAIVERS

FIELDS = ("first_name", "last_name", "address_1", "address_2", "city", "province", "postal_code")
PREFILL = ("salutation", "email", "phone_number", "fname", "mname", "lname", "dob",
           "address_1", "address_2", "city", "province", "postal_code")
BLOCK_FIELDS = tuple(f"{block}_information.{field}" for block in ("billing", "shipping") for field in FIELDS)
TABLE = ("merchant_orderid", "is_guest", "customer_id", "vcc", "has_previous_purchase", "lang", "flow",
         "amount_requested") + PREFILL + BLOCK_FIELDS
IDS = ("merchant_orderid", "customer_id", "vcc")
CODES = ("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT")
NAMES = ("alberta", "british columbia", "manitoba", "new brunswick", "newfoundland and labrador", "nova scotia",
         "northwest territories", "nunavut", "ontario", "prince edward island", "quebec", "saskatchewan", "yukon")
_PLAIN_NUMBER = re.compile(r"^-?\d+(\.\d+)?$", re.ASCII)
_EXPONENT = re.compile(r"^-?\d+(\.\d+)?[eE][+-]?\d{1,3}$", re.ASCII)


class Checked:
    """What came out: flow, language, clean values and field errors."""

    def __init__(self):
        self.flow, self.lang, self.values, self.errors = None, "en", {}, {}

    def error_list(self):
        """Field errors as (param, msg, value) in the order of the table."""
        rank = {name: place for place, name in enumerate(TABLE)}
        return [(name, *self.errors[name]) for name in sorted(self.errors, key=lambda n: rank.get(n, 999))]


def parse_flow(text, config):
    """apply, buy, apply/buy or None."""
    if config["flow_spellings"] == "prose":
        return {"Apply": "apply", "Buy": "buy", "Apply/Buy": "apply/buy"}.get(text)
    text = text.lower()
    if config["flow_spellings"] == "loose" and text in ("apply_buy", "apply-buy", "applybuy"):
        return "apply/buy"
    return text if text in ("apply", "buy", "apply/buy") else None


def parse_lang(text, config):
    """en, fr or None for an unknown language."""
    rule = config["init_lang_values"]
    if rule == "old_list":
        return {"En-CA": "en", "en-FR": "fr"}.get(text)
    if text.lower().replace("_", "-") == "en-fr" and (rule == "prefix" or text == "en-FR"):
        return config["en_fr_page"]
    if rule == "listed":
        return {"en": "en", "fr": "fr", "En-CA": "en", "en-CA": "en", "fr-CA": "fr"}.get(text)
    match = re.match(r"^(en|fr)([-_].*)?$", text, re.IGNORECASE | re.ASCII)
    return match.group(1).lower() if match else None


class Checker:
    """Checks the parameters of one init request."""

    def __init__(self, config, params, version):
        self.config, self.params, self.version = config, params, version
        self.given, self.out = dict(params.values), Checked()

    def fail(self, name, msg, value=None):
        """Note a field error; the first one of a parameter stays."""
        self.out.errors.setdefault(name, (msg, value))

    def run(self):
        """Check everything."""
        config = self.config
        if config["merchant_orderid_alias"] == "accepted" and "merchant_order_id" in self.given:
            alias = self.given.pop("merchant_order_id")
            self.given.setdefault("merchant_orderid", alias)
        if config["unknown_parameters"] == "refused":
            for name in self.given:
                if name not in TABLE:
                    self.fail(name, "invalid", self.given[name])
        if config["repeated_parameter"].startswith("refused"):
            for name in self.params.repeated:
                self.fail(name, config["repeated_parameter"].split("_")[1])
        self.check_flow()
        self.check_lang()
        self.check_amount()
        self.check_booleans()
        for name in IDS + PREFILL:
            self.check_optional(name)
        self.check_blocks()
        self.check_customer()
        self.check_extras()
        self.check_demands()
        return self.out

    # ---- presence ---------------------------------------------------------
    def waived(self, name):
        """Whether the planted fault lifts the requirement of this parameter."""
        rule = WAIVERS.get(self.config.fault)
        if rule is None or rule[0] != name:
            return False
        _, versions, flows, encodings = rule
        return ((versions is None or self.version in versions) and (flows is None or self.out.flow in flows)
                and (encodings is None or self.params.encoding in encodings))

    def missing(self, name):
        """Whether a parameter counts as not sent."""
        value = self.given.get(name)
        return value is None and not (name in self.given and self.config["json_null"] == "type")

    def text(self, name):
        """The text of a sent parameter; None after a type error."""
        value = self.given[name]
        if isinstance(value, str):
            return value
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and self.config["json_number_text"] == "accepted":
            return str(value)
        self.fail(name, "type", _plain(value))
        return None

    def required_text(self, name):
        """The non-empty text of a required parameter, or None."""
        if self.missing(name):
            if not self.waived(name):
                self.fail(name, "required")
            return None
        text = self.text(name)
        if text is not None and not text.strip():
            if not (name == "lang" and self.config.broken("lang_empty_accepted")):
                self.fail(name, self.config["empty_required_word"], text)
            return None
        return text

    # ---- the three that every flow needs -----------------------------------------
    def check_flow(self):
        text = self.required_text("flow")
        if text is None:
            self.out.flow = None if "flow" in self.out.errors else "apply"
            return
        flow, config = parse_flow(text, self.config), self.config
        if flow is None and config.broken("flow_unknown_accepted"):
            flow = "apply"
        if flow is None and "buy" in text and config.broken("flow_containing_buy_accepted"):
            flow = "buy"
        rule = config["path_flows"]
        misplaced = ((self.version == "plain" and flow != "apply" and rule in ("plain_apply_only", "both_rules"))
                     or (self.version == "v2" and flow == "apply" and rule in ("v2_no_apply", "both_rules"))
                     or (self.version == "plain" and flow == "apply" and config.broken("plain_apply_refused"))
                     or (self.version == "v2" and flow == "buy" and config.broken("v2_buy_refused"))
                     or (self.version == "v2" and flow == "apply/buy" and config.broken("v2_apply_buy_refused")))
        if flow is None or misplaced:
            self.fail("flow", "invalid", text)
        self.out.flow = flow

    def check_lang(self):
        text, config = self.required_text("lang"), self.config
        if text is None:
            return
        lang = parse_lang(text, config)
        if (text == "En-CA" and config.broken("lang_en_ca_refused")) or (text == "en-FR" and config.broken("lang_en_fr_refused")):
            lang = None
            self.fail("lang", "invalid", text)
        elif lang is None and (config["unknown_lang"] == "refused" or config["init_lang_values"] == "old_list"):
            self.fail("lang", "invalid", text)
        self.out.lang = lang or "en"

    def check_amount(self):
        name, config = "amount_requested", self.config
        if self.missing(name):
            if not self.waived(name):
                self.fail(name, "required")
            return
        value = self.given[name]
        if self.params.encoding == "json" and config["json_amount"] == "number" and isinstance(value, str):
            self.fail(name, "type", value)
            return
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            self.check_number(Decimal(value), _plain(value))
            return
        if not isinstance(value, str):
            self.fail(name, "type", _plain(value))
            return
        if not value.strip():
            if not config.broken("amount_empty_accepted"):
                self.fail(name, config["empty_required_word"], value)
            return
        text = value
        if config.broken("amount_comma_accepted") and re.match(r"^\d+,\d+$", text):
            text = text.replace(",", ".")
        if _PLAIN_NUMBER.match(text) or (config["amount_exponent"] == "accepted" and _EXPONENT.match(text)):
            try:
                self.check_number(Decimal(text), value)
            except InvalidOperation:
                self.fail(name, "invalid", value)
            return
        separator = re.match(r"^[\d.,' ]+$", text) is not None
        if not separator and config.broken("amount_text_accepted"):
            return
        rule = config["amount_format_word"]
        self.fail(name, ("invalid" if separator else "type") if rule == "pos" else rule, value)

    def check_number(self, number, shown):
        """Sign and decimals of an amount."""
        name, config = "amount_requested", self.config
        if number == 0:
            if not config.broken("amount_zero_accepted"):
                self.fail(name, "invalid", shown)
        elif number < 0:
            if not config.broken("amount_negative_accepted"):
                self.fail(name, "invalid", shown)
        elif config["amount_least"] != "none" and number < int(config["amount_least"]):
            self.fail(name, "invalid", shown)
        elif config["amount_decimals"] != "accepted" and number.as_tuple().exponent < -2:
            self.fail(name, config["amount_decimals"], shown)

    # ---- optional parameters ------------------------------------------------------
    def check_booleans(self):
        config = self.config
        texts = {"printed": ("true", "false", "True", "False"),
                 "any_case": None, "with_numbers": ("true", "false", "True", "False", "0", "1")}[config["boolean_spellings"]]
        for name in ("is_guest", "has_previous_purchase"):
            if self.missing(name):
                continue
            value = self.given[name]
            if value == "" and config["empty_optional"] == "as_missing":
                continue
            if self.params.encoding == "json" and config["json_boolean"] == "boolean" and not isinstance(value, bool):
                self.fail(name, config["bad_boolean_word"], _plain(value))
                continue
            if isinstance(value, bool):
                good, value = True, str(value)
            elif isinstance(value, str):
                good = value.lower() in ("true", "false") if texts is None else value in texts
            else:
                good = isinstance(value, int) and value in (0, 1) and config["boolean_spellings"] == "with_numbers"
            if good and ((name == "is_guest" and config.broken("is_guest_true_refused") and str(value).lower() == "true")
                         or (name == "is_guest" and config.broken("is_guest_capital_refused") and self.given[name] == "True")
                         or (name != "is_guest" and config.broken("previous_purchase_false_refused") and str(value).lower() == "false")):
                self.fail(name, config["bad_boolean_word"], _plain(self.given[name]))
            elif not good and not (name == "is_guest" and config.broken("is_guest_bad_text_accepted")) \
                    and not (name != "is_guest" and config["previous_purchase_text"] == "ignored"):
                self.fail(name, config["bad_boolean_word"], _plain(value))

    def check_optional(self, name):
        """An optional text parameter."""
        if self.missing(name):
            return
        text = self.text(name)
        if text is None:
            return
        if text == "":
            if self.config["empty_optional"] == "invalid":
                self.fail(name, "invalid", text)
            return
        self.out.values[name] = text
        self.check_content(name, name, text)

    def check_content(self, name, kind, text):
        """The content rules of a text parameter."""
        config = self.config
        word = None
        if not text.isascii() and (config["non_ascii"] == "refused" or (config["non_ascii"] == "ids_refused" and name in IDS)):
            word = "invalid"
        elif name == "merchant_orderid" and text.isdigit() and config.broken("merchant_orderid_digits_refused"):
            word = "invalid"
        elif kind == "customer_id":
            word = self.customer_id_word(text)
        elif kind == "vcc":
            word = self.vcc_word(text)
        elif kind in ("fname", "mname", "lname"):
            if config["name_length"] != "unlimited" and len(text) > int(config["name_length"]):
                word = config["length_word"]
        elif kind == "email" and config["email_check"] == "simple":
            word = None if re.match(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", text) else "invalid"
        elif kind == "phone_number" and config["phone_check"] != "none":
            digits = text if config["phone_check"] == "ten_digits" else re.sub(r"^\+?1(?=.{10})|[ ().\-]", "", text)
            word = None if re.match(r"^[0-9]{10}$", digits) else "invalid"
        elif kind == "dob" and config["dob_check"] == "iso":
            word = None if _is_date(text) else "invalid"
        elif kind == "salutation":
            word = self.salutation_word(text)
        elif kind == "province":
            word = self.province_word(name, text)
        elif kind == "postal_code" and config["postal_code_check"] != "none":
            pattern = r"^[A-Za-z0-9]{6}$" if config["postal_code_check"] == "six" else r"^[A-Za-z][0-9][A-Za-z] ?[0-9][A-Za-z][0-9]$"
            word = None if re.match(pattern, text) else "invalid"
        if word:
            self.fail(name, word, text)

    def customer_id_word(self, text):
        config = self.config
        fault = "json_customer_id_21_accepted" if self.params.encoding == "json" else "customer_id_21_accepted"
        if len(text) > 20 and not config.broken(fault):
            return config["length_word"]
        if len(text) == 20 and config.broken("customer_id_20_refused"):
            return config["length_word"]
        if config["customer_id_content"] == "digits_hyphen" and not re.match(r"^[0-9-]+$", text):
            return "invalid"
        if config["customer_id_content"] == "not_zero" and re.match(r"^-?0+$|^-[0-9]+$", text):
            return "invalid"
        return None

    def vcc_word(self, text):
        rule = self.config["vcc_content"]
        if rule == "any":
            return None
        if len(text) > 16:
            return self.config["length_word"]
        if rule in ("digits_16", "luhn") and not re.match(r"^[0-9]{16}$", text):
            return "invalid"
        return "invalid" if rule == "luhn" and not _luhn(text) else None

    def salutation_word(self, text):
        rule = self.config["salutation_check"]
        if text == "Mrs" and self.config.broken("salutation_mrs_refused"):
            return "invalid"
        if rule == "none" or text in ("Mr", "Mrs", "Ms"):
            return None
        return None if rule == "any_case_dot" and text.lower().rstrip(".") in ("mr", "mrs", "ms") else "invalid"

    def province_word(self, name, text):
        rule = self.config["province_check"]
        if text == "AB" and name == "province" and self.config.broken("province_ab_refused"):
            return "invalid"
        if text == "QC" and name == "province" and self.config.broken("province_qc_refused"):
            return "invalid"
        if rule == "none" or text in CODES or (rule != "upper_codes" and text.upper() in CODES):
            return None
        return None if rule == "codes_or_names" and text.lower() in NAMES else "invalid"

    # ---- address blocks and customer -----------------------------------------------
    def check_blocks(self):
        if self.out.flow not in ("buy", "apply/buy"):
            return
        no_shipping = not any(name.startswith("shipping_information") for name in self.given)
        for name in BLOCK_FIELDS:
            block, field = name.split(".")
            if block == "shipping_information" and no_shipping and self.config.broken("shipping_block_missing_accepted"):
                continue
            if block in self.given:
                self.fail(block, "type", _plain(self.given[block]))
            if field == "address_2":
                self.check_address_2(name)
                continue
            text = self.required_text(name)
            if text is not None:
                self.check_content(name, field, text)

    def check_address_2(self, name):
        rule = self.config["address_2_rule"]
        if self.missing(name):
            if rule != "optional":
                self.fail(name, "required")
            return
        text = self.text(name)
        if text is None:
            return
        if not text.strip():
            if rule == "not_empty":
                self.fail(name, self.config["empty_required_word"], text)
        else:
            self.check_content(name, "address_2", text)

    def check_customer(self):
        config, flow = self.config, self.out.flow
        if not (flow == "buy" or (flow == "apply/buy" and config["apply_buy_needs_customer"] == "yes")):
            return
        if any(name in self.out.values or name in self.out.errors for name in ("customer_id", "vcc")):
            return
        if flow == "buy" and (config.broken("buy_without_customer_accepted")
                              or (config.broken("json_buy_without_customer_accepted") and self.params.encoding == "json")):
            return
        named = config["buy_customer_named"]
        for name in (("customer_id", "vcc") if named == "both" else (named,)):
            self.fail(name, "required")

    def check_extras(self):
        """What Apply does not need and may refuse."""
        rule = self.config["apply_extras"]
        if self.out.flow != "apply":
            return
        for name in self.given:
            extra = name in ("customer_id", "vcc") and rule in ("customer_refused", "both_refused") \
                or name.startswith(BLOCKS) and rule in ("addresses_refused", "both_refused")
            if extra:
                self.fail(name, "invalid", _plain(self.given[name]))

    def check_demands(self):
        """Planted faults that require an optional parameter."""
        rule = DEMANDS.get(self.config.fault)
        if rule and (rule[1] is None or self.out.flow in rule[1]) and self.missing(rule[0]):
            self.fail(rule[0], "required")


def _plain(value):
    """A JSON value as it may be shown in a field error."""
    if isinstance(value, Decimal):
        return str(value)
    return value if isinstance(value, (str, int, bool)) else None


def _is_date(text):
    try:
        return re.match(r"^\d{4}-\d\d-\d\d$", text, re.ASCII) is not None and bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def _luhn(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
