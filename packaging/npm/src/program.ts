import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FlexitiMockError } from "./errors";

/** The path of the program that this package brought. */
export function program(): string {
  const name = process.platform === "win32" ? "flexiti-mock.exe" : "flexiti-mock";
  const path = resolve(__dirname, "..", "bin", name);
  if (!existsSync(path)) {
    throw new FlexitiMockError(
      `the program is not at ${path}: install the package that was built for ` +
        `${process.platform}-${process.arch}, or name the program with \`binary\``,
    );
  }
  return path;
}

/** What the ready file says. */
interface Ready {
  admin_url: string;
  ca_file?: string;
}

/** The program, the folder of its ready file and log, and what stops it if we are killed. */
export class Program {
  adminUrl = "";
  /** The authority of its certificate, where it made one. */
  caFile: string | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "flexiti-mock-"));
  readonly #server: ChildProcess;
  #guard: ChildProcess | undefined;
  readonly #kill = (): void => void this.#server.kill();

  private constructor(binary: string, flags: readonly string[], token: string | undefined) {
    const listens = flags.some((flag) => flag.split("=")[0] === "--listen");
    const freePort = listens ? [] : ["--listen", "127.0.0.1:0"];
    const log = openSync(this.#logFile, "w");
    try {
      this.#server = spawn(binary, [...freePort, "--ready-file", this.#readyFile, ...flags], {
        stdio: ["ignore", log, log],
        // Not on the command line, which everybody on this machine may read.
        env: token ? { ...process.env, FLEXITI_MOCK_ADMIN_TOKEN: token } : process.env,
        // Control-C in a terminal is for us, who then stop what we started.
        detached: process.platform !== "win32",
        windowsHide: true,
      });
    } finally {
      closeSync(log);
    }
  }

  /** Starts the program, and waits until it is ready. */
  static async start(
    binary: string,
    flags: readonly string[],
    timeout: number,
    token: string | undefined,
  ): Promise<Program> {
    const unfit = whyUnfit(binary);
    if (unfit) throw new FlexitiMockError(`${binary} ${unfit}`);
    const started = new Program(binary, flags, token);
    try {
      await once(started.#server, "spawn").catch((error: Error) => {
        throw new FlexitiMockError(`${binary} cannot be run: ${error.message}`);
      });
      started.#guard = guard(started.#server.pid);
      // Neither keeps this process from ending; its end stops both.
      started.#server.unref();
      process.once("exit", started.#kill);
      await started.#waitUntilReady(timeout);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** How it ended, if it has. */
  trouble(): string {
    const { exitCode, signalCode } = this.#server;
    if (exitCode === null && signalCode === null) return "";
    return ` (${signalCode ?? `exit code ${exitCode}`}): ${this.log()}`;
  }

  /** The end of its log. */
  log(): string {
    if (!existsSync(this.#logFile)) return "";
    return readFileSync(this.#logFile, "utf8").trimEnd().split("\n").slice(-40).join("\n");
  }

  /** Ends it; a second call does nothing. */
  async stop(): Promise<void> {
    process.removeListener("exit", this.#kill);
    this.#guard?.kill("SIGKILL");
    const { pid, exitCode, signalCode } = this.#server;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      this.#server.ref();
      const ended = once(this.#server, "exit");
      this.#server.kill();
      const late = new AbortController();
      sleep(10_000, undefined, { signal: late.signal, ref: false }).then(
        () => this.#server.kill("SIGKILL"),
        () => {},
      );
      await ended;
      late.abort();
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #waitUntilReady(timeout: number): Promise<void> {
    const end = performance.now() + timeout;
    while (!existsSync(this.#readyFile)) {
      const ended = this.trouble();
      if (ended) throw new FlexitiMockError(`flexiti-mock did not start${ended}`);
      if (performance.now() > end) {
        throw new FlexitiMockError(
          `flexiti-mock was not ready after ${timeout} ms; its log:\n${this.log()}`,
        );
      }
      await sleep(5);
    }
    const ready = JSON.parse(readFileSync(this.#readyFile, "utf8")) as Ready;
    this.adminUrl = ready.admin_url;
    this.caFile = ready.ca_file;
  }

  get #readyFile(): string {
    return join(this.#folder, "ready.json");
  }

  get #logFile(): string {
    return join(this.#folder, "log");
  }
}

/** A shell that stops the mock once our end of its pipe is closed, even by `kill -9`. */
function guard(pid: number | undefined): ChildProcess | undefined {
  if (process.platform === "win32" || pid === undefined) return undefined;
  const script = 'read -r never; kill "$0"';
  const shell = spawn("/bin/sh", ["-c", script, String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // Without a shell the mock still stops when this process ends by itself.
  shell.on("error", () => {});
  shell.stdin?.on("error", () => {});
  shell.unref();
  (shell.stdin as { unref?(): void } | null)?.unref?.();
  return shell;
}

/**
 * Why a program cannot run here. Where the system cannot run a file, Node has a shell run it as a
 * script, and nothing that is said then helps anybody.
 */
function whyUnfit(binary: string): string {
  const head = Buffer.alloc(20);
  try {
    const file = openSync(binary, "r");
    readSync(file, head, 0, head.length, 0);
    closeSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `cannot be run: ${code === "ENOENT" ? "no such file" : message}`;
  }
  const starts = (...magics: string[]): boolean =>
    magics.some((magic) => head.toString("latin1").startsWith(magic));
  const fits: Partial<Record<NodeJS.Platform, boolean>> = {
    linux: starts("\x7fELF") && (MACHINES[process.arch] ?? head[18]) === head[18],
    darwin: starts("\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"),
    win32: starts("MZ"),
  };
  if (starts("#!") || (fits[process.platform] ?? true)) return "";
  return `was built for another platform than this one (${process.platform} on ${process.arch})`;
}

/** `e_machine` of a Linux program. */
const MACHINES: Partial<Record<string, number>> = { x64: 0x3e, arm64: 0xb7 };
