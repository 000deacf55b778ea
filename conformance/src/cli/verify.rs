//! The `verify` command.

use super::exit_code::FAILED;
use super::say::{self, say};
use crate::merchant::certificate::{page, text, verify};
use anyhow::Context as _;
use flexiti_contract::Contract;
use std::path::Path;

/// Runs `verify`.
pub fn run(file: &Path, signer: Option<&str>, html: Option<&Path>) -> anyhow::Result<u8> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name}"))?;
    match verify::check(Contract::shipped(), &text, signer) {
        Ok(checked) => {
            let certificate = checked.certificate;
            let scenarios: usize = certificate.results.iter().map(|r| r.scenarios.len()).sum();
            say!(
                "{name}: valid\n  level      {}",
                text::rank(certificate.level)
            );
            say::text(format_args!("{}", text::subject(&certificate)));
            say!(
                "  issued     {}, expires {}\n  scenarios  {scenarios} judged again from the trace\n  answers    {} calls answered again by a mock with seed {}\n  signed by  {}",
                certificate.issued,
                certificate.expires,
                checked.calls,
                certificate.seed,
                checked.signer
            );
            if signer.is_none() {
                say!(
                    "  unknown key: anyone can generate one; pass --signer KEY to name the key you trust"
                );
            }
            if let Some(path) = html {
                std::fs::write(path, page::html(&certificate)?)
                    .with_context(|| format!("--html: {}", path.display()))?;
                say!("--html: {}", path.display());
            }
            Ok(0)
        }
        Err(error) => {
            say!("{name}: REFUSED: {}", text::shown(&format!("{error:#}")));
            Ok(FAILED)
        }
    }
}
