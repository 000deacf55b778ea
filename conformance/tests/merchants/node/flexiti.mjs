// Flexiti's API as the shop uses it: requests (`wire`), tokens (`TokenKeeper`), calls (`Flexiti`),
// and what a notification proves (`rules`).

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Flexiti said no. */
export class RefusedError extends Error {}
/** No answer, or none that can be read: nobody knows what Flexiti did. */
export class LostError extends Error {}
/** No good answer, and Flexiti surely did nothing: no connection, or it asked to wait. */
export class NotDoneError extends LostError {}

/** An x-reference-id: a new one for each operation, the same for all tries of it. */
export const newReference = () => randomBytes(16).toString('hex');

const NEVER_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

export const wire = {
  timeoutMs: 5000,
  pausesMs: [200, 400, 800],
  /** So long a customer is kept waiting because of a Retry-After. */
  patienceMs: 10_000,
  /** Flexiti asked to be left alone until then, whoever the customer is. */
  quietUntil: 0,

  headers(reference, access) {
    // Whatever the case of token_type, the header says `Bearer`.
    return { 'x-reference-id': reference, accept: 'application/json', ...(access && { authorization: `Bearer ${access}` }) };
  },

  /** One request and its answer, `{status, body, retryAfterMs}`; a POST if there is a form. */
  async once(url, form, headers) {
    let response;
    let text;
    try {
      response = await fetch(url, {
        method: form ? 'POST' : 'GET',
        body: form && new URLSearchParams(form),
        headers,
        redirect: 'manual', // a token goes nowhere but where it was meant to go
        signal: AbortSignal.timeout(wire.timeoutMs),
      });
      text = await response.text();
    } catch (error) {
      const code = error.cause?.code ?? error.name;
      throw new (NEVER_CONNECTED.includes(code) ? NotDoneError : LostError)(code);
    }
    return wire.read(response.status, response.headers.get('retry-after'), text);
  },

  read(status, retryAfter, text) {
    let body = null;
    try {
      body = JSON.parse(text);
    } catch { /* an error's body is only for people; that of a good answer is looked at below */ }
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    if (status < 400 && !isObject) throw new LostError('the answer is no JSON object');
    const waits = [429, 503].includes(status) && /^\d{1,6}$/.test(retryAfter ?? '');
    return { status, body: isObject ? body : {}, retryAfterMs: waits ? Number(retryAfter) * 1000 : null };
  },

  /** One request that comes to an answer below 500, or throws. */
  async attempt(url, form, headers) {
    const wait = wire.quietUntil - performance.now();
    if (wait > wire.patienceMs) throw new NotDoneError('Flexiti asked for a longer pause than a customer would wait');
    if (wait > 0) await sleep(wait);
    const answer = await wire.once(url, form, headers);
    if (answer.retryAfterMs !== null) wire.quietUntil = performance.now() + answer.retryAfterMs;
    if (answer.status === 429 || answer.retryAfterMs !== null) throw new NotDoneError(`status ${answer.status}`);
    if (answer.status >= 500) throw new LostError(`status ${answer.status}`);
    return answer;
  },

  /** Sends a request, at most four times. What is not repeatable (init) is sent again only if
   *  Flexiti surely did nothing. */
  async send(url, form, headers, repeatable) {
    for (const pause of [...wire.pausesMs, null]) {
      try {
        return await wire.attempt(url, form, headers);
      } catch (error) {
        if (!(error instanceof LostError)) throw error;
        console.error(`flexiti ${headers['x-reference-id']} ${error.message}`);
        if (pause === null || !(repeatable || error instanceof NotDoneError)) throw error;
      }
      await sleep(pause);
    }
  },
};

/** The token of one checkout. Who asks while it is being renewed waits for the same renewal. */
export class TokenKeeper {
  static marginMs = 60_000; // so long before its end a token is refreshed
  token = null;
  renewal = null;

  constructor(flexiti) {
    this.flexiti = flexiti;
  }

  /** An access token that is good for a call, and not `rejected`, which Flexiti answered 401. */
  async access(rejected = null) {
    if (this.token?.access === rejected) this.token = null;
    if (!this.isGood()) {
      this.renewal ??= this.renew().finally(() => { this.renewal = null; });
      await this.renewal;
    }
    return this.token.access;
  }

  isGood() {
    return this.token !== null && performance.now() < this.token.endsAt - TokenKeeper.marginMs;
  }

  /** Refreshes the token, or replaces it if it is over: then it can no longer be refreshed. */
  async renew() {
    const { refresh, endsAt } = this.token ?? {};
    if (refresh && performance.now() < endsAt) {
      try {
        this.token = await this.flexiti.grant({ grant_type: 'refresh_token', refresh_token: refresh });
        return;
      } catch { /* a refresh whose answer was lost may have spent the refresh token */ }
    }
    this.token = await this.flexiti.grant({ grant_type: 'client_credentials' });
  }
}

/** Flexiti's texts are ASCII: "Côté" goes as "Cote". */
export const ascii = (text) =>
  text.replaceAll('œ', 'oe').replaceAll('æ', 'ae').replaceAll('ß', 'ss').replaceAll('’', "'")
    .normalize('NFKD').replace(/[^\x20-\x7e]/g, '');

