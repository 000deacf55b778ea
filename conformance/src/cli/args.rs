//! The command line.

use super::help;
use super::merchant_args::Merchant;
use super::reports::{ReportTo, comparison, report};
use super::values::seed;
use crate::pattern::Pattern;
use crate::server::Phase;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use flexiti_mock::command_line::{
    Generated, whole, with_generated_help, with_negative_numbers, without_empty_variables,
};
use std::path::PathBuf;

/// Judges a server against the documented Flexiti Online API.
#[derive(Debug, Parser)]
#[command(name = "flexiti-conformance", version, after_long_help = help::PROGRAM)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The command line.
pub fn command() -> clap::Command {
    let command = with_generated_help(Cli::command());
    without_empty_variables(with_negative_numbers(command))
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a server, clause by clause; without --base-url, start a mock and judge it
    #[command(after_long_help = help::SERVER)]
    Server(Server),
    /// Run the findings of a JSON report again, replay a plan that broke a shop, or play the
    /// transcript of a real server against a mock
    #[command(after_long_help = help::REPLAY)]
    Replay {
        /// A report written by `server --report json=FILE`, or a plan saved by `merchant fuzz`
        #[arg(required_unless_present = "transcript")]
        file: Option<PathBuf>,
        /// Replay a transcript written by `flexiti-mock --transcript FILE`, or an HTTP archive, and
        /// list where the server's answers differ from the recorded ones
        #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "case", "driver"])]
        transcript: Option<PathBuf>,
        /// With --transcript: text or json, to a file or to standard output (`-`, `json=-`); may be
        /// repeated
        #[arg(long, value_name = "FORMAT[=FILE]", requires = "transcript", value_parser = comparison)]
        report: Vec<ReportTo>,
        /// Replay only the findings of cases with this id or pattern
        #[arg(long, value_name = "CASE")]
        case: Option<Pattern>,
        /// Driver file of the shop; required for a plan
        #[arg(long, value_name = "FILE")]
        driver: Option<PathBuf>,
        #[command(flatten)]
        target: TargetArgs,
        #[command(flatten)]
        limits: LimitArgs,
    },
    /// Find out how a server answers the questions that the documentation leaves open
    #[command(after_long_help = help::PROBE)]
    Probe {
        #[command(flatten)]
        target: TargetArgs,
        #[command(flatten)]
        limits: LimitArgs,
        /// Dialect file to write, with the exchange that showed each answer
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Send the same calls to two servers, and show what they answer differently
    #[command(after_long_help = help::DIFF)]
    Diff(Diff),
    /// Certify a merchant's integration: drive its shop or run its tests, and judge what it sends
    #[command(after_long_help = help::MERCHANT)]
    Merchant(Merchant),
    /// Check a merchant's certificate: its signature, its trace, and its verdicts
    #[command(after_long_help = help::VERIFY)]
    Verify {
        /// A certificate written by `merchant --certificate FILE`
        certificate: PathBuf,
        /// Public key that must have signed it, in base64
        #[arg(long, value_name = "KEY")]
        signer: Option<String>,
        /// Write the certificate as an HTML page, if it is valid
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// List the clauses of a dialect
    #[command(after_long_help = help::LIST)]
    List {
        /// Dialect name, or path of a dialect file
        #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
        dialect: String,
    },
    /// Explain a clause: what it requires, what supports it, how dialects differ on it, and
    /// requests that keep and break it
    #[command(after_long_help = help::EXPLAIN)]
    Explain {
        /// Id of the clause, such as `init.lang.required`
        clause: String,
        /// Dialect name, or path of a dialect file
        #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
        dialect: String,
    },
    #[command(flatten)]
    Generated(Generated),
    /// Remove one clause at a time from the mock, and check that the runner names each
    #[command(after_long_help = help::SELF_TEST)]
    SelfTest {
        /// Dialect name, or path of a dialect file; defaults to all shipped dialects
        #[arg(long, value_name = "NAME|FILE")]
        dialect: Option<String>,
        /// Seed that makes the run repeatable
        #[arg(long, default_value = "0", value_name = "N", value_parser = seed)]
        seed: u64,
        /// Number of seeds, starting at --seed, under which each fault must be named
        #[arg(long, default_value_t = 1, value_name = "N", value_parser = whole::<u64>(1, 1_000))]
        seeds: u64,
        /// Judge this many mocks in randomly drawn dialects instead, each after a probe: none of
        /// them contradicts the documentation, so no violation may be reported
        #[arg(long, value_name = "N", conflicts_with = "dialect", value_parser = whole::<u64>(0, u64::MAX))]
        unknown: Option<u64>,
        /// Also remove each documented clause from each of these mocks: each removal must be
        /// reported as a violation
        #[arg(long, requires = "unknown")]
        without_clauses: bool,
        /// Number of generated cases for each removed clause and each bug
        #[arg(long, default_value_t = 200, value_name = "N", value_parser = whole::<u32>(0, u32::MAX.into()))]
        cases: u32,
        /// Servers to judge at once; defaults to the number of processors
        #[arg(long, value_name = "N", value_parser = whole::<usize>(1, 1_000))]
        jobs: Option<usize>,
    },
}

/// The server under test and its account.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// Base URL of the server, ending in /flexiti/online-api
    #[arg(long, env = "FLEXITI_BASE_URL", value_name = "URL")]
    pub base_url: Option<String>,
    /// OAuth client id; defaults to the demo account of the mock, on loopback only
    #[arg(long, env = "FLEXITI_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// OAuth client secret; other users of this machine can see it in the process list
    #[arg(
        long,
        env = "FLEXITI_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub client_secret: Option<String>,
    /// File that holds the client secret, instead of --client-secret; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,
    /// Client id of a second account, to check that merchants cannot see each other's data; not
    /// needed for a mock with an admin API
    #[arg(
        long,
        env = "FLEXITI_OTHER_CLIENT_ID",
        value_name = "ID",
        requires = "other_secret"
    )]
    pub other_client_id: Option<String>,
    /// Client secret of the second account; other users of this machine can see it in the process
    /// list
    #[arg(
        long,
        env = "FLEXITI_OTHER_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        group = "other_secret",
        requires = "other_client_id"
    )]
    pub other_client_secret: Option<String>,
    /// File that holds the client secret of the second account; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        group = "other_secret",
        requires = "other_client_id"
    )]
    pub other_client_secret_file: Option<PathBuf>,
    /// User name for the password grant
    #[arg(
        long,
        env = "FLEXITI_USERNAME",
        value_name = "NAME",
        requires = "password"
    )]
    pub username: Option<String>,
    /// Password for the password grant
    #[arg(
        long,
        env = "FLEXITI_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub password: Option<String>,
    /// Token of the server's admin API, if it is a mock that requires one
    #[arg(
        long,
        env = "FLEXITI_MOCK_ADMIN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub admin_token: Option<String>,
    /// Dialect to judge the server by: a name, or the path of a dialect file. Defaults to
    /// `documented`; for `replay`, to the dialect of the report
    #[arg(long, value_name = "NAME|FILE")]
    pub dialect: Option<String>,
    #[command(flatten)]
    pub way: WayArgs,
}

