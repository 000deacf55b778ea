//! Judges a server: cases are planned and generated, sent, judged and reported.

pub mod case;
pub mod plan;
