//! Courses: tokens, orders and notifications in an order that proptest draws, and what a server
//! with one state must answer to each of them.

mod played;
mod requests;
mod state;
mod told;
mod world;

pub use world::{Move, World, moves};

use super::case::Case;
use played::Course;

/// The case of these moves; those that are about nothing are left out.
pub fn case(world: &World<'_>, moves: &[Move]) -> Case {
    let mut course = Course::new(world);
    for one in moves {
        course.play(*one);
    }
    course.case()
}
