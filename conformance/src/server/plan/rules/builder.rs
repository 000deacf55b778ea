//! Builders for cases and requests.

use crate::server::case::requests::{request_to, token_params, token_request};
use crate::server::case::{
    Account, Case, Encoding, Expect, Heeds, Kind, Params, Payload, RequestTemplate, Step, To, Turn,
    encode,
};
use crate::server::plan::params::{base_params, bases, replaced, violations, with, without};
use crate::server::plan::typed::JsonTypes;
use crate::server::plan::working::{INIT, NOTIFICATIONS, Working, accepted};
use flexiti_contract::{Contract, Endpoint, Flow, Rule, Rulebook};
use serde_json::{Value, json};

/// Shaped like a token, but never issued.
pub(super) const UNKNOWN_TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";
pub(super) const FORM: Option<&str> = Some(crate::server::case::FORM);
pub(super) const JSON: Option<&str> = Some("application/json");

/// The flows of init.
pub(super) const FLOWS: [Flow; 3] = [Flow::Apply, Flow::ApplyBuy, Flow::Buy];

/// Collects the cases of one rule.
pub(super) struct Cases {
    rule: Rule,
    pub(super) list: Vec<Case>,
}

impl Cases {
    pub(super) fn of(rule: Rule) -> Self {
        let list = Vec::new();
        Self { rule, list }
    }

    /// Adds a case, held against the clause of the rule.
    fn push(&mut self, case: Case) {
        let contract = Contract::shipped();
        let case = match contract.clause(self.rule.id()) {
            Some(clause) => case.held_to(contract, clause),
            None => case,
        };
        self.list.push(case);
    }

    pub(super) fn add(
        mut self,
        kind: Kind,
        name: &str,
        request: RequestTemplate,
        expect: Expect,
    ) -> Self {
        self.push(Case::of_request(
            self.rule.id(),
            name,
            kind,
            request,
            expect,
        ));
        self
    }

    /// This must come of a conversation.
    pub(super) fn talk(mut self, kind: Kind, name: &str, turns: Vec<Turn>, heeds: Heeds) -> Self {
        let steps = vec![Step::Talk(turns)];
        let expect = Expect::Heeds(heeds);
        self.push(Case::of_steps(self.rule.id(), name, kind, steps, expect));
        self
    }

    /// These steps must lead to the expected answer.
    pub(super) fn shows(mut self, name: &str, steps: Vec<Step>, expect: Expect) -> Self {
        let case = Case::of_steps(self.rule.id(), name, Kind::Positive, steps, expect);
        self.push(case);
        self
    }

    /// Must be answered 200.
    pub(super) fn keeps(self, name: &str, request: RequestTemplate) -> Self {
        self.add(Kind::Positive, name, request, Expect::Granted)
    }

    /// Must be refused with the error of the clause.
    pub(super) fn breaks(self, name: &str, request: RequestTemplate) -> Self {
        self.add(Kind::Negative, name, request, refused(None))
    }

    /// Must be refused for more than one reason, whatever the clause grants. Each reason has cases
    /// of its own, so that this one accuses nobody.
    pub(super) fn lacks(self, name: &str, request: RequestTemplate) -> Self {
        self.add(Kind::Negative, name, request, Expect::NotGranted)
            .beyond()
    }

    /// The last case goes beyond what the documentation says.
    pub(super) fn beyond(self) -> Self {
        self.change(|case| case.must = false)
    }

    /// An ordinary token request must be answered 200.
    pub(super) fn keeps_token(self) -> Self {
        self.keeps("own keys", token_request())
            .blaming(Rule::TokenAccepted)
    }

    /// An ordinary init request must be answered 200.
    pub(super) fn keeps_init(self, requests: &RequestBuilder<'_>) -> Self {
        self.keeps("as it should be", requests.init())
            .blaming_init(requests)
    }

    /// All cases go beyond what the documentation says.
    pub(super) fn all_beyond(mut self) -> Self {
        self.list.iter_mut().for_each(|case| case.must = false);
        self
    }

    /// Puts steps before the request of the last case.
    pub(super) fn after(self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.change(|case| drop(case.steps.splice(0..0, steps)))
    }

    /// Sets the account of the last case.
    pub(super) fn on(self, account: Account) -> Self {
        self.change(|case| case.account = account)
    }

