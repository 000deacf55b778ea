//! The values of the placeholders of a case.

use super::{Session, StepContext};
use crate::server::case::placeholders;
use crate::server::wire::end::Stopped;
use crate::server::wire::exchange::Exchange;
use crate::server::wire::secrets;
use proptest::prelude::Rng as _;
use serde_json::Value;

impl Session<'_> {
    /// Fills in the placeholders: `{{client_id}}`, `{{client_secret}}`, `{{username}}`,
    /// `{{password}}`, `{{basic}}` (the Basic credentials), `{{basic_form}}` (form-encoded first),
    /// `{{reference_id}}` and `{{unique}}` (new ones each time), `{{merchant_order}}` (an id of the
    /// merchant's own, one for each case), `{{token}}`, `{{other_client_id}}`, `{{other_token}}`
    /// and `{{other_refresh_token}}` (of another merchant), and `{{0/access_token}}` (from the
    /// answer to the first request). Each of them may be changed: `{{client_secret|but_last}}` lacks
    /// its last character, `{{client_secret|other_case}}` has capitals for small letters.
    pub(super) fn fill(
        &mut self,
        text: &str,
        context: &StepContext<'_>,
    ) -> Result<String, Stopped> {
        placeholders::fill(text, &mut |name| self.value_of(name, context))
    }

    pub(super) fn value_of(
        &mut self,
        name: &str,
        context: &StepContext<'_>,
    ) -> Result<Option<String>, Stopped> {
        if let Some((name, change)) = name.split_once('|') {
            let value = self.value_of(name, context)?;
            return value.map(|value| near_miss(&value, change)).transpose();
        }
        let no_user = || Stopped::NotTestable("no user name and password are known".to_owned());
        Ok(Some(match name {
            "client_id" | "client_secret" | "username" | "password" | "basic" | "basic_form" => {
                context.account.value_of(name).ok_or_else(no_user)?
            }
            "reference_id" => format!("{:016x}{:016x}", self.rng.next_u64(), self.rng.next_u64()),
            "unique" => format!("{:08x}", self.rng.next_u32()),
            "token" => context.token.clone().unwrap_or_default(),
            "merchant_order" => context.merchant_order.to_owned(),
            "other_client_id" => self.other("access_token")?.0,
            "other_token" => self.other("access_token")?.1,
            "other_refresh_token" => self.other("refresh_token")?.1,
            _ => match from_answer(name, context.answers) {
                None if is_of_an_answer(name) => {
                    let what = format!("an earlier answer has no {name}");
                    return Err(Stopped::Inconclusive(what));
                }
                found => return Ok(found),
            },
        }))
    }

    /// Another merchant's client id, and a member of its token answer.
    pub(super) fn other(&mut self, field: &str) -> Result<(String, String), Stopped> {
        if self.other.is_none() {
            if !self.target.has_admin_api() {
                return Err(Stopped::NotTestable("no second account".to_owned()));
            }
            let other = self
                .target
                .new_merchant(true)
                .map_err(Stopped::Inconclusive)?;
            self.made.push(other.client_id.clone());
            let tokens = self.fetch_tokens(&other)?;
            self.other = Some((other, tokens));
        }
        let found = self.other.as_ref().and_then(|(other, tokens)| {
            let value = tokens[field].as_str()?;
            Some((other.client_id.clone(), value.to_owned()))
        });
        found.ok_or_else(|| Stopped::Inconclusive(format!("no {field}")))
    }
}

/// Whether a placeholder is for a member of an earlier answer.
fn is_of_an_answer(name: &str) -> bool {
    let number = name.split_once('/').map(|(at, _)| at.parse::<usize>());
    matches!(number, Some(Ok(_)))
}

/// `0/access_token`: a member of an earlier answer.
fn from_answer(name: &str, answers: &[Exchange]) -> Option<String> {
    let (at, member) = name.split_once('/')?;
    let answer = answers.get(at.parse::<usize>().ok()?)?.answer()?.json()?;
    Some(match answer.get(member)? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// A value that is nearly the right one.
fn near_miss(value: &str, change: &str) -> Result<String, Stopped> {
    let other = secrets::changed(value, change);
    if other == value || other.is_empty() {
        let why = format!("nothing about the value can be changed ({change})");
        return Err(Stopped::NotTestable(why));
    }
    Ok(other)
}