/// Which hosts may be called, and how they are reached.
#[derive(Debug, Clone, Args)]
pub struct WayArgs {
    /// Host other than loopback that may be called; may be repeated
    #[arg(long, value_name = "HOST", value_parser = crate::server::host)]
    pub allow_host: Vec<String>,
    /// Allow a production host as well; it must also be named with --allow-host
    #[arg(long)]
    pub allow_production: bool,
    /// PEM file of certificate authorities to trust besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Proxy for hosts other than loopback; defaults to the environment's proxy settings
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
}

/// Limits on the number and rate of requests.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Maximum number of requests; exit code 3 if they run out
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = whole::<u64>(0, u64::MAX))]
    pub max_requests: u64,
    /// Maximum number of requests per second; defaults to 5 for hosts other than loopback
    #[arg(long, value_name = "R", value_parser = rate)]
    pub rate: Option<f64>,
}

#[derive(Debug, Args)]
pub struct Server {
    /// Seconds that a case may wait in real time if the target's clock cannot be set; a token lives
    /// for 1200
    #[arg(long, default_value_t = 0, value_name = "SECONDS", value_parser = whole::<u64>(0, 86_400))]
    pub allow_waiting: u64,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Seed that makes the run repeatable; drawn and printed if omitted
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// Number of generated cases
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = whole::<u32>(0, u32::MAX.into()))]
    pub cases: u32,
    /// Planned cases to send at once; does not affect the findings
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = whole::<u8>(1, 64))]
    pub jobs: u8,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Run only this phase; may be repeated. `garbage` and `oversize` could harm a live system:
    /// outside loopback they run only if named, in addition to the other phases
    #[arg(long, value_name = "PHASE", value_enum, value_delimiter = ',')]
    pub phase: Vec<Phase>,
    /// Show all findings and everything learned, in full
    #[arg(long)]
    pub verbose: bool,
    /// Fail (exit code 1) if an open question is answered differently from the dialect
    #[arg(long, value_name = "WHAT", value_parser = ["open"])]
    pub fail_on: Option<String>,
    /// Judge only the clauses with this id or pattern, such as `init.lang.*`; may be repeated
    #[arg(long, value_name = "CLAUSE", value_delimiter = ',')]
    pub only: Vec<Pattern>,
    /// Skip the clauses with this id or pattern; may be repeated
    #[arg(long, value_name = "CLAUSE", value_delimiter = ',')]
    pub skip: Vec<Pattern>,
    /// TOML file of clauses that are allowed to fail, each with a reason
    #[arg(long, value_name = "FILE")]
    pub waivers: Option<PathBuf>,
    /// JSON report of an earlier run: only new failures count
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// text, json, ndjson, junit, sarif, html, markdown or github, to a file or to standard output
    /// (`-`, `json=-`); may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "text", value_parser = report)]
    pub report: Vec<ReportTo>,
}