    /// Names the clause to blame if the last case is refused.
    pub(super) fn blaming(self, rule: Rule) -> Self {
        self.change(|case| case.blame = Some(rule.id().to_owned()))
    }

    /// Blames the path that init takes.
    pub(super) fn blaming_init(self, requests: &RequestBuilder<'_>) -> Self {
        self.resting_on(requests.endpoint)
    }

    /// Blames the foundation clause of an endpoint.
    pub(super) fn resting_on(self, endpoint: Endpoint) -> Self {
        let clause = accepted(endpoint).to_owned();
        self.change(|case| case.blame = Some(clause))
    }

    /// Blames a clause that is no rule.
    pub(super) fn resting_on_clause(self, clause: &str) -> Self {
        self.change(|case| case.blame = Some(clause.to_owned()))
    }

    fn change(mut self, change: impl FnOnce(&mut Case)) -> Self {
        if let Some(case) = self.list.last_mut() {
            change(case);
        }
        self
    }
}

/// Refused with the clause's error, about this parameter.
pub(super) fn refused(param: Option<&str>) -> Expect {
    let param = param.map(str::to_owned);
    Expect::Refused {
        param,
        header: None,
    }
}

/// Init parameters that are wrong in three ways, in every dialect.
pub(super) fn garbled() -> Params {
    [
        ("lang", "12"),
        ("flow", "purchase"),
        ("amount_requested", "abc"),
    ]
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .into()
}

/// Gets a token, which later steps find as `{{0/…}}`.
pub(super) fn get_token() -> Step {
    Step::Send(token_request())
}

/// Brings the order that the first request opened to an outcome.
pub(super) fn complete(outcome: &str) -> Step {
    Step::Complete {
        order: "{{0/online_order_id}}".to_owned(),
        outcome: outcome.to_owned(),
    }
}

/// A request that nobody may make: without a token, on the path of an unknown client.
pub(super) fn stranger(request: RequestTemplate) -> RequestTemplate {
    at(request, "{{client_id}}", "xxxxxx").without_header("authorization")
}

/// The same request with a part of its path replaced.
pub(super) fn at(request: RequestTemplate, part: &str, by: &str) -> RequestTemplate {
    match &request.to {
        To::Path(path) => {
            let to = To::Path(path.replace(part, by));
            RequestTemplate { to, ..request }
        }
        To::Url(_) => request,
    }
}

/// A request without parameters.
pub(super) fn bare(endpoint: Endpoint) -> RequestTemplate {
    request_to(endpoint, &Params::new(), Encoding::FormDotted)
        .unwrap_or_else(|| RequestTemplate::post("/", Payload::None))
}

/// A token request.
pub(super) fn token(params: &Params) -> RequestTemplate {
    request_to(Endpoint::Token, params, Encoding::FormDotted).unwrap_or_else(token_request)
}

/// A token request with other values.
pub(super) fn token_with(changes: &[(&str, &str)]) -> RequestTemplate {
    let change = |params: Params, (name, value): &(&str, &str)| with(&params, name, json!(value));
    token(&changes.iter().fold(token_params(), change))
}

/// A token request that lacks something.
pub(super) fn token_without(names: &[&str]) -> RequestTemplate {
    token(
        &names
            .iter()
            .fold(token_params(), |params, name| without(&params, name)),
    )
}

