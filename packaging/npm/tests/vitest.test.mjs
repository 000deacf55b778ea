import { afterAll, beforeAll, expect, test } from "vitest";
import { startFlexitiMock } from "flexiti-mock";
import { scenario } from "./scenario.js";

let mock;
beforeAll(async () => {
  mock = await startFlexitiMock();
});
afterAll(() => mock.stop());

test("Vitest runs a shop's test", async () => {
  await scenario(mock);
  expect(mock.log()).not.toContain("panicked");
});