/// Two servers that get the same calls.
#[derive(Debug, Args)]
pub struct Diff {
    /// Base URL of one server, ending in /flexiti/online-api; its dialect determines the cases
    #[arg(long, value_name = "URL")]
    pub left: String,
    /// Base URL of the other server
    #[arg(long, value_name = "URL")]
    pub right: String,
    /// OAuth client id for both; defaults to the demo account of the mock, on loopback only
    #[arg(long, env = "FLEXITI_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// OAuth client secret for both; other users of this machine can see it in the process list
    #[arg(
        long,
        env = "FLEXITI_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub client_secret: Option<String>,
    /// OAuth client id for the left server, instead of --client-id
    #[arg(long, env = "FLEXITI_LEFT_CLIENT_ID", value_name = "ID")]
    pub left_client_id: Option<String>,
    /// OAuth client secret for the left server, instead of --client-secret
    #[arg(
        long,
        env = "FLEXITI_LEFT_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub left_client_secret: Option<String>,
    /// File that holds the secret for the left server; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub left_client_secret_file: Option<PathBuf>,
    /// OAuth client id for the right server, instead of --client-id
    #[arg(long, env = "FLEXITI_RIGHT_CLIENT_ID", value_name = "ID")]
    pub right_client_id: Option<String>,
    /// OAuth client secret for the right server, instead of --client-secret
    #[arg(
        long,
        env = "FLEXITI_RIGHT_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub right_client_secret: Option<String>,
    /// File that holds the secret for the right server; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub right_client_secret_file: Option<PathBuf>,
    #[command(flatten)]
    pub way: WayArgs,
    /// Seed that makes the calls repeatable; drawn and printed if omitted
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// Number of generated cases
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = whole::<u32>(0, u32::MAX.into()))]
    pub cases: u32,
    /// The limits apply to each of the two servers
    #[command(flatten)]
    pub limits: LimitArgs,
    /// text or json, to a file or to standard output (`-`, `json=-`); may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "text", value_parser = comparison)]
    pub report: Vec<ReportTo>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.001 => Ok(rate),
        _ => Err("must be a number of at least 0.001".to_owned()),
    }
}
