//! The hosted checkout in Chromium, as customers have it.

mod driver;
mod flows;
mod store;
mod walk;
