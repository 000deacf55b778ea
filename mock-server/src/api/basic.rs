//! The client's keys in a Basic `Authorization` header, raw or form-encoded (RFC 6749, section
//! 2.3.1).

use crate::api::call::Call;
use crate::api::rejection::{Hint, Rejection};
use crate::http::request::Request;
use base64::Engine as _;
use flexiti_contract::dialect::BasicEncoding;
use flexiti_contract::{ErrorId, Rule};
use hyper::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use subtle::ConstantTimeEq as _;

/// A client's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The user name.
    pub client_id: String,
    /// The password.
    pub client_secret: String,
}

impl Keys {
    fn form_decoded(&self) -> Self {
        Self {
            client_id: form_decoded(&self.client_id),
            client_secret: form_decoded(&self.client_secret),
        }
    }

    fn are_right(&self, call: &Call<'_>) -> bool {
        let state = call.app.state();
        let merchant = state.merchants.get(&self.client_id);
        let given = self.client_secret.as_bytes();
        merchant.is_some_and(|it| it.account.client_secret.as_bytes().ct_eq(given).into())
    }
}

/// Form-decodes a value; invalid escapes are kept as they are.
pub fn form_decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// The part of a Basic `Authorization` header after the scheme.
fn encoded(request: &Request) -> Option<String> {
    let header = request.header(&AUTHORIZATION)?;
    let (scheme, encoded) = header.split_once(' ')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    is_basic.then(|| encoded.trim().to_owned())
}

/// The keys in a Basic `Authorization` header, without form-decoding.
pub fn keys(request: &Request) -> Option<Keys> {
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded(request)?);
    let text = String::from_utf8(decoded.ok()?).ok()?;
    let (client_id, client_secret) = text.split_once(':')?;
    Some(Keys {
        client_id: client_id.to_owned(),
        client_secret: client_secret.to_owned(),
    })
}

/// The keys in a Basic `Authorization` header as the dialect reads them; `None` if it ignores such
/// headers.
pub(super) fn read(call: &Call<'_>) -> Option<Keys> {
    let keys = keys(call.request).filter(|_| call.rulebook.enforces(Rule::Basic))?;
    Some(match call.rulebook.knobs().basic_encoding {
        BasicEncoding::Raw => keys,
        BasicEncoding::Form => keys.form_decoded(),
        BasicEncoding::Either if keys.are_right(call) => keys,
        BasicEncoding::Either => {
            let decoded = keys.form_decoded();
            if decoded.are_right(call) {
                decoded
            } else {
                keys
            }
        }
    })
}

/// Adds the Basic challenge to a refusal if the client tried the Basic scheme.
pub(super) fn told(call: &Call<'_>, rejection: Rejection) -> Rejection {
    let is_about_keys = matches!(
        rejection.error,
        ErrorId::ClientIdMissing | ErrorId::ClientSecretMissing | ErrorId::ClientUnknown
    );
    let was_tried = encoded(call.request).is_some() && call.rulebook.enforces(Rule::Basic);
    if !is_about_keys || !was_tried {
        return rejection;
    }
    let keys = keys(call.request);
    let other = match call.rulebook.knobs().basic_encoding {
        BasicEncoding::Raw => keys.map(|keys| (keys.form_decoded(), Hint::FormEncoded)),
        BasicEncoding::Form => keys.map(|keys| (keys, Hint::NotFormEncoded)),
        BasicEncoding::Either => None,
    };
    let other = other.filter(|(keys, _)| keys.are_right(call));
    Rejection {
        basic: call.rulebook.knobs().challenge,
        hint: other.map(|(_, hint)| hint),
        ..rejection
    }
}
