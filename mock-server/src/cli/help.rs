//! Examples and exit codes for the long help.

/// Help of the program.
pub const PROGRAM: &str = "\
Examples:
  flexiti-mock
  flexiti-mock --listen localhost:0 --ready-file ready.json
  flexiti-mock exec -- npm test

Exit codes:
  0  a signal ended it
  2  a mistake in flags, variables or files, or the port is taken";

/// Help of `exec`.
pub const EXEC: &str = "\
The command finds FLEXITI_BASE_URL, FLEXITI_CLIENT_ID, FLEXITI_CLIENT_SECRET and FLEXITI_ADMIN_URL
in its environment, and loopback in NO_PROXY and no_proxy.

Examples:
  flexiti-mock exec -- npm test
  flexiti-mock exec --lint --verify expected.json --journal shop.har -- pytest
  flexiti-mock exec --timeout 60 --dialect strict -- sh -c 'make test'

Exit codes:
  the command's own, or:
  1        the command succeeded, and --lint or --verify found something,
           or the journal could not be written
  2        a mistake in flags, variables or files; the command did not run
  124      the command took longer than --timeout
  126      the command cannot be run
  127      the command was not found
  128 + N  signal N killed the command";

/// Help of `healthcheck`.
pub const HEALTHCHECK: &str = "\
Examples:
  flexiti-mock healthcheck
  flexiti-mock healthcheck localhost:4359
  flexiti-mock healthcheck --tls --ready localhost:8443

Exit codes:
  0  the server is healthy; with --ready, it takes requests
  1  it is not, or nobody listens
  2  a mistake in the address";

/// Help of `openapi`.
pub const OPENAPI: &str = "\
Examples:
  flexiti-mock openapi > openapi.json
  flexiti-mock openapi --dialect strict

Exit codes:
  0  printed
  2  no such dialect, or a mistake in its file";

/// Help of `dialect`.
pub const DIALECT: &str = "\
Examples:
  flexiti-mock dialect list
  flexiti-mock dialect show strict > ours.json
  flexiti-mock dialect check ours.json
  flexiti-mock dialect diff documented ours.json

Exit codes:
  0  done
  2  no such dialect, or a mistake in its file";

/// Help of `data`.
pub const DATA: &str = "\
Examples:
  flexiti-mock data check flexiti.db
  flexiti-mock data export flexiti.db > flexiti.json
  flexiti-mock data import new.db flexiti.json

Exit codes:
  0  done
  2  no such file, or it is damaged, in use, or of a newer version";

/// Help of `dialect list`.
pub const DIALECT_LIST: &str = "\
Examples:
  flexiti-mock dialect list

Exit codes:
  0  printed";

/// Help of `dialect show`.
pub const DIALECT_SHOW: &str = "\
Examples:
  flexiti-mock dialect show strict
  flexiti-mock dialect show strict > ours.json

Exit codes:
  0  printed
  2  no such dialect, or a mistake in its file";

/// Help of `dialect check`.
pub const DIALECT_CHECK: &str = "\
Examples:
  flexiti-mock dialect check ours.json

Exit codes:
  0  a server could be started with it
  2  no such file, or a mistake in it";

/// Help of `dialect diff`.
pub const DIALECT_DIFF: &str = "\
Examples:
  flexiti-mock dialect diff documented lenient
  flexiti-mock dialect diff documented ours.json

Exit codes:
  0  printed, whether they differ or not
  2  no such dialect, or a mistake in its file";

/// Help of `data check`.
pub const DATA_CHECK: &str = "\
Examples:
  flexiti-mock data check flexiti.db

Exit codes:
  0  a server could begin with it
  2  no such file, or it is damaged, in use, or of a newer version";

/// Help of `data export`.
pub const DATA_EXPORT: &str = "\
Examples:
  flexiti-mock data export flexiti.db > flexiti.json
  flexiti-mock data export flexiti.db --out flexiti.json

Exit codes:
  0  printed, or written
  2  no such file, or it is damaged, in use, or of a newer version";

/// Help of `data import`.
pub const DATA_IMPORT: &str = "\
Examples:
  flexiti-mock data import new.db flexiti.json
  flexiti-mock data export old.db | flexiti-mock data import new.db -

Exit codes:
  0  made
  2  the file is there already, or the JSON is not what export prints";
