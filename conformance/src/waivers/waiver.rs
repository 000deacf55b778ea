//! Allowed failures, and what they excuse.

use crate::pattern::Pattern;
use jiff::civil::Date;

/// The allowed failures.
#[derive(Debug, Clone, Default)]
pub struct Waivers(pub(super) Vec<Waiver>);

/// An allowed failure.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// File and line, for messages.
    pub(super) place: String,
    pub(super) clause: Pattern,
    /// The name of `case` in messages.
    pub(super) noun: &'static str,
    pub(super) case: Option<Pattern>,
    pub(super) reason: String,
    pub(super) expires: Option<Date>,
}

/// How far the waivers excuse a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excuse {
    /// Every failing case is allowed, for this reason.
    All(String),
    /// Some are allowed: how many, and the first that is not.
    Some(usize, String),
    /// None is allowed.
    None,
}

impl Waivers {
    /// How far the waivers excuse a failure in these cases.
    pub fn excuse<'c>(&self, id: &str, cases: impl IntoIterator<Item = &'c str>) -> Excuse {
        let mut reasons: Vec<String> = Vec::new();
        let mut waived = 0;
        let mut first = None;
        for case in cases {
            match self.0.iter().find(|waiver| waiver.covers(id, case)) {
                Some(it) => {
                    waived += 1;
                    let reason = it.reason();
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                }
                None => _ = first.get_or_insert_with(|| case.to_owned()),
            }
        }
        match first {
            _ if waived == 0 => Excuse::None,
            Some(first) => Excuse::Some(waived, first),
            None => Excuse::All(reasons.join("; ")),
        }
    }

    /// The unused waivers, with their positions. `failed` says whether this id failed in a case
    /// that the second argument accepts; `open` whether that is unknown.
    pub fn unused(
        &self,
        failed: impl Fn(&dyn Fn(&str) -> bool, &dyn Fn(&str) -> bool) -> bool,
        open: impl Fn(&dyn Fn(&str) -> bool, &dyn Fn(&str) -> bool) -> bool,
    ) -> Vec<String> {
        let unused = self.0.iter().filter(|waiver| {
            let about = |id: &str| waiver.clause.matches(id);
            let case = |case: &str| waiver.is_of(case);
            !failed(&about, &case) && !open(&about, &case)
        });
        let shown = unused.map(|waiver| {
            let case = waiver.case.as_ref();
            let noun = waiver.noun;
            let case = case.map_or_else(String::new, |case| format!(", {noun} {}", case.as_str()));
            format!("{}{case} ({})", waiver.clause.as_str(), waiver.place)
        });
        shown.collect()
    }
}

impl Waiver {
    fn covers(&self, id: &str, case: &str) -> bool {
        self.is_of(case) && self.clause.matches(id)
    }

    fn is_of(&self, case: &str) -> bool {
        self.case.as_ref().is_none_or(|it| it.covers(case))
    }

    /// The reason, and the expiry date.
    fn reason(&self) -> String {
        match self.expires {
            Some(last) => format!("{} (until {last})", self.reason),
            None => self.reason.clone(),
        }
    }
}
