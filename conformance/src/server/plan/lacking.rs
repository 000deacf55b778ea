//! Requests that lack several required parameters, or one of them in another customer's request: a
//! server may check only the first, or only what the usual customer sends.

use super::broken::{breaks_only, left_out};
use super::edges::{encodings, kind_of};
use super::params::{agreeing, bases, violations, with, without};
use super::working::{INIT, Working};
use crate::server::case::requests::request_to;
use crate::server::case::{Case, Expect, Kind, Params};
use flexiti_contract::{Clause, ParameterSite, Rulebook, Violation};
use serde_json::json;

/// What is left out together, and what that is called.
const SEVERAL: [(&str, &[&str]); 3] = [
    ("lang and flow left out", &["lang", "flow"]),
    (
        "lang and amount_requested left out",
        &["lang", "amount_requested"],
    ),
    (
        "lang, flow and amount_requested left out",
        &["lang", "flow", "amount_requested"],
    ),
];

/// A clause about a parameter of an endpoint.
pub(super) struct Lacking<'a> {
    pub rulebook: &'a Rulebook,
    pub clause: &'a Clause,
    pub place: &'a ParameterSite,
    pub working: &'a Working,
}

/// A valid request to start from.
struct Variant {
    name: String,
    /// It is one of those that every defect is tried in.
    is_usual: bool,
    params: Params,
}

impl Lacking<'_> {
    /// All of them.
    pub fn cases(&self) -> Vec<Case> {
        if !INIT.contains(&self.place.endpoint) {
            return Vec::new();
        }
        let mut cases = self.by_other_customers();
        if self.clause.id.ends_with(".required") {
            cases.extend(self.whole_blocks());
            cases.extend(self.several());
        }
        cases
    }

    /// A parameter left out where another customer buys than in the usual requests.
    fn by_other_customers(&self) -> Vec<Case> {
        let what = format!("{} left out", self.place.param);
        let others = self.variants().into_iter().filter(|base| !base.is_usual);
        others
            .flat_map(|base| {
                let params = left_out(self.clause, self.place, &base.params);
                let only = breaks_only(self.rulebook, self.clause, self.place, &params);
                let refused = only.then(|| self.refused(&base, &what, &params, &|_| true));
                refused.unwrap_or_default()
            })
            .collect()
    }

    /// A whole block left out, and both, in each flow that needs them: a server that checks the
    /// members only if the block is present would accept it.
    fn whole_blocks(&self) -> Vec<Case> {
        let Some(block) = self.place.param.strip_suffix(".first_name") else {
            return Vec::new();
        };
        let is_member = |name: &str| name.split('.').next() == Some(block);
        let what = format!("{block} without all its members");
        let mut cases = self.without(&what, &is_member);
        // Without any address, the clauses of both blocks are broken; one case is enough.
        if block == "billing_information" {
            let is_address = |name: &str| is_member(name) || name.contains('.');
            cases.extend(self.without("no address at all", &is_address));
        }
        cases
    }

    fn without(&self, what: &str, goes: &dyn Fn(&str) -> bool) -> Vec<Case> {
        let missing = |one: &Violation| goes(&one.param) && one.clause.ends_with(".required");
        let mut variants = self.variants();
        if goes("flow") {
            // Without it, the flows are no longer different.
            variants.truncate(1);
        }
        let cases = variants.into_iter().flat_map(|base| {
            let left = base.params.iter().filter(|(name, _)| !goes(name));
            let params: Params = left.cloned().collect();
            self.refused(&base, what, &params, &missing)
        });
        cases.collect()
    }

    /// Several parameters left out, and a request that is empty.
    fn several(&self) -> Vec<Case> {
        if self.place.param != "lang" {
            return Vec::new();
        }
        let gone = |gone: &'static [&str]| move |name: &str| gone.contains(&name);
        let several = SEVERAL.into_iter();
        let mut cases: Vec<Case> = several
            .flat_map(|(what, names)| self.without(what, &gone(names)))
            .collect();
        let nothing = Variant {
            name: "nothing".to_owned(),
            is_usual: true,
            params: Params::new(),
        };
        let missing = |one: &Violation| one.clause.ends_with(".required");
        cases.extend(self.refused(&nothing, "empty", &Params::new(), &missing));
        cases
    }

    /// The valid requests, and one with each other customer: a guest, one who is named by the card,
    /// one who is named by both.
    fn variants(&self) -> Vec<Variant> {
        let bases = bases(self.rulebook, self.working, self.place.endpoint);
        let others = [
            self.otherwise(&bases, "a guest", |base| {
                Some(agreeing(base, "is_guest", &json!("true")))
            }),
            self.otherwise(&bases, "by the card", |base| {
                Some(without(&self.by_card(base)?, "customer_id"))
            }),
            self.otherwise(&bases, "by id and card", |base| self.by_card(base)),
        ];
        let usual = bases.iter().map(|base| Variant {
            name: kind_of(self.rulebook, base),
            is_usual: true,
            params: base.clone(),
        });
        usual.chain(others.into_iter().flatten()).collect()
    }

    fn by_card(&self, base: &Params) -> Option<Params> {
        let contract = self.rulebook.contract();
        let card = contract
            .param(self.place.endpoint, "vcc")?
            .samples
            .first()?;
        Some(with(base, "vcc", json!(card)))
    }

    /// A valid request with another customer: in Buy, which has to know the customer, if it can be.
    fn otherwise(
        &self,
        bases: &[Params],
        who: &str,
        changed: impl Fn(&Params) -> Option<Params>,
    ) -> Option<Variant> {
        let endpoint = self.place.endpoint;
        let is_other = |base: &&Params| {
            let other = changed(base).filter(|other| other != *base);
            other.is_some_and(|other| violations(self.rulebook, endpoint, &other).is_empty())
        };
        let kind = |base: &Params| kind_of(self.rulebook, base);
        let buys = bases.iter().filter(|base| kind(base) == "Buy");
        let base = buys.chain(bases).find(is_other)?;
        Some(Variant {
            name: format!("{}, {who}", kind(base)),
            is_usual: false,
            params: changed(base)?,
        })
    }

    /// The cases that such a request is refused: in each encoding where every defect is tried,
    /// otherwise in one. Nothing but what is `meant` may be wrong with it.
    fn refused(
        &self,
        base: &Variant,
        what: &str,
        params: &Params,
        meant: &dyn Fn(&Violation) -> bool,
    ) -> Vec<Case> {
        let (clause, endpoint) = (self.clause, self.place.endpoint);
        let found = violations(self.rulebook, endpoint, params);
        if !found.iter().any(|one| one.clause == clause.id) || !found.iter().all(meant) {
            return Vec::new();
        }
        let encodings = encodings(endpoint, self.working);
        let count = if base.is_usual { encodings.len() } else { 1 };
        let requests = encodings.into_iter().take(count).filter_map(|encoding| {
            let request = request_to(endpoint, params, encoding)?;
            let name = format!("{} {what}, {} as {encoding:?}", endpoint.id(), base.name);
            let expect = Expect::NotGranted;
            let case = Case::of_request(&clause.id, &name, Kind::Negative, request, expect);
            Some(case.held_to(self.rulebook.contract(), clause))
        });
        requests.collect()
    }
}

/// Whether omitting a whole block, which breaks `whole`, also breaks this clause: it requires a
/// member of the block.
pub fn is_of_block(whole: &Clause, other: &str) -> bool {
    let block = whole.id.strip_suffix("required");
    whole.id == other
        || block.is_some_and(|block| other.starts_with(block) && other.ends_with(".required"))
}
