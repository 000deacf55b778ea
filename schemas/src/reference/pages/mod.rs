//! The pages and their contents.

mod checkout;
mod index;
mod init;
mod messaging;
mod notifications;
mod shared;
mod token;

use super::document::Page;
use super::options::Options;
use super::requests::examples;
use crate::rulebook::Rulebook;
use shared::Source;

/// Every page, the index first.
pub(super) fn all(rulebook: &Rulebook, options: &Options) -> Vec<Page> {
    let contract = rulebook.contract();
    let names = contract.dialect_names().into_iter();
    let others = names
        .filter(|name| *name != rulebook.dialect().name)
        .filter_map(|name| Rulebook::compile(contract, contract.dialect(name).ok()?).ok())
        .collect();
    let source = Source {
        rulebook,
        options,
        others,
        examples: examples(rulebook, options),
    };
    let mut pages = vec![
        token::page(&source),
        init::page(&source),
        notifications::page(&source),
        checkout::page(&source),
        messaging::calculator(&source),
        messaging::availability(&source),
        messaging::learn_more(&source),
    ];
    let index = index::page(&source, &pages);
    pages.insert(0, index);
    pages
}
