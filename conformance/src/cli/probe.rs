//! `probe`: how a server answers the open questions.

use super::args::{LimitArgs, TargetArgs};
use super::exit_code::INCONCLUSIVE;
use super::say::complain;
use super::{server, target};
use crate::server::run::{self, Options};
use crate::server::{Probed, shown};
use anyhow::Context as _;
use flexiti_contract::Contract;
use std::io::Write as _;
use std::path::Path;

/// Probes, writes the dialect, and returns the exit code.
pub fn run(args: &TargetArgs, limits: &LimitArgs, out: Option<&Path>) -> anyhow::Result<u8> {
    let contract = Contract::shipped();
    let yardstick = contract.dialect(args.dialect.as_deref().unwrap_or("documented"))?;
    let rulebook = server::rulebook(yardstick.clone())?;
    let mut options: Options = server::limits(limits);
    // Fail before the first call if the file cannot be created.
    let mut file = out.map(Draft::beside).transpose()?;
    let mut reached = target::reach(args, &rulebook, &mut options)?;
    if let Err(blocked) = reached.greet(args, &mut options) {
        complain!("flexiti-conformance: {}", blocked.because);
        return Ok(INCONCLUSIVE);
    }
    let probed = run::probe(&reached.target, &yardstick, &mut options)?;
    print(&probed, &yardstick.name)?;
    if let Some(file) = file.take() {
        let mut text = serde_json::to_string_pretty(&probed.to_file(&reached.target.base_url))?;
        text.push('\n');
        file.keep(&text)?;
    }
    Ok(match probed.stopped {
        Some(_) => INCONCLUSIVE,
        None => 0,
    })
}

fn print(probed: &Probed, yardstick: &str) -> anyhow::Result<()> {
    let contract = Contract::shipped();
    let mut out = std::io::stdout().lock();
    let told = probed.answers.iter().filter(|row| row.answer.is_some());
    let (told, all) = (told.count(), probed.answers.len());
    let (nearest, differs) = probed.resembles(contract)?;
    let learned = probed.learned(contract);
    for row in &learned {
        let knob = row.knob.as_deref().unwrap_or_default();
        writeln!(
            out,
            "{knob}: {} (`{yardstick}`: {})",
            shown(&row.answer),
            shown(&row.expected)
        )?;
    }
    let contradictions = contract.contradictions(&probed.dialect)?;
    for one in &contradictions {
        let clauses = one.clauses.join(", ");
        writeln!(
            out,
            "{}: contradicts the documentation: {clauses}",
            one.knob
        )?;
    }
    let but = match differs {
        0 => String::new(),
        n => format!(" but for {n}"),
    };
    writeln!(
        out,
        "{told} of {all} questions answered in {} calls; answers as `{nearest}`{but}",
        probed.calls
    )?;
    if let Some(why) = &probed.stopped {
        writeln!(out, "stopped: {why}")?;
    }
    Ok(())
}

/// A temporary file that replaces the target atomically once complete.
struct Draft {
    draft: tempfile::NamedTempFile,
    out: std::path::PathBuf,
}

impl Draft {
    fn beside(out: &Path) -> anyhow::Result<Self> {
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        let draft = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        let draft = draft.with_context(|| format!("--out: {}", out.display()))?;
        let out = out.to_owned();
        Ok(Self { draft, out })
    }

    fn keep(mut self, text: &str) -> anyhow::Result<()> {
        let name = self.out.display().to_string();
        let written = self.draft.write_all(text.as_bytes());
        written.with_context(|| format!("--out: {name}"))?;
        self.draft
            .persist(&self.out)
            .with_context(|| format!("--out: {name}"))?;
        Ok(())
    }
}
