//! The server under test: its addresses, its accounts, and its admin API if it has one.

use super::exchange::{Answer, Exchange, Secret, Surface};
use anyhow::{Context as _, bail};
use reqwest::blocking::Client;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The timeout of a request.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// The success URL of merchants that the runner creates.
pub const SUCCESS_URL: &str = "https://shop.example.com/flexiti/success";
/// The error URL of merchants that the runner creates.
pub const ERROR_URL: &str = "https://shop.example.com/flexiti/error";

/// A merchant's account at the target.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// User name and password for the password grant, if known.
    pub user: Option<(String, String)>,
}

impl Credentials {
    /// The secrets, with the shell variables that replace them in reports.
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets = vec![Secret {
            name: "FLEXITI_CLIENT_SECRET",
            value: self.client_secret.clone(),
        }];
        if let Some((_, password)) = &self.user {
            secrets.push(Secret {
                name: "FLEXITI_PASSWORD",
                value: password.clone(),
            });
        }
        secrets
    }
}

/// A server that can be reached.
#[derive(Debug)]
pub struct Target {
    /// The base URL, ending at `/flexiti/online-api`.
    pub base_url: String,
    /// The account given on the command line.
    pub main: Credentials,
    client: Client,
    admin: Option<Admin>,
}

#[derive(Debug)]
struct Admin {
    url: String,
    token: Option<String>,
}

impl Target {
    /// Checks that a server answers at `base_url`, and whether it has an admin API.
    pub fn connect(
        base_url: &str,
        main: Credentials,
        admin_token: Option<String>,
    ) -> anyhow::Result<Self> {
        let base_url = base_url.trim_end_matches('/').to_owned();
        let url = Url::parse(&base_url).with_context(|| format!("--base-url: `{base_url}`"))?;
        if !matches!(url.scheme(), "http" | "https") {
            bail!("--base-url: `{base_url}`: must begin with http:// or https://");
        }
        let client = Client::builder()
            .timeout(ANSWER_TIME)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let mut target = Self {
            main,
            client,
            admin: None,
            base_url,
        };
        let admin = format!("{}/__admin", url.origin().ascii_serialization());
        let health = target.send(Method::GET.as_str(), &format!("{admin}/health"), &[], None);
        let has_admin_api = health
            .map_err(|why| Unreachable(format!("{}: {why}", target.base_url)))?
            .json()
            .is_some_and(|health| health["status"] == "ok" && !health["contract"].is_null());
        target.admin = has_admin_api.then_some(Admin {
            url: admin,
            token: admin_token,
        });
        Ok(target)
    }

    /// Whether it has an admin API.
    pub fn has_admin_api(&self) -> bool {
        self.admin.is_some()
    }

    /// Sends a request. The error says why there is no answer.
    pub fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, String> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|e| e.to_string())?;
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            let value = reqwest::header::HeaderValue::from_bytes(value.as_bytes());
            request = request.header(name, value.map_err(|e| e.to_string())?);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let started = Instant::now();
        let response = request.send().map_err(|error| innermost(&error))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), value.into_owned())
            })
            .collect();
        let body = response
            .bytes()
            .map_err(|error| innermost(&error))?
            .to_vec();
        Ok(Answer {
            status,
            headers,
            body,
            took: started.elapsed(),
        })
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
        let answer = self.send(method, &url, &headers, body.clone())?;
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
        })
    }
}

/// The target does not answer.
#[derive(Debug, thiserror::Error)]
#[error("target unreachable: {0}")]
pub struct Unreachable(pub String);

/// The root cause of an error, which is the helpful part.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
