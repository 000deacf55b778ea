// The schema of driver files, read by a validator that takes nothing which no standard has.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import Ajv from "ajv/dist/2020.js";

test("driver files have a strict schema", () => {
  const schema = JSON.parse(readFileSync(process.env.DRIVER_SCHEMA, "utf8"));
  const fits = new Ajv.default({ strict: true, allErrors: true }).compile(schema);
  assert.ok(!fits({ nothing: 1 }));
});
