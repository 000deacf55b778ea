// What a shop's test does, whatever runs it.
const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { VerificationError } = require("flexiti-mock");

/** Sends a request as a shop would. */
async function call(merchant, token, path, form) {
  const answer = await fetch(`${merchant.baseUrl}/online/client-id/${merchant.clientId}${path}`, {
    method: form ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "x-reference-id": randomBytes(16).toString("hex") },
    ...(form && { body: new URLSearchParams(form) }),
  });
  return { status: answer.status, ...(await answer.json()) };
}

const APPLICATION = { lang: "fr", flow: "apply", amount_requested: "499.99" };

async function scenario(mock) {
  const merchant = await mock.merchant();
  const token = await merchant.token();
  const { online_order_id: order } = await call(merchant, token, "/systems/init", APPLICATION);
  const { order: done } = await merchant.complete(order, "declined");
  assert.equal(done.outcome, "declined");
  const notification = await call(merchant, token, `/notifications/order-id/${order}`);
  assert.equal(notification.apply.apply_status, "DECLINED");
  await merchant.verify("init", { times: 1 });
  await assert.rejects(merchant.verify("token", { times: 2 }), VerificationError);
  assert.deepEqual(await merchant.lint(), []);
  await merchant.delete();
}

module.exports = { APPLICATION, call, scenario };
