//! Puts the same request to a mock, and compares the answers.
//!
//! This mock is a separate one with its own state, so nothing that it opens or issues is ever
//! visible. In the request, the upstream's tokens and ids are replaced by the mock's, and the
//! mock's orders are brought to the outcomes that the upstream's notifications report.

use crate::clock::Millis;
use crate::config::Settings;
use crate::http::request::{Body, Request};
use crate::journal::sent;
use crate::pipeline::Service;
use crate::state::transitions::{self, Wanted};
use crate::upstream::client::Came;
use crate::upstream::headers;
use flexiti_contract::comparison::{AnswerView, Asked, Chain, Drift, compare, explain, outcome};
use flexiti_contract::{Endpoint, Rulebook};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::subscriber::NoSubscriber;

/// The separate mock.
#[derive(Debug)]
pub struct Shadow {
    service: Service,
    chain: Mutex<Chain>,
}

impl Shadow {
    /// A mock with the merchants and customers of the settings.
    pub fn new(
        settings: &Settings,
        rulebook: Arc<Rulebook>,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let settings = Settings {
            upstream: None,
            data: None,
            store: None,
            journal_limit: 16,
            ..settings.clone()
        };
        Ok(Self {
            service: Service::new(&settings, rulebook, address)?,
            chain: Mutex::default(),
        })
    }

    /// Answers the upstream's request with the mock, and returns the differences. The merchant has
    /// the same account and dialect there as here.
    pub fn ask(
        &self,
        main: &Service,
        client_id: &str,
        endpoint: Option<Endpoint>,
        request: &Request,
        came: &Came,
    ) -> Vec<Drift> {
        self.follow_merchant(main, client_id);
        // One at a time: the second of two calls may need what the first one learns.
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = translated(request, &chain);
        let rulebook = self.rulebook(client_id);
        let left_headers = headers::pairs(&came.headers);
        let left = AnswerView {
            status: came.status.as_u16(),
            headers: &left_headers,
            body: &came.body,
        };
        let now = (self.service.app.now)();
        if let Some(wanted) = outcome_of(&rulebook, left) {
            self.bring(&rulebook, client_id, &asked.path, wanted, now);
        }
        let before = self.service.app.journal().next_id();
        // Suppress the log, which contains only the line of the upstream's answer.
        let quiet = NoSubscriber::default();
        let reply = tracing::subscriber::with_default(quiet, || self.service.handle(&asked));
        let entry = self.service.app.journal().get(before);
        let refused_by = entry
            .as_ref()
            .and_then(|entry| entry.note.violations.first());
        let refused_by = refused_by.map(|reason| reason.clause);
        let mut right_headers: Vec<(String, String)> = Vec::new();
        if !reply.content_type.is_empty() {
            right_headers.push(("content-type".to_owned(), reply.content_type.to_string()));
        }
        right_headers.extend(headers::pairs(&reply.headers.iter().cloned().collect()));
        let right = AnswerView {
            status: reply.status.as_u16(),
            headers: &right_headers,
            body: &reply.body,
        };
        chain.learn(left, right);
        let differences = compare(Some(left), Some(right));
        if differences.is_empty() {
            return Vec::new();
        }
        let params = endpoint.map(|endpoint| flat(&rulebook, endpoint, &asked));
        let others = self.others(&rulebook);
        let asked = Asked {
            rulebook: &rulebook,
            others: &others,
            endpoint,
            params: params.as_ref(),
            refused_by,
        };
        explain(asked, left, right, differences)
    }

    fn follow_merchant(&self, main: &Service, client_id: &str) {
        let (account, rulebook) = {
            let state = main.app.state();
            let Some(merchant) = state.merchants.get(client_id) else {
                return;
            };
            (merchant.account.clone(), Arc::clone(&merchant.rulebook))
        };
        let app = &self.service.app;
        if !app.state().change_account(&account)
            && let Ok(made) = app.merchant(account)
        {
            app.state().add(made);
        }
        if let Some(merchant) = app.state().merchants.get_mut(client_id) {
            merchant.rulebook = rulebook;
        }
    }

    fn rulebook(&self, client_id: &str) -> Arc<Rulebook> {
        let app = &self.service.app;
        let state = app.state();
        let merchant = state.merchants.get(client_id);
        merchant.map_or_else(|| app.dialects.own(), |it| Arc::clone(&it.rulebook))
    }

    fn others(&self, own: &Rulebook) -> Vec<Arc<Rulebook>> {
        let app = &self.service.app;
        let names = app.contract().dialect_names().into_iter();
        let names = names.filter(|name| *name != own.dialect().name);
        names
            .filter_map(|name| app.dialects.get(name).ok())
            .collect()
    }

    /// Brings the order in a notification's path to an outcome; if that is impossible, it is
    /// unchanged.
    fn bring(&self, rulebook: &Rulebook, client_id: &str, path: &str, wanted: Wanted, now: Millis) {
        let id = path.rsplit('/').next().unwrap_or_default();
        let mut state = self.service.app.state();
        let by_merchant = || {
            let ids = state.orders.by_merchant_id(&client_id.into(), id)?;
            ids.back().copied()
        };
        let by_id = || id.parse().ok().filter(|id| state.orders.get(*id).is_some());
        let found = if path.contains("/merchant-order-id/") {
            by_merchant()
        } else {
            by_id()
        };
        if let Some(id) = found {
            let _ = transitions::complete(&mut state, rulebook, id, wanted, now);
        }
    }
}

/// The outcome that a notification reports.
fn outcome_of(rulebook: &Rulebook, answer: AnswerView<'_>) -> Option<Wanted> {
    let body = answer.json()?;
    let name = outcome(rulebook, &body)?;
    serde_json::from_value(name.into()).ok()
}

/// The request with the mock's tokens and ids.
fn translated(request: &Request, chain: &Chain) -> Request {
    let mut asked = request.clone();
    asked.path = chain.path(&request.path);
    asked.query = request.query.as_deref().map(|query| chain.form(query));
    for (name, value) in &mut asked.headers {
        if let Ok(text) = value.to_str() {
            let there = chain.header(name.as_str(), text);
            if let Ok(there) = HeaderValue::from_str(&there) {
                *value = there;
            }
        }
    }
    if let Body::Read(bytes) = &request.body
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        asked.body = Body::Read(chain.body(text).into());
    }
    asked
}

/// The parameters of a request as text, read leniently.
pub fn flat(rulebook: &Rulebook, endpoint: Endpoint, request: &Request) -> Value {
    let contract = rulebook.contract();
    let body: &[u8] = match &request.body {
        Body::Read(bytes) if request.headers.contains_key(CONTENT_TYPE) => bytes,
        _ => &[],
    };
    let mut params = sent(contract, endpoint, request.query.as_deref(), body);
    let headers = contract.params(endpoint).iter().filter(|it| it.header);
    for param in headers {
        let value = request.headers.get(&param.name);
        if let Some(value) = value.and_then(|value| value.to_str().ok()) {
            params.insert(param.name.clone(), value.into());
        }
    }
    params.retain(|name, value| {
        let param = contract.param(endpoint, name);
        let keeps_empty = param.is_some_and(|param| param.keeps_empty);
        param.is_some() && !value.is_null() && (keeps_empty || value != "")
    });
    Value::Object(params)
}
