//! The command line.

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
    /// Judge a server, clause by clause; without --base-url a mock that it starts itself
    Server(Server),
    /// Run the findings of a JSON report again, or a plan that broke a shop
    Replay {
        /// A report that `server --report json=FILE` wrote, or a plan that `merchant fuzz` saved
        file: PathBuf,
        /// The driver file of the shop, for a plan
        #[arg(long, value_name = "FILE")]
        driver: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// Certify a merchant's integration: drive its shop, or run its tests, and judge what it sends
    Merchant(Merchant),
    /// Check a merchant's certificate: its signature, its trace, and its verdicts
    Verify {
        /// A certificate that `merchant --certificate FILE` wrote
        certificate: PathBuf,
        /// The public key that must have signed it, in base64
        #[arg(long, value_name = "KEY")]
        signer: Option<String>,
    },
    /// List the clauses of a dialect
    List {
        /// Name of a dialect, or path of a dialect file
        #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
        dialect: String,
    },
    /// Take one clause after another away from the mock, and see whether each is named
    SelfTest {
        /// Name of a dialect, or path of a dialect file; all shipped dialects if not given
        #[arg(long, value_name = "NAME|FILE")]
        dialect: Option<String>,
        /// Make the run repeatable
        #[arg(long, default_value_t = 0, value_name = "N")]
        seed: u64,
        /// How many generated cases for each clause taken away
        #[arg(long, default_value_t = 200, value_name = "N")]
        cases: u32,
    },
}

/// Where the server is, and who asks.
#[derive(Debug, Args)]
pub struct At {
    /// Base URL of the server, ending at /flexiti/online-api
    #[arg(long, env = "FLEXITI_BASE_URL", value_name = "URL")]
    pub base_url: Option<String>,
    /// OAuth client id
    #[arg(
        long,
        env = "FLEXITI_CLIENT_ID",
        value_name = "ID",
        default_value = "flexitidemo"
    )]
    pub client_id: String,
    /// OAuth client secret
    #[arg(
        long,
        env = "FLEXITI_CLIENT_SECRET",
        value_name = "SECRET",
        default_value = "flexitidemo-secret",
        hide_env_values = true
    )]
    pub client_secret: String,
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
    /// Token of the server's admin API, if it is a mock that asks for one
    #[arg(
        long,
        env = "FLEXITI_MOCK_ADMIN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub admin_token: Option<String>,
    /// Dialect to hold the server to: a name, or the path of a dialect file
    #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
    pub dialect: String,
}

#[derive(Debug, Args)]
pub struct Server {
    #[command(flatten)]
    pub at: At,
    /// Make the run repeatable; a new seed is drawn and shown if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many generated cases
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub cases: u32,
    /// How many requests at most; exit code 3 if they do not suffice
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    pub max_requests: u64,
    /// How many requests a second at most
    #[arg(long, value_name = "R", value_parser = rate)]
    pub rate: Option<f64>,
    /// TOML file of clauses that may fail, each with a reason
    #[arg(long, value_name = "FILE")]
    pub waivers: Option<PathBuf>,
    /// text, json or junit, to standard output or to a file; may be given more than once
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "text", value_parser = report)]
    pub report: Vec<ReportTo>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Merchant {
    #[command(subcommand)]
    pub command: Option<MerchantCommand>,
    #[command(flatten)]
    pub run: MerchantRun,
}

#[derive(Debug, Subcommand)]
pub enum MerchantCommand {
    /// Write a driver file with every key explained
    Init {
        /// Where to; an existing file is left alone
        #[arg(default_value = "merchant.toml")]
        file: PathBuf,
    },
    /// Start the shop of a driver file and try one checkout
    Check {
        /// The driver file
        #[arg(default_value = "merchant.toml")]
        file: PathBuf,
    },
    /// Make up legal answers, faults and customers until some break the shop, and shrink them
    Fuzz(Fuzz),
    /// Print the JSON Schema of driver files
    Schema,
    /// Make a key that signs certificates
    Keygen {
        /// Where to; an existing file is left alone
        #[arg(default_value = "certificate-key.json")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Fuzz {
    /// The driver file
    #[arg(default_value = "merchant.toml")]
    pub file: PathBuf,
    /// How many plans
    #[arg(long, default_value_t = 40, value_name = "N")]
    pub cases: u32,
    /// Make the run repeatable; a new seed is drawn and shown if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Dialect whose answers are varied: a name, or the path of a dialect file
    #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
    pub dialect: String,
    /// Where the smallest plan that breaks the shop is saved, for `replay`
    #[arg(long, default_value = "broken-plan.json", value_name = "FILE")]
    pub save: PathBuf,
}

#[derive(Debug, Args)]
pub struct MerchantRun {
    /// Driver file: how the shop is started, reached and asked
    #[arg(long, value_name = "FILE", conflicts_with = "exec")]
    pub driver: Option<PathBuf>,
    /// The merchant's own tests, run with the variables `FLEXITI_BASE_URL`, `FLEXITI_CLIENT_ID`
    /// and `FLEXITI_CLIENT_SECRET`, and judged by what they sent
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<String>,
    /// Dialects, the first of which counts for the level: names, paths, or `all`
    #[arg(
        long,
        default_value = "documented",
        value_name = "NAME|FILE",
        value_delimiter = ','
    )]
    pub dialect: Vec<String>,
    /// Make the run repeatable; a new seed is drawn and shown if not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Only scenarios whose id begins so
    #[arg(long, value_name = "ID")]
    pub only: Option<String>,
    /// Write a certificate
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// Write what it came to as a page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write its level as a badge (SVG)
    #[arg(long, value_name = "FILE")]
    pub badge: Option<PathBuf>,
    /// The key that signs it (`merchant keygen`)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// A format, and where it goes.
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
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = match format {
        "text" => Format::Text,
        "json" => Format::Json,
        "junit" => Format::Junit,
        other => return Err(format!("no format `{other}`; there are text, json, junit")),
    };
    Ok(ReportTo { format, file })
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.001 => Ok(rate),
        _ => Err("must be a number of at least 0.001".to_owned()),
    }
}
