//! `exec`: runs a server for the duration of one command, such as a test suite.

mod command;
mod exit_code;
mod family;
mod judgement;
pub mod signals;

use crate::cli::args::Exec;
use crate::cli::complaint::complain;
use crate::cli::exec::command::{Ended, Run};
use crate::cli::exec::judgement::Judgement;
use crate::cli::exec::signals::Signals;
use crate::cli::log;
use crate::cli::ready_file::ReadyFile;
use crate::cli::settings::settings;
use crate::embed::Mock;
use crate::embed::admin::{MerchantView, NewMerchant};
use crate::embed::environment::environment;
use crate::server::runtime::runtime;
use anyhow::ensure;
use std::process::ExitCode;
use std::time::Duration;

/// How long to wait at the end for the log to be read.
const PATIENCE: Duration = Duration::from_millis(200);

/// Runs the command with a server of its own; returns the exit code.
pub fn run(args: Exec) -> anyhow::Result<ExitCode> {
    let log = log::start(&args.serve.log)?;
    let done = exec(args);
    log.finish(PATIENCE);
    done.map(ExitCode::from)
}

fn exec(args: Exec) -> anyhow::Result<u8> {
    // Report errors in the flags before the command runs, not after it.
    let judgement = Judgement::prepare(args.lint, &args.verify, args.journal)?;
    ensure!(
        !args.serve.watch,
        "--watch: not available with exec, whose server runs for one command only"
    );
    let ready_file = args.serve.ready_file.clone();
    let settings = settings(args.serve)?.settings;
    let runtime = runtime()?;
    let runs = runtime.enter();
    // Before anything is started that a signal has to stop.
    let mut signals = Signals::listen()?;
    let mock = Mock::start(&settings)?;
    let merchant = mock.admin().create_merchant(NewMerchant {
        trust_url: args.trust_url,
        success_url: args.success_url,
        error_url: args.error_url,
        ..NewMerchant::default()
    })?;
    let mut ready = ReadyFile::prepare(ready_file)?;
    ready.write(mock.app(), mock.ca_file())?;
    let run = Run {
        line: &args.command,
        environment: environment(&mock, &merchant, |name| std::env::var_os(name)),
        limit: args.timeout,
    };
    let ended = runtime.block_on(run.wait(&mut signals));
    drop(runs);
    let code = match ended {
        Ok(ended) => code(&ended, &judgement, &mock, &merchant),
        Err(not_started) => {
            complain(&format!("exec: {}", not_started.why));
            not_started.code
        }
    };
    // The tasks for signals never end.
    runtime.shutdown_background();
    Ok(code)
}

/// The exit code: the command's own, unless it succeeded but its requests did not pass.
fn code(ended: &Ended, judgement: &Judgement, mock: &Mock, merchant: &MerchantView) -> u8 {
    if let Some(limit) = ended.late {
        let limit = limit.as_secs_f64();
        complain(&format!(
            "exec: the command did not end within {limit} seconds (--timeout), and was stopped with all processes that it started"
        ));
    }
    let judged = judgement.of(mock, &merchant.account.client_id);
    if ended.code == 0 { judged } else { ended.code }
}
