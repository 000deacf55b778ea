//! Records what reaches the mock and what is done to it.

pub mod anonymizer;
pub mod steered;

use crate::merchant::record::{Account, Chain, Event, Record, Setting, Tokens, What};
use crate::merchant::stage::recorder::anonymizer::Anonymizer;
use crate::merchant::stage::recorder::steered::Steered;
use crate::merchant::stage::{Stage, last_id};
use crate::merchant::trace::Played;
use anyhow::{Context as _, ensure};
use flexiti_contract::scenario::Scenario;
use flexiti_mock::embed::admin::{Admin, Completed};
use serde::Serialize;
use std::sync::PoisonError;

impl Stage<'_> {
    /// Steers the mock between two calls, and records it.
    pub fn steer(&self, scenario: &Scenario, what: What) -> anyhow::Result<Option<Completed>> {
        let setting = Setting {
            client_id: &self.client_id,
            dialect: &self.dialect,
        };
        self.in_turn(what, |admin, what| setting.perform(admin, scenario, what))
    }

    /// Acts on or observes the mock between two calls, and records it.
    pub fn in_turn<T>(
        &self,
        what: What,
        act: impl FnOnce(Admin<'_>, &What) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.mock.in_turn(|admin, at| {
            let after = last_id(admin)?;
            let done = act(admin, &what);
            let mut steered = self.steered.lock().unwrap_or_else(PoisonError::into_inner);
            steered.push(Steered { after, at, what });
            done
        })
    }

    /// Everything that happened at the mock up to the end of the last scenario. `rest` is what was
    /// observed otherwise.
    pub fn record(
        &mut self,
        lane: usize,
        played: &[Played],
        rest: &impl Serialize,
    ) -> anyhow::Result<Record> {
        let steered = self
            .steered
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let steered = std::mem::take(steered);
        let admin = self.mock.admin();
        let mut tokens = Tokens::default();
        tokens.add(admin.issued());
        let redacted = |text: &str| admin.redacted(text);
        let mut anonymizer =
            Anonymizer::new(&tokens, &redacted, &self.client_id, &self.client_secret);
        let account = Account {
            client_id: self.client_id.clone(),
            client_secret: anonymizer.secret(&self.client_secret),
            success_url: Some(self.driver.callbacks.success.clone()),
            error_url: Some(self.driver.callbacks.error.clone()),
        };
        let dialect = self.dialect();
        let mut chain = Chain::new(self.seed, lane, &dialect, &account);
        let mut events = Vec::new();
        let mut steered = steered.into_iter().peekable();
        for id in 1..self.next_id {
            while let Some(Steered { at, what, .. }) = steered.next_if(|next| next.after < id) {
                let seal = chain.next(at, &what, None);
                events.push(Event { at, what, seal });
            }
            let recorded = admin.recorded(id);
            let recorded = recorded.with_context(|| format!("the journal has lost call {id}"))?;
            let what = What::Call(Box::new(anonymizer.call(&recorded.sent)));
            let answer = tokens.hidden(&String::from_utf8_lossy(&recorded.answer));
            let at = recorded.sent.at;
            let seal = chain.next(at, &what, Some((recorded.status, &answer)));
            events.push(Event { at, what, seal });
        }
        for Steered { at, what, .. } in steered {
            let seal = chain.next(at, &what, None);
            events.push(Event { at, what, seal });
        }
        let mut seals: Vec<String> = Vec::new();
        for (at, play) in played.iter().enumerate() {
            seals.push(chain.seal(at, play));
        }
        seals.push(chain.seal(played.len(), rest));
        ensure!(!events.is_empty(), "nothing happened at the mock");
        Ok(Record {
            lane,
            address: self.mock.address(),
            public_base_url: self.driver.mock.public_base_url.clone(),
            account,
            events,
            seals,
        })
    }
}
