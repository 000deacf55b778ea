//! `docs/reference/command-line.md`, and the flags of `docs/reference/configuration.md`, from the
//! programs' own help.

use super::markdown::cell;
use super::{keep, programs::program};
use std::fmt::Write as _;

/// The help of a program or of one of its sub-commands.
pub(super) struct Help {
    /// Program and sub-command, as typed.
    pub(super) name: String,
    about: String,
    usage: Vec<String>,
    commands: Vec<String>,
    arguments: Vec<Row>,
    /// The options, without `--help` and `--version`.
    pub(super) options: Vec<Row>,
}

/// An argument or an option.
pub(super) struct Row {
    /// As usage writes it: `--seed <N>`.
    pub(super) name: String,
    what: String,
    /// Its environment variable.
    pub(super) variable: Option<String>,
    default: Option<String>,
    values: Option<String>,
}

/// The help of a program and of all its sub-commands, in the order of the help.
pub(super) fn help_of(words: &[&str]) -> Vec<Help> {
    // In the short form, each option is one line.
    let output = program(words[0]).args(&words[1..]).arg("-h").output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let help = parse(words.join(" "), &text);
    let commands = help.commands.clone();
    let mut all = vec![help];
    for command in &commands {
        let longer: Vec<&str> = words.iter().copied().chain([command.as_str()]).collect();
        all.extend(help_of(&longer));
    }
    all
}

fn parse(name: String, text: &str) -> Help {
    let mut help = Help {
        name,
        about: text.lines().next().unwrap_or_default().to_owned(),
        usage: Vec::new(),
        commands: Vec::new(),
        arguments: Vec::new(),
        options: Vec::new(),
    };
    let mut section = "";
    // Where a flag is too long for that, what it means is on the line below it.
    let text = text.replace(&format!("\n{}", " ".repeat(10)), "  ");
    for line in text.lines().skip(1) {
        if let Some(usage) = line.strip_prefix("Usage: ") {
            section = "usage";
            help.usage.push(usage.to_owned());
        } else if !line.starts_with(' ') {
            section = line.trim_end_matches(':');
        } else if section == "usage" {
            help.usage.push(line.trim().to_owned());
        } else if section == "Commands" {
            let name = line.split_whitespace().next().unwrap_or_default();
            if name != "help" {
                help.commands.push(name.to_owned());
            }
        } else {
            let row = row(line.trim());
            match section {
                "Arguments" => help.arguments.push(row),
                "Options" if row.name == "-h, --help" || row.name == "-V, --version" => {}
                "Options" => help.options.push(row),
                other => panic!("{}: unknown section {other}", help.name),
            }
        }
    }
    help
}

/// `--listen <ADDRESS>  Address to listen on [env: X=] [default: Y]`.
fn row(line: &str) -> Row {
    let (name, rest) = line.split_once("  ").unwrap_or((line, ""));
    let mut what = rest.trim();
    let (mut variable, mut default, mut values) = (None, None, None);
    while let Some((before, note)) = what
        .strip_suffix(']')
        .and_then(|inner| inner.rsplit_once('['))
    {
        let (kind, value) = note.split_once(": ").unwrap_or((note, ""));
        let value = Some(value.trim_end_matches('=').to_owned());
        match kind {
            "env" => variable = value,
            "default" => default = value,
            "possible values" => values = value,
            _ => break,
        }
        what = before.trim();
    }
    Row {
        name: name.to_owned(),
        what: what.to_owned(),
        variable,
        default,
        values,
    }
}

impl Row {
    /// Its meaning, with its possible values.
    pub(super) fn meaning(&self) -> String {
        let what = cell(&self.what);
        match &self.values {
            Some(values) => format!("{what}: {}", quoted(values)),
            None => what,
        }
    }

    /// Its default, as a cell.
    pub(super) fn default_cell(&self) -> String {
        let default = self.default.as_ref();
        default.map_or_else(String::new, |value| format!("`{}`", cell(value)))
    }
}

fn quoted(values: &str) -> String {
    let values: Vec<String> = values.split(", ").map(|it| format!("`{it}`")).collect();
    values.join(", ")
}

fn page(program: &str) -> String {
    let mut text = String::new();
    for help in help_of(&[program]) {
        let depth = "#".repeat(1 + help.name.split(' ').count());
        let _ = writeln!(text, "{depth} {}\n\n{}.\n", help.name, help.about);
        let _ = writeln!(text, "```text\n{}\n```\n", help.usage.join("\n"));
        for (title, rows) in [("argument", &help.arguments), ("option", &help.options)] {
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(text, "| {title} | meaning | default | environment |");
            text.push_str("|---|---|---|---|\n");
            for row in rows {
                assert!(!row.what.is_empty(), "{}: {}", help.name, row.name);
                let variable = row.variable.as_ref().map(|name| format!("`{name}`"));
                let _ = writeln!(
                    text,
                    "| `{}` | {} | {} | {} |",
                    cell(&row.name),
                    row.meaning(),
                    row.default_cell(),
                    variable.unwrap_or_default()
                );
            }
            text.push('\n');
        }
    }
    text
}

#[test]
fn the_command_line_page_is_current() {
    keep(
        "docs/reference/command-line.md",
        &[
            ("flexiti-mock", page("flexiti-mock")),
            ("flexiti-conformance", page("flexiti-conformance")),
        ],
    );
}

#[test]
fn the_meaning_of_a_flag_may_stand_below_it() {
    let help = "About\n\nUsage: a [OPTIONS]\n\nOptions:\n      --a-long-name <FILE>\n          \
                File to read [env: FILE=]\n  -h, --help\n          Print help\n";
    let help = parse("a".to_owned(), help);
    let [row] = help.options.as_slice() else {
        panic!("{} rows", help.options.len());
    };
    assert_eq!(row.name, "--a-long-name <FILE>");
    assert_eq!(row.meaning(), "File to read");
    assert_eq!(row.variable.as_deref(), Some("FILE"));
}

#[test]
fn a_row_of_help_is_read() {
    let row = row(
        "--log-format <FORMAT>    Shape of the log [env: LOG=] [default: text] [possible values: text, json]",
    );
    assert_eq!(row.name, "--log-format <FORMAT>");
    assert_eq!(row.meaning(), "Shape of the log: `text`, `json`");
    assert_eq!(row.variable.as_deref(), Some("LOG"));
    assert_eq!(row.default_cell(), "`text`");
}
