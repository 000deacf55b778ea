//! Runs the merchant's own tests against a mock, and judges what they sent.

use super::certificate::text;
use super::judge::{Judgement, Verdict, lint};
use crate::net;
use anyhow::Context as _;
use flexiti_contract::{Contract, Rulebook};
use flexiti_mock::embed::admin::ExchangeView;
use flexiti_mock::{MerchantConfig, Mock, Settings};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

/// The result of a run of the merchant's tests.
#[derive(Debug)]
pub struct Judged {
    /// For people.
    pub text: String,
    /// The exit code.
    pub code: u8,
}

/// Runs `command` in a shell with `FLEXITI_*` set, and judges everything it sent.
pub fn run(command: &str, dialect: &str, seed: u64) -> anyhow::Result<Judged> {
    let account = MerchantConfig::demo();
    let mock = Mock::start(&Settings {
        dialect: dialect.to_owned(),
        seed: Some(seed),
        journal_limit: 1_000_000,
        journal_bytes: 256 * 1024 * 1024,
        ..Settings::default()
    })?;
    let status = Command::new("sh")
        .args(["-c", command])
        .env("FLEXITI_BASE_URL", mock.base_url())
        .env("FLEXITI_CLIENT_ID", &account.client_id)
        .env("FLEXITI_CLIENT_SECRET", &account.client_secret)
        .envs(net::no_proxy_for_children(|name| std::env::var_os(name)))
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("--exec: `{command}`"))?;
    let admin = mock.admin();
    let rows = admin.requests(&format!("client_id={}", account.client_id))?;
    let calls = rows.requests.iter().map(|row| admin.request(row.id));
    let calls: Vec<ExchangeView> = calls.collect::<Result<_, _>>()?;
    let contract = Contract::shipped();
    let rulebook = Rulebook::compile(contract, contract.dialect(dialect)?)?;
    let calls: Vec<&ExchangeView> = calls.iter().collect();
    let review = lint::judge(&rulebook, &calls, &HashSet::new())?;
    let mut text = String::new();
    let failed: Vec<&Judgement> = review
        .iter()
        .filter(|check| check.verdict == Verdict::Failed)
        .collect();
    for check in &failed {
        let _ = writeln!(
            text,
            "{} {}: {}",
            text::word(check.verdict),
            check.check,
            check.message
        );
    }
    let passed = review.len() - failed.len();
    let _ = writeln!(
        text,
        "{} calls; {passed} rules kept, {} broken",
        calls.len(),
        failed.len()
    );
    let code = if !failed.is_empty() {
        1
    } else if calls.is_empty() {
        // Without calls there is nothing to judge.
        let _ = writeln!(text, "the command sent nothing to FLEXITI_BASE_URL");
        3
    } else if !status.success() {
        let _ = writeln!(text, "the command itself ended with {status}");
        3
    } else {
        0
    };
    Ok(Judged { text, code })
}
