//! The server under test: its URLs, its accounts, and its admin API if it has one.

use super::answer::Answer;
use super::connection::{Connection, NoAnswer, Reach};
use super::curl;
use super::end::Stopped;
use super::exchange::{Exchange, Surface};
use super::line::Line;
use super::prepared::{Prepared, prepare};
use super::secrets::{self, Names, Secret};
use crate::net::{environment_proxy, is_loopback};
use crate::server::case::requests;
use anyhow::{Context as _, bail};
use reqwest::Url;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The end of every base URL.
pub(super) const BASE: &str = "/flexiti/online-api";
/// The success URL of merchants that the runner creates.
pub const SUCCESS_URL: &str = "https://shop.example.com/flexiti/success";
/// The error URL of merchants that the runner creates.
pub const ERROR_URL: &str = "https://shop.example.com/flexiti/error";

/// A merchant's account at the target.
#[derive(Clone)]
pub struct Credentials {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// User name and password for the password grant, if known.
    pub user: Option<(String, String)>,
    /// Whose account it is.
    pub owner: Owner,
}

/// Whose account it is: the merchant that the run is for, or another one. Neither may be shown
/// anything of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The run's merchant.
    Main,
    /// Another merchant.
    Other,
}

impl Owner {
    /// The shell variables for a secret of this account.
    pub fn names(self, main: Names) -> Names {
        match self {
            Self::Main => main,
            Self::Other => main.of_another(),
        }
    }
}

impl fmt::Debug for Credentials {
    /// Omits the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.client_id).finish()
    }
}

impl Credentials {
    /// The secrets, with the shell variables that replace them in reports.
    pub fn secrets(&self) -> Vec<Secret> {
        let names = self.owner.names(secrets::CLIENT_SECRET);
        let mut found = secrets::spellings(names, &self.client_secret);
        if !self.client_secret.is_empty() && self.owner == Owner::Main {
            found.push(secrets::basic(&self.client_id, &self.client_secret));
        }
        if let Some((_, password)) = &self.user {
            found.extend(secrets::spellings(secrets::PASSWORD, password));
        }
        found
    }

    /// The value of a placeholder that depends only on the account.
    pub fn value_of(&self, name: &str) -> Option<String> {
        let user = self.user.as_ref();
        match name {
            "client_id" => Some(self.client_id.clone()),
            "client_secret" => Some(self.client_secret.clone()),
            "username" => user.map(|user| user.0.clone()),
            "password" => user.map(|user| user.1.clone()),
            "basic_form" => {
                let encoded = [&self.client_id, &self.client_secret].map(|text| form_encoded(text));
                Some(secrets::basic(&encoded[0], &encoded[1]).value)
            }
            "basic" => Some(secrets::basic(&self.client_id, &self.client_secret).value),
            "reference_id" => Some("0123456789abcdef".repeat(2)),
            _ => None,
        }
    }
}

/// A server that can be called.
#[derive(Debug)]
pub struct Target {
    /// The base URL, ending in `/flexiti/online-api`.
    pub base_url: String,
    /// The account given on the command line.
    pub main: Credentials,
    /// Another merchant's account, if there is one.
    other: Option<Credentials>,
    connection: Connection,
    admin: Option<Admin>,
    reach: Reach,
}

struct Admin {
    url: String,
    token: Option<String>,
}

impl fmt::Debug for Admin {
    /// Omits the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admin").field(&self.url).finish()
    }
}

impl Target {
    /// Checks that a server answers at `base_url` on loopback, and whether it has an admin API.
    pub fn connect(
        base_url: &str,
        main: Credentials,
        admin_token: Option<String>,
    ) -> anyhow::Result<Self> {
        let mut target = Self::new(base_url, main, Reach::default())?;
        let found = target.find_admin_api(admin_token);
        found.map_err(|none| Unreachable(format!("{}: {}", target.base_url, none.why)))?;
        Ok(target)
    }

