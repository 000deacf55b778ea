//! Courses: random sequences of tokens, orders and notifications, and what a server with consistent
//! state must answer to each.

mod expected_notification;
mod played;
mod requests;
mod state;
mod world;

pub use world::{Move, World, moves};

use super::case::Case;
use played::Course;

/// Builds a case from these moves, leaving out those without a subject.
pub fn case(world: &World<'_>, moves: &[Move]) -> Case {
    let mut course = Course::new(world);
    for one in moves {
        course.play(*one);
    }
    course.case()
}
