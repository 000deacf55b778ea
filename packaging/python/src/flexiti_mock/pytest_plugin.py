"""Fixtures for pytest: `flexiti_mock`, one for each run, and `flexiti_merchant`, one for each test."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from .errors import FlexitiMockError
from .merchant import Merchant, direct
from .server import FlexitiMock


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("flexiti_mock_flags", "flags of flexiti-mock, such as --dialect=strict", "args", [])
    parser.addini("flexiti_mock_binary", "the program, if not the one of the wheel", "string", "")


@pytest.fixture(scope="session")
def flexiti_mock(pytestconfig: pytest.Config) -> Iterator[FlexitiMock]:
    """A mock on a free port; the one at FLEXITI_ADMIN_URL, if there is one already."""
    running = os.environ.get("FLEXITI_ADMIN_URL")
    flags = pytestconfig.getini("flexiti_mock_flags")
    binary = pytestconfig.getini("flexiti_mock_binary") or None
    with (
        pytest.MonkeyPatch.context() as patch,
        FlexitiMock.connect(running) if running else FlexitiMock.start(*flags, binary=binary) as mock,
    ):
        # A shop that runs in the tests' own process asks the proxy that the environment names.
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, direct(os.environ.get(name)))
        yield mock


@pytest.fixture
def flexiti_merchant(flexiti_mock: FlexitiMock) -> Iterator[Merchant]:
    """A merchant of the test's own; a failing test's report lists what it sent."""
    merchant = flexiti_mock.merchant()
    yield merchant
    merchant.delete()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    merchant = getattr(item, "funcargs", {}).get("flexiti_merchant")
    if report.when == "call" and report.failed and isinstance(merchant, Merchant):
        report.sections.append(("Requests to Flexiti", journal(merchant)))
    return report


def journal(merchant: Merchant) -> str:
    """The merchant's requests, with what was wrong with each."""
    try:
        requests = merchant.requests()
    except FlexitiMockError as error:
        return str(error)
    lines = []
    for request in requests:
        fault = request.get("fault")
        lines.append(
            f"#{request['id']} {request['method']} {request['path']} -> {request['status']}"
            + (f" (fault: {fault})" if fault else "")
        )
        for broken in request["violations"]:
            about = "".join(f" {it}" for it in (broken.get("param"), broken.get("msg")) if it)
            lines.append(f"    {broken['clause']}{about}: {broken.get('remedy', '')}")
    return "\n".join(lines) or "none"
