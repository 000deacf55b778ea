import { randomUUID } from "node:crypto";
import { type Admin, send } from "./admin";
import { FlexitiMockError } from "./errors";
import type {
  ClockView,
  Completed,
  Exchange,
  Fault,
  FaultView,
  Finding,
  Match,
  MerchantView,
  OrderView,
  SettleAfter,
  Times,
  Wanted,
} from "./types";

/** How much time passes; the members are added up. */
export interface Span {
  minutes?: number;
  seconds?: number;
  ms?: number;
}

/** A merchant with keys, tokens, orders, clock, faults and journal of its own. */
export class Merchant {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly baseUrl: string;
  readonly #admin: Admin;

  /** @internal */
  constructor(admin: Admin, view: MerchantView) {
    this.#admin = admin;
    this.clientId = view.client_id;
    this.clientSecret = view.client_secret;
    this.baseUrl = view.base_url;
  }

  /** Variables for a shop that is started as a process of its own. */
  get environment(): Record<string, string> {
    const direct = [process.env.NO_PROXY, "127.0.0.1,localhost"].filter(Boolean).join(",");
    return {
      ...(this.#admin.ca && { FLEXITI_CA_FILE: this.#admin.ca, NODE_EXTRA_CA_CERTS: this.#admin.ca }),
      FLEXITI_BASE_URL: this.baseUrl,
      FLEXITI_CLIENT_ID: this.clientId,
      FLEXITI_CLIENT_SECRET: this.clientSecret,
      FLEXITI_ADMIN_URL: this.#admin.url,
      NO_PROXY: direct,
      no_proxy: direct,
    };
  }

  /** Asks for an access token, as the shop would; the request is in the journal. */
  async token(): Promise<string> {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: this.clientId,
      client_secret: this.clientSecret,
    });
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "x-reference-id": randomUUID().replaceAll("-", ""),
    };
    const url = new URL(`${this.baseUrl}/oauth/token`);
    const { status, text } = await send("post", url, headers, form.toString(), this.#admin.ca);
    if (status !== 200) throw new FlexitiMockError(`POST /oauth/token: ${status}: ${text}`);
    return (JSON.parse(text) as { access_token: string }).access_token;
  }

  /**
   * Brings an order to `outcome`, as its customer would. With `follow` the mock requests the shop's
   * callback URL, as the customer's browser would.
   */
  complete(
    order: number | string,
    outcome: Wanted,
    options: { follow?: boolean; settleAfter?: SettleAfter } = {},
  ): Promise<Completed> {
    return this.#admin.call("post", "/__admin/orders/{id}/complete", {
      path: { id: String(order) },
      body: {
        outcome,
        follow: options.follow ?? false,
        ...(options.settleAfter && { settle_after: options.settleAfter }),
      },
    });
  }

  /** An order as it stands now. */
  order(order: number | string): Promise<OrderView> {
    return this.#admin.call("get", "/__admin/orders/{id}", { path: { id: String(order) } });
  }

  /** Lets time pass at once on this merchant's clock. */
  advance({ minutes = 0, seconds = 0, ms = 0 }: Span): Promise<ClockView> {
    return this.#admin.call("put", "/__admin/merchants/{client_id}/clock", {
      path: this.#path,
      body: { advance_ms: Math.round((minutes * 60 + seconds) * 1000 + ms) },
    });
  }

  /** Stops this merchant's clock, or lets it run again. */
  freeze(frozen = true): Promise<ClockView> {
    const sent = { path: this.#path, body: { frozen } };
    return this.#admin.call("put", "/__admin/merchants/{client_id}/clock", sent);
  }

  /** Sets this merchant's clock, to a date or a text such as 2026-01-01T00:00:00Z. */
  setClock(now: Date | string): Promise<ClockView> {
    const set = typeof now === "string" ? now : now.toISOString();
    const sent = { path: this.#path, body: { set } };
    return this.#admin.call("put", "/__admin/merchants/{client_id}/clock", sent);
  }

  /** Replaces the fault plan; without arguments, nothing fails any more. */
  async faults(...faults: Fault[]): Promise<FaultView[]> {
    const plan = await this.#admin.call("put", "/__admin/merchants/{client_id}/faults", {
      path: this.#path,
      body: { faults },
    });
    return plan.faults;
  }

  /** The faults, and how many requests each was injected into (`struck`). */
  async faultPlan(): Promise<FaultView[]> {
    const path = this.#path;
    const plan = await this.#admin.call("get", "/__admin/merchants/{client_id}/faults", { path });
    return plan.faults;
  }

  /**
   * Lets the mock answer in another dialect from the next request on. With `answers`, it is one of
   * your own, which extends a shipped one.
   */
  async dialect(
    name: string,
    own: { extends?: string; answers?: Record<string, unknown> } = {},
  ): Promise<void> {
    const body = own.answers ? { name, extends: "documented", ...own } : { name };
    const sent = { path: this.#path, body };
    await this.#admin.call("put", "/__admin/merchants/{client_id}/dialect", sent);
  }

  /**
   * How many requests were as expected; rejects with a `VerificationError` if that is not what was
   * expected. `match` may be the name of an endpoint. `times` is at least one if absent.
   */
  async verify(
    match?: Match | string,
    options: { times?: Times; inOrder?: Match[] } = {},
  ): Promise<number> {
    const verified = await this.#admin.call("post", "/__admin/requests/verify", {
      body: {
        client_id: this.clientId,
        ...(match !== undefined && { match: typeof match === "string" ? { endpoint: match } : match }),
        ...(options.times !== undefined && { times: options.times }),
        ...(options.inOrder && { in_order: options.inOrder }),
      },
    });
    return verified.matched;
  }

  /** What was sent, in order. */
  async requests(
    filter: { endpoint?: string; order?: number | string; status?: number } = {},
  ): Promise<Exchange[]> {
    const found = await this.#admin.call("get", "/__admin/requests", {
      query: {
        client_id: this.clientId,
        ...(filter.endpoint !== undefined && { endpoint: filter.endpoint }),
        ...(filter.order !== undefined && { order_id: String(filter.order) }),
        ...(filter.status !== undefined && { status: String(filter.status) }),
      },
    });
    return found.requests;
  }

  /** Lets the mock answer a request of the journal once more; the status of the answer. */
  async sendAgain(request: number): Promise<number> {
    const path = { id: String(request) };
    return (await this.#admin.call("post", "/__admin/requests/{id}/again", { path })).status;
  }

  /** What was sent and answered, as an HTTP archive for other tools. */
  async har(): Promise<{ log: { entries: unknown[] } }> {
    const query = { client_id: this.clientId };
    const accept = "application/har+json";
    const found: unknown = await this.#admin.call("get", "/__admin/requests", { query, accept });
    return found as { log: { entries: unknown[] } };
  }

  /** What a reviewer would object to in the requests; an empty list is a good sign. */
  async lint(): Promise<Finding[]> {
    const path = this.#path;
    return (await this.#admin.call("get", "/__admin/merchants/{client_id}/lint", { path })).findings;
  }

  /** Forgets tokens, orders, journal, faults, clock and dialect. */
  async reset(): Promise<void> {
    await this.#admin.call("post", "/__admin/merchants/{client_id}/reset", { path: this.#path });
  }

  /** Deletes the merchant with everything that belongs to it. */
  async delete(): Promise<void> {
    await this.#admin.call("delete", "/__admin/merchants/{client_id}", { path: this.#path });
  }

  get #path(): { client_id: string } {
    return { client_id: this.clientId };
  }
}
