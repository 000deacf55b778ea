"""The fixtures and helpers, against the program of the installed wheel."""

import json
import uuid
from datetime import datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from flexiti_mock import FlexitiMock, FlexitiMockError, VerificationError

pytest_plugins = ["pytester"]


def call(merchant, path, token, form=None):
    url = f"{merchant.base_url}/online/client-id/{merchant.client_id}{path}"
    headers = {"authorization": f"Bearer {token}", "x-reference-id": uuid.uuid4().hex}
    with urlopen(Request(url, form and urlencode(form).encode(), headers)) as answer:
        return json.load(answer)


def init(merchant, token, **more):
    form = {"lang": "fr", "flow": "apply", "amount_requested": "499.99", **more}
    return call(merchant, "/systems/init", token, form)["online_order_id"]


def test_complete_brings_an_order_to_its_outcome(flexiti_merchant):
    token = flexiti_merchant.token()
    order = init(flexiti_merchant, token, merchant_orderid="CART-1")
    done = flexiti_merchant.complete(order, "declined", settle_after={"polls": 1})
    assert done["order"]["outcome"] == "declined"
    notifications = [call(flexiti_merchant, f"/notifications/order-id/{order}", token) for _ in range(2)]
    assert [it.get("apply", {}).get("apply_status") for it in notifications] == [None, "DECLINED"]
    assert flexiti_merchant.order(order)["merchant_order_id"] == "CART-1"
    with pytest.raises(FlexitiMockError, match="complete: 409: "):
        flexiti_merchant.complete(order, "approved")
    assert [it["endpoint"] for it in flexiti_merchant.requests(order=order)][0] == "init_plain"


def test_time_passes_at_once(flexiti_merchant):
    token = flexiti_merchant.token()
    before = flexiti_merchant.advance()
    after = flexiti_merchant.advance(timedelta(minutes=20), seconds=1.5)
    passed = datetime.fromisoformat(after["now"].rstrip("Z")[:23]) - datetime.fromisoformat(before["now"].rstrip("Z")[:23])
    assert passed >= timedelta(minutes=20, seconds=1)
    with pytest.raises(HTTPError) as refused:
        init(flexiti_merchant, token)
    assert refused.value.code in (401, 403)


def test_faults_are_planned_counted_and_taken_away(flexiti_merchant):
    flexiti_merchant.faults({"match": {"endpoint": "token"}, "action": {"type": "status", "status": 503}})
    with pytest.raises(FlexitiMockError, match="503"):
        flexiti_merchant.token()
    assert [it["struck"] for it in flexiti_merchant.fault_plan()] == [1]
    assert flexiti_merchant.requests(status=503)[0]["fault"] == "status"
    assert flexiti_merchant.faults() == []
    with pytest.raises(FlexitiMockError, match="unknown|there are|expected"):
        flexiti_merchant.faults({"action": {"type": "explode"}})


def test_verify_counts_and_says_what_came_closest(flexiti_merchant):
    flexiti_merchant.token()
    assert flexiti_merchant.verify("token", times=1) == 1
    assert flexiti_merchant.verify({"params": {"grant_type": "client_credentials"}}, times={"min": 1}) == 1
    flexiti_merchant.verify(in_order=[{"endpoint": "token"}])
    with pytest.raises(VerificationError, match="expected exactly 2 requests"):
        flexiti_merchant.verify("token", times=2)
    with pytest.raises(FlexitiMockError, match="400"):
        flexiti_merchant.verify("tokens")


def test_lint_reads_what_was_sent(flexiti_merchant):
    token = flexiti_merchant.token()
    assert flexiti_merchant.lint() == []
    init(flexiti_merchant, token, colour="blue")
    assert "parameter_unknown" in {it["rule"] for it in flexiti_merchant.lint()}


def test_merchants_do_not_see_each_other(flexiti_mock, flexiti_merchant):
    other = flexiti_mock.merchant(lang="fr", client_id="a/b c")
    other.token()
    other.verify("token", times=1)
    flexiti_merchant.verify("token", times=0)
    other.dialect("strict")
    other.reset()
    other.verify("token", times=0)
    other.delete()
    with pytest.raises(FlexitiMockError, match="404"):
        other.lint()


def test_a_failing_tests_report_has_its_requests(pytester):
    pytester.makepyfile("def test_it(flexiti_merchant):\n    flexiti_merchant.token()\n    assert False\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Requests to Flexiti*", "#* POST /flexiti/online-api/oauth/token -> 200"])


def test_flags_come_from_the_configuration(pytester):
    pytester.makeini("[pytest]\nflexiti_mock_flags = --dialect strikt")
    pytester.makepyfile("def test_it(flexiti_merchant): pass")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*FlexitiMockError: flexiti-mock did not start (exit code 2): *strikt*"])


def test_a_mock_that_runs_already_is_used(pytester, flexiti_mock, monkeypatch):
    monkeypatch.setenv("FLEXITI_ADMIN_URL", flexiti_mock.admin_url)
    pytester.makepyfile(f"def test_it(flexiti_mock):\n    assert flexiti_mock.admin_url == {flexiti_mock.admin_url!r}\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert flexiti_mock.merchant().token()


def test_a_shop_in_the_same_process_asks_no_proxy(pytester, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(
        "from urllib.request import urlopen\n"
        "def test_it(flexiti_mock):\n    assert urlopen(flexiti_mock.admin_url + '/health').status == 200\n"
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_mock_with_tls_and_a_token_is_trusted_and_asked(tmp_path, monkeypatch):
    for name in ("FLEXITI_CA_FILE", "FLEXITI_MOCK_ADMIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    ca = tmp_path / "ca.pem"
    with FlexitiMock.start("--tls-self-signed", f"--tls-ca-file={ca}", token="t0ken") as mock:
        assert mock.admin_url.startswith("https://")
        merchant = mock.merchant(name="Shop", name_fr="Boutique")
        assert merchant.environment["FLEXITI_CA_FILE"] == str(ca)
        merchant.token()
        assert merchant.send_again(merchant.requests()[0]["id"]) == 200
        assert len(merchant.har()["log"]["entries"]) == 2
        other = FlexitiMock.connect(mock.admin_url, ca=ca, token="t0ken").merchant()
        assert other.freeze()["frozen"]
        assert other.set_clock(datetime(2026, 1, 1))["now"].startswith("2026-01-01T00:00:00")
        assert other.set_clock("2026-02-01T00:00:00Z")["now"].startswith("2026-02-01T00:00:00")
        other.dialect("mine", answers={"ids_as": "string"})
        with pytest.raises(FlexitiMockError, match="401"):
            FlexitiMock.connect(mock.admin_url, ca=ca).merchant()
        with pytest.raises(FlexitiMockError, match="certificate"):
            FlexitiMock.connect(mock.admin_url, token="t0ken").merchant()
        with pytest.raises(FlexitiMockError, match="PEM"):
            FlexitiMock.connect(mock.admin_url, ca=__file__)
