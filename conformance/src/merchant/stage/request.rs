//! Requests of the driver file, ready to be sent.

use crate::merchant::driver::{Request, filled, filled_json, filled_url};
use crate::merchant::stage::browser::Outgoing;
use crate::merchant::stage::browser::cookies::From;
use reqwest::Method;
use serde_json::Value;

/// A request of the driver file with its placeholders filled in.
pub struct Prepared {
    method: Method,
    url: String,
    form: Vec<(String, String)>,
    json: Option<Value>,
    headers: Vec<(String, String)>,
}

impl Prepared {
    /// Fills in the placeholders of a request.
    pub fn new(request: &Request, values: &[(String, String)]) -> Self {
        let pair = |(name, value): (&String, &String)| (name.clone(), filled(value, values));
        Self {
            // The driver file was validated, so the method parses.
            method: request.method.parse().unwrap_or(Method::GET),
            url: filled_url(&request.url, values),
            form: request.form.iter().map(pair).collect(),
            json: request.json.as_ref().map(|json| filled_json(json, values)),
            headers: request.headers.iter().map(pair).collect(),
        }
    }

    /// The request as sent from the shop's pages.
    pub fn as_outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            method: self.method.clone(),
            url: &self.url,
            form: &self.form,
            json: self.json.clone(),
            headers: &self.headers,
            from: From::Shop,
        }
    }
}
