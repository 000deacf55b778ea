//! Bugs as real servers have them: not a clause left out, but a limit that is off by one, state
//! that leaks, a parameter that one encoding loses. `flexiti-conformance self-test` measures which
//! of them the runner finds, and under which clause.

mod answers;
mod bug;
mod calls;
mod notifications;
mod orders;
mod parameters;
mod refresh;
mod tokens;

pub use bug::Bug;

/// All bugs.
pub fn bugs() -> Vec<Bug> {
    [
        tokens::BUGS,
        refresh::BUGS,
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
