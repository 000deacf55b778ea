//! The values of the placeholders of a case.

use super::{Session, StepContext};
use crate::server::case::placeholders;
use crate::server::wire::end::Stopped;
use crate::server::wire::exchange::Exchange;
use crate::server::wire::secrets;
use crate::server::wire::target::Credentials;
use proptest::prelude::Rng as _;
use serde_json::Value;

impl Session<'_> {
    /// Fills in the placeholders: `{{client_id}}`, `{{client_secret}}`, `{{username}}`,
    /// `{{password}}`, `{{basic}}` (the Basic credentials), `{{basic_form}}` (form-encoded first),
    /// `{{reference_id}}` and `{{unique}}` (new each time), `{{merchant_order}}` (a merchant order
    /// id, one for each case), `{{token}}`, `{{other_client_id}}`, `{{other_client_secret}}`,
    /// `{{other_token}}` and `{{other_refresh_token}}` (of another merchant), and
    /// `{{0/access_token}}` (from the answer to the first request). Each may be modified:
    /// `{{client_secret|but_last}}` drops its last character, `{{client_secret|but_first}}` its
    /// first, `{{client_secret|other_last}}` replaces its last, `{{client_secret|other_case}}`
    /// swaps upper and lower case, and `{{merchant_order|digits}}` has decimal instead of
    /// hexadecimal digits.
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
            "other_client_id" => self.other()?.0.client_id.clone(),
            "other_client_secret" => self.other()?.0.client_secret.clone(),
            "other_token" => self.of_other("access_token")?,
            "other_refresh_token" => self.of_other("refresh_token")?,
            _ => match from_answer(name, context.answers) {
                None if is_of_an_answer(name) => {
                    let what = format!("an earlier answer has no {name}");
                    return Err(Stopped::Inconclusive(what));
                }
                found => return Ok(found),
            },
        }))
    }

    /// A member of another merchant's token answer.
    fn of_other(&mut self, member: &str) -> Result<String, Stopped> {
        let (_, tokens) = self.other()?;
        let value = tokens[member].as_str().map(str::to_owned);
        value.ok_or_else(|| Stopped::Inconclusive(format!("no {member}")))
    }

    /// Another merchant's account, and its token answer.
    fn other(&mut self) -> Result<&(Credentials, Value), Stopped> {
        let known = match self.other.take() {
            Some(known) => known,
            None => self.get_to_know_other()?,
        };
        Ok(self.other.insert(known))
    }

    fn get_to_know_other(&mut self) -> Result<(Credentials, Value), Stopped> {
        let (other, is_made) = self.target.other()?;
        if is_made {
            self.made.push(other.client_id.clone());
        }
        let tokens = self.fetch_tokens(&other).map_err(|stopped| match stopped {
            Stopped::Inconclusive(why) => {
                Stopped::Inconclusive(format!("the second account: {why}"))
            }
            other => other,
        })?;
        Ok((other, tokens))
    }
}

/// Whether a placeholder refers to a member of an earlier answer.
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

/// A near miss of the right value.
fn near_miss(value: &str, change: &str) -> Result<String, Stopped> {
    let other = secrets::changed(value, change);
    // A value may already consist of decimal digits.
    if (other == value && change != "digits") || other.is_empty() {
        let why = format!("nothing about the value can be changed ({change})");
        return Err(Stopped::NotTestable(why));
    }
    Ok(other)
}
