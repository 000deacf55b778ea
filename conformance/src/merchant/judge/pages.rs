//! Checks the pages that the customer saw: their language (B-1, B-2), and leaked credentials (C-1).

use super::judgement::{Judgement, Verdict};
use super::story::Story;
use crate::merchant::trace::{Happened, Page};
use flexiti_contract::scenario::{By, Rank, To};

pub fn judge(story: &Story<'_>) -> Vec<Judgement> {
    let mut all = Vec::new();
    let mut seen = false;
    for happened in &story.played.happened {
        match happened {
            Happened::Started {
                order,
                page: Some(page),
                before,
                ..
            } => {
                seen = true;
                all.extend(before.iter().chain([page]).filter_map(leaks));
                if order.is_none() {
                    all.extend(told_paid(story, page));
                    all.extend(trouble_language(page, &story.played.lang));
                }
            }
            Happened::Returned {
                to,
                by,
                page,
                trouble,
            } => {
                if let Some(page) = page {
                    seen = true;
                    all.extend(leaks(page));
                }
                all.extend(page.as_ref().and_then(|page| kept_apart(page, *by)));
                if let Some(page) = page {
                    all.extend(told_paid(story, page));
                    let is_forged = ![To::Own, To::Status].contains(to);
                    all.extend(is_forged.then(|| forged(page)).into_iter().flatten());
                }
                // What a forger sees is up to the shop.
                if *by == By::Customer && *to == To::Own {
                    all.push(language(
                        page.as_ref(),
                        trouble.as_deref(),
                        &story.played.lang,
                    ));
                }
            }
            Happened::Crowded { pages, troubles } => {
                let lang = &story.played.lang;
                seen |= !pages.is_empty();
                all.extend(pages.iter().filter_map(leaks));
                all.extend(pages.iter().map(|page| language(Some(page), None, lang)));
                all.extend(troubles.iter().map(|why| language(None, Some(why), lang)));
            }
            _ => {}
        }
    }
    if seen && !all.iter().any(|judgement| judgement.check == LEAK) {
        all.push(Judgement::passed(LEAK));
    }
    all
}

/// A page that says that the order is paid, although no notification has said so.
fn told_paid(story: &Story<'_>, page: &Page) -> Option<Judgement> {
    let purchased = story.played.opened.iter();
    let mut purchased = purchased.map(|order| order.outcome.as_deref());
    let never = !purchased.any(|outcome| matches!(outcome, Some("purchased" | "approved")));
    let message = || format!("{} says that the order is paid, and nothing was", page.url);
    never.then(|| Judgement::unless("paid_page_without_payment", page.says_paid.then(message)))
}

/// A forged callback must not affect a page.
fn forged(page: &Page) -> Vec<Judgement> {
    let url = &page.url;
    let broke = || format!("a forged callback broke {url}: status {}", page.status);
    let echoed = || {
        format!(
            "{url} shows mark-up from the callback's address as mark-up: whoever sends a customer there runs scripts in the shop"
        )
    };
    let away = || format!("{url} redirects wherever the callback's address says");
    vec![
        Judgement::unless("forged_callback_breaks", (page.status >= 500).then(broke)),
        Judgement::unless("markup_echoed", page.echoes.then(echoed)),
        Judgement::unless("redirects_anywhere", page.redirected_away.then(away)),
    ]
}

const LEAK: &str = "credentials_in_page";

/// Credentials exposed to a browser.
pub fn leaks(page: &Page) -> Option<Judgement> {
    let leaks = &page.leaks;
    let message = || format!("{} reached the browser at {}", leaks.join(", "), page.url);
    (!leaks.is_empty()).then(|| Judgement::failed(LEAK, message()))
}

/// Order numbers and amounts must be shown to their own customer only.
fn kept_apart(page: &Page, by: By) -> Option<Judgement> {
    let url = &page.url;
    let (is_shown, what) = match by {
        By::Customer => (page.names_others_order?, "another customer's order"),
        By::Other => (page.names_order, "the customer's order to another customer"),
        By::Stranger => (
            page.names_order,
            "the customer's order to somebody without their cookies",
        ),
    };
    let wrong = is_shown.then(|| format!("{url} showed {what}"));
    Some(Judgement::unless("order_shown_to_stranger", wrong).at(Rank::Robust))
}

fn language(page: Option<&Page>, trouble: Option<&str>, lang: &str) -> Judgement {
    let check = "page_language";
    let Some(page) = page else {
        let why = trouble.unwrap_or_default();
        let message = format!("the customer came back to nothing: {why}");
        return Judgement::failed("return_page", message);
    };
    match &page.lang {
        _ if page.status >= 400 => {
            let message = format!(
                "the customer came back to status {} at {}",
                page.status, page.url
            );
            Judgement::failed("return_page", message)
        }
        Some(other) if other != lang && page.by_script => {
            let message = format!(
                "{} is marked as `{other}`, but a script fills it, which is not run here: say where its language is read, with `language` in [callbacks]",
                page.url
            );
            Judgement::new(check, Verdict::Inconclusive, message)
        }
        Some(other) if other != lang => {
            let message = format!(
                "{} is in `{other}`, the customer's language is `{lang}`",
                page.url
            );
            Judgement::failed(check, message)
        }
        Some(_) => Judgement::passed(check),
        None => {
            let message = format!(
                "{} does not say its language (`<html lang>`); `language` in [callbacks] says where a page that a script makes has it",
                page.url
            );
            Judgement::new(check, Verdict::Inconclusive, message)
        }
    }
}

/// The language of an error page. A script that sends the request may show its own words.
fn trouble_language(page: &Page, lang: &str) -> Option<Judgement> {
    let other = page.lang.as_ref().filter(|_| !page.by_script)?;
    let message = || {
        format!(
            "{} says in `{other}` what went wrong, the customer's language is `{lang}`",
            page.url
        )
    };
    Some(Judgement::unless(
        "trouble_language",
        (other != lang).then(message),
    ))
}

/// The verdict on the pages before the checkout if the driver file lists none.
pub fn unknown(pages: usize) -> Option<Judgement> {
    let message = "the driver file has no [pages]: whether the cart and product pages have credentials in them is unknown";
    (pages == 0).then(|| Judgement::new(LEAK, Verdict::NotTestable, message))
}

/// Checks a page listed in the driver file.
pub fn scanned(page: &Page) -> Judgement {
    if page.status == 0 || page.status >= 400 {
        let message = format!("{} cannot be searched: status {}", page.url, page.status);
        return Judgement::new(LEAK, Verdict::Inconclusive, message);
    }
    leaks(page).unwrap_or_else(|| Judgement::passed(LEAK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_not_there_is_told_from_one_in_another_language() {
        let page = |status: u16, lang: &str| Page {
            status,
            lang: Some(lang.to_owned()),
            ..Page::unreachable("http://shop/return")
        };
        for (page, check, verdict) in [
            (Some(page(404, "en")), "return_page", Verdict::Failed),
            (None, "return_page", Verdict::Failed),
            (Some(page(200, "fr")), "page_language", Verdict::Failed),
            (
                Some(Page {
                    by_script: true,
                    ..page(200, "fr")
                }),
                "page_language",
                Verdict::Inconclusive,
            ),
            (Some(page(200, "en")), "page_language", Verdict::Passed),
        ] {
            let judged = language(page.as_ref(), Some("refused"), "en");
            assert_eq!((judged.check.as_str(), judged.verdict), (check, verdict));
        }
    }
}