    /// A server that has not been called yet. An error names the flag at fault.
    pub fn new(base_url: &str, main: Credentials, reach: Reach) -> anyhow::Result<Self> {
        let url = base(base_url)?;
        if let Some(why) = reach.hosts.refusal(&url) {
            bail!("--base-url: {why}");
        }
        Ok(Self {
            base_url: url.as_str().trim_end_matches('/').to_owned(),
            main,
            other: None,
            connection: Connection::new(&reach)?,
            admin: None,
            reach,
        })
    }

    /// Adds another merchant's account.
    #[must_use]
    pub fn with_other(self, other: Option<Credentials>) -> Self {
        Self { other, ..self }
    }

    /// Another merchant's account: the given one, or one made with the admin API. The flag says
    /// whether it was made, so that the run must remove it.
    pub(super) fn other(&self) -> Result<(Credentials, bool), Stopped> {
        if let Some(other) = &self.other {
            return Ok((other.clone(), false));
        }
        if !self.has_admin_api() {
            let why = "no second account; --other-client-id names one";
            return Err(Stopped::NotTestable(why.to_owned()));
        }
        let made = self.new_merchant(true).map_err(Stopped::Inconclusive)?;
        let owner = Owner::Other;
        Ok((Credentials { owner, ..made }, true))
    }

    /// Looks for a mock's admin API. Outside loopback, only with a token: the server may be a live
    /// system.
    pub fn find_admin_api(&mut self, token: Option<String>) -> Result<(), NoAnswer> {
        let Ok(url) = Url::parse(&self.base_url) else {
            return Ok(());
        };
        if !is_loopback(&url) && token.is_none() {
            return Ok(());
        }
        let url = format!("{}/__admin", url.origin().ascii_serialization());
        let health = self
            .send("GET", &format!("{url}/health"), &[], None)?
            .json();
        let is_mock = |health: &Value| health["status"] == "ok" && !health["contract"].is_null();
        self.admin = health.filter(is_mock).map(|_| Admin { url, token });
        Ok(())
    }

    /// Whether it has an admin API.
    pub fn has_admin_api(&self) -> bool {
        self.admin.is_some()
    }

    /// Sends a request.
    pub fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Result<Answer, NoAnswer> {
        self.connection.send(method, url, headers, body)
    }

    /// Whether connections go through a proxy rather than directly to the server.
    pub(super) fn is_behind_proxy(&self) -> bool {
        let is_near = Url::parse(&self.base_url).is_ok_and(|url| is_loopback(&url));
        !is_near && (self.reach.proxy.is_some() || environment_proxy().is_some())
    }

    /// Opens a raw connection to the server.
    pub(super) fn line(&self) -> anyhow::Result<Line> {
        Line::to(&Url::parse(&self.base_url)?, self.reach.ca.as_deref())
    }

    /// The usual token request of the main account.
    pub(super) fn token_request(&self) -> Result<Prepared, Stopped> {
        self.token_request_at(&self.base_url)
    }

    /// The usual token request of the main account, at another base URL.
    pub(super) fn token_request_at(&self, base_url: &str) -> Result<Prepared, Stopped> {
        let value_of = &mut |name: &str| Ok(self.main.value_of(name));
        prepare(&requests::token_request(), base_url, value_of)
    }

    /// Command lines that get a token: for the main account, and for the other one if the reader
    /// has it.
    pub fn token_curls(&self) -> curl::TokenRequests {
        let ask = |account: &Credentials| {
            let value_of = &mut |name: &str| Ok(account.value_of(name));
            let request = prepare(&requests::token_request(), &self.base_url, value_of).ok()?;
            Some(curl::of_request(&request, &account.secrets()))
        };
        curl::TokenRequests {
            main: ask(&self.main).unwrap_or_default(),
            other: self.other.as_ref().and_then(ask),
        }
    }

    /// Why a URL from an answer must not be fetched.
    pub(super) fn refusal(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        self.reach.hosts.refusal(&url)
    }

