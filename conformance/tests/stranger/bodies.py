"""Reading of request bodies into flat parameters."""

import json
import re
from decimal import Decimal
from urllib.parse import unquote_to_bytes

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
BLOCKS = ("billing_information", "shipping_information")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BRACKET = re.compile(r"^([A-Za-z0-9_]+)\[([A-Za-z0-9_]+)\]$")


class BadBody(ValueError):
    """The body cannot be read."""


class Params:
    """Flat parameters: dotted names to text (form) or JSON values."""

    def __init__(self, encoding, values, repeated=()):
        self.encoding = encoding
        self.values = values
        self.repeated = list(repeated)


def media_type(header):
    """Content type without its parameters, lower case."""
    return (header or "").split(";")[0].strip().lower()


def _decode(text, strict):
    if strict and _BAD_ESCAPE.search(text):
        raise BadBody("broken percent escape")
    try:
        return unquote_to_bytes(text.replace("+", " ").encode("utf-8", "surrogateescape")).decode("utf-8", "strict" if strict else "replace")
    except UnicodeDecodeError:
        raise BadBody("text is not UTF-8") from None


def read_pairs(raw, config):
    """A form or query text as (values, repeated names)."""
    strict = config["bad_escapes"] == "refused"
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8", "surrogateescape")
    values, repeated = {}, []
    for part in raw.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        name, value = _decode(name, strict), _decode(value, strict)
        if name in values:
            repeated.append(name)
            if config["repeated_parameter"] == "first":
                continue
        values[name] = value
    return values, repeated


def read_form(raw, config):
    """A form body; bracket keys become dotted ones where that is switched on."""
    values, repeated = read_pairs(raw, config)
    encoding = "dotted"
    if config["form_brackets"] != "ignored":
        flat = {}
        for name, value in values.items():
            match = _BRACKET.match(name)
            if "." in name and config["form_brackets"] == "only":
                continue
            if match:
                encoding = "bracket"
                name = match.group(1) + "." + match.group(2)
            flat[name] = value
        values = flat
    return Params(encoding, values, repeated)


def _no_constant(text):
    raise BadBody("not a JSON number: " + text)


def read_json(raw, config):
    """A JSON object; the two address blocks are flattened to dotted names."""
    try:
        document = json.loads(raw.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadBody("not JSON") from None
    if not isinstance(document, dict):
        raise BadBody("not a JSON object")
    values = {}
    for name, value in document.items():
        if name in BLOCKS and isinstance(value, dict):
            for inner, inner_value in value.items():
                values[name + "." + inner] = inner_value
        elif name in BLOCKS and value is None:
            continue
        elif "." in name and config["json_dotted_keys"] == "ignored":
            continue
        else:
            values[name] = value
    return Params("json", values)


def looks_like_json(raw):
    """Whether a body begins like a JSON object."""
    return raw.lstrip()[:1] == b"{"
