//! What to send instead of a refused request.
//!
//! If a constraint of the schema decides, the sentence comes from that constraint in the dialect;
//! if code decides, from the clause's own `remedy`.

use crate::allowed::{accepts, fragments};
use crate::clause::{Check, Clause};
use crate::endpoint::Endpoint;
use crate::rulebook::Rulebook;
use crate::wording::alternatives;
use serde_json::{Map, Value};
use std::sync::{Arc, PoisonError};

/// The key that links a constraint to its clause.
const CLAUSE: &str = "x-clause";

impl Rulebook {
    /// What to send so that `param` does not break `clause` again: a sentence with values and names
    /// in backticks. Empty for a clause that no request can break, or that does not hold in this
    /// dialect. `param` is empty if no parameter is at fault.
    pub fn remedy(&self, clause: &str, param: &str) -> String {
        let carries = |endpoint: &&Endpoint| self.carries(**endpoint, clause, param);
        let first = Endpoint::ALL.iter().find(carries);
        let endpoint = first.copied().unwrap_or(Endpoint::InitV2);
        self.remedy_at(endpoint, clause, param)
    }

    /// What to send to `endpoint` so that `param` does not break `clause` again; see
    /// [`Self::remedy`], which uses the first endpoint of the clause.
    pub fn remedy_at(&self, endpoint: Endpoint, clause: &str, param: &str) -> String {
        let Some(clause) = self.contract().clause(clause) else {
            return String::new();
        };
        if !self.is_active(&clause.id) {
            return String::new();
        }
        match &clause.remedy {
            Some(remedy) => self.filled_in(endpoint, remedy, param),
            None if clause.check == Check::Request => self
                .derived(endpoint, clause, param)
                .map_or_else(String::new, |what| format!("Send {what}.")),
            None => String::new(),
        }
    }

    /// [`Self::remedy_at`], or [`Self::remedy`] without an endpoint, cached: a server refuses the
    /// same things repeatedly, and building a sentence takes 8k instructions.
    pub fn known_remedy(
        &self,
        endpoint: Option<Endpoint>,
        clause: &'static str,
        param: &str,
    ) -> Arc<str> {
        let place = (endpoint, clause);
        let known = self.remedies.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(remedy) = known.get(&place).and_then(|known| known.get(param)) {
            return Arc::clone(remedy);
        }
        drop(known);
        let (remedy, is_listed) = match endpoint {
            Some(endpoint) => (
                self.remedy_at(endpoint, clause, param),
                self.contract().param(endpoint, param).is_some(),
            ),
            None => (self.remedy(clause, param), false),
        };
        let remedy: Arc<str> = remedy.into();
        // Do not cache names that clients choose.
        if is_listed || param.is_empty() {
            let mut known = self
                .remedies
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            let known = known.entry(place).or_default();
            known.insert(param.to_owned(), Arc::clone(&remedy));
        }
        remedy
    }

    fn carries(&self, endpoint: Endpoint, clause: &str, param: &str) -> bool {
        let mut own = fragments(self, endpoint, param);
        own.any(|fragment| is_of(fragment, clause))
            || self
                .demands(endpoint, clause)
                .any(|rule| demanded(rule).contains(&param))
    }

