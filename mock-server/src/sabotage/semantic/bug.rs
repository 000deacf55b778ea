//! A bug: its name, the clause that it breaks, and the saboteur that plants it.

use crate::sabotage::means::Saboteur;

/// A bug.
#[derive(Debug, Clone, Copy)]
pub struct Bug {
    /// Its name, in one to five words.
    pub name: &'static str,
    /// The clause that it breaks.
    pub breaks: &'static str,
    /// The answers to knobs, as JSON, that the server must have for the bug to show.
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

    /// Restricts the bug to servers with these answers to knobs.
    pub(super) const fn given(self, answers: &'static [(&'static str, &'static str)]) -> Self {
        Self { answers, ..self }
    }
}
