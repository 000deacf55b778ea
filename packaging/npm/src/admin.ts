import { readFileSync } from "node:fs";
import { request } from "node:http";
import { request as securely } from "node:https";
import type { paths } from "./api";
import { FlexitiMockError, VerificationError } from "./errors";

type Method = "get" | "put" | "post" | "delete";
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type Takes<T> = T extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : undefined;
type Query<T> = T extends { parameters: { query?: infer Parameters } } ? Parameters : undefined;
type Segments<T> = T extends { parameters: { path: infer Parameters } } ? Parameters : undefined;
type Answers<T> = T extends { responses: infer Responses }
  ? Json<Responses[keyof Responses & (200 | 201 | 204)]>
  : never;

/** What a call sends: only what the OpenAPI document says that it takes. */
interface Sent<T> {
  path?: Segments<T>;
  query?: Query<T>;
  body?: Takes<T>;
  accept?: string;
}

/** What a mock asks for that speaks TLS, or has an admin token. */
export interface Access {
  /** PEM file with the authority of its certificate. */
  ca?: string | undefined;
  /** Its admin token. */
  token?: string | undefined;
}

/** The admin API of one mock. `node:http` asks no proxy, and fake timers do not stop it. */
export class Admin {
  readonly url: string;
  /** The file with the authority of the mock's certificate, where it speaks TLS. */
  readonly ca: string | undefined;
  readonly #token: string | undefined;
  readonly #trouble: () => string;

  /**
   * `trouble` says how the mock's process ended, if it has. Where `access` does not say it, the
   * environment does, as `flexiti-mock exec` sets it.
   */
  constructor(url: string, trouble: () => string, access: Access = {}) {
    this.url = url.replace(/\/+$/, "");
    this.ca = access.ca || process.env.FLEXITI_CA_FILE || undefined;
    this.#token = access.token || process.env.FLEXITI_MOCK_ADMIN_TOKEN || undefined;
    this.#trouble = trouble;
  }

  /** Calls an operation of the OpenAPI document. */
  async call<M extends Method, P extends keyof paths & `/__admin/${string}`>(
    method: M,
    path: paths[P][M] extends { responses: unknown } ? P : never,
    sent: Sent<paths[P][M]> = {},
  ): Promise<Answers<paths[P][M]>> {
    const segments: Record<string, unknown> = { ...(sent.path ?? {}) };
    const filled = path
      .replace(/^\/__admin/, "")
      .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(segments[name])));
    const url = new URL(this.url + filled);
    for (const [name, value] of Object.entries(sent.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const { status, text } = await this.#send(method, url, sent.body, sent.accept);
    if (status >= 400) throw refusal(method, filled, status, text);
    return (text ? JSON.parse(text) : undefined) as Answers<paths[P][M]>;
  }

  async #send(
    method: Method,
    url: URL,
    body: unknown,
    accept = "application/json",
  ): Promise<{ status: number; text: string }> {
    const data = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string> = { "content-type": "application/json", accept };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    try {
      return await send(method, url, headers, data, this.ca);
    } catch (error) {
      const reason = this.#trouble() || `: ${error instanceof Error ? error.message : String(error)}`;
      throw new FlexitiMockError(`flexiti-mock does not answer at ${this.url}${reason}`);
    }
  }
}

/** Sends a request, and reads the whole answer. */
export function send(
  method: string,
  url: URL,
  headers: Record<string, string>,
  body: string | undefined,
  ca: string | undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const trusted = url.protocol === "https:" && ca !== undefined ? { ca: readFileSync(ca) } : {};
    const options = { method: method.toUpperCase(), headers, agent: false as const, ...trusted };
    const sent = (url.protocol === "https:" ? securely : request)(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function refusal(method: string, path: string, status: number, text: string): Error {
  let said: { error?: string; message?: string } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    // Shown as it is.
  }
  if (status === 422 && said.message !== undefined) return new VerificationError(said.message);
  return new FlexitiMockError(`${method.toUpperCase()} ${path}: ${status}: ${said.error ?? text}`);
}
