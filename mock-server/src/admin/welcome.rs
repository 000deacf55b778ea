//! The page at `/`. Flexiti has none, but a person tries this URL first.

use crate::app::App;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::route::{ADMIN, BASE};
use hyper::StatusCode;
use hyper::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY, X_CONTENT_TYPE_OPTIONS};
use serde_json::json;

const PAGE: &str = include_str!("../../templates/welcome.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Says what this server is and where to look, as a page, or as JSON for clients that prefer it.
pub fn page(app: &App, request: &Request) -> Reply {
    let accept = request
        .header(&ACCEPT)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let reply = if quality(&accept, "application/json") > quality(&accept, "text/html") {
        let origin = app.origin_for(request);
        let places = json!({
            "name": env!("CARGO_PKG_NAME"),
            "version": env!("CARGO_PKG_VERSION"),
            "base_url": format!("{origin}{BASE}"),
            "admin_url": format!("{origin}{ADMIN}"),
            "dashboard": format!("{origin}{ADMIN}/"),
            "reference": format!("{origin}{ADMIN}/reference"),
            "openapi": format!("{origin}{ADMIN}/openapi.json"),
        });
        Reply::json(StatusCode::OK, &places)
    } else {
        Reply::html(StatusCode::OK, PAGE.to_owned()).with(CONTENT_SECURITY_POLICY, POLICY)
    };
    reply
        .with(CACHE_CONTROL, "no-store")
        .with(VARY, "accept")
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// How much a client wants a media type, in thousandths; the most specific range wins (RFC 9110,
/// section 12.5.1).
fn quality(accept: &str, media: &str) -> u16 {
    let whole = media.split_once('/').map_or(media, |(kind, _)| kind);
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let near = match parts.next()? {
            "*/*" => 1,
            name if name == media => 3,
            name if name.strip_suffix("/*") == Some(whole) => 2,
            _ => return None,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q="));
        let quality = quality.map_or(Some(1.0), |it| it.parse::<f32>().ok())?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        Some((near, (quality.clamp(0.0, 1.0) * 1000.0) as u16))
    });
    ranges
        .max_by_key(|(near, _)| *near)
        .map_or(0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::quality;

    #[test]
    fn what_names_a_type_best_decides() {
        for (accept, json, html) in [
            ("", 0, 0),
            ("*/*", 1000, 1000),
            ("application/json", 1000, 0),
            ("application/json;q=0.5, */*;q=0.1", 500, 100),
            ("text/html,application/xhtml+xml,*/*;q=0.8", 800, 1000),
            ("*/*, application/json;q=0", 0, 1000),
            ("text/*;q=0.2,application/*", 1000, 200),
            ("application/json;q=x", 0, 0),
            ("application/json;q=NaN,text/html;q=9", 0, 1000),
        ] {
            assert_eq!(quality(accept, "application/json"), json, "{accept}");
            assert_eq!(quality(accept, "text/html"), html, "{accept}");
        }
    }
}
