#!/usr/bin/env node
// A small shop that takes Flexiti, for Node 20 without packages.
//
// Every checkout is a small state machine (`Checkout`): new → opening → open → settled, and from
// "failed" or "cancelled" back to opening when the customer tries again. Its steps run one after
// another in a queue of its own. What is said to Flexiti, and what is believed, is in flexiti.mjs.
//
// Environment: FLEXITI_BASE_URL, FLEXITI_CLIENT_ID, FLEXITI_CLIENT_SECRET, SHOP_LISTEN (host:port).

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Flexiti, LostError, NotDoneError, RefusedError, TokenKeeper, newReference, rules, wire } from './flexiti.mjs';

const POLL_PAUSE_MS = 1000;

/** A customer's checkout of one order. */
export class Checkout {
  state = 'new'; // new, opening, open, or what was decided: paid, approved, failed, cancelled
  names = []; // every merchant_orderid that it went by
  abandoned = []; // those at Flexiti whose pages nobody can reach, because init's answer was lost
  askedAt = -Infinity;
  #queue = Promise.resolve();

  constructor(number, session, flexiti) {
    Object.assign(this, { number, session, flexiti, tokens: new TokenKeeper(flexiti) });
  }

  /** Runs a step after those before it: a double click opens one order, and not two. */
  inTurn(step) {
    const done = this.#queue.then(step);
    this.#queue = done.catch(() => {});
    return done;
  }

  get status() {
    return { new: 'pending', opening: 'failed', open: 'pending' }[this.state] ?? this.state;
  }

  /** Only success is final: who was declined or gave up may come back to the same pages. */
  get isFinal() {
    return this.state === 'paid' || this.state === 'approved';
  }

  /** Where the customer goes to pay; null if nothing is left to pay. An order that may still be
   *  paid is gone on with: a second one could be paid as well. */
  start(terms) {
    return this.inTurn(async () => {
      await this.ask();
      if (this.isFinal) return null;
      if (this.state === 'open') return this.opened.url;
      this.terms = terms;
      this.tokens = new TokenKeeper(this.flexiti); // a token of this checkout and no other
      this.state = 'opening';
      this.opened = null;
      await this.tokens.access(); // without one nothing was sent that could open an order
      this.opened = await this.open();
      this.state = 'open';
      return this.opened.url;
    });
  }

  /** A17, then A17-2, …: no two orders at Flexiti may answer to one name. */
  newName() {
    this.names.push(this.names.length ? `${this.number}-${this.names.length + 1}` : this.number);
    return this.names.at(-1);
  }

  /** Opens an order at Flexiti. Where the answer to init was lost there may be one, whose pages
   *  cannot be found any more. It is abandoned with its name; to ask whether there is one would
   *  not help, as Flexiti may say 404 for a while and know it later. */
  async open() {
    for (const pause of [...wire.pausesMs, null]) {
      const name = this.newName();
      try {
        return await this.flexiti.init(this.tokens, this.terms, name, newReference());
      } catch (error) {
        const unknown = error instanceof LostError && !(error instanceof NotDoneError);
        if (!unknown || pause === null) throw error;
        this.abandoned.push(name);
      }
      await sleep(pause);
    }
  }

  /** Asks Flexiti what became of the order, unless that was just done or cannot change. */
  async ask() {
    if (!this.opened || this.isFinal || performance.now() - this.askedAt < POLL_PAUSE_MS) return;
    try {
      this.hear(await this.flexiti.notification(this.tokens, this.names.at(-1)));
    } catch (error) {
      if (!(error instanceof LostError || error instanceof RefusedError)) throw error;
      console.error(`no news of ${this.number}: ${error.message}`); // so it stays as it was
    }
    this.askedAt = performance.now();
  }

  /** Takes a notification; one about another order is nobody's business. */
  hear(body) {
    if (!body || !rules.isAbout(body, this.opened.orderId, this.terms.flow)) return;
    const decided = rules.belief(this.terms.flow, body);
    this.state = decided === 'pending' ? 'open' : decided;
    this.session.customerId = rules.customerId(body) ?? this.session.customerId;
  }

  look() {
    return this.inTurn(async () => {
      await this.ask();
      return this.status;
    });
  }
}

// What a real shop has in its session and its cart.

const CART = {
  amount: '499.99',
  billing: {
    first_name: 'Aimée', last_name: 'Côté', address_1: '1 rue Saint-Étienne', address_2: 'Bureau 100',
    city: 'Montréal', province: 'QC', postal_code: 'H2X 1Y4',
  },
  shipping: {
    first_name: 'Zoë', last_name: 'Gagné', address_1: '22 Elgin Street', address_2: 'Suite 5',
    city: 'Ottawa', province: 'ON', postal_code: 'K1P 5K7',
  },
};

