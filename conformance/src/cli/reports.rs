//! The reports that `--report` asks for.

use super::args::{Format, ReportTo};
use crate::server::{Json, Junit, Places, Progress, Reporter, Text};
use std::io::IsTerminal as _;

/// The reporters of a run, and the files that they write.
pub struct Reports {
    /// Progress, then the reports in the order of the flags.
    pub reporters: Vec<Box<dyn Reporter>>,
    places: Places,
    /// The reporter that writes text to standard output.
    text_on_standard_output: Option<usize>,
}

impl Reports {
    /// Opens the reports. An error names the one that cannot be written.
    pub fn open(reports: &[ReportTo], verbose: bool) -> anyhow::Result<Self> {
        let terminal = std::io::stderr().is_terminal();
        let mut places = Places::default();
        let mut text_on_standard_output = None;
        let progress = Progress::new(std::io::stderr(), terminal);
        let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(progress)];
        for report in reports {
            let out = places.open(report.file.as_deref())?;
            if report.format == Format::Text && report.file.is_none() {
                text_on_standard_output = Some(reporters.len());
            }
            reporters.push(match report.format {
                Format::Text => Box::new(Text::new(out).verbose(verbose)),
                Format::Json => Box::new(Json(out)),
                Format::Junit => Box::new(Junit(out)),
            });
        }
        Ok(Self {
            reporters,
            places,
            text_on_standard_output,
        })
    }

    /// Whether the reader sees the text.
    pub fn is_text_on_standard_output(&self) -> bool {
        self.text_on_standard_output.is_some()
    }

    /// The reporters for what standard error has said already.
    pub fn without_text_on_standard_output(&mut self) -> &mut [Box<dyn Reporter>] {
        if let Some(at) = self.text_on_standard_output.take() {
            drop(self.reporters.remove(at));
        }
        &mut self.reporters
    }

    /// Puts the files in their places.
    pub fn keep(self) -> anyhow::Result<()> {
        // The reporters hold the files open.
        drop(self.reporters);
        self.places.keep()
    }
}
