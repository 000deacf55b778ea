//! Runs the merchant's own tests against a mock, and judges what they sent.

use super::certificate::text;
use super::judge::{Ground, Judgement, Verdict, lint};
use crate::merchant::stage::shop::process::Group;
use anyhow::{Context as _, bail};
use flexiti_contract::{Contract, Rulebook};
use flexiti_mock::embed::admin::ExchangeView;
use flexiti_mock::embed::environment::environment;
use flexiti_mock::{MerchantConfig, Mock, Settings};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// Maximum number of calls listed for a finding.
const LISTED: usize = 5;

/// The result of a run of the merchant's tests.
#[derive(Debug)]
pub struct Judged {
    /// The report text.
    pub text: String,
    /// The exit code.
    pub code: u8,
}

/// Runs `command` in a shell with `FLEXITI_*` set, as `flexiti-mock exec` does, and judges
/// everything it sent.
pub fn run(command: &str, dialect: &str, seed: u64, limit: Duration) -> anyhow::Result<Judged> {
    let account = MerchantConfig::demo();
    let mock = Mock::start(&Settings {
        dialect: dialect.to_owned(),
        seed: Some(seed),
        journal_limit: 1_000_000,
        journal_bytes: 256 * 1024 * 1024,
        ..Settings::default()
    })?;
    let merchant = mock.admin().merchant(&account.client_id)?;
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .envs(environment(&mock, &merchant, |name| std::env::var_os(name)));
    let group = Group::start_aloud(&mut shell);
    let group = group.with_context(|| format!("--exec: `{command}`"))?;
    let status = ended(group, limit)?;
    let admin = mock.admin();
    let rows = admin.requests("")?;
    let calls = rows.requests.iter().map(|row| admin.request(row.id));
    let calls: Vec<ExchangeView> = calls.collect::<Result<_, _>>()?;
    let contract = Contract::shipped();
    let rulebook = Rulebook::compile(contract, contract.dialect(dialect)?)?;
    let calls: Vec<&ExchangeView> = calls.iter().collect();
    let review = lint::judge(&rulebook, &calls, &HashSet::new())?;
    let failed: Vec<&Judgement> = review
        .iter()
        .filter(|check| check.verdict == Verdict::Failed)
        .collect();
    let mut text = String::new();
    let refused = refusals(&mut text, &calls);
    for check in &failed {
        finding(&mut text, check);
    }
    let passed = review.len() - failed.len();
    let _ = writeln!(
        text,
        "{} calls, {refused} of them refused; {passed} rules kept, {} broken",
        calls.len(),
        failed.len()
    );
    let code = if !failed.is_empty() || refused > 0 {
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
    Ok(Judged {
        text: text::shown(&text),
        code,
    })
}

/// Waits for the command, up to the limit. Processes that it leaves running are stopped.
fn ended(mut group: Group, limit: Duration) -> anyhow::Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = group.ended() {
            return Ok(status);
        }
        if Instant::now() > deadline {
            bail!(
                "--exec-limit: the command did not end within {} seconds",
                limit.as_secs()
            );
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Appends the calls that Flexiti refused, one finding for each clause, with what to send instead.
/// Returns the number of findings.
fn refusals(text: &mut String, calls: &[&ExchangeView]) -> usize {
    let refused = calls
        .iter()
        .filter(|call| (400..500).contains(&call.row.status));
    let refused: Vec<&&ExchangeView> = refused.filter(|call| call.row.fault.is_none()).collect();
    let mut groups: BTreeMap<(String, String), Vec<&ExchangeView>> = BTreeMap::new();
    for call in &refused {
        if call.row.violations.is_empty() {
            let what = format!("{} {}", call.row.method, call.row.status);
            let remedy = "Send a token that is alive to a path of the reference.".to_owned();
            groups.entry((what, remedy)).or_default().push(call);
        }
        for reason in &call.row.violations {
            let what = match &reason.param {
                None => reason.clause.clone(),
                Some(param) => format!("{} ({param})", reason.clause),
            };
            let group = groups.entry((what, reason.remedy.clone())).or_default();
            group.push(call);
        }
    }
    for ((what, remedy), calls) in groups {
        let _ = writeln!(
            text,
            "FAILED call_refused: {what}: {} calls were refused with {}",
            calls.len(),
            calls[0].row.status
        );
        let mut why: Vec<String> = calls[0]
            .why
            .iter()
            .map(|why| why.requirement.clone())
            .collect();
        why.dedup();
        for requirement in why {
            let _ = writeln!(text, "  requirement: {requirement}");
        }
        let _ = writeln!(text, "  change: {remedy}");
        for call in calls.iter().take(LISTED) {
            let _ = writeln!(
                text,
                "  call {}: {} {}\n    {}",
                call.row.id, call.row.method, call.row.path, call.curl
            );
        }
    }
    refused.len()
}

/// Appends a broken rule, with its basis and what to change.
fn finding(text: &mut String, check: &Judgement) {
    let _ = writeln!(
        text,
        "{} {}: {}",
        text::word(check.verdict),
        check.check,
        check.message
    );
    if let Some(ground) = Ground::of(&check.check) {
        let basis = text::basis_word(check.basis);
        let _ = writeln!(
            text,
            "  {basis}: {}\n  change: {}",
            ground.sentence, ground.remedy
        );
    }
    let ids: Vec<String> = check
        .requests
        .iter()
        .take(LISTED)
        .map(u64::to_string)
        .collect();
    if !ids.is_empty() {
        let _ = writeln!(text, "  calls: {}", ids.join(", "));
    }
}
