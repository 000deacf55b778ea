//! The admin API for tests written in Rust: the same calls with the same types, without HTTP.
//!
//! ```
//! use flexiti_mock::embed::admin::{ClockChange, NewMerchant};
//!
//! let mock = flexiti_mock::Mock::start(&flexiti_mock::Settings::default())?;
//! let admin = mock.admin();
//! let shop = admin.create_merchant(NewMerchant::default())?;
//! let later = ClockChange { advance_ms: Some(1_200_000), ..ClockChange::default() };
//! admin.set_clock(&shop.account.client_id, &later)?;
//! assert!(admin.requests("status=401")?.requests.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::admin::Problem;
pub use crate::admin::clock::{ClockChange, ClockView};
pub use crate::admin::dialect::{DialectChange, DialectList, DialectRow, DialectView};
pub use crate::admin::lint::Lint;
pub use crate::admin::merchants::{
    MerchantChange, MerchantList, MerchantRow, MerchantView, NewMerchant,
};
pub use crate::admin::orders::{Complete, Completed, Followed, OrderList, OrderView, SettleAfter};
pub use crate::admin::requests::{Requests, Verified};
pub use crate::admin::server::{Health, Readiness};
pub use crate::call_kind::CallKind;
pub use crate::fault::{
    Action, Fault, FaultMatch, FaultPlan, FaultPlanChange, FaultPlanView, FaultView, Target,
};
pub use crate::journal::{Broken, DriftView, ExchangeSummary, ExchangeView, UpstreamView, Why};
pub use crate::journal::{Expected, Failure, Match, Named, NearMiss, Range, Times};
pub use crate::lint::Finding;
pub use crate::state::transitions::Wanted;

use crate::admin::{clock, dialect, faults, lint, merchants, orders, problem, requests, server};
use crate::clock::Millis;
use crate::embed::recording::Recorded;
use crate::http::form::{Form, FormRules};
use crate::journal::Filter;
use crate::model::customer::Customer;
use crate::pipeline::Service;
use crate::server::callback;
use hyper::StatusCode;
use std::io::Write;

/// The admin API of a server in this process. A [`Problem`] has the status and the message that
/// HTTP would give.
#[derive(Debug, Clone, Copy)]
pub struct Admin<'a> {
    service: &'a Service,
    /// The time, if it is not the machine's.
    at: Option<Millis>,
}

impl<'a> Admin<'a> {
    pub(super) fn new(service: &'a Service) -> Self {
        Self { service, at: None }
    }

