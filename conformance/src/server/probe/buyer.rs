//! A server may accept a purchase only from customers it knows. No page says which: the ids of the
//! examples may belong to another environment (P-env).

use super::heard::Heard;
use super::prober::Prober;
use crate::server::case::{Encoding, Params};
use crate::server::plan::{IDENTITY, INIT, replaced};
use crate::server::wire::Stopped;
use flexiti_contract::{Endpoint, Flow};
use serde_json::{Value, json};

/// A request for a flow that may name a customer.
pub(super) struct Asked<'a, 'p, 's> {
    pub(super) prober: &'a mut Prober<'p, 's>,
    pub(super) endpoint: Endpoint,
    pub(super) encoding: Encoding,
    pub(super) flow: Flow,
}

impl Asked<'_, '_, '_> {
    /// Whether the request was refused because of its customer: the refusal says so, or it names no
    /// parameter and changes when no customer is named.
    pub(super) fn is_unknown(&mut self, params: &Params, heard: &Heard) -> Result<bool, Stopped> {
        if !heard.refused() {
            return Ok(false);
        }
        let named = heard.fields().map(|(_, fields)| fields).unwrap_or_default();
        let is_identity = |(param, word): &(String, String)| {
            IDENTITY.contains(&param.as_str()) && word != "required"
        };
        if !named.is_empty() && named.iter().all(is_identity) {
            return Ok(true);
        }
        if heard.status() != 404 && !named.is_empty() {
            return Ok(false);
        }
        let says = |heard: &Heard| {
            let body = heard.json();
            let texts = ["error", "error_description", "message"].map(|name| body[name].clone());
            (heard.status(), texts)
        };
        if self.names_another(&says(heard).1) {
            return Ok(false);
        }
        let without = self.asked(&nobody(params))?;
        let is_granted = self.flow == Flow::ApplyBuy && without.granted();
        Ok(is_granted || (without.refused() && says(&without) != says(heard)))
    }

    /// Whether a refusal's words are about another parameter: one shape of errors names parameters
    /// there.
    fn names_another(&self, texts: &[Value]) -> bool {
        let params = self.prober.contract.params(self.endpoint).iter();
        let mut others = params.filter(|param| !IDENTITY.contains(&param.name.as_str()));
        let words = texts.iter().filter_map(Value::as_str);
        let words: Vec<&str> = words
            .flat_map(|text| {
                text.split(|sign: char| !sign.is_ascii_alphanumeric() && !"_.".contains(sign))
            })
            .collect();
        others.any(|param| words.contains(&param.name.as_str()))
    }

    /// A granted request without the unknown customer. Apply/Buy may do without one; Buy is tried
    /// with the cards of the examples. Otherwise the flow cannot be tried.
    pub(super) fn otherwise(&mut self, params: &Params) -> Result<Option<Params>, Stopped> {
        if self.flow == Flow::ApplyBuy {
            let params = nobody(params);
            if self.asked(&params)?.granted() {
                self.keep(&params, None);
                return Ok(Some(params));
            }
        } else {
            let cards = self.prober.contract.param(self.endpoint, "vcc");
            let cards: Vec<String> = cards.map_or_else(Vec::new, |row| row.samples.clone());
            for card in cards {
                let params = replaced(&nobody(params), "vcc", &json!(card));
                if self.asked(&params)?.granted() {
                    self.keep(&params, Some(&card));
                    return Ok(Some(params));
                }
            }
        }
        self.prober
            .samples
            .nobody_known
            .insert((self.endpoint, self.flow));
        Ok(None)
    }

    fn asked(&mut self, params: &Params) -> Result<Heard, Stopped> {
        self.prober.init_at(self.endpoint, self.encoding, params)
    }

    /// Makes later requests of the flow leave out the customer id, and use the card if there is
    /// one.
    fn keep(&mut self, granted: &Params, card: Option<&str>) {
        let samples = &mut self.prober.samples;
        let spelled = granted.iter().find(|(name, _)| name == "flow");
        if let Some(spelled) = spelled.and_then(|(_, spelled)| spelled.as_str()) {
            let known = samples.flows.entry(self.flow);
            known.or_insert_with(|| spelled.to_owned());
        }
        let left_out = samples.left_out.entry(self.flow).or_default();
        left_out.insert("customer_id".to_owned());
        match card {
            Some(card) => {
                let key = |endpoint| (endpoint, "vcc".to_owned());
                let known = INIT.map(|endpoint| (key(endpoint), Some(card.to_owned())));
                samples.values.extend(known);
            }
            None => {
                left_out.insert("vcc".to_owned());
            }
        }
    }
}

/// The parameters without those that identify the customer.
fn nobody(params: &Params) -> Params {
    IDENTITY.iter().fold(params.clone(), |params, name| {
        replaced(&params, name, &Value::Null)
    })
}
