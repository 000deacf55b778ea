//! Behaviours broken as real bugs break them: not a clause taken away, but a limit that is off by
//! one, a state that leaks, a parameter that one encoding loses. `flexiti-conformance self-test`
//! measures which of them the runner notices, and under which clause.

mod answers;
mod calls;
mod notifications;
mod orders;
mod parameters;
mod tokens;

use super::means::Saboteur;

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
    const fn new(name: &'static str, breaks: &'static str, saboteur: Saboteur) -> Self {
        Self {
            name,
            breaks,
            answers: &[],
            saboteur,
        }
    }

    /// The same bug, which shows only in a server that gives these answers.
    const fn given(self, answers: &'static [(&'static str, &'static str)]) -> Self {
        Self { answers, ..self }
    }
}

/// All bugs.
pub fn bugs() -> Vec<Bug> {
    [
        tokens::BUGS,
        calls::BUGS,
        parameters::BUGS,
        orders::BUGS,
        notifications::BUGS,
        answers::BUGS,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexiti_contract::Contract;
    use std::collections::HashSet;

    #[test]
    fn each_bug_has_a_name_of_its_own_and_breaks_a_clause() {
        let bugs = bugs();
        assert!(bugs.len() >= 80, "{}", bugs.len());
        let names: HashSet<&str> = bugs.iter().map(|bug| bug.name).collect();
        assert_eq!(names.len(), bugs.len());
        for bug in bugs {
            let clause = Contract::shipped().clause(bug.breaks);
            assert!(clause.is_some(), "{}: {}", bug.name, bug.breaks);
        }
    }
}