/// A token request that refreshes.
pub(super) fn refresh(token: &str) -> RequestTemplate {
    token_with(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// The same request with other bytes for a body.
pub(super) fn with_bytes(
    request: &RequestTemplate,
    body: impl Into<Vec<u8>>,
    media_type: Option<&str>,
) -> RequestTemplate {
    let request = RequestTemplate {
        payload: Payload::Bytes(body.into()),
        ..request.clone()
    };
    match media_type {
        Some(media_type) => request.header("content-type", media_type),
        None => request,
    }
}

/// Parameters as the bytes of a form.
fn form_bytes(params: &Params, encoding: Encoding) -> Vec<u8> {
    match encode(params, encoding) {
        Some(Payload::Form(pairs)) => {
            let form = serde_urlencoded::to_string(pairs).unwrap_or_default();
            // Placeholders stay, to be filled in.
            form.replace("%7B%7B", "{{").replace("%7D%7D", "}}").into()
        }
        _ => Vec::new(),
    }
}

/// Parameters as the bytes of a JSON object.
pub(super) fn json_bytes(params: &Params) -> Vec<u8> {
    match encode(params, Encoding::Json) {
        Some(Payload::Json(value)) => value.to_string().into_bytes(),
        _ => Vec::new(),
    }
}

/// Builds requests: the usual ones, and variations of them.
pub(super) struct RequestBuilder<'a> {
    pub(super) rulebook: &'a Rulebook,
    pub(super) working: &'a Working,
    pub(super) endpoint: Endpoint,
    /// The fullest valid request.
    pub(super) base: Params,
}

impl<'a> RequestBuilder<'a> {
    pub(super) fn new(rulebook: &'a Rulebook, working: &'a Working) -> Self {
        let endpoint = working.init().next().unwrap_or(Endpoint::InitV2);
        Self {
            base: bases(rulebook, working, endpoint)
                .into_iter()
                .next()
                .unwrap_or_default(),
            rulebook,
            working,
            endpoint,
        }
    }

    /// An init request with these parameters.
    pub(super) fn init_of(&self, params: &Params) -> RequestTemplate {
        request_to(self.endpoint, params, self.working.preferred())
            .unwrap_or_else(|| RequestTemplate::post("/", Payload::None))
    }

    /// The usual init request.
    pub(super) fn init(&self) -> RequestTemplate {
        self.init_of(&self.base)
    }

    /// The usual init request with another authorization header.
    pub(super) fn init_as(&self, authorization: &str) -> RequestTemplate {
        self.init().header("authorization", authorization)
    }

    /// The usual init request with one other value.
    pub(super) fn init_with(&self, name: &str, value: Value) -> RequestTemplate {
        self.init_of(&with(&self.base, name, value))
    }

    /// An init request in JSON.
    pub(super) fn json(&self, params: &Params) -> RequestTemplate {
        let payload = encode(params, Encoding::Json).unwrap_or(Payload::None);
        RequestTemplate {
            payload,
            ..self.init()
        }
    }

    /// The usual parameters as the bytes of a JSON object, each under the type that is wanted.
    pub(super) fn json_bytes(&self) -> Vec<u8> {
        let request = JsonTypes::of(self.rulebook).typed(&self.json(&self.base));
        match request.payload {
            Payload::Json(value) => value.to_string().into_bytes(),
            _ => Vec::new(),
        }
    }

    /// Parameters as the bytes of a form.
    pub(super) fn form_bytes(&self, params: &Params) -> Vec<u8> {
        form_bytes(params, self.working.form())
    }

    /// The usual parameters without one, as a form that continues with `more`.
    pub(super) fn form_ending(&self, without_param: &str, more: &[u8]) -> RequestTemplate {
        let form = self.form_bytes(&without(&self.base, without_param));
        with_bytes(&self.init(), [&form[..], more].concat(), FORM)
    }

    /// A request that opens an order of this flow, with the merchant's own id and these changes;
    /// `None` if no working path accepts it.
    pub(super) fn order_with(
        &self,
        flow: Flow,
        changes: &[(&str, &str)],
    ) -> Option<RequestTemplate> {
        self.working.init().find_map(|endpoint| {
            let base = base_params(self.rulebook, self.working, endpoint, flow)?;
            let own = [("merchant_orderid", "{{merchant_order}}")];
            let params = own
                .iter()
                .chain(changes)
                .fold(base, |params, (name, value)| {
                    with(&params, name, json!(value))
                });
            let valid = violations(self.rulebook, endpoint, &params).is_empty();
            request_to(endpoint, &params, self.working.preferred()).filter(|_| valid)
        })
    }

    /// A request that opens an order of this flow without the merchant's own id.
    pub(super) fn order_without_id(&self, flow: Flow) -> Option<RequestTemplate> {
        self.working.init().find_map(|endpoint| {
            let base = base_params(self.rulebook, self.working, endpoint, flow)?;
            let params = replaced(&base, "merchant_orderid", &Value::Null);
            let valid = violations(self.rulebook, endpoint, &params).is_empty();
            request_to(endpoint, &params, self.working.preferred()).filter(|_| valid)
        })
    }

    /// A request that opens an order of this flow in an encoding, with the merchant's own id.
    pub(super) fn order_in(&self, flow: Flow, encoding: Encoding) -> Option<RequestTemplate> {
        let mut paths = self.working.init();
        paths.find_map(|endpoint| self.order_at(endpoint, flow, encoding))
    }

    fn order_at(
        &self,
        endpoint: Endpoint,
        flow: Flow,
        encoding: Encoding,
    ) -> Option<RequestTemplate> {
        let base = base_params(self.rulebook, self.working, endpoint, flow)?;
        let params = with(&base, "merchant_orderid", json!("{{merchant_order}}"));
        let valid = violations(self.rulebook, endpoint, &params).is_empty();
        request_to(endpoint, &params, encoding).filter(|_| valid)
    }

    /// Requests that open an order, on each path of init and in each encoding.
    pub(super) fn orders_everywhere(&self) -> Vec<(String, RequestTemplate)> {
        let encodings = self.working.encodings.iter().copied();
        let ways = encodings.flat_map(|encoding| self.working.init().map(move |at| (at, encoding)));
        ways.filter_map(|(at, encoding)| {
            let mut flows = FLOWS.into_iter();
            let opens = flows.find_map(|flow| self.order_at(at, flow, encoding))?;
            Some((format!("{} as {encoding:?}", at.id()), opens))
        })
        .collect()
    }

    /// Opens an order of this flow.
    pub(super) fn order(&self, flow: Flow) -> Option<Step> {
        self.order_with(flow, &[]).map(Step::Send)
    }

    /// Opens an order of any flow.
    pub(super) fn any_order(&self) -> Option<Step> {
        FLOWS.iter().find_map(|flow| self.order(*flow))
    }

    /// Opens an order that notifications report on.
    pub(super) fn reported_order(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = self.any_order().into_iter().collect();
        if self.rulebook.knobs().notification_unfinished.hides_order() {
            steps.push(complete("cancelled"));
        }
        steps
    }

    /// The notification paths that work and exist in every dialect.
    pub(super) fn notifications(&self) -> impl Iterator<Item = Endpoint> {
        NOTIFICATIONS
            .into_iter()
            .filter(|e| *e != Endpoint::NotificationOld && self.working.has(*e))
    }

    /// A notification path that works.
    pub(super) fn notification(&self) -> Endpoint {
        self.notifications()
            .next()
            .unwrap_or(Endpoint::NotificationOrder)
    }

    /// A request to every endpoint but init that needs a token, with the steps before it.
    pub(super) fn elsewhere(&self) -> Vec<(Endpoint, Vec<Step>, RequestTemplate)> {
        let open = self.rulebook.is_active(Rule::CalculatorOpen.id());
        let needs_token = |e: &&Endpoint| !(**e == Endpoint::Calculator && open);
        let resting = self.working.endpoints.iter().filter(|e| !INIT.contains(e));
        resting
            .filter(needs_token)
            .map(|endpoint| {
                let steps = if NOTIFICATIONS.contains(endpoint) {
                    self.reported_order()
                } else {
                    Vec::new()
                };
                (*endpoint, steps, self.usual(*endpoint))
            })
            .collect()
    }

    /// A request to the other path of init, if there is one.
    pub(super) fn other_paths(&self) -> Vec<(Endpoint, RequestTemplate)> {
        let others = self.working.init().filter(|path| *path != self.endpoint);
        others
            .filter_map(|path| {
                let base = bases(self.rulebook, self.working, path)
                    .into_iter()
                    .next()?;
                let request = request_to(path, &base, self.working.preferred())?;
                Some((path, request))
            })
            .collect()
    }

    /// The usual request to an endpoint.
    pub(super) fn usual(&self, endpoint: Endpoint) -> RequestTemplate {
        let base = match endpoint {
            Endpoint::Calculator | Endpoint::LearnMore => {
                bases(self.rulebook, self.working, endpoint)
            }
            _ => Vec::new(),
        };
        let base = base.into_iter().next().unwrap_or_default();
        request_to(endpoint, &base, self.working.preferred()).unwrap_or_else(|| bare(endpoint))
    }

    /// The lifetime of an access token in seconds.
    pub(super) fn ttl(&self) -> u64 {
        u64::from(self.rulebook.knobs().token_ttl)
    }
}
