//! How a server requires the values of a JSON body: as text, or as numbers and booleans.

use crate::server::case::{Case, Payload, RequestTemplate, Step, To};
use flexiti_contract::dialect::JsonTextFor;
use flexiti_contract::{Rule, Rulebook};
use serde_json::Value;
use std::borrow::Cow;

/// Numeric parameters.
const NUMBERS: [&str; 1] = ["amount_requested"];
/// Boolean parameters.
const BOOLEANS: [&str; 2] = ["is_guest", "has_previous_purchase"];

/// What a server accepts in JSON only with its own type. The pages give types, but do not mention
/// JSON (R-seed).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JsonTypes {
    /// Amounts must be numbers.
    pub numbers: bool,
    /// Booleans must be booleans.
    pub booleans: bool,
}

impl JsonTypes {
    /// What a server of this dialect requires.
    pub fn of(rulebook: &Rulebook) -> Self {
        let text_for = if rulebook.enforces(Rule::OwnType) {
            rulebook.knobs().json_text_for
        } else {
            JsonTextFor::All
        };
        Self {
            numbers: matches!(text_for, JsonTextFor::Booleans | JsonTextFor::None),
            booleans: matches!(text_for, JsonTextFor::Amounts | JsonTextFor::None),
        }
    }

    /// Whether a parameter must have its own type.
    pub fn wants(self, param: &str) -> bool {
        self.numbers && NUMBERS.contains(&param) || self.booleans && BOOLEANS.contains(&param)
    }

    /// The answer to `json_text_for`: what may be text in JSON.
    pub fn text_for(self) -> &'static str {
        match (self.numbers, self.booleans) {
            (false, false) => "all",
            (false, true) => "amounts",
            (true, false) => "booleans",
            (true, true) => "none",
        }
    }

    /// The case with the values of its init requests in the types that the server requires.
    pub fn applied(self, case: &Case) -> Cow<'_, Case> {
        if self == Self::default() {
            return Cow::Borrowed(case);
        }
        let mut case = case.clone();
        for step in &mut case.steps {
            if let Step::Send(request) = step {
                self.apply(request);
            }
        }
        Cow::Owned(case)
    }

    /// A request with its values in the types that the server requires.
    pub fn typed(self, request: &RequestTemplate) -> RequestTemplate {
        let mut request = request.clone();
        self.apply(&mut request);
        request
    }

    fn apply(self, request: &mut RequestTemplate) {
        let is_init = matches!(&request.to, To::Path(path) if path.ends_with("/systems/init"));
        let Payload::Json(Value::Object(members)) = &mut request.payload else {
            return;
        };
        if !is_init {
            return;
        }
        for (name, value) in members {
            let Some(text) = value.as_str() else {
                continue;
            };
            let typed = match name.as_str() {
                name if !self.wants(name) => None,
                name if NUMBERS.contains(&name) => text.parse().ok().map(Value::Number),
                _ => text.parse().ok().map(Value::Bool),
            };
            if let Some(typed) = typed {
                *value = typed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::case::{Expect, Kind};
    use serde_json::json;

    fn sent(types: JsonTypes, path: &str, body: Value) -> Value {
        let request = RequestTemplate::post(path, Payload::Json(body));
        let case = Case::of_request("c", "n", Kind::Positive, request, Expect::Granted);
        match &types.applied(&case).steps[0] {
            Step::Send(RequestTemplate {
                payload: Payload::Json(body),
                ..
            }) => body.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_has_a_type_and_is_wanted_under_it_changes() {
        let (amounts, all) = (
            JsonTypes {
                numbers: true,
                booleans: false,
            },
            JsonTypes {
                numbers: true,
                booleans: true,
            },
        );
        let body = json!({"amount_requested": "499.99", "is_guest": "false", "customer_id": "7"});
        let init = "/online/v2/client-id/x/systems/init";
        assert_eq!(sent(JsonTypes::default(), init, body.clone()), body);
        let numbers = json!({"amount_requested": 499.99, "is_guest": "false", "customer_id": "7"});
        assert_eq!(sent(amounts, init, body.clone()), numbers);
        let both = json!({"amount_requested": 499.99, "is_guest": false, "customer_id": "7"});
        assert_eq!(sent(all, init, body.clone()), both);
        assert_eq!(sent(all, "/oauth/token", body.clone()), body);
        // Invalid values stay as they are.
        let wrong = json!({"amount_requested": "10,50", "is_guest": "vrai"});
        assert_eq!(sent(all, init, wrong.clone()), wrong);
    }
}
