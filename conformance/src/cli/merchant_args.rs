//! The arguments of `merchant`.

use super::help;
use super::reports::{ReportTo, report};
use super::values::seed;
use crate::pattern::Pattern;
use clap::{Args, Subcommand};
use flexiti_mock::command_line::{address, whole};
use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// Write a driver file that explains every key
    #[command(after_long_help = help::MERCHANT_INIT)]
    Init {
        /// Output file; an existing file is not overwritten
        #[arg(default_value = "merchant.toml")]
        file: PathBuf,
    },
    /// Start the shop of a driver file, and try some checkouts
    #[command(after_long_help = help::MERCHANT_CHECK)]
    Check {
        /// Driver file
        #[arg(default_value = "merchant.toml")]
        file: PathBuf,
        /// Address for the mock to listen on, for a shop that is already running
        #[arg(long, value_name = "ADDRESS", value_parser = address)]
        listen: Option<SocketAddr>,
        /// Origin at which the shop and its customers reach the mock
        #[arg(long, value_name = "URL")]
        public_base_url: Option<String>,
        /// PEM file of certificate authorities to trust besides the system's, for a shop with https
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
    /// Generate legal answers, faults and customers until they break the shop, then shrink them
    #[command(after_long_help = help::MERCHANT_FUZZ)]
    Fuzz(Fuzz),
    /// Print the JSON Schema of driver files
    #[command(after_long_help = help::MERCHANT_SCHEMA)]
    Schema,
    /// Generate a key that signs certificates
    #[command(after_long_help = help::MERCHANT_KEYGEN)]
    Keygen {
        /// Output file; an existing file is not overwritten
        #[arg(default_value = "certificate-key.json")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Fuzz {
    /// Driver file
    #[arg(default_value = "merchant.toml")]
    pub file: PathBuf,
    /// Number of plans
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = whole::<u32>(0, u32::MAX.into()))]
    pub cases: u32,
    /// Seed that makes the run repeatable; drawn and printed if omitted
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// Dialect whose answers are varied: a name, or the path of a dialect file
    #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
    pub dialect: String,
    /// PEM file of certificate authorities to trust besides the system's, for a shop with https
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Where to save the smallest plan that breaks the shop, for `replay`
    #[arg(long, default_value = "broken-plan.json", value_name = "FILE")]
    pub save: PathBuf,
}

#[derive(Debug, Args)]
pub struct MerchantRun {
    /// Driver file: how to start the shop, check out, and read an order's status
    #[arg(long, value_name = "FILE", conflicts_with = "exec")]
    pub driver: Option<PathBuf>,
    /// Command that runs the merchant's own tests, with `FLEXITI_BASE_URL`, `FLEXITI_CLIENT_ID`,
    /// `FLEXITI_CLIENT_SECRET` and `FLEXITI_ADMIN_URL` set; they are judged by the requests they
    /// send
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<String>,
    /// Timeout for the command of --exec, in seconds
    #[arg(
        long,
        default_value_t = 900,
        value_name = "SECONDS",
        requires = "exec",
        value_parser = whole::<u64>(1, 1_000_000)
    )]
    pub exec_limit: u64,
    /// Dialects: names, paths, or `all`; the first one decides the level
    #[arg(
        long,
        default_value = "documented",
        value_name = "NAME|FILE",
        value_delimiter = ','
    )]
    pub dialect: Vec<String>,
    /// Seed that makes the run repeatable; drawn and printed if omitted
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// Play only the scenarios of this id, group or pattern, such as `callback`, `callback.told` or
    /// `*/fr`, and their control scenarios; may be repeated
    #[arg(
        long,
        value_name = "SCENARIO",
        value_delimiter = ',',
        conflicts_with = "exec"
    )]
    pub only: Vec<Pattern>,
    /// Skip the scenarios of this id, group or pattern; may be repeated
    #[arg(
        long,
        value_name = "SCENARIO",
        value_delimiter = ',',
        conflicts_with = "exec"
    )]
    pub skip: Vec<Pattern>,
    /// Also play this many fuzzer plans in each dialect
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        conflicts_with = "exec",
        value_parser = whole::<u32>(0, 10_000)
    )]
    pub fuzz: u32,
    /// Address for the mock, if the shop is already running; a free port if omitted
    #[arg(long, value_name = "ADDRESS", conflicts_with = "exec", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Origin at which the shop and its customers reach the mock, such as that of an https proxy
    #[arg(long, value_name = "URL", conflicts_with = "exec")]
    pub public_base_url: Option<String>,
    /// PEM file of certificate authorities to trust besides the system's, for a shop with https
    #[arg(long, value_name = "FILE", conflicts_with = "exec")]
    pub ca: Option<PathBuf>,
    /// Version of the shop for the certificate, such as a commit; replaces `shop.version`
    #[arg(long, value_name = "TEXT", conflicts_with = "exec")]
    pub shop_version: Option<String>,
    /// Name of the signer, for the certificate
    #[arg(long, value_name = "NAME", requires = "key")]
    pub signed_by: Option<String>,
    /// Level required for exit code 0; by default `robust`, the highest level that rests on
    /// Flexiti's documentation, judged on the scenarios that were played
    #[arg(long, value_name = "LEVEL", conflicts_with = "exec")]
    pub require: Option<RequiredLevel>,
    /// TOML file of `[[waivers]]` with `check`, `reason`, `expires`, and optionally `scenario`. A
    /// waived failure still costs its level
    #[arg(long, value_name = "FILE", conflicts_with = "exec")]
    pub waivers: Option<PathBuf>,
    /// JSON report of an earlier run: only new failures count; known ones still cost their level
    #[arg(long, value_name = "FILE", conflicts_with = "exec")]
    pub baseline: Option<PathBuf>,
    /// text, json, ndjson, junit, sarif, html, markdown or github, to a file or to standard output
    /// (`-`, `json=-`); may be repeated
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        default_value = "text",
        value_parser = report,
        conflicts_with = "exec"
    )]
    pub report: Vec<ReportTo>,
    /// Write a signed certificate
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "exec")]
    pub certificate: Option<PathBuf>,
    /// Write the results as an HTML page
    #[arg(long, value_name = "FILE", conflicts_with = "exec")]
    pub html: Option<PathBuf>,
    /// Write the level as a badge (SVG)
    #[arg(long, value_name = "FILE", conflicts_with = "exec")]
    pub badge: Option<PathBuf>,
    /// Key that signs the certificate (see `merchant keygen`)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// A level of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RequiredLevel {
    Basic,
    Robust,
    Exemplary,
}
