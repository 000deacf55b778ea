//! Examples and exit codes, for the long help.

/// Of the program.
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

/// Of `server`.
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

/// Of `replay`.
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

/// Of `probe`.
pub const PROBE: &str = "\
Examples:
  flexiti-conformance probe --base-url http://127.0.0.1:4359/flexiti/online-api --out theirs.json

Exit codes:
  0  done
  2  bad usage, configuration or input
  3  the server is unreachable, or the limit is spent";

/// Of `diff`.
pub const DIFF: &str = "\
Examples:
  flexiti-conformance diff --left http://127.0.0.1:4359/flexiti/online-api --right http://127.0.0.1:4360/flexiti/online-api

Exit codes:
  0  both answer alike
  1  they differ
  2  bad usage, configuration or input
  3  a server is unreachable, or the limit is spent";

/// Of `merchant`.
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

/// Of `verify`.
pub const VERIFY: &str = "\
Examples:
  flexiti-conformance verify certificate.json
  flexiti-conformance verify certificate.json --signer KEY --html certificate.html

Exit codes:
  0  the certificate holds
  1  it does not hold
  2  bad usage, configuration or input";

/// Of `list`.
pub const LIST: &str = "\
Examples:
  flexiti-conformance list
  flexiti-conformance list --dialect strict

Exit codes:
  0  printed
  2  no such dialect, or a mistake in its file";

/// Of `explain`.
pub const EXPLAIN: &str = "\
Examples:
  flexiti-conformance explain init.lang.required
  flexiti-conformance explain auth.token.required --dialect strict

Exit codes:
  0  printed
  2  no such clause or dialect";

/// Of `self-test`.
pub const SELF_TEST: &str = "\
Examples:
  flexiti-conformance self-test --dialect documented
  flexiti-conformance self-test --unknown 10

Exit codes:
  0  every fault was named, and nothing else
  1  one was not
  2  bad usage, configuration or input";

/// Of `completions`.
pub const COMPLETIONS: &str = "\
Examples:
  flexiti-conformance completions bash > ~/.local/share/bash-completion/completions/flexiti-conformance
  flexiti-conformance completions zsh > ~/.zfunc/_flexiti-conformance

Exit codes:
  0  printed
  2  no such shell";

/// Of `man`.
pub const MAN: &str = "\
Examples:
  flexiti-conformance man | man -l -
  flexiti-conformance man --out ~/.local/share/man/man1

Exit codes:
  0  written
  2  the folder cannot be written";
