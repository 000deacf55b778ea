//! A bug: its name, the clause that it breaks, and the saboteur that plants it.

use crate::sabotage::means::Saboteur;

/// A bug.
#[derive(Debug, Clone, Copy)]
pub struct Bug {
    /// Its name, in one to five words.
    pub name: &'static str,
    /// The clause that it breaks.
    pub breaks: &'static str,
    /// The answers to knobs, as JSON, that a server must give for the bug to show.
    pub answers: &'static [(&'static str, &'static str)],
    pub(in crate::sabotage) saboteur: Saboteur,
}

impl Bug {
    pub(super) const fn new(name: &'static str, breaks: &'static str, saboteur: Saboteur) -> Self {
        Self {
            name,
            breaks,
            answers: &[],
            saboteur,
        }
    }

    /// This bug, which shows only in a server that gives these answers.
    pub(super) const fn given(self, answers: &'static [(&'static str, &'static str)]) -> Self {
        Self { answers, ..self }
    }
}
