//! A request with its placeholders filled in, as sent.

use super::end::Stopped;
use super::exchange::Surface;
use crate::server::case::placeholders::{self, ValueOf};
use crate::server::case::{Payload, RequestTemplate, To};

/// A request ready to be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The surface it goes to.
    pub surface: Surface,
    /// HTTP method.
    pub method: String,
    /// The full URL.
    pub url: String,
    /// All headers except those that the connection adds.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// Fills in the placeholders of a request to the server at `base_url`.
pub fn prepare(
    request: &RequestTemplate,
    base_url: &str,
    value_of: &mut ValueOf<'_, Stopped>,
) -> Result<Prepared, Stopped> {
    let (surface, mut url) = match &request.to {
        To::Path(path) => {
            let path = placeholders::fill(path, value_of)?;
            (Surface::Api, format!("{base_url}{path}"))
        }
        To::Url(url) => {
            let url = placeholders::fill(url, value_of)?;
            let joined = reqwest::Url::parse(base_url).and_then(|base| base.join(&url));
            let joined = joined.map_err(|e| Stopped::Inconclusive(format!("{url}: {e}")))?;
            (Surface::Pages, joined.to_string())
        }
    };
    if !request.query.is_empty() {
        url = format!("{url}?{}", pairs(&request.query, value_of)?);
    }
    let mut headers = Vec::new();
    let declared = request
        .headers
        .iter()
        .any(|(name, _)| name == "content-type");
    if let Some(media_type) = request.media_type().filter(|_| !declared) {
        headers.push(("content-type".to_owned(), media_type.to_owned()));
    }
    for (name, value) in &request.headers {
        let value = placeholders::fill(value, value_of)?;
        if reqwest::header::HeaderValue::from_bytes(value.as_bytes()).is_err() {
            let why = format!("the value of the header `{name}` cannot be sent");
            return Err(Stopped::Inconclusive(why));
        }
        headers.push((name.clone(), value));
    }
    let body = match &request.payload {
        Payload::None => None,
        Payload::Bytes(bytes) => Some(filled(bytes, value_of)?),
        Payload::Json(value) => {
            let filled = placeholders::fill_json(value, value_of)?;
            Some(filled.to_string().into_bytes())
        }
        Payload::Form(fields) => Some(pairs(fields, value_of)?.into_bytes()),
    };
    Ok(Prepared {
        surface,
        method: request.method.clone(),
        url,
        headers,
        body,
    })
}

/// Pairs encoded as a form or a query string.
fn pairs(
    pairs: &[(String, String)],
    value_of: &mut ValueOf<'_, Stopped>,
) -> Result<String, Stopped> {
    let mut filled = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        filled.push((name, placeholders::fill(value, value_of)?));
    }
    serde_urlencoded::to_string(&filled).map_err(|e| Stopped::Inconclusive(e.to_string()))
}

/// Fills in the placeholders of bytes, as far as these are text.
fn filled<E>(bytes: &[u8], value_of: &mut ValueOf<'_, E>) -> Result<Vec<u8>, E> {
    let end = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    let (text, rest) = bytes.split_at(end);
    let text = String::from_utf8_lossy(text);
    Ok([placeholders::fill(&text, value_of)?.as_bytes(), rest].concat())
}