class BadForm extends Error {}

/** The checkout form, checked. The amount is the form's so that tests can choose it: a shop that
 *  sells anything takes it from its own cart. */
export const cart = {
  terms(form, session) {
    const { flow = 'apply', lang = 'en', amount = CART.amount, mname } = form;
    if (!['apply', 'buy', 'apply/buy'].includes(flow)) throw new BadForm('flow');
    if (!['en', 'fr'].includes(lang)) throw new BadForm('lang');
    return {
      flow, lang, mname, amount: cart.amount(amount), buyer: cart.buyer(flow, form, session),
      billing: cart.address('billing', form), shipping: cart.address('shipping', form),
    };
  },
  /** Two decimals and a period, reckoned in text: 0.1 + 0.2 is no amount. */
  amount(text) {
    const [, dollars, cents = ''] = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text) ?? [];
    if (dollars === undefined || !/[1-9]/.test(dollars + cents)) throw new BadForm('amount');
    return `${dollars}.${cents.padEnd(2, '0')}`;
  },
  /** Who buys: Flexiti wants to know for the flow buy only. */
  buyer(flow, form, session) {
    if (flow !== 'buy') return {};
    if (form.vcc) return { vcc: form.vcc };
    const customerId = form.customer_id ?? session.customerId;
    if (!customerId) throw new BadForm('nobody to buy');
    return { customer_id: customerId };
  },
  address(block, form) {
    const own = Object.entries(CART[block]);
    const fields = Object.fromEntries(own.map(([name, value]) => [name, form[`${block}_${name}`] ?? value]));
    return { ...fields, postal_code: fields.postal_code.replaceAll(' ', '').toUpperCase() };
  },
  number(form) {
    const number = form.order ?? randomBytes(8).toString('hex');
    if (!/^[\w.-]{1,36}$/.test(number)) throw new BadForm('order');
    return number;
  },
};

const TEXTS = {
  en: {
    cart: 'Your cart', pay: 'Pay with Flexiti', pending: 'We are waiting for Flexiti’s decision',
    paid: 'Thank you, it is paid', approved: 'You are approved', failed: 'Flexiti did not accept',
    cancelled: 'You cancelled', nothing: 'There is nothing here', mistake: 'This cannot be ordered',
    refused: 'Please choose another way to pay',
    lost: 'Flexiti does not answer, nothing was charged. Please try again',
  },
  fr: {
    cart: 'Votre panier', pay: 'Payer avec Flexiti', pending: 'Nous attendons la décision de Flexiti',
    paid: 'Merci, c’est payé', approved: 'Vous êtes approuvé', failed: 'Flexiti n’a pas accepté',
    cancelled: 'Vous avez annulé', nothing: 'Il n’y a rien ici', mistake: 'Cette commande est impossible',
    refused: 'Veuillez choisir un autre mode de paiement',
    lost: 'Flexiti ne répond pas, rien n’a été facturé. Veuillez réessayer',
  },
};

export const pages = {
  page(lang, text, more = '') {
    const title = TEXTS[lang][text];
    return `<!doctype html><html lang="${lang}"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${more}</html>`;
  },
  cart(lang) {
    return pages.page(lang, 'cart', `<form method="post" action="/checkout"><input type="hidden" name="flow" value="apply/buy">
<input type="hidden" name="lang" value="${lang}"><button>${TEXTS[lang].pay}</button></form>`);
  },
  /** In the language that the order was made in. Number and amount were checked: no markup. */
  order(checkout, status) {
    return pages.page(checkout.terms.lang, status, `<p>${checkout.number}: ${checkout.terms.amount} $</p>`);
  },
};

const html = (status, body, headers = {}) => ({ status, body, headers: { 'content-type': 'text/html; charset=utf-8', ...headers } });
const json = (status, value) => ({ status, body: JSON.stringify(value), headers: { 'content-type': 'application/json' } });

/** What browsers get. */
export class Shop {
  sessions = new Map();
  checkouts = new Map();

  constructor(flexiti) {
    this.flexiti = flexiti;
  }

  async answer({ method, url, form, cookie, foreign }) {
    const session = this.sessions.get(cookie);
    const route = `${method} ${url.pathname}`;
    if (route === 'GET /' || route === 'GET /cart') return html(200, pages.cart(url.searchParams.get('lang') === 'fr' ? 'fr' : 'en'));
    if (route === 'POST /checkout') return foreign ? html(403, pages.page('en', 'nothing')) : this.checkout(form, session);
    if (route === 'GET /flexiti/return' || route === 'GET /flexiti/cancel') return this.callback(session, url);
    if (route.startsWith('GET /orders/')) return this.tell(url.pathname.slice('/orders/'.length));
    return html(404, pages.page('en', 'nothing'));
  }

