//! One request to Flexiti: sent, tried again where that does no harm, and read.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const CONNECT_TIME: Duration = Duration::from_secs(3);
const TIME: Duration = Duration::from_secs(10);
/// The pauses between tries.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// How long a customer can be kept waiting because Flexiti asks for a pause.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest pause that is believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A request.
pub struct Ask<'a> {
    /// What the log calls it.
    pub name: &'static str,
    /// Path and query after the base URL.
    pub path: String,
    /// The form to post; without one it is a GET.
    pub form: Option<Vec<(String, &'a str)>>,
    /// When it may be sent again.
    pub again: Again,
}

/// When a request may be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Whenever there was no good answer: it does the same twice as once.
    Always,
    /// Only if it surely was not carried out: no connection, or 429.
    UnlessSent,
}

/// Why there is no good answer.
#[derive(Debug)]
pub enum Trouble {
    /// Flexiti said no.
    Refused,
    /// No answer, or none that can be read: nobody knows what Flexiti did.
    Lost,
}

/// An answer; whether it is good is for the caller to say.
pub struct Answer {
    name: &'static str,
    reference: String,
    /// HTTP status.
    pub status: StatusCode,
    body: Value,
}

impl Answer {
    /// The body of a good answer. A refusal goes to the log with the names of the fields at
    /// fault; their values are the customer's business.
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
    /// Whether it says that all is well, and nobody can tell what.
    fn is_unreadable(&self) -> bool {
        self.status.is_success() && self.body.is_null()
    }
}

/// Connections to Flexiti.
pub struct Wire {
    http: Client,
    base_url: String,
    /// Until when Flexiti wants to be left alone (`Retry-After`): all customers wait.
    quiet_until: Mutex<Instant>,
}

impl Wire {
    /// Connections to the API below `base_url`.
    pub fn new(base_url: &str) -> reqwest::Result<Self> {
        // An error means that another one is chosen already, which does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(TIME)
            // A token goes nowhere but where it was meant to go.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            quiet_until: Mutex::new(Instant::now()),
        })
    }

    /// Sends a request, all tries under the same reference id.
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
                // The URL may name an order, and adds nothing.
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
                // Pairs of texts can always be written.
                .body(serde_urlencoded::to_string(form).unwrap_or_default());
        }
        let response = request.send().await?;
        let status = response.status();
        let pause = response.headers().get(RETRY_AFTER);
        // The other spelling, a date, is left to the pauses between tries.
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

    /// Waits until Flexiti may be asked again; gives up if that is too long for a customer.
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
