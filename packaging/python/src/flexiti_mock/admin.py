"""Calls of the admin API."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from .errors import FlexitiMockError, VerificationError


def opener(ca: str | None) -> OpenerDirector:
    """What asks the mock, past any proxy: it is on this machine. `ca` signs its certificate."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise FlexitiMockError(f"{ca} is no PEM file with a certificate: {error}") from None
    return build_opener(ProxyHandler({}), HTTPSHandler(context=context))


class Admin:
    """The admin API of one mock; `trouble` says how its process ended, if it has.

    `ca` is the file with the authority of its certificate, where it speaks TLS, and `token` is its
    admin token, where it has one. The environment names both, as `flexiti-mock exec` sets it.
    """

    def __init__(
        self, url: str, trouble: Callable[[], str], ca: str | None = None, token: str | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.ca = ca or os.environ.get("FLEXITI_CA_FILE") or None
        self.token = token or os.environ.get("FLEXITI_MOCK_ADMIN_TOKEN") or None
        self.opener = opener(self.ca)
        self._trouble = trouble

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        accept: str = "application/json",
        **segments: object,
    ) -> Any:
        """Calls `path`, a path of the OpenAPI document below `/__admin`, and returns the answer."""
        filled = path.format_map({name: quote(str(value), safe="") for name, value in segments.items()})
        wanted = {name: value for name, value in (query or {}).items() if value is not None}
        url = self.url + filled + (f"?{urlencode(wanted)}" if wanted else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "accept": accept}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        try:
            with self.opener.open(Request(url, data, headers, method=method)) as answer:
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