    /// This handle with the machine's clock fixed at `now`, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn at(self, now: i64) -> Self {
        Self {
            at: Some(now),
            ..self
        }
    }

    fn now(self) -> Millis {
        self.at.unwrap_or_else(|| (self.service.app.now)())
    }

    /// `GET health`.
    pub fn health(self) -> Health {
        server::health(&self.service.app)
    }

    /// `GET ready`.
    pub fn readiness(self) -> Readiness {
        server::readiness(&self.service.app)
    }

    /// `POST reset`.
    pub fn reset(self) -> Result<(), Problem> {
        server::reset(&self.service.app)
    }

    /// `GET metrics`.
    pub fn metrics(self) -> Result<String, Problem> {
        server::metrics(&self.service.app, &self.service.metrics)
    }

    /// `GET dialects`.
    pub fn dialects(self) -> DialectList {
        dialect::list(&self.service.app)
    }

    /// `GET merchants`.
    pub fn merchants(self) -> MerchantList {
        merchants::list(&self.service.app)
    }

    /// `POST merchants`.
    pub fn create_merchant(self, new: NewMerchant) -> Result<MerchantView, Problem> {
        merchants::create(&self.service.app, new)
    }

    /// `GET merchants/{client_id}`.
    pub fn merchant(self, client_id: &str) -> Result<MerchantView, Problem> {
        merchants::show(&self.service.app, client_id)
    }

    /// `PATCH merchants/{client_id}`.
    pub fn change_merchant(
        self,
        client_id: &str,
        change: &MerchantChange,
    ) -> Result<MerchantView, Problem> {
        merchants::change(&self.service.app, client_id, change)
    }

    /// `DELETE merchants/{client_id}`.
    pub fn delete_merchant(self, client_id: &str) -> Result<(), Problem> {
        merchants::delete(&self.service.app, client_id)
    }

    /// `POST merchants/{client_id}/reset`.
    pub fn reset_merchant(self, client_id: &str) -> Result<(), Problem> {
        merchants::reset(&self.service.app, client_id)
    }

    /// `GET merchants/{client_id}/clock`.
    pub fn clock(self, client_id: &str) -> Result<ClockView, Problem> {
        clock::show(&self.service.app, client_id, self.now())
    }

    /// `PUT merchants/{client_id}/clock`.
    pub fn set_clock(self, client_id: &str, change: &ClockChange) -> Result<ClockView, Problem> {
        clock::set(&self.service.app, client_id, change, self.now())
    }

    /// `GET merchants/{client_id}/dialect`.
    pub fn dialect(self, client_id: &str) -> Result<DialectView, Problem> {
        dialect::show(&self.service.app, client_id)
    }

    /// `PUT merchants/{client_id}/dialect`.
    pub fn set_dialect(
        self,
        client_id: &str,
        change: &DialectChange,
    ) -> Result<DialectView, Problem> {
        dialect::set(&self.service.app, client_id, change)
    }

    /// `GET merchants/{client_id}/faults`.
    pub fn faults(self, client_id: &str) -> Result<FaultPlanView, Problem> {
        faults::show(&self.service.app, client_id)
    }

    /// `PUT merchants/{client_id}/faults`.
    pub fn plan_faults(self, client_id: &str, plan: FaultPlan) -> Result<FaultPlanView, Problem> {
        faults::put_plan(&self.service.app, client_id, plan, self.now())
    }

    /// `PATCH merchants/{client_id}/faults`.
    pub fn change_faults(
        self,
        client_id: &str,
        change: FaultPlanChange,
    ) -> Result<FaultPlanView, Problem> {
        faults::change(&self.service.app, client_id, change, self.now())
    }

    /// `DELETE merchants/{client_id}/faults`.
    pub fn clear_faults(self, client_id: &str) -> Result<(), Problem> {
        faults::clear(&self.service.app, client_id)
    }

    /// `GET merchants/{client_id}/lint`.
    pub fn lint(self, client_id: &str) -> Result<Lint, Problem> {
        lint::lint(&self.service.app, client_id, self.now())
    }

    /// `GET requests?…`; `query` is the part after the question mark, and may be empty.
    pub fn requests(self, query: &str) -> Result<Requests, Problem> {
        let query = Form::read(query.as_bytes(), FormRules::LENIENT).unwrap_or_default();
        let filter = Filter::parse(&query)
            .map_err(|what| problem::problem(StatusCode::UNPROCESSABLE_ENTITY, what))?;
        Ok(requests::list(&self.service.app, &filter))
    }

    /// `GET requests?client_id=…` as HAR, written to `out`.
    pub fn archive(self, client_id: &str, out: &mut impl Write) -> std::io::Result<()> {
        requests::archive(&self.service.app, client_id, out)
    }

    /// `GET requests/{id}`.
    pub fn request(self, id: u64) -> Result<ExchangeView, Problem> {
        requests::show(&self.service.app, &self.service.app.origin, id)
    }

    /// `POST requests/verify`.
    pub fn verify(self, expected: &Expected) -> Result<Result<Verified, Failure>, Problem> {
        requests::verify(&self.service.app, expected)
    }

    /// `GET orders`.
    pub fn orders(self, client_id: Option<&str>) -> OrderList {
        orders::list(&self.service.app, client_id, self.now())
    }

    /// `GET orders/{id}`.
    pub fn order(self, id: u64) -> Result<OrderView, Problem> {
        orders::show(&self.service.app, id, self.now())
    }

    /// `POST orders/{id}/complete`. With `follow` it waits for the shop's answer.
    pub fn complete(self, id: u64, wish: &Complete) -> Result<Completed, Problem> {
        let (completed, callback) = orders::complete(&self.service.app, id, wish, self.now())?;
        let Some(wanted) = callback else {
            return Ok(completed);
        };
        Ok(completed.after(callback::bring_blocking(self.service, wanted)))
    }

    /// All tokens that the server remembers, each with its member name in a token answer, so that a
    /// test can check that they do not leak.
    pub fn tokens(self) -> Vec<(&'static str, String)> {
        let state = self.service.app.state();
        let access = state
            .access
            .keys()
            .map(|token| ("access_token", token.to_string()));
        let refresh = state
            .refresh
            .keys()
            .map(|token| ("refresh_token", token.to_string()));
        access.chain(refresh).collect()
    }

    /// All credentials generated from the seed: tokens, and the session ids of orders.
    pub fn issued(self) -> Vec<String> {
        let tokens = self.tokens().into_iter().map(|(_, token)| token);
        let mut issued: Vec<String> = tokens.collect();
        let state = self.service.app.state();
        issued.extend(state.orders.iter().map(|order| order.session.to_string()));
        issued
    }

    /// A text as the journal shows it, with secrets redacted.
    pub fn redacted(self, text: &str) -> String {
        self.service.app.journal_redactor().text(text)
    }

    /// An exchange of the journal, byte for byte and unredacted.
    pub fn recorded(self, id: u64) -> Option<Recorded> {
        let entry = self.service.app.journal().get(id)?;
        Some(Recorded::of(&entry))
    }

    /// A merchant's current customers, with the credit that they have left.
    pub fn customers(self, client_id: &str) -> Result<Vec<Customer>, Problem> {
        let state = self.service.app.state();
        let merchant = state.merchants.get(client_id);
        let merchant = merchant.ok_or_else(|| problem::no_merchant(client_id))?;
        Ok(merchant.customers.iter().cloned().collect())
    }
}