  /** Starts a checkout and sends the customer to Flexiti's pages. */
  async checkout(form, known) {
    const lang = form.lang === 'fr' ? 'fr' : 'en';
    const session = known ?? { id: randomBytes(16).toString('hex'), checkouts: [], customerId: undefined };
    const cookie = { 'set-cookie': `shop_session=${session.id}; Path=/; HttpOnly; SameSite=Lax` };
    try {
      const terms = cart.terms(form, session);
      const checkout = this.checkoutOf(cart.number(form), session);
      if (!checkout) return html(409, pages.page(lang, 'mistake'));
      const target = await checkout.start(terms);
      if (!target) return html(200, pages.order(checkout, checkout.status), cookie);
      return { status: 303, body: '', headers: { location: target, ...cookie } };
    } catch (error) {
      if (error instanceof BadForm) return html(422, pages.page(lang, 'mistake'));
      if (error instanceof RefusedError) return html(409, pages.page(lang, 'refused'), cookie);
      if (error instanceof LostError) return html(503, pages.page(lang, 'lost'), cookie);
      throw error;
    }
  }

  /** The checkout of an order number; undefined if it is another customer's. */
  checkoutOf(number, session) {
    const checkout = this.checkouts.get(number) ?? new Checkout(number, session, this.flexiti);
    if (checkout.session !== session) return undefined;
    this.checkouts.set(number, checkout);
    this.sessions.set(session.id, session);
    session.checkouts = [checkout, ...session.checkouts.filter((other) => other !== checkout)];
    return checkout;
  }

  /** Flexiti's pages sent the browser back. Which of the two addresses it came to says nothing,
   *  and neither does the query; an `orderId` only chooses among the customer's own orders. */
  async callback(session, url) {
    const checkout = this.chosen(session, url.searchParams.get('orderId'));
    if (!checkout) return html(404, pages.page('en', 'nothing'));
    return html(200, pages.order(checkout, await checkout.look()));
  }

  chosen(session, orderId) {
    const own = (session?.checkouts ?? []).filter((checkout) => checkout.terms);
    return own.find((checkout) => orderId === null || checkout.opened?.orderId === orderId);
  }

  /** What the shop believes, for tests. */
  async tell(number) {
    const checkout = this.checkouts.get(number);
    return checkout ? json(200, { status: await checkout.look() }) : json(404, { error: 'unknown_order' });
  }
}

/** A request as the shop wants it; null if it is too large. */
async function read(request) {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > 65536) return null;
  }
  const { origin, host, cookie = '' } = request.headers;
  return {
    method: request.method,
    url: new URL(request.url, 'http://shop'),
    form: Object.fromEntries([...new URLSearchParams(body)].filter(([, value]) => value !== '')), // an empty field is none
    cookie: /(?:^|;\s*)shop_session=([0-9a-f]+)/.exec(cookie)?.[1],
    foreign: origin !== undefined && origin !== `http://${host}`, // a form of another site
  };
}

export function serve(shop, listen) {
  const server = createServer(async (request, response) => {
    let reply = html(500, pages.page('en', 'nothing'));
    try {
      const asked = await read(request);
      reply = asked ? await shop.answer(asked) : html(413, pages.page('en', 'nothing'));
    } catch (error) {
      console.error(error);
    }
    console.error(`${request.method} ${request.url.split('?')[0]} ${reply.status}`); // the query is not ours
    response.writeHead(reply.status, { 'cache-control': 'no-store', ...reply.headers }).end(reply.body);
  });
  const colon = listen.lastIndexOf(':');
  server.listen(Number(listen.slice(colon + 1)), listen.slice(0, colon));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const env = process.env;
  const flexiti = new Flexiti({
    baseUrl: env.FLEXITI_BASE_URL ?? 'http://127.0.0.1:4359/flexiti/online-api',
    clientId: env.FLEXITI_CLIENT_ID ?? 'flexitidemo',
    clientSecret: env.FLEXITI_CLIENT_SECRET ?? 'flexitidemo-secret',
  });
  if (env.SHOP_FAULT) { // a shop that does one thing wrong, to test who judges shops
    const { plant } = await import('./faults.mjs');
    plant(env.SHOP_FAULT, { flexiti, Checkout, Shop, cart, pages });
  }
  serve(new Shop(flexiti), env.SHOP_LISTEN ?? '127.0.0.1:9000');
}
