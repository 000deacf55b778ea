//! Requests in the form that the server accepts.

use super::requests::{FLOWS, FORM, bare, complete, form_bytes, with_bytes};
use crate::server::case::requests::request_to;
use crate::server::case::{Encoding, Params, Payload, RequestTemplate, Step, encode};
use crate::server::plan::params::{base_params, bases, replaced, violations, with, without};
use crate::server::plan::typed::JsonTypes;
use crate::server::plan::working::{INIT, NOTIFICATIONS, Working};
use flexiti_contract::{Endpoint, Flow, Rule, Rulebook};
use serde_json::{Value, json};

/// Builds the usual requests, and variations of them.
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

    /// The usual parameters as the bytes of a JSON object, each with the type that the server
    /// requires.
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

    /// A request that opens an order of this flow, with the merchant's own order id and these
    /// changes; `None` if no working path accepts it.
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

    /// A request that opens an order of this flow without the merchant's own order id.
    pub(super) fn order_without_id(&self, flow: Flow) -> Option<RequestTemplate> {
        self.working.init().find_map(|endpoint| {
            let base = base_params(self.rulebook, self.working, endpoint, flow)?;
            let params = replaced(&base, "merchant_orderid", &Value::Null);
            let valid = violations(self.rulebook, endpoint, &params).is_empty();
            request_to(endpoint, &params, self.working.preferred()).filter(|_| valid)
        })
    }

    /// A request that opens an order of this flow in an encoding, with the merchant's own order id.
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

    /// Requests that open an order, on each init path and in each encoding.
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

    /// Opens an order that notifications will report.
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

    /// A request to every endpoint except init that needs a token, with the steps before it.
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

    /// A request to the other init path, if there is one.
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
