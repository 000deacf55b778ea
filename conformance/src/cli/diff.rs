//! `diff`: the same calls to two servers.

use super::args::{Diff, TargetArgs};
use super::exit_code::INCONCLUSIVE;
use super::reports::Format;
use super::say::complain;
use super::server;
use super::target::{self, Reached};
use super::values::drawn_seed;
use crate::formats::{Places, Progress, Reporter};
use crate::server::diff::{self, Comparison};
use crate::server::run::Options;
use anyhow::anyhow;
use flexiti_contract::{Contract, Rulebook};
use std::io::{ErrorKind, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// A server and its account, from the flags of one side.
struct Side {
    /// `--left` or `--right`; names the base URL in messages.
    flag: &'static str,
    args: TargetArgs,
    options: Options,
}

/// The account given by the flags of one side.
#[derive(Clone, Copy)]
struct Account<'a> {
    id: Option<&'a String>,
    secret: Option<&'a String>,
    file: Option<&'a PathBuf>,
}

/// Compares two servers, writes the reports, and returns the exit code.
pub fn run(args: &Diff) -> anyhow::Result<u8> {
    let mut places = Places::default();
    let mut outs: Vec<(Format, Box<dyn Write>)> = Vec::new();
    for report in &args.report {
        outs.push((report.format, places.open(report.file.as_deref())?));
    }
    let rulebook = server::rulebook(Contract::shipped().dialect("documented")?)?;
    let seed = args.seed.unwrap_or_else(drawn_seed);
    let mut left = Side::left(args, seed);
    let mut right = Side::right(args, seed);
    let reached = [left.reach(&rulebook)?, right.reach(&rulebook)?];
    let [left_server, right_server] = reached;
    let (left_server, right_server) = (left.greet(left_server), right.greet(right_server));
    let (Some(left_server), Some(right_server)) = (left_server, right_server) else {
        return Ok(INCONCLUSIVE);
    };
    let progress = Progress::new(std::io::stderr(), std::io::stderr().is_terminal());
    let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(progress)];
    let comparison = diff::servers(
        (&left_server.target, &mut left.options),
        (&right_server.target, &mut right.options),
        &mut reporters,
    )?;
    drop(reporters);
    for (format, mut out) in outs {
        match write(&comparison, format, &mut out) {
            // `diff | head` closes the pipe: not an error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written?,
        }
    }
    places.keep()?;
    Ok(comparison.exit_code())
}

fn write(comparison: &Comparison, format: Format, out: &mut Box<dyn Write>) -> std::io::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, comparison)?;
            writeln!(out)?;
            out.flush()
        }
        _ => diff::write(comparison, out),
    }
}

impl Side {
    fn left(args: &Diff, seed: u64) -> Self {
        let id = args.left_client_id.as_ref();
        let secret = args.left_client_secret.as_ref();
        let file = args.left_client_secret_file.as_ref();
        Self::new(
            "--left",
            &args.left,
            Account { id, secret, file },
            args,
            seed,
        )
    }

    fn right(args: &Diff, seed: u64) -> Self {
        let id = args.right_client_id.as_ref();
        let secret = args.right_client_secret.as_ref();
        let file = args.right_client_secret_file.as_ref();
        Self::new(
            "--right",
            &args.right,
            Account { id, secret, file },
            args,
            seed,
        )
    }

    fn new(flag: &'static str, url: &str, own: Account<'_>, args: &Diff, seed: u64) -> Self {
        let target = TargetArgs {
            other_client_id: None,
            other_client_secret: None,
            other_client_secret_file: None,
            base_url: Some(url.to_owned()),
            client_id: own.id.or(args.client_id.as_ref()).cloned(),
            client_secret: own.secret.or(args.client_secret.as_ref()).cloned(),
            client_secret_file: own.file.cloned(),
            username: None,
            password: None,
            admin_token: None,
            dialect: None,
            way: args.way.clone(),
        };
        let options = Options {
            seed,
            cases: args.cases,
            ..server::limits(&args.limits)
        };
        Self {
            flag,
            args: target,
            options,
        }
    }

    /// Prefixes a message about a server with the flag of its side.
    fn said(&self, text: &str) -> String {
        let text = text.replace("--base-url", self.flag);
        text.replace("--client-", &format!("{}-client-", self.flag))
    }

    fn reach(&mut self, rulebook: &Arc<Rulebook>) -> anyhow::Result<Reached> {
        let reached = target::reach(&self.args, rulebook, &mut self.options);
        reached.map_err(|error| anyhow!(self.said(&format!("{error:#}"))))
    }

    /// Returns the server if it responds like one that can be judged.
    fn greet(&mut self, mut server: Reached) -> Option<Reached> {
        match server.greet(&self.args, &mut self.options) {
            Ok(()) => Some(server),
            Err(blocked) => {
                complain!("flexiti-conformance: {}", self.said(&blocked.because));
                None
            }
        }
    }
}
