"""Answers: successful ones, refusals and their JSON shapes."""

import json

# kind: (3.x library wording, 2.x library wording, plain wording)
WORDING = {
    "encoding": ("Invalid request: content must be application/x-www-form-urlencoded",
                 "Method must be POST with application/x-www-form-urlencoded encoding", "Wrong content type"),
    "no_grant": ("Missing parameter: `grant_type`", "Invalid or missing grant_type parameter", "grant_type is missing"),
    "bad_grant": ("Unsupported grant type: `grant_type` is invalid", "Invalid or missing grant_type parameter", "grant_type is wrong"),
    "no_id": ("Invalid client: cannot retrieve client credentials", "Invalid or missing client_id parameter", "client_id is missing"),
    "no_secret": ("Invalid client: cannot retrieve client credentials", "Missing client_secret parameter", "client_secret is missing"),
    "wrong_pair": ("Invalid client: client is invalid", "Client credentials are invalid", "Unknown client"),
    "no_refresh": ("Missing parameter: `refresh_token`", 'No "refresh_token" parameter', "refresh_token is missing"),
    "bad_refresh": ("Invalid grant: refresh token is invalid", "Invalid refresh token", "Unknown refresh token"),
    "bad_user": ("Invalid grant: user credentials are invalid", "User credentials are invalid", "Unknown user"),
    "bad_scope": ("Invalid scope: Requested scope is invalid", "Invalid scope", "scope is wrong"),
    "no_token": ("Unauthorized request: no authentication given", "The access token was not found", "No access token"),
    "bad_token": ("Invalid token: access token is invalid", "The access token provided is invalid.", "Unknown access token"),
    "low_scope": ("Insufficient scope: authorized scope is insufficient",
                  "Insufficient scope: authorized scope is insufficient", "Not allowed for this scope"),
}
INPUT_TEXT = "Some inputs are wrong!"


class Answer:
    """One HTTP answer before it is written."""

    def __init__(self, status, body=b"", content_type="application/json; charset=utf-8", headers=None):
        self.status, self.body, self.content_type = status, body, content_type
        self.headers = dict(headers or {})


def json_answer(status, value):
    """An answer with a JSON body."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


class Refusal(Exception):
    """A refusal on its way to the client; status_word is like 409_wrong_inputs."""

    def __init__(self, status_word, description, fields=(), headers=None):
        super().__init__(description)
        status, self.word = status_word.split("_", 1)
        self.status = int(status)
        self.description = description
        self.fields = list(fields)
        self.headers = dict(headers or {})


def oauth_refusal(config, status_word, kind, fields=()):
    """A refusal with the chosen library's sentence."""
    index = {"nos3": 0, "nos2": 1, "plain": 2}[config["oauth_wording"]]
    return Refusal(status_word, WORDING[kind][index], fields)


def input_refusal(config, fields, status_word=None):
    """A refusal of parameters; fields is a list of (param, msg, value)."""
    return Refusal(status_word or config["input_refusal"], INPUT_TEXT, fields)


def _field_list(config, fields):
    entries = [{"param": param, "msg": msg, "value": value if isinstance(value, (str, int, float, bool)) else None}
               for param, msg, value in fields]
    if config["field_list_order"] == "alphabetical":
        entries.sort(key=lambda entry: entry["param"])
    elif config["field_list_order"] == "reversed":
        entries.reverse()
    return entries[:1] if config["field_list_extent"] == "first" else entries


def _code(config, refusal):
    return {"status": refusal.status, "zero": 0, "own": 1000 + refusal.status}[config["error_code_member"]]


def refusal_body(config, refusal, path, is_init):
    """The JSON body of a refusal in the shape of its endpoint."""
    doc = {"code": _code(config, refusal), "error": refusal.word, "error_description": refusal.description}
    listed = {config["field_list_name"]: _field_list(config, refusal.fields)}
    pos = {"url": path, "message": refusal.description, "error": refusal.word, **listed}
    if is_init:
        body = {"doc": doc, "doc_with_list": {**doc, **listed}, "union": {**doc, **pos}}[config["init_error_shape"]]
        _break_init_error(config, body)
        return body
    return {"doc": doc, "pos": pos, "union": {**doc, **pos},
            "oauth2": {"error": refusal.word, "error_description": refusal.description}}[config["error_shape"]]


def _break_init_error(config, body):
    for fault, member in (("init_error_code_missing", "code"), ("init_error_word_missing", "error"),
                          ("init_error_description_missing", "error_description")):
        if config.broken(fault):
            del body[member]
    if config.broken("init_error_code_string"):
        body["code"] = str(body["code"])
    if config.broken("init_error_nested"):
        body["error"] = {"name": body["error"]}


def refusal_answer(config, refusal, path, is_init):
    """The whole answer for a refusal."""
    status = 200 if is_init and config.broken("init_errors_with_200") else refusal.status
    answer = json_answer(status, refusal_body(config, refusal, path, is_init))
    answer.headers.update(refusal.headers)
    if refusal.status == 401 and config["www_authenticate"] == "with_401":
        scheme = "Basic" if path.endswith("/oauth/token") else "Bearer"
        answer.headers["WWW-Authenticate"] = scheme + ' realm="Service"'
    return answer
