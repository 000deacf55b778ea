//! HTTP with the shop's customers: parses requests and builds answers.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};

const COOKIE: &str = "shop_session";
const BODY_LIMIT: usize = 16 * 1024;

/// A parsed request.
pub struct Request {
    /// HEAD is treated as GET.
    pub method: Method,
    /// The path.
    pub path: String,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    form: Option<Vec<(String, String)>>,
}

impl Request {
    /// Reads a request with its body.
    pub async fn read(request: hyper::Request<Incoming>) -> Self {
        let (head, body) = request.into_parts();
        let form = match head.headers.get(header::CONTENT_TYPE) {
            Some(media)
                if media
                    .as_bytes()
                    .starts_with(b"application/x-www-form-urlencoded") =>
            {
                let body = Limited::new(body, BODY_LIMIT).collect().await.ok();
                body.and_then(|body| serde_urlencoded::from_bytes(&body.to_bytes()).ok())
            }
            _ => None,
        };
        let query = head.uri.query().unwrap_or_default();
        Self {
            method: if head.method == Method::HEAD {
                Method::GET
            } else {
                head.method
            },
            path: head.uri.path().to_owned(),
            headers: head.headers,
            query: serde_urlencoded::from_str(query).unwrap_or_default(),
            form,
        }
    }

    /// A parameter of the URL, unless it is empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// Whether there is a readable form.
    pub fn has_form(&self) -> bool {
        self.form.is_some()
    }

    /// A field of the form, unless it is empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        value(self.form.as_ref()?, name)
    }

    /// The session id in the browser's cookie.
    pub fn session(&self) -> Option<&str> {
        let lines = self.headers.get_all(header::COOKIE).iter();
        let mut cookies = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        cookies.find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == COOKIE).then_some(value)
        })
    }

    /// Whether a page of another origin sent this. Browsers send `Origin` with every POST; other
    /// programs need not.
    pub fn is_foreign(&self) -> bool {
        let Some(origin) = self.headers.get(header::ORIGIN) else {
            return false;
        };
        let origin = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"));
        let host = self
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        origin.is_none() || origin.map(|(_, host)| host) != host
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = pairs.iter().find(|(n, _)| n == name)?;
    Some(value.trim()).filter(|value| !value.is_empty())
}

/// An answer.
pub struct Reply(Box<Response<Full<Bytes>>>);

impl Reply {
    /// An answer of this media type.
    pub fn new(status: u16, media: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(Full::new(body.into()));
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reply = Self(Box::new(response));
        let reply = if media.is_empty() {
            reply
        } else {
            reply.with(header::CONTENT_TYPE, media)
        };
        // No caching, so that the back button shows the current state.
        reply
            .with(header::CACHE_CONTROL, "no-store")
            .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .with(header::REFERRER_POLICY, "same-origin")
    }

    /// A page. `flexiti` lists the origins whose pages it may frame or be redirected to by a form:
    /// browsers apply `form-action` to redirects as well.
    pub fn page(status: u16, html: String, flexiti: &str) -> Self {
        let policy = format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; \
             frame-src 'self' {flexiti}; form-action 'self' {flexiti}; \
             frame-ancestors 'self'; base-uri 'none'"
        );
        Self::new(status, "text/html; charset=utf-8", html)
            .with(header::CONTENT_SECURITY_POLICY, &policy)
    }

    /// A redirection that the browser follows with GET.
    pub fn see_other(url: &str) -> Self {
        Self::new(303, "", "").with(header::LOCATION, url)
    }

    /// Sets the session cookie. On https, add `Secure`.
    pub fn in_session(self, id: &str) -> Self {
        let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax");
        self.with(header::SET_COOKIE, &cookie)
    }

    /// Adds a header; a value that is not allowed in a header is dropped.
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// The response for hyper.
    pub fn into_response(self) -> Response<Full<Bytes>> {
        *self.0
    }
}
