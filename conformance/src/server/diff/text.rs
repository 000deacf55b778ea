//! A comparison as text.

use super::contents::{Comparison, Group, Side};
use crate::server::report::shown;
use flexiti_contract::Contract;
use flexiti_contract::comparison::Subject;
use std::io::Write;

/// Writes a comparison for a reader.
pub fn write(comparison: &Comparison, out: &mut impl Write) -> std::io::Result<()> {
    let Comparison {
        left,
        right,
        knobs,
        groups,
        ..
    } = comparison;
    writeln!(out, "left   {}", left.target)?;
    writeln!(out, "right  {}", right.target)?;
    writeln!(out, "seed   {}", comparison.seed)?;
    if !knobs.is_empty() {
        writeln!(
            out,
            "\n{} answered differently:",
            counted(knobs.len(), "open question")
        )?;
    }
    for row in knobs {
        let (left, right) = (shown(&row.left), shown(&row.right));
        writeln!(out, "  {}: left {left}, right {right}", row.knob)?;
    }
    for group in groups {
        write_group(group, out)?;
    }
    for (name, side) in [("left", left), ("right", right)] {
        write_side(name, side, !groups.is_empty(), out)?;
    }
    writeln!(out)?;
    for (why, cases) in &comparison.not_compared {
        writeln!(out, "not compared: {} ({why})", counted(*cases, "case"))?;
    }
    let compared = counted(comparison.compared, "case");
    if comparison.differs() {
        let (knobs, groups) = (knobs.len(), groups.len());
        writeln!(
            out,
            "{compared} compared: {knobs} open questions answered differently, answers differ by \
             {groups} knobs and clauses"
        )?;
    } else {
        writeln!(out, "{compared} compared: no difference")?;
    }
    out.flush()
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}

fn write_group(group: &Group, out: &mut impl Write) -> std::io::Result<()> {
    let contract = Contract::shipped();
    let (kind, name, about) = match &group.subject {
        Subject::Knob(name) => {
            let row = contract.knob(name);
            ("KNOB", name, row.map_or("", |row| row.question.as_str()))
        }
        Subject::Clause(name) => {
            let clause = contract.clause(name);
            let about = clause.map_or("", |clause| clause.requirement.as_str());
            ("CLAUSE", name, about)
        }
    };
    writeln!(out, "\n{kind} {name} ({})", counted(group.cases, "case"))?;
    writeln!(out, "  {about}")?;
    let example = &group.example;
    writeln!(out, "  case     {}", example.case)?;
    for difference in &example.differences {
        writeln!(out, "  differs  {}", difference.line())?;
    }
    for fault in &example.faults {
        writeln!(out, "  judged   {fault}")?;
    }
    writeln!(out, "  left     {}", example.left.actual)?;
    writeln!(out, "  right    {}", example.right.actual)?;
    writeln!(out, "  left: {}", example.left.curl)?;
    writeln!(out, "  right: {}", example.right.curl)
}

fn write_side(
    name: &str,
    side: &Side,
    has_commands: bool,
    out: &mut impl Write,
) -> std::io::Result<()> {
    if has_commands && !side.setup.is_empty() {
        writeln!(out, "\nbefore the curl commands of the {name} server:")?;
        for line in &side.setup {
            writeln!(out, "  {line}")?;
        }
    }
    for note in &side.notes {
        writeln!(out, "note: {name}: {note}")?;
    }
    if let Some(because) = &side.because {
        writeln!(out, "stopped: {name}: {because}")?;
    }
    Ok(())
}
