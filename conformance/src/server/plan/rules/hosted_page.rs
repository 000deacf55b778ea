//! The page that init leads to: that it opens, whose it is, and its language.

use super::builder::RequestBuilder;
use super::cases::Cases;
use crate::server::case::requests::request_to;
use crate::server::case::{Expect, Kind, Params, RequestTemplate, Step};
use crate::server::plan::params::{base_params, bases, violations, with};
use flexiti_contract::{Flow, Lang};
use serde_json::json;

/// The page that the first answer leads to.
pub(super) fn opened() -> RequestTemplate {
    RequestTemplate::get("{{0/redirection_url}}")
}

pub(super) fn opens(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = cases
        .add(Kind::Positive, "opened", opened(), Expect::Page(None))
        .after([Step::Send(requests.init())]);
    // The parameters prefill that customer's own form (R-seed). An application opens on its form,
    // if the path without v2 exists (R-cur).
    let path = requests.working.init().last();
    let path = path.unwrap_or(requests.endpoint);
    let base = base_params(requests.rulebook, requests.working, path, Flow::Apply);
    let base = base.unwrap_or_else(|| requests.base.clone());
    let email = base.iter().any(|(name, _)| name == "email");
    let others = with(&base, "email", json!("c{{merchant_order}}@example.com"));
    let is_valid = violations(requests.rulebook, path, &others).is_empty();
    let opens = |params: &Params| request_to(path, params, requests.working.preferred());
    let (Some(others), Some(own)) = (opens(&others), opens(&base)) else {
        return cases;
    };
    if !email || !is_valid {
        return cases;
    }
    let steps = vec![
        Step::Send(others),
        Step::Send(own),
        Step::Send(opened()),
        Step::Send(RequestTemplate::get("{{1/redirection_url}}")),
    ];
    let expect = Expect::ShowsNothingOf(0);
    cases.shows("another order than the one before", steps, expect)
}

/// A language in the spelling that the server accepts.
fn spelled(requests: &RequestBuilder<'_>, code: &str) -> Option<String> {
    let contract = requests.rulebook.contract();
    let param = contract.param(requests.endpoint, "lang")?;
    let mut samples = param.samples.iter();
    let found = samples.find(|text| {
        let params = with(&requests.base, "lang", json!(text));
        Lang::of(text).code() == code
            && violations(requests.rulebook, requests.endpoint, &params).is_empty()
    });
    found.cloned()
}

/// The other accepted spellings of the languages, except `en-FR`, which no page assigns to either.
fn other_spellings(requests: &RequestBuilder<'_>) -> Vec<(String, &'static str)> {
    let contract = requests.rulebook.contract();
    let param = contract.param(requests.endpoint, "lang");
    let samples = param.map_or(&[][..], |param| &param.samples);
    let usual = ["fr", "en"].map(|code| spelled(requests, code));
    let meant = |text: &String| {
        let small = text.to_ascii_lowercase();
        let params = with(&requests.base, "lang", json!(text));
        let is_taken = violations(requests.rulebook, requests.endpoint, &params).is_empty();
        let code = ["fr", "en"]
            .into_iter()
            .find(|code| small.starts_with(code))?;
        let is_other = small != "en-fr" && !usual.contains(&Some(text.clone()));
        (is_taken && is_other).then(|| (text.clone(), code))
    };
    samples.iter().filter_map(meant).collect()
}

pub(super) fn language(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let page = |cases: Cases, name: &str, code: &str, init| {
        let expect = Expect::Page(Some(code.to_owned()));
        cases
            .add(Kind::Positive, name, opened(), expect)
            .after([Step::Send(init)])
    };
    let mut cases = cases;
    for code in ["fr", "en"] {
        let Some(spelled) = spelled(requests, code) else {
            continue;
        };
        let init = requests.init_with("lang", json!(spelled));
        cases = page(cases, &format!("lang={spelled}"), code, init);
        // On each path, in each flow and encoding.
        for endpoint in requests.working.init() {
            for (at, base) in bases(requests.rulebook, requests.working, endpoint)
                .into_iter()
                .enumerate()
            {
                let params = with(&base, "lang", json!(spelled));
                for encoding in &requests.working.encodings {
                    if let Some(init) = request_to(endpoint, &params, *encoding) {
                        let name = format!("{} lang={spelled} {at} as {encoding:?}", endpoint.id());
                        cases = page(cases, &name, code, init);
                    }
                }
            }
        }
    }
    for (spelled, code) in other_spellings(requests) {
        let init = requests.init_with("lang", json!(spelled));
        // No page says that it means the language.
        cases = page(cases, &format!("lang={spelled}"), code, init).beyond();
    }
    let both = ["fr", "en"].map(|code| spelled(requests, code));
    let [Some(french), Some(english)] = both else {
        return cases;
    };
    let steps = vec![
        Step::Send(requests.init_with("lang", json!(french))),
        Step::Send(requests.init_with("lang", json!(english))),
        Step::Send(RequestTemplate::get("{{0/redirection_url}}")),
        Step::Send(RequestTemplate::get("{{1/redirection_url}}")),
    ];
    // One URL cannot lead to pages in two languages.
    let own = vec!["/redirection_url".to_owned()];
    cases
        .shows(
            "other addresses",
            steps[..2].to_vec(),
            Expect::Distinct(0, 1, own),
        )
        .shows("other words", steps, Expect::Unlike(2, 3, None))
        .beyond()
}
