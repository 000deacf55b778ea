// What can be wrong with a shop, one thing at a time: `plant` breaks the shop of shop.mjs so.
//
// Each fault replaces what it breaks and nothing else. faults.toml says what is to be found of it.

import { setTimeout as sleep } from 'node:timers/promises';
import { Flexiti, LostError, NotDoneError, TokenKeeper, newReference, rules, wire } from './flexiti.mjs';

/** Puts `change(original, ...args)` in the place of a method; `this` stays what it is. */
function replace(owner, name, change) {
  const original = owner[name];
  owner[name] = function (...args) {
    return change.call(this, original.bind(this), ...args);
  };
}

const success = (checkout) => (checkout.terms.flow === 'apply' ? 'approved' : 'paid');

/** Does something with the customer's checkout before a callback is answered. */
const beforeCallback = ({ Shop }, act) => replace(Shop.prototype, 'callback', async function (original, session, url) {
  const checkout = this.chosen(session, url.searchParams.get('orderId'));
  if (checkout) await act(checkout, url);
  return original(session, url);
});

/** Changes the fields of init. */
const inForm = (change) => replace(Flexiti.prototype, 'initForm', (original, terms, name) => {
  const form = original(terms, name);
  change(form);
  return form;
});

const statusOf = (change) => replace(rules, 'status', (original, word, good) => change(word, good) ?? original(word, good));

