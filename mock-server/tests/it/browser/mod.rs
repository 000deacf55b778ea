//! The hosted checkout in Chromium, as customers have it.

mod again;
mod bar;
mod driver;
mod flows;
mod frame;
mod keyboard;
mod marks;
mod pages;
mod store;
mod tour;
mod walk;
