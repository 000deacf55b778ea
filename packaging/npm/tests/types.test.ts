// Compiled, not run: what the types allow, and what they refuse.
import { type Fault, type Merchant, type Outcome, startFlexitiMock } from "flexiti-mock";
import type { paths } from "flexiti-mock/api";

const unavailable: Fault = { match: { endpoint: "init" }, action: { type: "status", status: 503 } };
// @ts-expect-error `delay` takes `ms`
const incomplete: Fault = { action: { type: "delay" } };
// @ts-expect-error there is no such endpoint
const elsewhere: Fault = { match: { endpoint: "initialise" }, action: { type: "empty" } };

export async function uses(merchant: Merchant): Promise<Outcome | null | undefined> {
  await merchant.faults(unavailable, incomplete, elsewhere);
  await merchant.verify({ endpoint: "token", params: { scope: null } }, { times: { min: 1, max: 2 } });
  const { order, callback_url } = await merchant.complete(131210, "purchased", { follow: true });
  // @ts-expect-error orders do not end so
  await merchant.complete(131210, "bought");
  // @ts-expect-error an absent callback URL has to be handled
  callback_url.length;
  const struck: number[] = (await merchant.faultPlan()).map((fault) => fault.struck);
  const rules: string[] = (await merchant.lint()).map((finding) => finding.rule);
  const statuses: number[] = (await merchant.requests({ endpoint: "init" })).map((it) => it.status);
  return struck.length + rules.length + statuses.length > 0 ? order.outcome : undefined;
}

type Token = paths["/oauth/token"]["post"]["responses"][200]["content"]["application/json"];
export const token = async (): Promise<Token["access_token"]> => (await (await startFlexitiMock()).merchant()).token();
