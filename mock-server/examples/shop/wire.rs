//! Sends one request to Flexiti, retries it where that does no harm, and reads the answer.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const CONNECT_TIME: Duration = Duration::from_secs(3);
const TIME: Duration = Duration::from_secs(10);
/// The pauses before retries.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// How long a customer waits at most when Flexiti asks for a pause.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest `Retry-After` that is respected.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A request to send.
pub struct Ask<'a> {
    /// What the log calls it.
    pub name: &'static str,
    /// Path and query, relative to the base URL.
    pub path: String,
    /// The form to post; without one, the request is a GET.
    pub form: Option<Vec<(String, &'a str)>>,
    /// When it may be retried.
    pub again: Again,
}

/// When a request may be retried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// After any failure: the request is idempotent.
    Always,
    /// Only if it certainly was not carried out: no connection, or 429.
    UnlessSent,
}

/// Why there is no good answer.
#[derive(Debug)]
pub enum Trouble {
    /// Flexiti refused.
    Refused,
    /// No readable answer: what Flexiti did is unknown.
    Lost,
}

/// An answer, good or not.
pub struct Answer {
    name: &'static str,
    reference: String,
    /// HTTP status.
    pub status: StatusCode,
    body: Value,
}

impl Answer {
    /// The body of a good answer. A refusal is logged with the names of the fields at fault, but
    /// not their values, which are private.
    pub fn ok(self) -> Result<Value, Trouble> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let error = self.body.get("error").and_then(Value::as_str);
        let rows = self.body.get("field_errors").and_then(Value::as_array);
        let names = rows.into_iter().flatten();
        let names: Vec<&str> = names.filter_map(|row| row.get("param")?.as_str()).collect();
        let fields = names.join(" ");
        let (name, reference, status) = (self.name, self.reference, self.status.as_u16());
        tracing::warn!(name, reference, status, error, fields, "refused");
        if self.status.is_client_error() {
            Err(Trouble::Refused)
        } else {
            Err(Trouble::Lost)
        }
    }
}

impl Answer {
    /// Whether it reports success with an unreadable body.
    fn is_unreadable(&self) -> bool {
        self.status.is_success() && self.body.is_null()
    }
}

/// Connections to Flexiti.
pub struct Wire {
    http: Client,
    base_url: String,
    /// Until when Flexiti wants no requests (`Retry-After`). It holds for all customers.
    quiet_until: Mutex<Instant>,
}

impl Wire {
    /// Connections to the API at `base_url`.
    pub fn new(base_url: &str) -> reqwest::Result<Self> {
        // An error means that a provider is already installed, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(TIME)
            // Never send a token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            quiet_until: Mutex::new(Instant::now()),
        })
    }

    /// Sends a request; all tries have the same reference id.
    pub async fn send(
        &self,
        ask: &Ask<'_>,
        reference: &str,
        access: Option<&str>,
    ) -> Result<Answer, Trouble> {
        let mut pauses = PAUSES.iter();
        loop {
            self.wait_until_welcome().await?;
            let came = self.once(ask, reference, access).await;
            let safe = ask.again == Again::Always;
            let again = match &came {
                Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => true,
                Ok(answer) => safe && (answer.status.is_server_error() || answer.is_unreadable()),
                Err(error) => safe || error.is_connect(),
            };
            if again && let Some(pause) = pauses.next() {
                tokio::time::sleep(*pause).await;
                continue;
            }
            return came.map_err(|error| {
                // The URL may contain an order id, and adds nothing.
                let error = error.without_url();
                tracing::warn!(name = ask.name, reference, %error, "no answer");
                Trouble::Lost
            });
        }
    }

    async fn once(
        &self,
        ask: &Ask<'_>,
        reference: &str,
        access: Option<&str>,
    ) -> reqwest::Result<Answer> {
        let method = if ask.form.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let url = format!("{}{}", self.base_url, ask.path);
        let mut request = self
            .http
            .request(method, url)
            .header("x-reference-id", reference);
        if let Some(access) = access {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {access}"))
                .unwrap_or(HeaderValue::from_static(""));
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(form) = &ask.form {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                // Pairs of strings always serialize.
                .body(serde_urlencoded::to_string(form).unwrap_or_default());
        }
        let response = request.send().await?;
        let status = response.status();
        let pause = response.headers().get(RETRY_AFTER);
        // The other form, a date, is ignored; the pauses between tries cover it.
        let pause = pause.and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(seconds) = pause
            && matches!(status.as_u16(), 429 | 503)
        {
            let pause = Duration::from_secs(seconds).min(LONGEST_PAUSE);
            *self.quiet() = Instant::now() + pause;
        }
        let bytes = response.bytes().await?;
        tracing::info!(
            name = ask.name,
            reference,
            status = status.as_u16(),
            "answered"
        );
        Ok(Answer {
            name: ask.name,
            reference: reference.to_owned(),
            status,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        })
    }

    /// Waits until Flexiti accepts requests again; fails if that is too long for a customer.
    async fn wait_until_welcome(&self) -> Result<(), Trouble> {
        let until = *self.quiet();
        let left = until.saturating_duration_since(Instant::now());
        if left > PATIENCE {
            return Err(Trouble::Lost);
        }
        tokio::time::sleep(left).await;
        Ok(())
    }

    fn quiet(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.quiet_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
