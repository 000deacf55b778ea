//! Merchants, the unit of isolation: a test creates one and deletes it afterwards.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Problem, no_merchant, problem};
use crate::app::{App, discard};
use crate::clock::Clock;
use crate::events::What;
use crate::fault::Faults;
use crate::http::reply::Reply;
use crate::model::account::MerchantConfig;
use crate::state::{Customers, Merchant};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The body of `POST merchants`; omitted fields are generated.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMerchant {
    /// OAuth client id, at most 100 characters (R-cur).
    pub client_id: Option<String>,
    /// OAuth client secret, at most 100 characters (R-cur).
    pub client_secret: Option<String>,
    /// User name for the password grant (R-old1).
    pub username: Option<String>,
    /// Password for the password grant (R-old1).
    pub password: Option<String>,
    /// Whether the account is set up for the API; if not, Flexiti answers `invalid_role` (P-err).
    /// Default: true.
    pub provisioned: Option<bool>,
    /// Base URL of the shop, without a trailing slash (GS).
    pub trust_url: Option<String>,
    /// Where a customer who completed the pages lands (GS); `{lang}` becomes `en` or `fr`.
    pub success_url: Option<String>,
    /// Where any other customer lands (GS); `{lang}` becomes `en` or `fr`.
    pub error_url: Option<String>,
    /// The shop's name on the hosted pages; by default the host of its trust URL or success URL, or
    /// its client id.
    pub name: Option<String>,
    /// The shop's name on French pages; `name` if absent.
    pub name_fr: Option<String>,
    /// Language of the hosted pages if init names none: `en` or `fr`.
    pub lang: Option<String>,
    /// Name of the merchant's dialect; the server's own if absent.
    pub dialect: Option<String>,
}

/// A merchant with its keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MerchantView {
    /// Its account; `dialect` is the name of its current dialect.
    #[serde(flatten)]
    pub account: MerchantConfig,
    /// The base URL for the merchant to configure.
    pub base_url: String,
}

/// A list of merchants.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MerchantList {
    /// The merchants without their keys, sorted by client id.
    pub merchants: Vec<MerchantRow>,
}

/// A merchant in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MerchantRow {
    /// OAuth client id.
    pub client_id: String,
    /// Whether the account is set up for the API.
    pub provisioned: bool,
    /// Name of the merchant's dialect.
    pub dialect: String,
}

/// The body of `PATCH merchants/{client_id}`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MerchantChange {
    /// Whether the account is set up for the API.
    pub provisioned: Option<bool>,
}

