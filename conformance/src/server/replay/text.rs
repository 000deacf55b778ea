//! A replay as text.

use super::contents::Replay;
use flexiti_contract::Contract;
use flexiti_contract::comparison::Subject;
use std::io::Write;

/// Maximum number of calls shown for a knob or clause.
const SHOWN: usize = 3;

/// Writes the results of a replay for a reader.
pub fn write(replay: &Replay, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "target   {}", replay.target)?;
    writeln!(out, "dialect  {}", replay.dialect)?;
    let contract = Contract::shipped();
    let subjects = replay.subjects();
    for (subject, calls) in &subjects {
        let (title, about) = match subject {
            Some(Subject::Knob(name)) => {
                let row = contract.knob(name);
                let about = row.map_or("", |row| row.question.as_str());
                (format!("KNOB {name}"), about)
            }
            Some(Subject::Clause(name)) => {
                let row = contract.clause(name);
                let about = row.map_or("", |row| row.requirement.as_str());
                (format!("CLAUSE {name}"), about)
            }
            None => (
                "OTHER".to_owned(),
                "Differences that no clause or knob explains.",
            ),
        };
        writeln!(out, "\n{title} ({})", counted(calls.len(), "call"))?;
        writeln!(out, "  {about}")?;
        for call in calls.iter().take(SHOWN) {
            writeln!(out, "  call {}   {} at {}", call.number, call.call, call.at)?;
            let own = call.drift.iter().filter(|drift| drift.subject == *subject);
            for drift in own {
                writeln!(out, "    differs  {}", drift.difference.line())?;
            }
        }
        if calls.len() > SHOWN {
            writeln!(out, "  … {} more", calls.len() - SHOWN)?;
        }
    }
    writeln!(out)?;
    for (why, count) in &replay.not_replayed {
        writeln!(out, "not replayed: {} ({why})", counted(*count, "exchange"))?;
    }
    if let Some(because) = &replay.because {
        writeln!(out, "stopped: {because}")?;
    }
    let replayed = counted(replay.replayed, "call");
    if replay.calls.is_empty() {
        writeln!(out, "{replayed} replayed: no drift")?;
    } else {
        let drifting = counted(replay.calls.len(), "call");
        let by = subjects.len();
        writeln!(
            out,
            "{replayed} replayed: {drifting} drift, by {by} knobs and clauses"
        )?;
        writeln!(
            out,
            "(left of | is what was recorded, right what the target answers)"
        )?;
    }
    out.flush()
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}
