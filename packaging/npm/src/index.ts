/**
 * A local stand-in for the Flexiti Online API, started from tests: `node:test`, Jest, Vitest.
 *
 *     const mock = await startFlexitiMock();
 *     const merchant = await mock.merchant();
 *     …
 *     await mock.stop();
 */

import { type Access, Admin } from "./admin";
import { Merchant } from "./merchant";
import { Program, program } from "./program";
import type { NewMerchant } from "./types";

export type { Access } from "./admin";
export { FlexitiMockError, VerificationError } from "./errors";
export { Merchant } from "./merchant";
export type { Span } from "./merchant";
export { program } from "./program";
export type * from "./types";

/**
 * How a mock is started. With `--tls-self-signed` the helpers trust the authority that it makes;
 * `ca` names the one of a certificate of your own. `token` becomes its admin token.
 */
export interface StartOptions extends Access {
  /** Flags of the program, such as `--dialect=strict`. */
  flags?: readonly string[];
  /** The program, if not the one of this package. */
  binary?: string;
  /** Milliseconds that it has to get ready; 30 seconds if absent. */
  timeout?: number;
}

/**
 * Starts a mock on a free port. `stop()` stops it, and so does the end of this process, whatever
 * ends it.
 */
export async function startFlexitiMock(options: StartOptions = {}): Promise<FlexitiMock> {
  const running = await Program.start(
    options.binary ?? program(),
    options.flags ?? [],
    options.timeout ?? 30_000,
    options.token,
  );
  const access = { ca: options.ca ?? running.caFile, token: options.token };
  return new FlexitiMock(new Admin(running.adminUrl, () => running.trouble(), access), running);
}

/**
 * Uses a mock that runs already, at the admin URL that it printed. If `access` is absent,
 * FLEXITI_CA_FILE and FLEXITI_MOCK_ADMIN_TOKEN say what it asks for.
 */
export function connectFlexitiMock(adminUrl: string, access: Access = {}): FlexitiMock {
  return new FlexitiMock(new Admin(adminUrl, () => "", access), undefined);
}

/** A mock server, and the merchants that tests make on it. */
export class FlexitiMock {
  readonly #admin: Admin;
  readonly #program: Program | undefined;

  /** @internal */
  constructor(admin: Admin, running: Program | undefined) {
    this.#admin = admin;
    this.#program = running;
  }

  /** Where the admin API and the dashboard are. */
  get adminUrl(): string {
    return this.#admin.url;
  }

  /** Makes a merchant: with keys, clock, faults and journal of its own, one for each test. */
  async merchant(options: NewMerchant = {}): Promise<Merchant> {
    const view = await this.#admin.call("post", "/__admin/merchants", { body: options });
    return new Merchant(this.#admin, view);
  }

  /** What the mock has printed; empty for one that was started elsewhere. */
  log(): string {
    return this.#program?.log() ?? "";
  }

  /** Stops the mock, unless it was started elsewhere. */
  async stop(): Promise<void> {
    await this.#program?.stop();
  }
}
