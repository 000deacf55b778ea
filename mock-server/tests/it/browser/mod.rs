//! The hosted checkout in Chromium, as customers have it.

mod again;
mod bar;
pub mod driver;
mod flows;
mod frame;
pub mod keyboard;
pub mod marks;
pub mod pages;
mod secured;
pub mod store;
mod tour;
pub mod walk;
