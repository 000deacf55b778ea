// A shop's checkout with Flexiti, from the token to the notification, with what goes wrong.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { startFlexitiMock } from "flexiti-mock";

const address = { first_name: "Elodie", last_name: "Gagnon", address_1: "1 rue Saint-Paul", address_2: "app. 3",
  city: "Montreal", province: "QC", postal_code: "H2Y1C6" }; // prettier-ignore

/** The shop's client: keeps a token, gets another when it has ended, and retries what failed. */
class Flexiti {
  constructor({ baseUrl, clientId, clientSecret }) {
    Object.assign(this, { baseUrl, keys: { client_id: clientId, client_secret: clientSecret } });
  }

  async call(path, cart, retries = 1) {
    this.token ??= await this.newToken();
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    const answer = await this.send(path, headers, cart && JSON.stringify(cart));
    if (answer.ok) return answer.json();
    if (retries === 0 || ![401, 503].includes(answer.status)) throw new Error(`${path}: ${answer.status}`);
    if (answer.status === 401) this.token = undefined;
    return this.call(path, cart, retries - 1);
  }

  async newToken() {
    const form = new URLSearchParams({ grant_type: "client_credentials", ...this.keys });
    return (await (await this.send("/oauth/token", {}, form)).json()).access_token;
  }

  send(path, headers, body) {
    headers = { "x-reference-id": randomBytes(16).toString("hex"), ...headers };
    return fetch(this.baseUrl + path, { method: body ? "POST" : "GET", headers, body, signal: AbortSignal.timeout(10_000) });
  }
}

const mock = await startFlexitiMock();
after(() => mock.stop());

test("a checkout", async () => {
  const merchant = await mock.merchant();
  const flexiti = new Flexiti(merchant);

  // The first init is answered 503; the shop sends it again with the same token.
  await merchant.faults({ match: { endpoint: "init" }, action: { type: "status", status: 503 } });
  const cart = { lang: "fr", flow: "apply/buy", amount_requested: 499.99, merchant_orderid: "CART-1",
    billing_information: address, shipping_information: address }; // prettier-ignore
  const { online_order_id: order } = await flexiti.call(`/online/v2/client-id/${merchant.clientId}/systems/init`, cart);
  await merchant.verify({ endpoint: "init", params: { lang: "fr", "billing_information.city": "Montreal" } }, { times: 2 });

  // The customer buys, and takes longer than the token lives.
  await merchant.complete(order, "purchased");
  await merchant.advance({ minutes: 21 });
  const notification = await flexiti.call(`/online/client-id/${merchant.clientId}/notifications/order-id/${order}`);
  assert.equal(notification.purchase.status, "Success");

  await merchant.verify("token", { times: 2 });
  assert.deepEqual(await merchant.lint(), []);
});
