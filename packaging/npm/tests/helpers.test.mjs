// The helpers, against the program of the installed package.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { FlexitiMockError, VerificationError, connectFlexitiMock, startFlexitiMock } from "flexiti-mock";
import { APPLICATION, call, scenario } from "./scenario.js";

let mock, merchant;
before(async () => (mock = await startFlexitiMock()));
after(() => mock.stop());
beforeEach(async () => (merchant = await mock.merchant()));

test("a shop's test", () => scenario(mock));

test("complete brings an order to its outcome", async () => {
  const token = await merchant.token();
  const { online_order_id: order } = await call(merchant, token, "/systems/init", { ...APPLICATION, merchant_orderid: "CART-1" });
  const { order: done } = await merchant.complete(order, "declined", { settleAfter: { polls: 1 } });
  assert.equal(done.outcome, "declined");
  const path = `/notifications/order-id/${order}`;
  const notifications = [await call(merchant, token, path), await call(merchant, token, path)];
  assert.deepEqual(notifications.map((it) => it.apply?.apply_status), [undefined, "DECLINED"]);
  assert.equal((await merchant.order(order)).merchant_order_id, "CART-1");
  await assert.rejects(merchant.complete(order, "approved"), /complete: 409: /);
  assert.equal((await merchant.requests({ order }))[0].endpoint, "init_plain");
});

test("time passes at once", async () => {
  const token = await merchant.token();
  const before = await merchant.advance({});
  const after = await merchant.advance({ minutes: 20, seconds: 1.5, ms: 0.4 });
  assert.ok(Date.parse(after.now) - Date.parse(before.now) >= 1_201_500);
  assert.equal((await call(merchant, token, "/systems/init", APPLICATION)).status, 401);
});

test("faults are planned, counted and taken away", async () => {
  await merchant.faults({ match: { endpoint: "token" }, action: { type: "status", status: 503 } });
  await assert.rejects(merchant.token(), /503/);
  assert.deepEqual((await merchant.faultPlan()).map((it) => it.struck), [1]);
  assert.equal((await merchant.requests({ status: 503, endpoint: "token" })).length, 1);
  assert.deepEqual(await merchant.faults(), []);
  await assert.rejects(merchant.faults({ action: { type: "explode" } }), FlexitiMockError);
});

test("verify counts, and says what came closest", async () => {
  await merchant.token();
  assert.equal(await merchant.verify("token", { times: 1 }), 1);
  assert.equal(await merchant.verify({ params: { grant_type: "client_credentials" } }, { times: { min: 1 } }), 1);
  await merchant.verify(undefined, { inOrder: [{ endpoint: "token" }] });
  await assert.rejects(merchant.verify("token", { times: 2 }), (error) => {
    assert.ok(error instanceof VerificationError && error instanceof assert.AssertionError);
    return /^expected exactly 2 requests/.test(error.message);
  });
  await assert.rejects(merchant.verify("tokens"), /400/);
});

test("lint reads what was sent", async () => {
  const token = await merchant.token();
  assert.deepEqual(await merchant.lint(), []);
  await call(merchant, token, "/systems/init", { ...APPLICATION, colour: "blue" });
  assert.ok((await merchant.lint()).some((it) => it.rule === "parameter_unknown"));
});

test("merchants do not see each other", async () => {
  const other = await connectFlexitiMock(`${mock.adminUrl}/`).merchant({ lang: "fr", client_id: "a/b c" });
  assert.equal(other.environment.FLEXITI_CLIENT_ID, "a/b c");
  await other.token();
  await other.verify("token", { times: 1 });
  await merchant.verify("token", { times: 0 });
  await other.dialect("strict");
  await other.reset();
  await other.verify("token", { times: 0 });
  await other.delete();
  await assert.rejects(other.lint(), /404/);
});

test("a mock with TLS and a token is trusted and asked", async () => {
  const secured = await startFlexitiMock({ flags: ["--tls-self-signed"], token: "t0ken" });
  try {
    const own = await secured.merchant({ name: "Shop" });
    const ca = own.environment.FLEXITI_CA_FILE;
    await own.token();
    assert.equal(await own.sendAgain((await own.requests())[0].id), 200);
    assert.equal((await own.har()).log.entries.length, 2);
    const other = await connectFlexitiMock(secured.adminUrl, { ca, token: "t0ken" }).merchant();
    assert.ok((await other.freeze()).frozen);
    assert.match((await other.setClock(new Date("2026-01-01T00:00:00Z"))).now, /^2026-01-01T00:00:00/);
    assert.match((await other.setClock("2026-02-01T00:00:00Z")).now, /^2026-02-01T00:00:00/);
    await other.dialect("mine", { answers: { ids_as: "string" } });
    await assert.rejects(connectFlexitiMock(secured.adminUrl, { ca }).merchant(), /401/);
    await assert.rejects(connectFlexitiMock(secured.adminUrl, { token: "t0ken" }).merchant(), /certificate/);
    await assert.rejects(connectFlexitiMock(secured.adminUrl, { ca: "/nowhere.pem" }).merchant(), /nowhere/);
  } finally {
    await secured.stop();
  }
});
