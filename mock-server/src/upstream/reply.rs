//! Builds the answers.

use crate::api::rejection::shaped;
use crate::http::reply::Reply;
use crate::upstream::client::Came;
use crate::upstream::exchange::What;
use crate::upstream::failure::Failure;
use crate::upstream::rewrite::{Owner, Urls};
use crate::upstream::{headers, recorded};
use flexiti_contract::transcript::Answer;
use flexiti_contract::{Endpoint, Refusal, Rulebook};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};

/// The header of an answer that this server gave instead of the upstream's: why none could be
/// passed on.
const UPSTREAM_HEADER: &str = "x-flexiti-mock-upstream";

/// Passes an answer on.
pub fn passed_on(came: &Came, is_head: bool) -> Reply {
    let mut passed = headers::of_answer(&came.headers, is_head);
    let kind = passed.remove(CONTENT_TYPE);
    let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
    let mut reply = Reply::empty(came.status);
    reply.content_type = kind.unwrap_or_default().into();
    reply.body = came.body.clone();
    put(passed, &mut reply);
    reply
}

fn put(headers: HeaderMap, reply: &mut Reply) {
    let mut last = None;
    for (name, value) in headers {
        // Repeated headers follow without their name.
        last = name.or(last);
        if let Some(name) = &last {
            reply.headers.push((name.clone(), value));
        }
    }
}

/// An answer of the transcript, as if it had come from the upstream.
pub fn came(answer: &Answer) -> Came {
    let mut all = HeaderMap::new();
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(&recorded::shown(value));
        if let (Ok(name), Ok(value)) = (name, value) {
            all.append(name, value);
        }
    }
    // An archive contains decoded text, whatever the coding was.
    all.remove(CONTENT_ENCODING);
    let body = answer.body.as_deref().unwrap_or_default();
    Came {
        status: StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY),
        headers: all,
        body: recorded::shown(body).into(),
    }
}

/// An answer with URLs of this server.
pub fn rewritten(
    urls: &Urls,
    what: What,
    mut reply: Reply,
    owner: Option<Owner>,
    shop: Option<&str>,
) -> Reply {
    let mut all: HeaderMap = std::mem::take(&mut reply.headers).into_iter().collect();
    let is_page = what == What::Page;
    urls.answer(&mut all, shop.filter(|_| is_page));
    put(all, &mut reply);
    let body = match what {
        What::Call(Endpoint::InitV2 | Endpoint::InitPlain) => {
            owner.and_then(|owner| urls.init(&reply.body, &owner))
        }
        What::Page => urls.page(&reply.body),
        _ => None,
    };
    if let Some(body) = body {
        reply.body = body.into();
    }
    reply
}

/// Why no answer could be passed on, as a sentence.
pub fn said(origin: &str, failure: &Failure) -> String {
    format!("the upstream {origin}: {}", failure.why)
}

/// This server's answer instead of the upstream's, in the shape of the dialect's refusals.
pub fn refused(
    rulebook: &Rulebook,
    status: StatusCode,
    word: &str,
    why: &str,
    path: &str,
) -> Reply {
    let refusal = Refusal {
        status,
        error: word.to_owned(),
        message: format!("flexiti-mock: {why}"),
        challenge: None,
    };
    let name = HeaderName::from_static(UPSTREAM_HEADER);
    shaped(rulebook, &refusal, path, &[]).with(name, word)
}