/// Adds a merchant.
pub fn create(app: &App, new: NewMerchant) -> Result<MerchantView, Problem> {
    let (id, secret) = {
        let mut state = app.state();
        (state.random.hex::<4>(), state.random.hex::<16>())
    };
    let client_id = new.client_id.unwrap_or_else(|| format!("merchant-{id}"));
    let account = MerchantConfig {
        username: new.username.or_else(|| Some(client_id.clone())),
        password: new.password.or_else(|| Some(format!("{secret}-password"))),
        client_id,
        client_secret: new.client_secret.unwrap_or(secret),
        provisioned: new.provisioned.unwrap_or(true),
        trust_url: new.trust_url,
        success_url: new.success_url,
        error_url: new.error_url,
        name: new.name,
        name_fr: new.name_fr,
        lang: new.lang,
        dialect: new.dialect,
        // Only the configuration file decides whose traffic leaves this machine.
        upstream: false,
    };
    let wrong =
        |error: anyhow::Error| problem(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"));
    account.check().map_err(wrong)?;
    // Dialect files are for the command line: API requests must not name paths.
    if let Some(name) = account.dialect.as_deref().filter(|n| !app.dialects.has(n)) {
        return Err(no_dialect(app, "dialect", name));
    }
    let merchant = app.merchant(account).map_err(wrong)?;
    let view = view(app, &merchant);
    let mut state = app.state();
    let client_id = &view.account.client_id;
    if state.merchants.contains_key(client_id) {
        let message = format!("client_id: merchant `{client_id}` already exists");
        return Err(problem(StatusCode::CONFLICT, message));
    }
    state.add(merchant);
    drop(state);
    app.changed(What::Merchants, Some(client_id));
    Ok(view)
}

/// The refusal of an unknown dialect; lists the known ones.
pub(super) fn no_dialect(app: &App, key: &str, name: &str) -> Problem {
    let names = app.contract().dialect_names().join(", ");
    problem(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!("{key}: no `{name}`; there are {names}"),
    )
}

/// Lists all merchants.
pub fn list(app: &App) -> MerchantList {
    let found = |merchant: &Merchant| {
        let rulebook = Arc::clone(&merchant.rulebook);
        let provisioned = merchant.account.provisioned;
        (Arc::clone(&merchant.client_id), provisioned, rulebook)
    };
    // Copy only pointers while the state is locked, because others need it.
    let found: Vec<_> = app.state().merchants.values().map(found).collect();
    let rows = found
        .into_iter()
        .map(|(client_id, provisioned, rulebook)| MerchantRow {
            client_id: client_id.to_string(),
            provisioned,
            dialect: rulebook.dialect().name.clone(),
        });
    let mut merchants: Vec<MerchantRow> = rows.collect();
    merchants.sort_unstable_by(|a, b| a.client_id.cmp(&b.client_id));
    MerchantList { merchants }
}

/// Shows a merchant.
pub fn show(app: &App, id: &str) -> Result<MerchantView, Problem> {
    with(app, id, |merchant| view(app, merchant))
}

/// The result of `see` on a merchant.
pub(super) fn with<T>(
    app: &App,
    id: &str,
    see: impl FnOnce(&mut Merchant) -> T,
) -> Result<T, Problem> {
    let mut state = app.state();
    let merchant = state.merchants.get_mut(id);
    Ok(see(merchant.ok_or_else(|| no_merchant(id))?))
}

/// Changes the settings that may change while tokens and orders live on.
pub fn change(app: &App, id: &str, change: &MerchantChange) -> Result<MerchantView, Problem> {
    let view = with(app, id, |merchant| {
        if let Some(provisioned) = change.provisioned {
            merchant.account.provisioned = provisioned;
        }
        view(app, merchant)
    })?;
    app.changed(What::Merchants, Some(id));
    Ok(view)
}

/// Removes a merchant and everything that belongs to it.
pub fn delete(app: &App, id: &str) -> Result<(), Problem> {
    let gone = app.state().remove(id);
    let gone = gone.ok_or_else(|| no_merchant(id))?;
    discard((gone, app.journal().forget(id)));
    app.changed(What::Merchants, Some(id));
    Ok(())
}

/// Resets a merchant: tokens, orders, customers, journal, faults, clock and dialect.
pub fn reset(app: &App, id: &str) -> Result<(), Problem> {
    let mut state = app.state();
    let merchant = state.merchants.get_mut(id);
    let merchant = merchant.ok_or_else(|| no_merchant(id))?;
    merchant.clock = Clock::default();
    merchant.faults = Faults::none(app.random_of(id));
    merchant.customers = Customers::new(app.configured().customers.clone());
    merchant.rulebook = Arc::clone(&merchant.own_rulebook);
    let gone = state.forget(id);
    drop(state);
    discard((gone, app.journal().forget(id)));
    app.changed(What::Reset, Some(id));
    Ok(())
}

fn view(app: &App, merchant: &Merchant) -> MerchantView {
    let dialect = merchant.rulebook.dialect().name.clone();
    MerchantView {
        account: MerchantConfig {
            dialect: Some(dialect),
            ..merchant.account.clone()
        },
        base_url: app.base_url(),
    }
}

fn shown(call: &AdminRequest<'_>, status: StatusCode, mut view: MerchantView) -> Reply {
    call.for_client(&mut view.base_url);
    Reply::json(status, &view)
}

pub(super) fn post(call: &AdminRequest<'_>) -> Answer {
    let view = create(call.app, call.body()?)?;
    Ok(shown(call, StatusCode::CREATED, view))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
pub(super) fn get_all(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(StatusCode::OK, &list(call.app)))
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    let view = show(call.app, call.id)?;
    Ok(shown(call, StatusCode::OK, view))
}

pub(super) fn patch(call: &AdminRequest<'_>) -> Answer {
    let view = change(call.app, call.id, &call.body()?)?;
    Ok(shown(call, StatusCode::OK, view))
}

pub(super) fn remove(call: &AdminRequest<'_>) -> Answer {
    delete(call.app, call.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(super) fn post_reset(call: &AdminRequest<'_>) -> Answer {
    reset(call.app, call.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
