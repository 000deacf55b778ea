//! The clauses that a run judges.

use crate::pattern::Pattern;
use flexiti_contract::Rulebook;

/// The clauses that a run judges: those that `only` matches, or all, except those that `skip`
/// matches.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these; all if empty.
    pub only: Vec<Pattern>,
    /// Not these.
    pub skip: Vec<Pattern>,
}

impl Selection {
    /// Why a clause is left out of the run, if it is.
    pub fn left_out(&self, clause: &str) -> Option<&'static str> {
        let named = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(clause));
        if named(&self.skip) {
            Some("left out by --skip")
        } else if !self.only.is_empty() && !named(&self.only) {
            Some("left out by --only")
        } else {
            None
        }
    }

    /// Rejects a pattern that matches no clause, and a selection without any clause of the dialect.
    pub fn check(&self, rulebook: &Rulebook) -> Result<(), String> {
        let clauses = rulebook.contract().clauses.iter();
        let ids: Vec<&str> = clauses.map(|clause| clause.id.as_str()).collect();
        for (flag, patterns) in [("--only", &self.only), ("--skip", &self.skip)] {
            for pattern in patterns {
                let checked = pattern.check("clause", &ids);
                checked
                    .map_err(|why| format!("{flag}: {why}; `flexiti-conformance list` has all"))?;
            }
        }
        let mut kept = rulebook.clauses();
        if kept.all(|clause| self.left_out(&clause.id).is_some()) {
            let dialect = &rulebook.dialect().name;
            return Err(format!(
                "--only and --skip leave no clause of dialect `{dialect}`; \
                 `flexiti-conformance list --dialect {dialect}` has all"
            ));
        }
        Ok(())
    }
}