    /// The constraints of `clause` on the request as a whole.
    fn demands<'r>(
        &'r self,
        endpoint: Endpoint,
        clause: &str,
    ) -> impl Iterator<Item = &'r Map<String, Value>> {
        let schema = self.request_schema(endpoint);
        let rules = schema.and_then(|schema| schema["allOf"].as_array());
        let rules = rules.into_iter().flatten().filter_map(Value::as_object);
        rules.filter(move |rule| is_of(rule, clause))
    }

    fn derived(&self, endpoint: Endpoint, clause: &Clause, param: &str) -> Option<String> {
        let own = fragments(self, endpoint, param).find(|fragment| is_of(fragment, &clause.id));
        match own {
            Some(fragment) => self.instead(endpoint, fragment, param),
            None => self.missing(endpoint, clause, param),
        }
    }

    /// What the parameter should hold.
    fn instead(
        &self,
        endpoint: Endpoint,
        fragment: &Map<String, Value>,
        param: &str,
    ) -> Option<String> {
        let allowed = self.allowed(endpoint, param);
        let example = allowed
            .example
            .map(|value| format!(", for example `{value}`"));
        let example = example.unwrap_or_default();
        if let Some(phrase) = self.wording().phrase(fragment) {
            let accepted = |value: &str| accepts(self, endpoint, param, value);
            let text = phrase.text(&accepted)?;
            // Values are their own examples, and any short text fits a length.
            let speaks = !phrase.values.is_empty() || fragment.contains_key("maxLength");
            return Some(if speaks { text } else { text + &example });
        }
        if fragment.contains_key("type") {
            let row = self.contract().param(endpoint, param)?;
            let types = self.json_types(row).into_iter().map(type_name);
            let types: Vec<&str> = types.collect();
            return Some(format!("`{param}` as {}{example}", types.join(" or as ")));
        }
        // A value is excluded from the list.
        let values: Vec<&str> = allowed.values.iter().map(String::as_str).collect();
        Some(alternatives(&values)).filter(|text| !text.is_empty())
    }

    /// What must be sent but is missing.
    fn missing(&self, endpoint: Endpoint, clause: &Clause, param: &str) -> Option<String> {
        let rule = self.demands(endpoint, &clause.id).next()?;
        let demanded = demanded(rule);
        let name = *demanded
            .iter()
            .find(|name| **name == param)
            .or(demanded.first())?;
        let others = other_ways(rule);
        if !others.is_empty() {
            let others = others.into_iter().filter(|other| *other != name);
            let ways: Vec<&str> = std::iter::once(name).chain(others).collect();
            return Some(alternatives(&ways));
        }
        let row = self.contract().param(endpoint, name)?;
        let header = if row.header { "the header " } else { "" };
        let allowed = self.allowed(endpoint, name);
        let what = match (allowed.phrase(), allowed.example) {
            (phrase, _) if !allowed.values.is_empty() => format!(": {phrase}"),
            (phrase, Some(example)) if phrase.is_empty() || allowed.phrases.len() > 1 => {
                format!(", for example `{example}`")
            }
            (phrase, Some(example)) => format!(": {phrase}, for example `{example}`"),
            (phrase, None) if phrase.is_empty() => String::new(),
            (phrase, None) => format!(": {phrase}"),
        };
        Some(format!("{header}`{name}`{what}"))
    }

    fn filled_in(&self, endpoint: Endpoint, remedy: &str, param: &str) -> String {
        let mut text = match param {
            "" => remedy.replace("`{param}`", "each parameter"),
            name => remedy.replace("{param}", name),
        };
        if text.contains("{values}") || text.contains("{example}") {
            let allowed = self.allowed(endpoint, param);
            let values: Vec<&str> = allowed.values.iter().map(String::as_str).collect();
            text = text.replace("{values}", &alternatives(&values));
            text = text.replace("{example}", allowed.example.as_deref().unwrap_or_default());
        }
        if text.contains("{media_types}") {
            let types = self.media_types(endpoint);
            text = text.replace("{media_types}", &alternatives(&types));
        }
        while let Some((before, rest)) = text.split_once("{knob:")
            && let Some((knob, after)) = rest.split_once('}')
        {
            let answer = match self.dialect().answer(knob) {
                Value::String(answer) => answer.clone(),
                answer => answer.to_string(),
            };
            text = format!("{before}{answer}{after}");
        }
        text
    }

    /// The media types of a request's body in this dialect.
    pub fn media_types(&self, endpoint: Endpoint) -> Vec<&'static str> {
        let row = self.contract().endpoint(endpoint);
        let encodings = self.dialect().answer("init_encodings");
        let is_init = matches!(endpoint, Endpoint::InitV2 | Endpoint::InitPlain);
        let other = match encodings.as_str().filter(|_| is_init) {
            Some("form") => "json",
            Some("json") => "form",
            _ => "nothing",
        };
        let types = row.media_types.iter().map(String::as_str);
        types.filter(|media| !media.contains(other)).collect()
    }
}

fn is_of(constraint: &Map<String, Value>, clause: &str) -> bool {
    constraint.get(CLAUSE).and_then(Value::as_str) == Some(clause)
}

/// The parameters that a constraint on the whole request demands.
fn demanded(rule: &Map<String, Value>) -> Vec<&str> {
    let then = rule.get("then").and_then(|then| then.get("required"));
    let names = rule.get("required").or(then).and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The parameters that may be sent instead: the condition requires their absence.
fn other_ways(rule: &Map<String, Value>) -> Vec<&str> {
    let conditions = rule
        .get("if")
        .and_then(|condition| condition["allOf"].as_array());
    let absent = conditions.into_iter().flatten();
    let absent = absent.filter_map(|condition| condition["not"]["required"].as_array());
    absent.flatten().filter_map(Value::as_str).collect()
}

fn type_name(json: &str) -> &str {
    match json {
        "string" => "text",
        "boolean" => "a boolean",
        "integer" => "a whole number",
        "number" => "a number",
        "object" => "an object",
        other => other,
    }
}