const FAULTS = {
  /** Whoever buys, the customer who bought first is named. */
  customer_of_the_first: ({ Shop }) => {
    let first = null;
    inForm((form) => {
      if (!form.customer_id) return;
      first ??= form.customer_id;
      form.customer_id = first;
    });
  },

  // The outcome.

  /** Any callback makes the order paid. */
  trusts_callback: (parts) => beforeCallback(parts, (checkout) => { checkout.state = success(checkout); }),
  /** The success address makes it paid, and the other one asks. */
  trusts_success_url: (parts) => beforeCallback(parts, (checkout, url) => {
    if (url.pathname === '/flexiti/return') checkout.state = success(checkout);
  }),
  /** A parameter of the callback makes it paid. */
  trusts_query: (parts) => beforeCallback(parts, (checkout, url) => {
    if (/^(success|paid|approved)$/i.test(url.searchParams.get('status') ?? '')) checkout.state = success(checkout);
  }),
  /** Pending counts as success. */
  paid_on_pending: () => statusOf((word, good) => (word === 'pending' ? good : null)),
  /** Whatever a notification says, that there is one counts as success. */
  paid_on_any_200: () => { rules.belief = (flow) => (flow === 'apply' ? 'approved' : 'paid'); },
  /** An approved application counts as a purchase: the word SUCCESS anywhere does. */
  paid_on_approval: () => replace(rules, 'belief', (original, flow, body) =>
    (flow === 'apply/buy' && /success/i.test(JSON.stringify(body)) ? 'paid' : original(flow, body))),
  /** Cancelled counts as success, as all that is not declined does. */
  paid_unless_declined: () => statusOf((word, good) => (word !== null && !/declined|failed|refused/.test(word) ? good : null)),
  /** What was pending when it was first asked is never asked about again. */
  pending_is_final: ({ Checkout }) => replace(Checkout.prototype, 'ask', async function (original) {
    if (this.askedAt === -Infinity) await original();
  }),
  /** A notification that is not there (404) makes the order failed. */
  unknown_is_failure: ({ Checkout }) => replace(Checkout.prototype, 'hear', function (original, body) {
    if (body) original(body);
    else Object.assign(this, { state: 'failed', opened: null });
  }),
  /** No notification is ever read: the order stays pending. */
  never_asks: ({ Checkout }) => { Checkout.prototype.ask = async () => {}; },
  /** Asks about the order that anyone opened last, and believes it. */
  believes_any_order: ({ Checkout }) => {
    let last;
    replace(Checkout.prototype, 'open', async function (original) {
      const opened = await original();
      last = this.names.at(-1);
      return opened;
    });
    replace(Checkout.prototype, 'ask', async function (original) {
      if (last === undefined) return original();
      const own = this.names;
      this.names = [...own, last];
      try {
        await original();
      } finally {
        this.names = own;
      }
    });
    rules.isAbout = () => true;
  },
  /** A callback's orderId finds the order of any customer, with or without a cookie. */
  foreign_order_in_query: ({ Shop }) => replace(Shop.prototype, 'chosen', function (original, session, orderId) {
    const any = [...this.checkouts.values()].find((checkout) => checkout.opened?.orderId === orderId);
    return any ?? original(session, orderId);
  }),
  /** A callback's orderId finds the order of any customer who has a session. */
  foreign_order_in_query_of_a_session: ({ Shop }) => replace(Shop.prototype, 'chosen', function (original, session, orderId) {
    const any = session && [...this.checkouts.values()].find((checkout) => checkout.opened?.orderId === orderId);
    return any ?? original(session, orderId);
  }),
  /** The second callback of an order makes it failed: it was "already processed". */
  callback_twice_fails: ({ Shop }) => replace(Shop.prototype, 'callback', async function (original, session, url) {
    const checkout = this.chosen(session, url.searchParams.get('orderId'));
    if (checkout?.cameBack) Object.assign(checkout, { state: 'failed', opened: null });
    const answer = await original(session, url);
    if (checkout) checkout.cameBack = true;
    return answer;
  }),

  // Tokens.

  /** Each call has a token of its own. */
  token_per_request: () => { TokenKeeper.prototype.isGood = () => false; TokenKeeper.prototype.renew = async function () {
    this.token = await this.flexiti.grant({ grant_type: 'client_credentials' });
  }; },
  /** All customers share one token. */
  one_token_for_all: () => {
    let shared;
    replace(TokenKeeper.prototype, 'access', function (original, rejected) {
      shared ??= this;
      return shared === this ? original(rejected) : shared.access(rejected);
    });
  },
  /** A token is used until Flexiti answers 401. */
  never_refreshes: () => { TokenKeeper.prototype.isGood = function () { return this.token !== null; }; },
  /** `refresh_token` holds the access token. */
  refreshes_with_access_token: () => replace(TokenKeeper.prototype, 'renew', function (original) {
    if (this.token) this.token = { ...this.token, refresh: this.token.access };
    return original();
  }),
  /** A token is refreshed only after its end. */
  refreshes_after_expiry: () => {
    TokenKeeper.marginMs = 0;
    replace(TokenKeeper.prototype, 'renew', function (original) {
      if (this.token) this.token = { ...this.token, endsAt: Infinity };
      return original();
    });
  },
  /** A 401 is the end of the call, and of all that follow. */
  no_new_token_after_401: () => replace(TokenKeeper.prototype, 'access', function (original) { return original(); }),
  /** A 401 is answered with another token again and again. */
  endless_after_401: () => replace(Flexiti.prototype, 'call', async (original, ...args) => {
    let answer;
    for (let tries = 0; tries < 40; tries += 1) {
      answer = await original(...args);
      if (answer.status !== 401) break;
    }
    return answer;
  }),
  /** Nobody waits for anybody: all who look at once ask at once, and each renews the token. */
  stampede: ({ Checkout }) => {
    Checkout.prototype.inTurn = (step) => step();
    TokenKeeper.prototype.access = async function (rejected = null) {
      if (this.token?.access === rejected) this.token = null;
      if (!this.isGood()) await this.renew();
      return this.token.access;
    };
  },

  // Trying again.

  /** Nothing is tried again. */
  no_retry: () => { wire.pausesMs = []; },
  /** Retry-After is not read. */
  ignores_retry_after: () => replace(wire, 'read', (original, status, _, text) => original(status, null, text)),
  /** Init is sent again although the first may have opened an order. */
  retries_init_blindly: () => replace(wire, 'send', (original, url, form, headers) => original(url, form, headers, true)),
  /** Twenty tries without a pause. */
  retry_storm: () => { wire.pausesMs = Array(20).fill(0); },
  /** An answer that is a page of HTML, or broken off, ends the shop. */
  dies_of_bad_json: () => replace(wire, 'read', (original, status, retryAfter, text) => {
    try {
      JSON.parse(text);
    } catch {
      process.exit(1);
    }
    return original(status, retryAfter, text);
  }),

  // Reference ids.

  /** No x-reference-id. */
  reference_missing: () => replace(wire, 'headers', (original, ...args) => {
    const { 'x-reference-id': _, ...others } = original(...args);
    return others;
  }),
  /** One x-reference-id for everything. */
  reference_constant: () => replace(wire, 'headers', (original, _, access) => original('0123456789abcdef0123456789abcdef', access)),
  /** A retry has another x-reference-id than the first try. */
  reference_fresh_on_retry: () => replace(wire, 'attempt', (original, url, form, headers) =>
    original(url, form, { ...headers, 'x-reference-id': newReference() })),
  // What init says.

  /** 499.99 dollars are sent as 49999. */
  amount_in_cents: () => inForm((form) => { form.amount_requested = form.amount_requested.replace('.', ''); }),
  /** The amount is a number of JavaScript, rounded to dollars. */
  amount_rounded: () => inForm((form) => { form.amount_requested = String(Math.round(Number(form.amount_requested))); }),
  /** Flexiti's pages are in English for everyone. */
  lang_always_en: () => inForm((form) => { form.lang = 'en'; }),
  /** The customer comes back to a page in English. */
  page_always_english: ({ pages }) => replace(pages, 'order', (original, checkout, status) =>
    pages.page('en', status, `<p>${checkout.number}</p>`)),
  /** The page says `lang="en"` around French text. */
  page_lang_attribute: ({ pages }) => replace(pages, 'order', (original, ...args) => original(...args).replace('lang="fr"', 'lang="en"')),
  /** An application goes to the path with /v2. */
  v2_for_apply: () => replace(Flexiti.prototype, 'initPath', (original) => original('buy')),
  /** A purchase goes to the path without /v2. */
  plain_path_for_buy: () => replace(Flexiti.prototype, 'initPath', (original) => original('apply')),
  /** Init has a parameter that Flexiti does not know. */
  unknown_parameter: () => inForm((form) => { form.currency = 'CAD'; }),
  /** The shipping address is the billing address, whatever the cart says. */
  shipping_is_billing: () => inForm((form) => {
    for (const key of Object.keys(form)) {
      if (key.startsWith('shipping_')) form[key] = form[key.replace('shipping_', 'billing_')];
    }
  }),

  // Secrets.

  /** The client secret stands in a comment of every page. */
  secret_in_page: ({ pages, flexiti }) => replace(pages, 'page', (original, ...args) => `${original(...args)}<!-- ${flexiti.clientSecret} -->`),
  /** The cart page has the client id in an attribute. */
  client_id_in_page: ({ pages, flexiti }) => replace(pages, 'cart', (original, lang) =>
    original(lang).replace('<form', `<form data-client="${flexiti.clientId}"`)),
  /** The page of the order has the token for a script that asks Flexiti itself. */
  token_in_page: ({ pages }) => replace(pages, 'order', (original, checkout, status) =>
    `${original(checkout, status)}<script>const token = "${checkout.tokens.token?.access}"</script>`),
  /** The session cookie is the token. */
  token_in_cookie: ({ Shop }) => replace(Shop.prototype, 'checkout', async function (original, ...args) {
    const answer = await original(...args);
    const access = [...this.checkouts.values()].at(-1)?.tokens.token?.access;
    const own = answer.headers['set-cookie'];
    if (own && access) answer.headers['set-cookie'] = [own, `flexiti=${access}; Path=/`];
    return answer;
  }),

  // Reading.

  /** An id that is a string cannot be read. */
  ids_are_numbers: () => { rules.id = (value) => (Number.isInteger(value) ? String(value) : null); },
  /** `Bearer` in the token answer is not understood. */
  bearer_is_fatal: () => replace(wire, 'read', (original, ...args) => {
    const answer = original(...args);
    if (answer.body.token_type !== undefined && answer.body.token_type !== 'bearer') throw new NotDoneError('token_type');
    return answer;
  }),
  /** A field that the shop does not know makes a notification worthless. */
  unknown_field_is_fatal: () => replace(Flexiti.prototype, 'notification', async (original, ...args) => {
    const body = await original(...args);
    const known = ['transaction_id', 'flow', 'callback_url', 'apply', 'purchase', 'date'];
    if (body && !Object.keys(body).every((key) => known.includes(key))) throw new LostError('an unknown field');
    return body;
  }),
  /** While the order is pending the shop asks every 100 milliseconds. */
  asks_too_fast: ({ Checkout }) => replace(Checkout.prototype, 'look', async function (original) {
    let status;
    for (let polls = 0; polls < 15; polls += 1) {
      this.askedAt = -Infinity;
      status = await original();
      if (status !== 'pending') break;
      await sleep(100);
    }
    return status;
  }),
};

/** Breaks the shop; `parts` are those that shop.mjs has of its own. */
export function plant(name, parts) {
  if (!Object.hasOwn(FAULTS, name)) {
    console.error(`SHOP_FAULT: there is no ${name}; there are ${Object.keys(FAULTS).join(', ')}`);
    process.exit(2);
  }
  FAULTS[name](parts);
}
