//! Plays the cases of a property: drawn at random, several at once, and shrunk if one fails.

use crate::server::case::Case;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRng, TestRunner};

/// Plays the cases of a property.
pub trait Player {
    /// How many cases to draw before playing them.
    fn batch(&self) -> u32;

    /// Plays cases as drawn, and returns the index of the first that failed.
    fn drawn(&mut self, cases: &[Case]) -> Option<usize>;

    /// Plays a smaller form of the case that failed.
    fn smaller(&mut self, case: &Case) -> Smaller;
}

/// The result of a smaller form of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smaller {
    /// Passed, or failed in another way.
    Right,
    /// Failed in the same way.
    Wrong,
    /// Not played, as the limit was reached.
    Enough,
}

/// Runs `cases` cases of a strategy, and returns the smallest form found of the first that fails,
/// if any.
pub(super) fn run(
    strategy: &impl Strategy<Value = Case>,
    cases: u32,
    rng: TestRng,
    player: &mut dyn Player,
) -> Option<Case> {
    let mut runner = TestRunner::new_with_rng(config(cases), rng);
    let mut left = cases;
    while left > 0 {
        let wanted = left.min(player.batch().max(1));
        left -= wanted;
        let mut trees = Vec::new();
        for _ in 0..wanted {
            let Ok(tree) = strategy.new_tree(&mut runner) else {
                left = 0;
                break;
            };
            trees.push(tree);
        }
        let drawn: Vec<Case> = trees.iter().map(ValueTree::current).collect();
        if let Some(at) = player.drawn(&drawn) {
            let (tree, case) = (trees.into_iter().nth(at)?, drawn.into_iter().nth(at)?);
            return Some(smallest(tree, case, player));
        }
    }
    None
}

fn smallest(mut tree: impl ValueTree<Value = Case>, case: Case, player: &mut dyn Player) -> Case {
    let mut minimal = case;
    let mut goes_on = tree.simplify();
    while goes_on {
        let case = tree.current();
        goes_on = match player.smaller(&case) {
            Smaller::Right => tree.complicate(),
            Smaller::Wrong => {
                minimal = case;
                tree.simplify()
            }
            Smaller::Enough => false,
        };
    }
    minimal
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        // If no encoding of the server can carry a defect, more tries are pointless.
        max_local_rejects: 1_000,
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::case::{Expect, Kind, Payload, RequestTemplate};
    use crate::server::generate::rng;

    /// Numbers from 17 on fail.
    struct Numbers {
        batch: u32,
        played: Vec<u32>,
        enough: usize,
    }

    fn number(case: &Case) -> u32 {
        case.id.rsplit(' ').next().unwrap().parse().unwrap()
    }

    impl Player for Numbers {
        fn batch(&self) -> u32 {
            self.batch
        }

        fn drawn(&mut self, cases: &[Case]) -> Option<usize> {
            self.played.extend(cases.iter().map(number));
            cases.iter().position(|case| number(case) >= 17)
        }

        fn smaller(&mut self, case: &Case) -> Smaller {
            if self.enough == 0 {
                return Smaller::Enough;
            }
            self.enough -= 1;
            if number(case) >= 17 {
                Smaller::Wrong
            } else {
                Smaller::Right
            }
        }
    }

    fn smallest_of(below: u32, batch: u32, enough: usize) -> (Option<u32>, Vec<u32>) {
        let strategy = (0..below).prop_map(|number| {
            let request = RequestTemplate::post("/", Payload::None);
            let name = format!("number {number}");
            Case::of_request("http.robust", &name, Kind::Positive, request, Expect::Alive)
        });
        let mut player = Numbers {
            batch,
            played: Vec::new(),
            enough,
        };
        let found = run(&strategy, 200, rng(1, "numbers"), &mut player);
        (found.as_ref().map(number), player.played)
    }

    #[test]
    fn the_smallest_case_that_comes_out_wrong_is_found() {
        for batch in [0, 1, 7, 64, 1_000] {
            assert_eq!(smallest_of(5_000, batch, 100).0, Some(17), "{batch}");
        }
    }

    #[test]
    fn the_cases_drawn_do_not_depend_on_how_many_are_played_together() {
        let (found, one_by_one) = smallest_of(17, 1, 100);
        assert_eq!((found, one_by_one.len()), (None, 200));
        assert_eq!(smallest_of(17, 64, 100).1, one_by_one);
    }

    #[test]
    fn what_cannot_be_made_smaller_is_not_lost() {
        assert!(smallest_of(5_000, 64, 0).0.is_some_and(|found| found >= 17));
    }
}
