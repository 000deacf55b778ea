// Compiled, not run: what openapi-typescript makes of the export allows what the API takes, and
// refuses what it does not.
import type { components, paths } from "./api";

type Body<P extends keyof paths> = paths[P] extends { post: { requestBody: { content: infer Content } } } ? Content : never;
type Plain = Body<"/online/client-id/{clientId}/systems/init">;
type V2 = Body<"/online/v2/client-id/{clientId}/systems/init">;
type Token = Body<"/oauth/token">["application/x-www-form-urlencoded"];
type Answer = paths["/oauth/token"]["post"]["responses"][200]["content"]["application/json"];
type Opened = paths["/online/v2/client-id/{clientId}/systems/init"]["post"]["responses"][200]["content"]["application/json"];

const address = { first_name: "A", last_name: "B", address_1: "1 Main", address_2: "", city: "Toronto", province: "ON", postal_code: "M1M1M1" };
const application: Plain["application/x-www-form-urlencoded"] = { lang: "fr", flow: "apply", amount_requested: "499.99" };
const purchase: V2["application/json"] = {
  lang: "en", flow: "buy", amount_requested: 499.99, customer_id: 1293836, billing_information: address, shipping_information: address,
};
// @ts-expect-error an amount is required
const without: Plain["application/json"] = { lang: "fr", flow: "apply" };
// @ts-expect-error a purchase needs addresses
const nowhere: V2["application/json"] = { lang: "en", flow: "buy", amount_requested: "1.00" };
const { city: _, ...homeless } = address;
// @ts-expect-error an address needs a city
const halfway: V2["application/json"] = { ...purchase, billing_information: homeless };
// @ts-expect-error a guest is no number
const guest: Plain["application/json"] = { ...application, is_guest: 1 };

const first: Token = { client_id: "a", client_secret: "b" };
const next: Token = { client_id: "a", client_secret: "b", grant_type: "refresh_token", refresh_token: "c" };
// @ts-expect-error what is refreshed has to be said
const nothing: Token = { client_id: "a", client_secret: "b", grant_type: "refresh_token" };
// @ts-expect-error there is no such grant
const other: Token = { client_id: "a", client_secret: "b", grant_type: "implicit" };

export const read = (answer: Answer, opened: Opened, error: components["schemas"]["Error"]): [string, number, string, number] =>
  [answer.access_token, answer.expires_in, opened.redirection_url, error.code];
export const all = [application, purchase, without, nowhere, halfway, guest, first, next, nothing, other];
