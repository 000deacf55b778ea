//! The command line.

use super::merchant_args::Merchant;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Judges a server against the documented Flexiti Online API.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a server, clause by clause; without --base-url, start a mock and judge it
    Server(Server),
    /// Run the findings of a JSON report again, or replay a plan that broke a shop
    Replay {
        /// A report written by `server --report json=FILE`, or a plan saved by `merchant fuzz`
        file: PathBuf,
        /// Driver file of the shop; required for a plan
        #[arg(long, value_name = "FILE")]
        driver: Option<PathBuf>,
        #[command(flatten)]
        target: TargetArgs,
        #[command(flatten)]
        limits: LimitArgs,
    },
    /// Find out how a server answers the questions that the documentation leaves open
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
    Diff(Diff),
    /// Certify a merchant's integration: drive its shop or run its tests, and judge what it sends
    Merchant(Merchant),
    /// Check a merchant's certificate: its signature, its trace, and its verdicts
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
    List {
        /// Dialect name, or path of a dialect file
        #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
        dialect: String,
    },
    /// Remove one clause at a time from the mock, and check that the runner names each of them
    SelfTest {
        /// Dialect name, or path of a dialect file; defaults to all shipped dialects
        #[arg(long, value_name = "NAME|FILE")]
        dialect: Option<String>,
        /// Seed that makes the run repeatable
        #[arg(long, default_value_t = 0, value_name = "N")]
        seed: u64,
        /// Instead, judge this many mocks in dialects drawn at random, each after a probe: none of
        /// them contradicts the documentation, so none may be accused
        #[arg(long, value_name = "N", conflicts_with = "dialect")]
        unknown: Option<u64>,
        /// And take each documented clause away from each of them: it must be a violation
        #[arg(long, requires = "unknown")]
        without_clauses: bool,
        /// Number of generated cases for each removed clause
        #[arg(long, default_value_t = 200, value_name = "N")]
        cases: u32,
    },
}

/// The server under test, and the account to use.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// Base URL of the server, ending in /flexiti/online-api
    #[arg(long, env = "FLEXITI_BASE_URL", value_name = "URL")]
    pub base_url: Option<String>,
    /// OAuth client id; defaults to the demo account of the mock, on loopback only
    #[arg(long, env = "FLEXITI_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// OAuth client secret; other users of the machine see it in the list of processes
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

/// Where calls may go, and by which way.
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
    /// Proxy for hosts other than loopback; defaults to the proxy that the environment sets
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
}

/// How much is sent, and how fast.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Maximum number of requests; exit code 3 if they run out
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    pub max_requests: u64,
    /// Maximum number of requests per second; defaults to 5 for hosts other than loopback
    #[arg(long, value_name = "R", value_parser = rate)]
    pub rate: Option<f64>,
}

#[derive(Debug, Args)]
pub struct Server {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Seed that makes the run repeatable; drawn and printed if omitted
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of generated cases
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub cases: u32,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Also send to a live system what could hurt it: garbage, or bodies over the limit; on
    /// loopback both are sent anyway
    #[arg(long, value_name = "PHASE", value_parser = ["garbage", "oversize"])]
    pub phase: Vec<String>,
    /// Show all findings, and all that was learned, in full
    #[arg(long)]
    pub verbose: bool,
    /// Fail (exit code 1) where an open question is answered otherwise than the dialect does
    #[arg(long, value_name = "WHAT", value_parser = ["open"])]
    pub fail_on: Option<String>,
    /// TOML file of clauses that are allowed to fail, each with a reason
    #[arg(long, value_name = "FILE")]
    pub waivers: Option<PathBuf>,
    /// text, json or junit, to a file or to standard output (`-`, `json=-`); may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "text", value_parser = report)]
    pub report: Vec<ReportTo>,
}

/// Two servers that get the same calls.
#[derive(Debug, Args)]
pub struct Diff {
    /// Base URL of one server, ending in /flexiti/online-api; cases are planned by its dialect
    #[arg(long, value_name = "URL")]
    pub left: String,
    /// Base URL of the other server
    #[arg(long, value_name = "URL")]
    pub right: String,
    /// OAuth client id for both; defaults to the demo account of the mock, on loopback only
    #[arg(long, env = "FLEXITI_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// OAuth client secret for both; other users of the machine see it in the list of processes
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
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of generated cases
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub cases: u32,
    /// The limits hold for each of the two servers
    #[command(flatten)]
    pub limits: LimitArgs,
    /// text or json, to a file or to standard output (`-`, `json=-`); may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "text", value_parser = comparison)]
    pub report: Vec<ReportTo>,
}

/// A report format, and where the report goes.
#[derive(Debug, Clone)]
pub struct ReportTo {
    pub format: Format,
    pub file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Junit,
}

fn report(text: &str) -> Result<ReportTo, String> {
    let (format, file) = match text.split_once('=') {
        Some((_, "")) => return Err("expected the path of a file after `=`".to_owned()),
        Some((format, "-")) => (format, None),
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = match format {
        "text" | "-" if file.is_none() || format == "text" => Format::Text,
        "json" => Format::Json,
        "junit" => Format::Junit,
        other => {
            return Err(format!(
                "unknown format `{other}`; expected text, json or junit"
            ));
        }
    };
    Ok(ReportTo { format, file })
}

/// The report of a comparison; it judges no clauses, so there is nothing for `JUnit`.
fn comparison(text: &str) -> Result<ReportTo, String> {
    match report(text) {
        Ok(report) if report.format == Format::Junit => {
            Err("unknown format `junit`; expected text or json".to_owned())
        }
        other => other,
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.001 => Ok(rate),
        _ => Err("must be a number of at least 0.001".to_owned()),
    }
}
