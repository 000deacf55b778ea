//! Shows what a run would send, without sending it.

use super::options::Options;
use crate::server::case::{Case, Kind, Payload, RequestTemplate, Step, To, Turn};
use crate::server::plan::{self, Working};
use crate::server::wire::{Credentials, Owner, Secrets, Stopped, prepare};
use flexiti_contract::Rulebook;
use std::fmt::Write as _;
use std::io::Write;

/// Maximum length of a body that is shown whole.
const SHOWN: usize = 2_000;

/// Placeholder secrets, so that nobody is asked for the real ones.
fn unknown_account(client_id: &str) -> Credentials {
    Credentials {
        client_id: client_id.to_owned(),
        client_secret: "the-client-secret-is-hidden".to_owned(),
        user: Some((
            "the-user-name".to_owned(),
            "the-password-is-hidden".to_owned(),
        )),
        owner: Owner::Main,
    }
}

/// The ids of all cases that may be sent to a server in a dialect, except generated ones.
pub fn planned(rulebook: &Rulebook) -> Vec<String> {
    let cases = planned_cases(rulebook).into_iter();
    cases.map(|case| case.id).collect()
}

fn planned_cases(rulebook: &Rulebook) -> Vec<Case> {
    let everything = Working::everything(rulebook);
    let mut cases = plan::token_cases();
    cases.extend(plan::init_cases(rulebook, &everything));
    cases.extend(plan::cases(rulebook, &everything));
    cases
}

/// The first planned case that keeps a clause, and the first that breaks it, as they would be sent.
pub fn examples(rulebook: &Rulebook, clause: &str) -> [Option<String>; 2] {
    let cases = planned_cases(rulebook);
    let account = unknown_account("CLIENT_ID");
    let mut secrets = Secrets::default();
    secrets.learn(account.secrets());
    [Kind::Positive, Kind::Negative].map(|kind| {
        let mut cases = cases.iter();
        let case = cases.find(|case| case.clause == clause && case.kind == kind)?;
        let mut text = Vec::new();
        let place = "https://HOST/flexiti/online-api";
        write_case(case, place, &account, &secrets, &mut text).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    })
}

/// Writes every request of the planned cases, under its case.
pub fn dry_run(
    base_url: &str,
    client_id: &str,
    rulebook: &Rulebook,
    options: &Options,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let selected = |case: &Case| options.selection.left_out(&case.clause).is_none();
    let mut cases = planned_cases(rulebook);
    cases.retain(selected);
    let account = unknown_account(client_id);
    let mut secrets = Secrets::default();
    secrets.learn(account.secrets());
    let mut requests = 0;
    for case in &cases {
        writeln!(out, "{}", case.id)?;
        requests += write_case(case, base_url, &account, &secrets, out)?;
    }
    let (planned, generated) = (cases.len(), options.cases);
    writeln!(
        out,
        "{planned} planned cases with {requests} requests, and {generated} generated cases; \
         nothing was sent"
    )
}

/// Writes the steps of a case, and returns the number of its requests.
fn write_case(
    case: &Case,
    base_url: &str,
    account: &Credentials,
    secrets: &Secrets,
    out: &mut dyn Write,
) -> std::io::Result<usize> {
    let mut requests = 0;
    for step in &case.steps {
        match step {
            Step::Send(request) => {
                requests += 1;
                for line in shown(request, base_url, account, secrets).lines() {
                    writeln!(out, "  {line}")?;
                }
            }
            Step::Talk(turns) => {
                for turn in turns {
                    match turn {
                        Turn::Say(text) => {
                            requests += 1;
                            let said = text.replace("\r\n", "\\r\\n\n  ");
                            writeln!(out, "  {}", said.trim_end())?;
                        }
                        Turn::Hear | Turn::HearHead | Turn::HearFirst => {
                            writeln!(out, "  (an answer)")?;
                        }
                        Turn::Shut => writeln!(out, "  (nothing more is sent)")?,
                        Turn::HearEnd => writeln!(out, "  (the end of the connection)")?,
                    }
                }
            }
            Step::Advance(seconds) => {
                writeln!(
                    out,
                    "  (admin API: the account's clock advances by {seconds} s)"
                )?;
            }
            Step::Deprovision => writeln!(out, "  (admin API: the account loses its role)")?,
            Step::Complete { outcome, .. } => {
                writeln!(out, "  (admin API: the order is completed as {outcome})")?;
            }
        }
    }
    writeln!(out)?;
    Ok(requests)
}

/// A request as it would be sent, with `{…}` for values from earlier answers.
fn shown(
    request: &RequestTemplate,
    base_url: &str,
    account: &Credentials,
    secrets: &Secrets,
) -> String {
    let mut request = request.clone();
    let address = match &request.to {
        To::Path(_) => None,
        To::Url(url) => Some(format!("the URL {url}")),
    };
    if address.is_some() {
        request.to = To::Path(String::new());
    }
    let value_of = &mut |name: &str| -> Result<Option<String>, Stopped> {
        let own = account.value_of(name);
        Ok(Some(own.unwrap_or_else(|| match name {
            "token" => "$TOKEN".to_owned(),
            // Readable in any encoding.
            other => format!("_{}_", other.replace('/', "_")),
        })))
    };
    let Ok(prepared) = prepare(&request, base_url, value_of) else {
        return format!("{} (cannot be shown)", request.method);
    };
    let url = address.unwrap_or(prepared.url);
    let mut text = format!("{} {url}\n", prepared.method);
    for (name, value) in &prepared.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    let body = prepared.body.unwrap_or_default();
    if request.payload != Payload::None {
        let body = String::from_utf8_lossy(&body);
        match body.char_indices().nth(SHOWN) {
            Some((at, _)) => {
                let _ = write!(text, "{}… ({} bytes)", &body[..at], body.len());
            }
            None => text.push_str(&body),
        }
    }
    secrets.hide_in_request(&text)
}
