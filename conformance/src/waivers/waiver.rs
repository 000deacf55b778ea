//! A failure that is allowed, and what it excuses.

use crate::pattern::Pattern;
use jiff::civil::Date;

/// The failures that are allowed.
#[derive(Debug, Clone, Default)]
pub struct Waivers(pub(super) Vec<Waiver>);

/// A failure that is allowed.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// File and line, for its reader.
    pub(super) place: String,
    pub(super) clause: Pattern,
    /// What `case` is called.
    pub(super) noun: &'static str,
    pub(super) case: Option<Pattern>,
    pub(super) reason: String,
    pub(super) expires: Option<Date>,
}

/// What the waivers say about something that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excuse {
    /// Every failing case is allowed; the reason.
    All(String),
    /// Some are; how many, and the first that is not.
    Some(usize, String),
    /// None is.
    None,
}

impl Waivers {
    /// What the waivers say about something that failed in these cases.
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

    /// The waivers that nothing needed, with their places. `failed` says whether something with
    /// this id failed in a case that the second argument accepts; `open` whether it is not known if
    /// it would have.
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

    /// Why, and until when.
    fn reason(&self) -> String {
        match self.expires {
            Some(last) => format!("{} (until {last})", self.reason),
            None => self.reason.clone(),
        }
    }
}
