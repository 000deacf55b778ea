//! The command line.

use crate::cli::help;
use crate::cli::serve_args::Serve;
use crate::command_line::{Generated, address, seconds};
use crate::command_line::{with_generated_help, with_negative_numbers, without_empty_variables};
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A local stand-in for the Flexiti Online API.
#[derive(Debug, Parser)]
#[command(
    name = "flexiti-mock",
    version,
    args_conflicts_with_subcommands = true,
    after_long_help = help::PROGRAM
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

/// The command line. `exec` has other defaults than the server: a free port, because tests run side
/// by side, and a quiet log, because the terminal belongs to the command.
pub fn command() -> clap::Command {
    let command = with_generated_help(Cli::command());
    without_empty_variables(with_negative_numbers(command)).mut_subcommand("exec", |exec| {
        exec.mut_arg("listen", |listen| listen.default_value("127.0.0.1:0"))
            .mut_arg("log_level", |level| level.default_value("error"))
    })
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a server, run a command that talks to it, and end with the command's exit code
    #[command(after_long_help = help::EXEC)]
    Exec(Box<Exec>),
    /// Check whether a running server is healthy or ready; exit code 0 or 1
    #[command(after_long_help = help::HEALTHCHECK)]
    Healthcheck {
        /// Address of the server
        #[arg(env = "FLEXITI_MOCK_LISTEN", default_value = "127.0.0.1:4359", value_parser = address)]
        address: SocketAddr,
        /// Use TLS; this is the default if the environment sets the server's TLS flags. The
        /// certificate is not verified
        #[arg(long)]
        tls: bool,
        /// Check whether it is ready for requests; it is not while it drains
        #[arg(long)]
        ready: bool,
    },
    /// Print the contract as OpenAPI 3.1
    #[command(after_long_help = help::OPENAPI)]
    Openapi {
        /// Name of a dialect, or path of a dialect file
        #[arg(long, default_value = "documented", value_name = "NAME|FILE")]
        dialect: String,
    },
    /// Show, check and compare dialects
    #[command(subcommand, after_long_help = help::DIALECT)]
    Dialect(Dialects),
    /// Check, export and import the files of --data
    #[command(subcommand, after_long_help = help::DATA)]
    Data(Data),
    #[command(flatten)]
    Generated(Generated),
}

/// The subcommands of `dialect`.
#[derive(Debug, Subcommand)]
pub enum Dialects {
    /// List the shipped dialects
    #[command(after_long_help = help::DIALECT_LIST)]
    List,
    /// Print a dialect with all its answers
    #[command(after_long_help = help::DIALECT_SHOW)]
    Show {
        /// Name of a shipped dialect, or path of a dialect file
        dialect: String,
    },
    /// Check a dialect file
    #[command(after_long_help = help::DIALECT_CHECK)]
    Check {
        /// Path of the dialect file
        file: String,
    },
    /// Print each knob that two dialects answer differently, with the evidence for both answers
    #[command(after_long_help = help::DIALECT_DIFF)]
    Diff {
        /// Name of a shipped dialect, or path of a dialect file
        left: String,
        /// The dialect to compare it with
        right: String,
    },
}

/// The subcommands of `data`.
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Check whether a server could start with a file
    #[command(after_long_help = help::DATA_CHECK)]
    Check {
        /// Path of the file
        file: PathBuf,
    },
    /// Print the contents of a file as JSON, including secrets and tokens
    #[command(after_long_help = help::DATA_EXPORT)]
    Export {
        /// Path of the file
        file: PathBuf,
        /// Write to this file instead
        #[arg(long, value_name = "JSON")]
        out: Option<PathBuf>,
    },
    /// Create a file from the output of `export`
    #[command(after_long_help = help::DATA_IMPORT)]
    Import {
        /// Path of the new file
        file: PathBuf,
        /// Path of the JSON; `-` for standard input
        json: PathBuf,
    },
}

/// The flags of `exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// Stop the command, with all processes that it started, after this many seconds: exit code 124
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Afterwards, print what a reviewer would object to in the command's requests: exit code 1
    #[arg(long)]
    pub lint: bool,
    /// Afterwards, check the command's requests against the expectations in this file: one, or a
    /// list of them, as for `POST /__admin/requests/verify`; may be repeated
    #[arg(long, value_name = "FILE")]
    pub verify: Vec<PathBuf>,
    /// Afterwards, write the journal to this file, as HAR
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Base URL of the shop, without a trailing slash: where customers land after the pages
    #[arg(long, value_name = "URL")]
    pub trust_url: Option<String>,
    /// Where a customer who completed the pages lands, instead of the trust URL
    #[arg(long, value_name = "URL")]
    pub success_url: Option<String>,
    /// Where any other customer lands, instead of the trust URL
    #[arg(long, value_name = "URL")]
    pub error_url: Option<String>,
    #[command(flatten)]
    pub serve: Serve,
    /// The command and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        value_name = "COMMAND",
        value_hint = clap::ValueHint::CommandWithArguments
    )]
    pub command: Vec<OsString>,
}
