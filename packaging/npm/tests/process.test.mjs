// Starting and stopping: what goes wrong is one clear line, and nothing is left running.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FlexitiMockError, program, startFlexitiMock } from "flexiti-mock";

const folder = mkdtempSync(join(tmpdir(), "process-test-"));
after(() => rmSync(folder, { recursive: true }));

/** Whether a process runs; one that has ended and was not waited for does not. */
function runs(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)[0] !== "Z";
  } catch {
    return false;
  }
}

async function ends(pid) {
  for (let tries = 0; runs(pid) && tries < 2000; tries++) await sleep(10);
  return !runs(pid);
}

function script(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

async function message(starting) {
  const error = await starting.then(() => assert.fail("it started"), (error) => error);
  assert.ok(error instanceof FlexitiMockError, error);
  return error.message;
}

test("it starts again and again, and leaves nothing", async () => {
  const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith("flexiti-mock-"));
  process.env.TMPDIR = mkdtempSync(join(folder, "tmp-"));
  for (let time = 0; time < 2; time++) {
    const mock = await startFlexitiMock();
    assert.equal(ours().length, 1);
    await mock.stop();
    await mock.stop();
    await assert.rejects(mock.merchant(), /does not answer at /);
  }
  assert.deepEqual(ours(), []);
});

test("a port that is taken", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.on("listening", resolve));
  const { port } = taken.address();
  const said = await message(startFlexitiMock({ flags: ["--listen", `127.0.0.1:${port}`] }));
  taken.close();
  assert.match(said, /^flexiti-mock did not start \(exit code \d+\): .+$/);
  assert.ok(said.includes(String(port)), said);
});

test("a program for another platform", async () => {
  const other = readFileSync(program()).subarray(0, 4096);
  other[18] ^= 0xff;
  for (const text of [other, "\x7fELF", "MZ and so on"]) {
    const foreign = script("foreign", text);
    assert.match(await message(startFlexitiMock({ binary: foreign })), /^.* was built for another platform than this one .*$/);
  }
});

test("no program", async () => {
  const none = join(folder, "none");
  assert.equal(await message(startFlexitiMock({ binary: none })), `${none} cannot be run: no such file`);
});

test("one that never gets ready is stopped, and its log is shown", async () => {
  const hanging = script("hanging", '#!/bin/sh\necho still thinking\necho $$ >"$0.pid"\nexec sleep 60\n');
  const said = await message(startFlexitiMock({ binary: hanging, timeout: 500 }));
  assert.equal(said, "flexiti-mock was not ready after 500 ms; its log:\nstill thinking");
  assert.ok(await ends(readFileSync(`${hanging}.pid`, "utf8").trim()));
});

for (const [how, end] of [
  ["killed", 'process.kill(process.pid, "SIGKILL")'],
  ["terminated", 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 60_000)'],
  ["ended without stopping it", ""],
]) {
  test(`it ends with a process that is ${how}`, async () => {
    const text = `const { startFlexitiMock } = require("flexiti-mock");
      startFlexitiMock().then(async (mock) => {
        await mock.merchant();
        const own = require("child_process").execSync("ps -o pid= -o comm= --ppid " + process.pid).toString();
        process.stdout.write(/(\\d+) flexiti-mock/.exec(own)[1], () => { ${end} });
      });`;
    const starter = spawn(process.execPath, ["-e", text], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    starter.stdout.on("data", (text) => (printed += text));
    await new Promise((resolve) => starter.on("close", resolve));
    assert.match(printed, /^\d+$/);
    assert.ok(await ends(printed));
  });
}

test("the command is the program", () => {
  const command = join("node_modules", ".bin", "flexiti-mock");
  assert.ok(existsSync(command));
  assert.match(execFileSync(command, ["--version"], { encoding: "utf8" }), /^flexiti-mock \d/);
  assert.ok(existsSync(program()));
});
