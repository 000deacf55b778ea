const { startFlexitiMock } = require("flexiti-mock");
const { scenario } = require("./scenario.js");

let mock;
beforeAll(async () => {
  mock = await startFlexitiMock();
});
afterAll(() => mock.stop());

test("Jest runs a shop's test", () => scenario(mock));
