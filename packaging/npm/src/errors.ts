import { AssertionError } from "node:assert";

/** The mock did not start, does not answer, or refused a call; the message says why. */
export class FlexitiMockError extends Error {
  override name = "FlexitiMockError";
}

/** The requests were not as expected; the message has those that come closest. */
export class VerificationError extends AssertionError {
  constructor(message: string) {
    super({ message });
    this.name = "VerificationError";
  }
}