export class Flexiti {
  /** @param {{baseUrl: string, clientId: string, clientSecret: string}} account */
  constructor(account) {
    Object.assign(this, account, { baseUrl: account.baseUrl.replace(/\/+$/, '') });
  }

  async grant(form) {
    const askedAt = performance.now(); // a token may seem older than it is, not younger
    const keys = { client_id: this.clientId, client_secret: this.clientSecret };
    const { status, body } = await wire.send(`${this.baseUrl}/oauth/token`, { ...keys, ...form }, wire.headers(newReference()), true);
    if (status !== 200 || typeof body.access_token !== 'string') throw new RefusedError(`token: ${status}`);
    const lives = Number(body.expires_in) || 0; // without it the token serves for one call
    return { access: body.access_token, refresh: body.refresh_token, endsAt: askedAt + lives * 1000 };
  }

  /** A call with the checkout's token. After a 401 it is made once more, with another one. */
  async call(tokens, path, { form, reference = newReference(), repeatable = true } = {}) {
    const url = `${this.baseUrl}${path}`;
    const access = await tokens.access();
    const answer = await wire.send(url, form, wire.headers(reference, access), repeatable);
    if (answer.status !== 401) return answer;
    return wire.send(url, form, wire.headers(reference, await tokens.access(access)), repeatable);
  }

  /** With /v2 Flexiti's pages begin with a choice; an application has none. */
  initPath(flow) {
    return `/online${flow === 'apply' ? '' : '/v2'}/client-id/${encodeURIComponent(this.clientId)}/systems/init`;
  }

  initForm({ flow, lang, amount, mname, buyer, billing, shipping }, name) {
    const fields = {
      merchant_orderid: name, lang, flow, amount_requested: amount,
      fname: billing.first_name, mname, lname: billing.last_name, ...buyer,
    };
    if (flow !== 'apply') {
      for (const [key, value] of Object.entries(billing)) fields[`billing_information.${key}`] = value;
      for (const [key, value] of Object.entries(shipping)) fields[`shipping_information.${key}`] = value;
    }
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given.map(([key, value]) => [key, ascii(value)]));
  }

  /** Opens an order: `{orderId, url}`. Not idempotent: after a LostError there may be one. */
  async init(tokens, terms, name, reference) {
    const form = this.initForm(terms, name);
    const { status, body } = await this.call(tokens, this.initPath(terms.flow), { form, reference, repeatable: false });
    if (status !== 200) throw new RefusedError(`init: ${status}`);
    const orderId = rules.id(body.online_order_id);
    if (orderId === null || !/^https?:\/\/[!-~]+$/.test(body.redirection_url)) throw new LostError('init answers no order');
    return { orderId, url: body.redirection_url };
  }

  notificationPath(name) {
    return `/online/client-id/${encodeURIComponent(this.clientId)}/notifications/merchant-order-id/${encodeURIComponent(name)}`;
  }

  /** What Flexiti says of the order of this name; null if it knows of none. */
  async notification(tokens, name) {
    const { status, body } = await this.call(tokens, this.notificationPath(name));
    if (status === 404) return null;
    if (status !== 200) throw new RefusedError(`notification: ${status}`);
    return body;
  }
}

const SUCCESS = 'success';
const MEANINGS = new Map(Object.entries({
  declined: 'failed', refused: 'failed', failed: 'failed', retry: 'failed',
  cancelled: 'cancelled', canceled: 'cancelled', expired: 'cancelled',
}));

/** What a notification proves. Nothing else proves anything: no callback, no parameter of one. */
export const rules = {
  /** An id: a number in the reference's examples, a string for some clients. */
  id(value) {
    return ['number', 'string'].includes(typeof value) && value !== '' ? String(value) : null;
  },

  word(value) {
    return typeof value === 'string' ? value.toLowerCase() : null;
  },

  isAbout(body, orderId, flow) {
    const letters = (text) => text.toLowerCase().replace(/[^a-z]/g, '');
    return rules.id(body.transaction_id) === orderId && typeof body.flow === 'string' && letters(body.flow) === letters(flow);
  },

  belief(flow, body) {
    const apply = rules.word(body.apply?.apply_status);
    const purchase = rules.word(body.purchase?.status);
    if (flow === 'apply') return rules.status(apply, 'approved');
    const bought = rules.status(purchase, 'paid');
    // Who is approved has not paid; and who was not approved will not pay.
    const stopped = flow === 'apply/buy' && bought !== 'paid' && apply !== null && apply !== SUCCESS;
    return stopped ? rules.status(apply, 'pending') : bought;
  },

  /** A word that nobody knows proves nothing. */
  status(word, success) {
    const status = word === SUCCESS ? success : MEANINGS.get(word) ?? 'pending';
    if (word !== null && status === 'pending') console.error(`not decided: ${JSON.stringify(word.slice(0, 20))}`);
    return status;
  },

  /** The Flexiti customer of an approved application: with it the next purchase needs no card. */
  customerId(body) {
    return rules.word(body.apply?.apply_status) === SUCCESS ? rules.id(body.apply.customer_id) ?? undefined : undefined;
  },
};
