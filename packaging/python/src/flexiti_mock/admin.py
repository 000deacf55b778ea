"""Calls of the admin API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from .errors import FlexitiMockError, VerificationError

# The mock is on this machine, whatever proxy the environment names for the world outside.
_opener = build_opener(ProxyHandler({}))


class Admin:
    """The admin API of one mock; `trouble` says how its process ended, if it has."""

    def __init__(self, url: str, trouble: Callable[[], str]) -> None:
        self.url = url.rstrip("/")
        self._trouble = trouble

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        **segments: object,
    ) -> Any:
        """Calls `path`, a path of the OpenAPI document below `/__admin`, and returns the answer."""
        filled = path.format_map({name: quote(str(value), safe="") for name, value in segments.items()})
        wanted = {name: value for name, value in (query or {}).items() if value is not None}
        url = self.url + filled + (f"?{urlencode(wanted)}" if wanted else "")
        data = None if body is None else json.dumps(body).encode()
        try:
            with _opener.open(Request(url, data, {"content-type": "application/json"}, method=method)) as answer:
                text = answer.read()
        except HTTPError as error:
            raise _refusal(method, filled, error) from None
        except URLError as error:
            reason = self._trouble() or f": {error.reason}"
            raise FlexitiMockError(f"flexiti-mock does not answer at {self.url}{reason}") from None
        return json.loads(text) if text else None


def _refusal(method: str, path: str, error: HTTPError) -> FlexitiMockError | VerificationError:
    text = error.read().decode(errors="replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = {}
    if error.code == 422 and "message" in said:
        return VerificationError(said["message"])
    return FlexitiMockError(f"{method} {path}: {error.code}: {said.get('error', text)}")
