//! Running the server: ready file, banner, signals.

use crate::cli::end::End;
use crate::cli::ready_file::ReadyFile;
use crate::cli::reload::{HangUp, Reload};
use crate::cli::serve_args::Serve;
use crate::cli::settings::settings;
use crate::cli::{banner, log, systemd};
use crate::dialects::compile;
use crate::server::reload::Sources;
use crate::server::runtime::{Bound, bind, runtime, take_over};
use crate::server::serve::{self, Plain};
use flexiti_contract::Contract;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

/// How long to wait for the banner to be read at the start, and for the log at the end.
const PATIENCE: Duration = Duration::from_millis(200);

/// Serves until a signal stops it.
pub fn run(args: Serve) -> anyhow::Result<ExitCode> {
    let log = log::start(&args.log)?;
    let done = serve(args);
    log.finish(PATIENCE);
    done
}

fn serve(mut args: Serve) -> anyhow::Result<ExitCode> {
    let ready_file = args.ready_file.clone();
    let (watches, sources) = (
        args.watch,
        Sources::new(args.config.as_deref(), &args.dialect),
    );
    let handed_over = systemd::listener()?;
    if let Some(listener) = &handed_over {
        args.listen = listener.local_addr()?;
    }
    let settings = settings(args)?;
    let rulebook = compile(Contract::shipped(), &settings.settings.dialect)?;
    let Bound {
        listener,
        service,
        tls,
        upstream,
    } = match handed_over {
        Some(listener) => take_over(&settings.settings, rulebook, listener)?,
        None => bind(&settings.settings, rulebook)?,
    };
    // Only once the port is bound: until then, the file may belong to a running server.
    let mut ready = ReadyFile::prepare(ready_file)?;
    let address = listener.local_addr()?;
    let runtime = runtime()?;
    let runs = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    // Before the ready file is written, so that whoever waits for it can already send a signal.
    let mut end = End::listen()?;
    let mut hang_up = HangUp::listen()?;
    let app = &service.app;
    tracing::info!(base_url = app.base_url(), %address, dialect = settings.settings.dialect, "listening");
    let ca_file = tls.as_ref().and_then(|tls| tls.ca_file());
    let reload = Reload::new(&service, tls.as_ref(), sources);
    if watches {
        // For the same reason: whoever waits for the ready file can already change the other files.
        tokio::spawn(reload.clone().watch());
    }
    ready.write(app, ca_file)?;
    let token = settings.made_up_token.as_deref();
    match (settings.text, token) {
        (true, token) => print(banner::text(app, &settings.settings, token, ca_file)),
        // The user needs the token, but the log is no place for a secret.
        (false, Some(token)) => print(format!("{}\n", json!({"admin_token": token}))),
        (false, None) => {}
    }
    systemd::ready();
    let draining = Arc::clone(&service);
    let stopped = async move {
        let mut ends = async || loop {
            tokio::select! {
                () = end.next() => return,
                () = hang_up.next() => {
                    if hang_up.is_the_end() || !reload.has_files() {
                        return;
                    }
                    // Reading a file may hang, for example on a network share, which must not keep
                    // the server from stopping.
                    tokio::select! {
                        () = reload.run() => {}
                        () = end.next() => return,
                    }
                }
            }
        };
        ends().await;
        draining.app.drain();
        systemd::stopping();
        let time = draining.app.limits.drain_time;
        if !time.is_zero() {
            tracing::info!(seconds = time.as_secs(), "draining");
            // A second signal means that the user does not want to wait.
            let _ = tokio::time::timeout(time, ends()).await;
        }
    };
    let served = Arc::clone(&service);
    runtime.block_on(serve::run(
        listener,
        served,
        tls.clone(),
        upstream,
        Arc::new(Plain),
        stopped,
    ));
    service.app.close();
    if let Some(traces) = &service.traces {
        traces.finish(PATIENCE);
    }
    drop(runs);
    // A pending name lookup could delay the end for a long time.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// Prints a text without waiting for long: a reader that does not read, or has closed standard
/// output, must not keep the server from starting.
fn print(text: String) {
    let (sender, printed) = mpsc::channel();
    let printing = std::thread::Builder::new()
        .name("banner".to_owned())
        .spawn(move || {
            let mut out = std::io::stdout();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            let _ = sender.send(());
        });
    if printing.is_ok() {
        let _ = printed.recv_timeout(PATIENCE);
    }
}
