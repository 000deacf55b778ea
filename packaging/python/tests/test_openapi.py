"""The helpers speak the admin API as the program describes it: `flexiti-mock openapi`."""

import ast
import json
import pathlib
import subprocess
import typing

import flexiti_mock
import flexiti_mock.types as types
import pytest

DOCUMENT = json.loads(subprocess.check_output([flexiti_mock.program(), "openapi"], text=True))
SCHEMAS = DOCUMENT["components"]["schemas"]
NAMES = {"Exchange": "ExchangeSummary"}  # ours, and the document's where it has another
TYPED_DICTS = [name for name, it in vars(types).items() if typing.is_typeddict(it) and not name.startswith("_") and name != "TypedDict"]
JSON_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number", dict: "object", list: "array"}


def variants(schema):
    """The schema, or what it is one of, with references followed."""
    if "$ref" in schema:
        return variants(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]])
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return [it for part in schema[key] for it in variants(part)]
    return [schema]


def values(schema):
    return {value for it in variants(schema) for value in it.get("enum", [it["const"]] if "const" in it else [])}


def json_types(schema):
    listed = [it.get("type", []) for it in variants(schema)]
    return {name for it in listed for name in ([it] if isinstance(it, str) else it)}


def annotations(hint):
    """The plain types that a hint allows."""
    if typing.get_origin(hint) is typing.Literal:
        return {str}
    if typing.get_args(hint) and typing.get_origin(hint) not in (dict, list):
        return set().union(*map(annotations, typing.get_args(hint)))
    return {typing.get_origin(hint) or (dict if typing.is_typeddict(hint) else hint)}


@pytest.mark.parametrize("name", TYPED_DICTS)
def test_members_are_those_of_the_schema(name):
    ours, theirs = getattr(types, name), variants(SCHEMAS[NAMES.get(name, name)])
    for member, hint in typing.get_type_hints(ours).items():
        schemas = [it["properties"][member] for it in theirs if member in it["properties"]]
        assert schemas, f"{name}.{member} is not in the document"
        known = set().union(*map(json_types, schemas))
        for plain in annotations(hint) - {type(None), typing.Any}:
            # A schema without a type takes anything.
            assert not known or JSON_TYPES[plain] in known, f"{name}.{member}: {plain} is not {known}"
    for member in ours.__required_keys__:
        everywhere = all(member in it.get("required", []) for it in theirs)
        assert everywhere, f"{name}.{member} may be absent"


@pytest.mark.parametrize("name", TYPED_DICTS)
def test_what_must_be_sent_is_asked_for(name):
    ours, theirs = getattr(types, name), variants(SCHEMAS[NAMES.get(name, name)])
    always = set.intersection(*(set(it.get("required", [])) for it in theirs))
    missing = always & set(ours.__annotations__) - ours.__required_keys__
    assert not missing, f"{name}: {missing} is always there"


@pytest.mark.parametrize(
    "ours, schema",
    [("Outcome", "Outcome"), ("Wanted", "Wanted"), ("Target", "Target")],
)
def test_values_are_those_of_the_schema(ours, schema):
    assert set(typing.get_args(getattr(types, ours))) == values(SCHEMAS[schema])


def test_action_types_are_those_of_the_schema():
    kinds = [it["properties"]["type"] for it in variants(SCHEMAS["Action"])]
    assert set(typing.get_args(types.ActionType)) == set().union(*map(values, kinds))


def test_every_call_is_an_operation_and_sends_what_it_takes():
    calls = list(admin_calls())
    assert len(calls) >= 12, calls
    for method, path, body, query in calls:
        operation = DOCUMENT["paths"].get(f"/__admin{path}", {}).get(method.lower())
        assert operation, f"{method} {path} is not in the document"
        taken = {it["name"] for it in operation.get("parameters", []) if it["in"] == "query"}
        assert query <= taken, f"{method} {path} does not take {query - taken}"
        if body is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            members = set().union(*(it["properties"] for it in variants(schema)))
            assert body <= members, f"{method} {path} does not take {body - members}"


def admin_calls():
    """Method, path, members of the body, and query parameters of each call in the package's source."""
    for source in pathlib.Path(flexiti_mock.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(source.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "call":
                    method, path, *rest = call.args
                    named = {it.arg: it.value for it in call.keywords}
                    body = members(rest[0], function) if rest else None
                    query = members(named["query"], function) if "query" in named else set()
                    yield method.value, path.value, body, query


def members(node, function):
    """The keys of a dictionary: a literal, or a variable filled in the same function."""
    if isinstance(node, ast.Dict):
        return {key.value for key in node.keys}
    keys = set()
    for part in ast.walk(function):
        if isinstance(part, (ast.Assign, ast.AnnAssign)):
            target = part.targets[0] if isinstance(part, ast.Assign) else part.target
            if getattr(target, "id", None) == node.id and isinstance(part.value, ast.Dict):
                keys |= {key.value for key in part.value.keys}
            if isinstance(target, ast.Subscript) and getattr(target.value, "id", None) == node.id:
                keys.add(target.slice.value)
    return keys
