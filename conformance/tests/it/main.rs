//! The runner against the mock: it finds nothing on a server that keeps the contract, and
//! exactly the fault on one that does not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod absences;
mod answers;
mod broken;
mod certificate;
mod certificate_page;
mod conversations;
mod dialects;
mod diff;
mod docs;
mod forged;
mod formats;
mod fuzz;
mod law;
mod layers;
mod live;
mod merchant;
mod messages;
mod program;
mod selection;
mod shops;
mod sources;
mod stranger;
mod support;
mod transcript;
mod troubled;
mod unknown;
mod untouched;
