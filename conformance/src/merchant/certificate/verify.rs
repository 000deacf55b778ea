//! Verification. Whatever can be recomputed from the trace is not trusted.

use super::checks::{complete, current, plans, whole, within};
use super::key::{self, Signed};
use super::{Certificate, FORMAT, Summary, body, is_complete, replay, results};
use crate::merchant::judge::results::level;
use anyhow::{Context as _, bail, ensure};
use flexiti_contract::Contract;
use serde_json::Value;

/// A certificate that passed verification.
#[derive(Debug)]
pub struct Checked {
    /// The certificate.
    pub certificate: Certificate,
    /// How many calls the mock answered again.
    pub calls: usize,
    /// Who signed it: the public key in base64.
    pub signer: String,
}

/// Verifies a certificate file: its form, its signature (by `trusted`, if given), the completeness
/// of its trace, that the trace yields the verdicts in the file, and that a mock reproduces the
/// answers in the trace.
pub fn check(
    contract: &'static Contract,
    text: &str,
    trusted: Option<&str>,
) -> anyhow::Result<Checked> {
    let (certificate, signer) = read(contract, text, trusted)?;
    judge_again(contract, &certificate)?;
    let calls = replay::check(contract, certificate.seed, &certificate.acts)?;
    Ok(Checked {
        certificate,
        calls,
        signer,
    })
}

/// Reads a certificate, and checks that nothing is missing.
fn read(
    contract: &'static Contract,
    text: &str,
    trusted: Option<&str>,
) -> anyhow::Result<(Certificate, String)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut file: Value = serde_json::from_str(text).context("not JSON")?;
    // White space between tokens is insignificant; but parsers disagree on repeated members and
    // alternative spellings of values.
    let written = file.to_string();
    ensure!(
        squeezed(text) == written,
        "the file is not as it was written: do not trust it, and ask the signer for the original"
    );
    let signature = file
        .as_object_mut()
        .and_then(|file| file.shift_remove("signature"));
    let signature = signature.context(
        "not a certificate: it has no `signature`; `merchant --certificate FILE` writes one",
    )?;
    let signed: Signed = serde_json::from_value(signature).context("signature: malformed")?;
    key::check(&signed, body(&file).as_bytes())?;
    if let Some(trusted) = trusted
        && trusted != signed.public_key
    {
        bail!("signed by {}, not by {trusted}", signed.public_key);
    }
    let certificate: Certificate =
        serde_json::from_value(file).context("not a certificate of a merchant")?;
    ensure!(
        certificate.format == FORMAT,
        "format: `{}`; this program reads {FORMAT}",
        certificate.format
    );
    ensure!(
        certificate.contract == contract.digest(),
        "contract: made with other scenarios or rules than this program's; use version {} of it",
        certificate.runner
    );
    current(&certificate, jiff::Timestamp::now())?;
    plans(contract, &certificate)?;
    within(&certificate)?;
    for act in &certificate.acts {
        whole(act)?;
        for played in &act.played {
            complete(played).with_context(|| played.name())?;
        }
    }
    Ok((certificate, signed.public_key))
}

/// Whether a mock reproduces the answers of a certificate, whatever its verdicts; for this
/// project's tests.
#[doc(hidden)]
pub fn replayed(text: &str) -> anyhow::Result<()> {
    let contract = Contract::shipped();
    let (certificate, _) = read(contract, text, None)?;
    replay::check(contract, certificate.seed, &certificate.acts).map(drop)
}

fn judge_again(contract: &'static Contract, certificate: &Certificate) -> anyhow::Result<()> {
    let again = results(contract, &certificate.acts)?;
    for (again, told) in again.iter().zip(&certificate.results) {
        for (again, told) in again.scenarios.iter().zip(&told.scenarios) {
            ensure!(
                again == told,
                "{}: the certificate says {:?}, the trace comes to {:?}",
                told.name,
                told.verdict,
                again.verdict
            );
        }
    }
    ensure!(
        again == certificate.results,
        "results: the trace comes to results other than those in the certificate"
    );
    ensure!(
        Summary::of(&again) == certificate.summary,
        "summary: the trace comes to a different one"
    );
    let reached = level(&again, is_complete(contract, &certificate.acts));
    ensure!(
        reached == certificate.level,
        "level: the certificate says {:?}, the trace comes to {reached:?}",
        certificate.level
    );
    Ok(())
}

/// A JSON text without the white space between its tokens.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.trim_start_matches('\u{feff}').chars() {
        if quoted || !matches!(c, ' ' | '\t' | '\r' | '\n') {
            squeezed.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    squeezed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_says_nothing_and_a_second_member_is_refused() {
        let text = "{\r\n  \"a b\": \"c \\\" d\",\r\n\t\"e\": 1\r\n}\r\n\r\n";
        let file: Value = serde_json::from_str(text).unwrap();
        assert_eq!(squeezed(text), file.to_string());
        let twice = "{\"e\": 1, \"e\": 2}";
        let file: Value = serde_json::from_str(twice).unwrap();
        assert_ne!(squeezed(twice), file.to_string());
    }
}