    /// Set when the run has to end.
    pub fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.reach.interrupted)
    }

    /// Creates a merchant.
    pub fn new_merchant(&self, provisioned: bool) -> Result<Credentials, String> {
        let merchant = json!({
            "provisioned": provisioned,
            "success_url": SUCCESS_URL,
            "error_url": ERROR_URL,
        });
        let made = self.admin("POST", "/merchants", &merchant)?;
        let text = |key: &str| made[key].as_str().map(str::to_owned);
        let (Some(client_id), Some(client_secret)) = (text("client_id"), text("client_secret"))
        else {
            return Err(format!("the admin API made no merchant: {made}"));
        };
        Ok(Credentials {
            client_id,
            client_secret,
            user: text("username").zip(text("password")),
            owner: Owner::Main,
        })
    }

    /// Removes a merchant that the runner created.
    pub fn remove_merchant(&self, client_id: &str) -> Result<(), String> {
        self.admin("DELETE", &format!("/merchants/{client_id}"), &Value::Null)
            .map(drop)
    }

    /// Advances a merchant's clock.
    pub fn advance(&self, client_id: &str, seconds: u64) -> Result<(), String> {
        let change = json!({"advance_ms": seconds * 1_000});
        self.admin("PUT", &format!("/merchants/{client_id}/clock"), &change)
            .map(drop)
    }

    /// Revokes a merchant's role.
    pub fn deprovision(&self, client_id: &str) -> Result<(), String> {
        let change = json!({"provisioned": false});
        self.admin("PATCH", &format!("/merchants/{client_id}"), &change)
            .map(drop)
    }

    /// Brings an order to an outcome, as its customer would.
    pub fn complete(&self, order: &str, outcome: &str) -> Result<Exchange, String> {
        let wish = json!({"outcome": outcome});
        self.call_admin("POST", &format!("/orders/{order}/complete"), &wish)
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let exchange = self.call_admin(method, path, body)?;
        Ok(exchange.answer().and_then(Answer::json).unwrap_or_default())
    }

    /// Calls the admin API; a refusal is an error.
    fn call_admin(&self, method: &str, path: &str, body: &Value) -> Result<Exchange, String> {
        let admin = self.admin.as_ref().ok_or("the target has no admin API")?;
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let mut secrets = Vec::new();
        if let Some(token) = &admin.token {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
            secrets.push(Secret {
                name: "FLEXITI_MOCK_ADMIN_TOKEN",
                value: token.clone(),
            });
        }
        let body = (!body.is_null()).then(|| body.to_string().into_bytes());
        let url = format!("{}{path}", admin.url);
        let answer = self.send(method, &url, &headers, body.as_deref());
        let answer = answer.map_err(|none| none.why)?;
        if !(200..300).contains(&answer.status) {
            let (status, text) = (answer.status, answer.text());
            return Err(format!("{method} {path}: {status} {text}"));
        }
        Ok(Exchange {
            surface: Surface::Admin,
            method: method.to_owned(),
            url,
            sent_headers: headers,
            sent: body.unwrap_or_default(),
            answer: Ok(answer),
            secrets,
            talk: None,
        })
    }
}

/// Form-encodes a text, as RFC 6749, 2.3.1, requires of credentials in Basic.
fn form_encoded(text: &str) -> String {
    let pair = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
    pair.trim_start_matches('=').to_owned()
}

/// The target does not answer.
#[derive(Debug, thiserror::Error)]
#[error("target unreachable: {0}")]
pub struct Unreachable(pub String);

/// Parses the base URL of a server.
pub fn base(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| format!("--base-url: `{text}`"))?;
    // The rest of the URL is not repeated, as it may be a password.
    let more = !url.username().is_empty() || url.password().is_some();
    if more || url.query().is_some() || url.fragment().is_some() {
        bail!("--base-url: expected an address without user name, password, `?` and `#`");
    }
    if !matches!(url.scheme(), "http" | "https") {
        bail!("--base-url: `{text}`: must begin with http:// or https://");
    }
    Ok(url)
}
