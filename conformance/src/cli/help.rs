//! Examples and exit codes, for the long help.

/// For the program.
pub const PROGRAM: &str = "\
Examples:
  flexiti-conformance server
  flexiti-conformance server --base-url http://127.0.0.1:4359/flexiti/online-api
  flexiti-conformance merchant --driver merchant.toml
  flexiti-conformance explain init.lang.required

Exit codes:
  0  nothing failed
  1  something failed
  2  bad usage, configuration or input
  3  inconclusive";

/// For `server`.
pub const SERVER: &str = "\
Examples:
  flexiti-conformance server --dialect strict
  flexiti-conformance server --base-url http://127.0.0.1:4359/flexiti/online-api --report json=-
  flexiti-conformance server --only 'init.lang.*' --report junit=results.xml

Exit codes:
  0  nothing failed, and every must clause that can be tested was verified
  1  a clause failed, or a waiver was not needed
  2  bad usage, configuration or input
  3  inconclusive: unreachable, limit spent, or a must clause was not verified";

/// For `replay`.
pub const REPLAY: &str = "\
Examples:
  flexiti-conformance replay report.json
  flexiti-conformance replay broken-plan.json --driver merchant.toml
  flexiti-conformance replay --transcript sandbox.ndjson

Exit codes:
  0  nothing fails any more; no drift
  1  something fails again; the server answers otherwise than the transcript
  2  bad usage, configuration or input
  3  inconclusive";

/// For `probe`.
pub const PROBE: &str = "\
Examples:
  flexiti-conformance probe --base-url http://127.0.0.1:4359/flexiti/online-api --out theirs.json

Exit codes:
  0  done
  2  bad usage, configuration or input
  3  the server is unreachable, or the limit is spent";

/// For `diff`.
pub const DIFF: &str = "\
Examples:
  flexiti-conformance diff --left http://127.0.0.1:4359/flexiti/online-api --right http://127.0.0.1:4360/flexiti/online-api

Exit codes:
  0  both answer alike
  1  they differ
  2  bad usage, configuration or input
  3  a server is unreachable, or the limit is spent";

/// For `merchant`.
pub const MERCHANT: &str = "\
Examples:
  flexiti-conformance merchant init
  flexiti-conformance merchant --driver merchant.toml --report junit=results.xml
  flexiti-conformance merchant --exec 'npm test'

Exit codes:
  0  nothing failed
  1  something failed
  2  bad usage, configuration or input
  3  inconclusive: the shop does not start, or a planned fault was never injected";

/// For `verify`.
pub const VERIFY: &str = "\
Examples:
  flexiti-conformance verify certificate.json
  flexiti-conformance verify certificate.json --signer KEY --html certificate.html

Exit codes:
  0  the certificate holds
  1  it does not hold
  2  bad usage, configuration or input";

/// For `list`.
pub const LIST: &str = "\
Examples:
  flexiti-conformance list
  flexiti-conformance list --dialect strict

Exit codes:
  0  printed
  2  no such dialect, or a mistake in its file";

/// For `explain`.
pub const EXPLAIN: &str = "\
Examples:
  flexiti-conformance explain init.lang.required
  flexiti-conformance explain auth.token.required --dialect strict

Exit codes:
  0  printed
  2  no such clause or dialect";

/// For `self-test`.
pub const SELF_TEST: &str = "\
Examples:
  flexiti-conformance self-test --dialect documented
  flexiti-conformance self-test --unknown 10

Exit codes:
  0  every fault was named, and nothing else
  1  one was not
  2  bad usage, configuration or input";

/// For `merchant init`.
pub const MERCHANT_INIT: &str = "\
Examples:
  flexiti-conformance merchant init
  flexiti-conformance merchant init shop/merchant.toml

Exit codes:
  0  written
  2  the file is there already, or cannot be written";

/// For `merchant check`.
pub const MERCHANT_CHECK: &str = "\
Examples:
  flexiti-conformance merchant check
  flexiti-conformance merchant check shop/merchant.toml --listen 127.0.0.1:4359

Exit codes:
  0  each checkout (paid, approved, declined, pending) came to what was expected
  1  one did not
  2  bad usage, or a mistake in the driver file
  3  inconclusive: the shop does not start, or is not reached";

/// For `merchant fuzz`.
pub const MERCHANT_FUZZ: &str = "\
Examples:
  flexiti-conformance merchant fuzz
  flexiti-conformance merchant fuzz merchant.toml --cases 200 --seed 7

Exit codes:
  0  no plan broke the shop
  1  one did; it is saved, and `replay` plays it again
  2  bad usage, or a mistake in the driver file
  3  inconclusive: the shop does not start";

/// For `merchant schema`.
pub const MERCHANT_SCHEMA: &str = "\
Examples:
  flexiti-conformance merchant schema > merchant.schema.json

Exit codes:
  0  printed";

/// For `merchant keygen`.
pub const MERCHANT_KEYGEN: &str = "\
Examples:
  flexiti-conformance merchant keygen
  flexiti-conformance merchant keygen ~/keys/certificates.json

Exit codes:
  0  written, for its owner's eyes only
  2  the file is there already, or cannot be written";
