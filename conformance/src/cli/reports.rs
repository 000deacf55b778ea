//! The reports requested with `--report`.

use crate::formats::{self, Event, Json, Ndjson, Places, Progress, Reporter, Text, Whole};
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Environment variable that names the GitHub Actions step summary file, to which programs append.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// A report format and its destination.
#[derive(Debug, Clone)]
pub struct ReportTo {
    pub format: Format,
    pub file: Option<PathBuf>,
}

impl ReportTo {
    /// Whether this is the text report on standard output.
    pub fn is_text_on_standard_output(&self) -> bool {
        self.format == Format::Text && self.file.is_none()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Ndjson,
    /// A format that renders a whole document.
    Whole(formats::Format),
}

/// The formats by name.
const FORMATS: [(&str, Format); 8] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("ndjson", Format::Ndjson),
    ("junit", Format::Whole(formats::Format::Junit)),
    ("sarif", Format::Whole(formats::Format::Sarif)),
    ("html", Format::Whole(formats::Format::Html)),
    ("markdown", Format::Whole(formats::Format::Markdown)),
    ("github", Format::Whole(formats::Format::Github)),
];

/// Reads `FORMAT[=FILE]`.
pub fn report(text: &str) -> Result<ReportTo, String> {
    parse(text, &FORMATS)
}

/// Parses a comparison's report flag. A comparison judges no clauses, so only text and JSON apply.
pub fn comparison(text: &str) -> Result<ReportTo, String> {
    parse(text, &FORMATS[..2])
}

fn parse(text: &str, formats: &[(&str, Format)]) -> Result<ReportTo, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("expected the path of a file after `=`".to_owned()),
        Some((name, "-")) => (name, None),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None if text == "-" => ("text", None),
        None => (text, None),
    };
    let known = formats.iter().find(|(known, _)| *known == name);
    let Some((_, format)) = known else {
        let mut names: Vec<&str> = formats.iter().map(|(name, _)| *name).collect();
        let last = names.pop().unwrap_or_default();
        let names = names.join(", ");
        return Err(format!(
            "unknown format `{name}`; expected {names} or {last}"
        ));
    };
    let format = *format;
    Ok(ReportTo { format, file })
}

/// The reporters of a run, and the files that they write.
pub struct Reports {
    /// Progress first, then the reports in the order of the flags.
    pub reporters: Vec<Box<dyn Reporter>>,
    places: Places,
    /// Index of the reporter that writes text to standard output.
    text_on_standard_output: Option<usize>,
}

impl Reports {
    /// Opens the reports; an error names the one that cannot be written. Without a terminal, a
    /// progress line is written every `interval`.
    pub fn open(reports: &[ReportTo], verbose: bool, interval: Duration) -> anyhow::Result<Self> {
        let terminal = std::io::stderr().is_terminal();
        let mut places = Places::default();
        let mut text_on_standard_output = None;
        let progress = Progress::new(std::io::stderr(), terminal).every(interval);
        let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(progress)];
        for report in reports {
            let out = open(&mut places, report)?;
            if report.is_text_on_standard_output() {
                text_on_standard_output = Some(reporters.len());
            }
            reporters.push(match report.format {
                Format::Text => Box::new(Text::new(out).verbose(verbose)),
                Format::Json => Box::new(Json(out)),
                Format::Ndjson => Box::new(Ndjson::new(out)),
                Format::Whole(format) => Box::new(Whole { format, out }),
            });
        }
        Ok(Self {
            reporters,
            places,
            text_on_standard_output,
        })
    }

    /// Whether a text report goes to standard output.
    pub fn is_text_on_standard_output(&self) -> bool {
        self.text_on_standard_output.is_some()
    }

    /// The reporters without the text on standard output, for news that standard error has already
    /// shown.
    pub fn without_text_on_standard_output(&mut self) -> &mut [Box<dyn Reporter>] {
        if let Some(at) = self.text_on_standard_output.take() {
            drop(self.reporters.remove(at));
        }
        &mut self.reporters
    }

    /// Sends an event to all reporters.
    pub fn tell(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        self.reporters.iter_mut().try_for_each(|it| it.on(event))
    }

    /// Moves the files to their destinations.
    pub fn keep(self) -> anyhow::Result<()> {
        // The reporters hold the files open.
        drop(self.reporters);
        self.places.keep()
    }
}

/// Opens the destination of a report.
fn open(places: &mut Places, report: &ReportTo) -> anyhow::Result<Box<dyn Write>> {
    let file = report.file.as_deref();
    let summary = std::env::var_os(STEP_SUMMARY);
    if file.is_some() && file == summary.as_deref().map(Path::new) {
        return places.append(file.unwrap_or(Path::new("")));
    }
    places.open(file)
}
