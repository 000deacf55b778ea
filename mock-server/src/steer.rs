//! The admin API for tests written in Rust: the same calls with the same shapes, and no HTTP.
//!
//! ```
//! use flexiti_mock::steer::{ClockChange, NewMerchant};
//!
//! let mock = flexiti_mock::Mock::start(&flexiti_mock::Settings::default())?;
//! let admin = mock.admin();
//! let shop = admin.create_merchant(NewMerchant::default())?;
//! let later = ClockChange { advance_ms: Some(1_200_000), ..ClockChange::default() };
//! admin.set_clock(&shop.client_id, &later)?;
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
pub use crate::admin::server::Health;
pub use crate::checkout::acts::Wanted;
pub use crate::fault::{
    Action, Fault, FaultView, Match as FaultMatch, Plan, PlanChange, PlanView, Target,
};
pub use crate::journal::{Broken, Exchange, Row, Why};
pub use crate::lint::Finding;
pub use crate::place::Place;
pub use crate::verify::{Expected, Failure, Match, Named, NearMiss, Range, Times};

use crate::admin::{clock, dialect, faults, lint, merchants, orders, problem, requests, server};
use crate::app::App;
use crate::body::{Form, FormRules};
use crate::clock::Millis;
use crate::follow;
use crate::journal::Filter;

/// Steers a server of this process. A [`Problem`] has the status and the words of the refusal
/// that HTTP would bring.
#[derive(Debug, Clone, Copy)]
pub struct Admin<'a> {
    app: &'a App,
}

impl<'a> Admin<'a> {
    /// Steers `app`.
    pub fn new(app: &'a App) -> Self {
        Self { app }
    }

    fn now(self) -> Millis {
        (self.app.now)()
    }

    /// `GET health`.
    pub fn health(self) -> Health {
        server::health(self.app)
    }

    /// `POST reset`.
    pub fn reset(self) -> Result<(), Problem> {
        server::reset(self.app)
    }

    /// `GET metrics`.
    pub fn metrics(self) -> Result<String, Problem> {
        server::metrics(self.app)
    }

    /// `GET dialects`.
    pub fn dialects(self) -> DialectList {
        dialect::list(self.app)
    }

    /// `GET merchants`.
    pub fn merchants(self) -> MerchantList {
        merchants::list(self.app)
    }

    /// `POST merchants`.
    pub fn create_merchant(self, new: NewMerchant) -> Result<MerchantView, Problem> {
        merchants::create(self.app, new)
    }

    /// `GET merchants/{client_id}`.
    pub fn merchant(self, client_id: &str) -> Result<MerchantView, Problem> {
        merchants::show(self.app, client_id)
    }

    /// `PATCH merchants/{client_id}`.
    pub fn change_merchant(
        self,
        client_id: &str,
        change: &MerchantChange,
    ) -> Result<MerchantView, Problem> {
        merchants::change(self.app, client_id, change)
    }

    /// `DELETE merchants/{client_id}`.
    pub fn delete_merchant(self, client_id: &str) -> Result<(), Problem> {
        merchants::delete(self.app, client_id)
    }

    /// `POST merchants/{client_id}/reset`.
    pub fn reset_merchant(self, client_id: &str) -> Result<(), Problem> {
        merchants::reset(self.app, client_id)
    }

    /// `GET merchants/{client_id}/clock`.
    pub fn clock(self, client_id: &str) -> Result<ClockView, Problem> {
        clock::show(self.app, client_id, self.now())
    }

    /// `PUT merchants/{client_id}/clock`.
    pub fn set_clock(self, client_id: &str, change: &ClockChange) -> Result<ClockView, Problem> {
        clock::set(self.app, client_id, change, self.now())
    }

    /// `GET merchants/{client_id}/dialect`.
    pub fn dialect(self, client_id: &str) -> Result<DialectView, Problem> {
        dialect::show(self.app, client_id)
    }

    /// `PUT merchants/{client_id}/dialect`.
    pub fn set_dialect(
        self,
        client_id: &str,
        change: &DialectChange,
    ) -> Result<DialectView, Problem> {
        dialect::set(self.app, client_id, change)
    }

    /// `GET merchants/{client_id}/faults`.
    pub fn faults(self, client_id: &str) -> Result<PlanView, Problem> {
        faults::show(self.app, client_id)
    }

    /// `PUT merchants/{client_id}/faults`.
    pub fn plan_faults(self, client_id: &str, plan: Plan) -> Result<PlanView, Problem> {
        faults::put_plan(self.app, client_id, plan, self.now())
    }

    /// `PATCH merchants/{client_id}/faults`.
    pub fn change_faults(self, client_id: &str, change: PlanChange) -> Result<PlanView, Problem> {
        faults::change(self.app, client_id, change, self.now())
    }

    /// `DELETE merchants/{client_id}/faults`.
    pub fn clear_faults(self, client_id: &str) -> Result<(), Problem> {
        faults::clear(self.app, client_id)
    }

    /// `GET merchants/{client_id}/lint`.
    pub fn lint(self, client_id: &str) -> Result<Lint, Problem> {
        lint::lint(self.app, client_id, self.now())
    }

    /// `GET requests?…`; `query` is what follows the question mark, and may be empty.
    pub fn requests(self, query: &str) -> Result<Requests, Problem> {
        let rules = FormRules {
            literal_percent: true,
            lossy: true,
        };
        let query = Form::read(query.as_bytes(), rules).unwrap_or_default();
        let filter = Filter::parse(&query).map_err(|what| problem::problem(422, what))?;
        Ok(requests::list(self.app, &filter))
    }

    /// `GET requests/{id}`.
    pub fn request(self, id: u64) -> Result<Exchange, Problem> {
        requests::show(self.app, id)
    }

    /// `POST requests/verify`.
    pub fn verify(self, expected: &Expected) -> Result<Result<Verified, Failure>, Problem> {
        requests::verify(self.app, expected)
    }

    /// `GET orders`.
    pub fn orders(self, client_id: Option<&str>) -> OrderList {
        orders::list(self.app, client_id, self.now())
    }

    /// `GET orders/{id}`.
    pub fn order(self, id: u64) -> Result<OrderView, Problem> {
        orders::show(self.app, id, self.now())
    }

    /// `POST orders/{id}/complete`. With `follow` it waits for the shop's answer.
    pub fn complete(self, id: u64, wish: &Complete) -> Result<Completed, Problem> {
        let (completed, callback) = orders::complete(self.app, id, wish, self.now())?;
        let Some(callback) = callback else {
            return Ok(completed);
        };
        Ok(completed.after(follow::bring_blocking(self.app, callback)))
    }
}
