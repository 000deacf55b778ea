//! Progress on standard error: a bar on a terminal, a line every few seconds anywhere else.

use super::event::{Event, Reporter};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::time::{Duration, Instant};

/// The default interval between progress lines.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// Reports the progress of a run.
pub struct Progress<W> {
    out: W,
    /// `None` without a terminal.
    bar: Option<ProgressBar>,
    started: Instant,
    interval: Duration,
    next: Duration,
}

impl<W: Write> Progress<W> {
    /// Shows a bar on a terminal, or writes lines to `out`.
    pub fn new(out: W, terminal: bool) -> Self {
        let bar = || {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            if let Ok(style) =
                ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}")
            {
                bar.set_style(style);
            }
            bar
        };
        Self {
            out,
            bar: terminal.then(bar),
            started: Instant::now(),
            interval: INTERVAL,
            next: INTERVAL,
        }
    }

    /// Sets the interval between lines.
    #[must_use]
    pub fn every(self, interval: Duration) -> Self {
        let next = interval;
        Self {
            interval,
            next,
            ..self
        }
    }

    fn at(&mut self, elapsed: Duration, done: usize, total: usize) {
        if elapsed < self.next {
            return;
        }
        self.next = elapsed + self.interval;
        // Progress is best effort: ignore write errors.
        let _ = writeln!(self.out, "{done} of {total} cases, {} s", elapsed.as_secs());
        let _ = self.out.flush();
    }
}

impl<W: Write> Reporter for Progress<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        match (event, &self.bar) {
            (Event::Progress { done, total, next }, Some(bar)) => {
                bar.set_length(u64::try_from(*total).unwrap_or(u64::MAX));
                bar.set_position(u64::try_from(*done).unwrap_or(u64::MAX));
                if let Some(next) = next {
                    bar.set_message((*next).to_owned());
                }
            }
            (Event::Progress { done, total, .. }, None) => {
                self.at(self.started.elapsed(), *done, *total);
            }
            (Event::Finished(_), Some(bar)) => bar.finish_and_clear(),
            (Event::Started(_), _) => self.started = Instant::now(),
            (Event::Finished(_), None) | (Event::Case(_), _) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_terminal_a_line_comes_every_five_seconds() {
        let mut progress = Progress::new(Vec::new(), false);
        for (seconds, done) in [(1, 10), (4, 90), (6, 120), (7, 150), (12, 312)] {
            progress.at(Duration::from_secs(seconds), done, 1_400);
        }
        let lines = String::from_utf8(progress.out).unwrap();
        assert_eq!(lines, "120 of 1400 cases, 6 s\n312 of 1400 cases, 12 s\n");
    }
}
