//! Shrinking of plans.

use super::plan::{FuzzRecipe, Way};

impl FuzzRecipe {
    /// Smaller plans, those without whole groups first, since each play takes a second.
    pub fn smaller(&self) -> Vec<Self> {
        let but = |change: &dyn Fn(&mut Self)| {
            let mut smaller = self.clone();
            change(&mut smaller);
            smaller
        };
        let bare = |plan: &mut Self| {
            plan.way = Way::Once;
            plan.polls = 0;
            plan.later = None;
        };
        let mut all = vec![
            but(&|plan| {
                bare(plan);
                plan.faults.clear();
            }),
            but(&|plan| {
                bare(plan);
                plan.answers.clear();
            }),
            but(&bare),
            but(&|plan| plan.faults.clear()),
            but(&|plan| plan.answers.clear()),
            but(&|plan| plan.polls = 0),
            but(&|plan| plan.later = None),
            but(&|plan| plan.is_large = false),
            but(&|plan| plan.way = Way::Once),
        ];
        let half = self.answers.len() / 2;
        all.push(but(&|plan| plan.answers.truncate(half)));
        all.push(but(&|plan| drop(plan.answers.drain(..half))));
        for at in 0..self.faults.len() {
            all.push(but(&|plan| drop(plan.faults.remove(at))));
        }
        for at in 0..self.answers.len() {
            all.push(but(&|plan| drop(plan.answers.remove(at))));
        }
        // The flow of most shops.
        for outcome in ["purchased", "declined"] {
            all.push(but(&|plan| {
                plan.flow = "apply/buy";
                plan.outcome = outcome;
                plan.later = None;
            }));
        }
        all.push(but(&|plan| plan.lang = "en"));
        all.retain(|smaller| smaller.size() < self.size());
        all
    }

    /// The measure that shrinking minimizes.
    pub(super) fn size(&self) -> (usize, usize, usize) {
        let unusual = usize::from(self.flow != "apply/buy")
            + match self.outcome {
                "purchased" => 0,
                "declined" => 1,
                _ => 2,
            };
        let polls = usize::try_from(self.polls).unwrap_or(usize::MAX);
        let more = usize::from(self.later.is_some()) + usize::from(self.is_large);
        let parts = self.faults.len() + self.answers.len() + polls + more;
        let way = usize::from(self.way != Way::Once);
        (parts + way, unusual, usize::from(self.lang != "en"))
    }
}
