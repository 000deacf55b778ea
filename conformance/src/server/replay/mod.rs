//! Replays a transcript against a server, usually a mock, and lists where its answers differ from
//! the recorded ones.
//!
//! Tokens and ids that the recorded server issued are replaced by those that this one issues. With
//! an admin API, time passes as recorded, and orders get the outcomes that the notifications
//! report, as a transcript does not record what customers did.

mod contents;
mod request;
mod text;

pub use contents::{CallDrift, Replay};
pub use text::write;

use crate::server::wire::{
    Answer, Credentials, End, Exchange, Limits, Secrets, Stopped, Surface, Target, readback,
};
use flexiti_contract::comparison::{AnswerView, Asked, Chain, Drift, compare, explain, outcome};
use flexiti_contract::transcript::{self, Recorded};
use flexiti_contract::{Contract, Dialect, Endpoint, Rulebook};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A replay in progress.
struct Player<'a> {
    target: &'a Target,
    rulebook: &'a Rulebook,
    others: Vec<Arc<Rulebook>>,
    limits: Limits,
    chain: Chain,
    /// The accounts on this server, by the client ids of the transcript.
    accounts: HashMap<String, Credentials>,
    secrets: Secrets,
    /// When the last exchange was recorded.
    last: Option<Timestamp>,
}

/// Replays the exchanges of a transcript.
pub fn transcript(
    target: &Target,
    rulebook: &Rulebook,
    recorded: &[Recorded],
    limits: Limits,
) -> anyhow::Result<Replay> {
    let mut player = Player::new(target, rulebook, limits)?;
    player.know_secrets(recorded);
    let mut replay = Replay {
        target: target.base_url.clone(),
        dialect: rulebook.dialect().name.clone(),
        calls: Vec::new(),
        replayed: 0,
        not_replayed: BTreeMap::new(),
        because: None,
    };
    for (at, one) in recorded.iter().enumerate() {
        match player.play(one) {
            Ok(drift) => {
                replay.replayed += 1;
                if !drift.is_empty() {
                    let request = &one.request;
                    replay.calls.push(CallDrift {
                        number: at + 1,
                        at: one.at.clone(),
                        call: format!("{} {}", request.method, request.path),
                        drift,
                    });
                }
            }
            Err(Stopped::NotTestable(why) | Stopped::Inconclusive(why)) => {
                *replay.not_replayed.entry(why).or_default() += 1;
            }
            Err(Stopped::Ended(end)) => {
                replay.because = Some(end.because());
                break;
            }
        }
    }
    Ok(replay)
}

fn left_out<T>(why: &str) -> Result<T, Stopped> {
    Err(Stopped::NotTestable(why.to_owned()))
}

impl<'a> Player<'a> {
    fn new(target: &'a Target, rulebook: &'a Rulebook, limits: Limits) -> anyhow::Result<Self> {
        let contract = Contract::shipped();
        let mut others = Vec::new();
        for name in contract.dialect_names() {
            let dialect: Dialect = contract.dialect(name)?;
            if dialect.answers != rulebook.dialect().answers {
                others.push(Arc::new(Rulebook::compile(contract, dialect)?));
            }
        }
        let mut secrets = Secrets::default();
        secrets.learn(target.main.secrets());
        Ok(Self {
            target,
            rulebook,
            others,
            limits,
            chain: Chain::default(),
            accounts: HashMap::new(),
            secrets,
            last: None,
        })
    }

    /// Maps the secrets that were granted tokens to those of the account; any other was wrong, and
    /// stays wrong.
    fn know_secrets(&mut self, recorded: &[Recorded]) {
        let granted = recorded.iter().filter(|one| {
            let is_token = one.endpoint.as_deref() == Some(Endpoint::Token.id());
            is_token && one.answer.as_ref().is_some_and(|it| it.status < 300)
        });
        for one in granted {
            let Some(client_id) = &one.client_id else {
                continue;
            };
            let Ok(account) = self.account(client_id) else {
                continue;
            };
            for (hidden, kind) in request::hidden_secrets(&one.request) {
                let secret = match kind {
                    request::Secret::Client => Some(account.client_secret.clone()),
                    request::Secret::Password => {
                        account.user.as_ref().map(|(_, password)| password.clone())
                    }
                };
                if let Some(secret) = secret {
                    self.chain.stands_for(&hidden, &secret);
                }
            }
        }
    }

    /// The account for a merchant of the transcript: the one given by the flags for the first
    /// merchant, a new one for each other.
    fn account(&mut self, client_id: &str) -> Result<Credentials, Stopped> {
        if let Some(known) = self.accounts.get(client_id) {
            return Ok(known.clone());
        }
        let account = if self.accounts.is_empty() {
            self.target.main.clone()
        } else if self.target.has_admin_api() {
            let made = self.target.new_merchant(true);
            made.map_err(Stopped::Inconclusive)?
        } else {
            return left_out("a second merchant, and the server has no admin API to make one");
        };
        self.secrets.learn(account.secrets());
        self.chain.stands_for(client_id, &account.client_id);
        self.accounts.insert(client_id.to_owned(), account.clone());
        Ok(account)
    }

    fn play(&mut self, one: &Recorded) -> Result<Vec<Drift>, Stopped> {
        let Some(answer) = &one.answer else {
            return left_out("the recorded server did not answer");
        };
        if !one.request.path.contains(request::BASE) {
            return left_out(
                "not a call of the API; what a customer typed on a hosted page is not recorded",
            );
        }
        let account = match &one.client_id {
            Some(client_id) => self.account(client_id)?,
            None => self.target.main.clone(),
        };
        let endpoint = one.endpoint.as_deref().and_then(Endpoint::from_id);
        self.pass_time(one, &account)?;
        let body = answer.body.clone().unwrap_or_default();
        let left = AnswerView {
            status: answer.status,
            headers: &answer.headers,
            body: body.as_bytes(),
        };
        self.bring(one, endpoint, left)?;
        let prepared =
            request::prepared(&one.request, &self.target.base_url, &account, &self.chain);
        let exchange = self.send(prepared)?;
        let Ok(right) = &exchange.answer else {
            let why = exchange.actual();
            return Err(Stopped::Ended(End::Unreachable(why)));
        };
        let is_kept = answer.body.is_some() || answer.length == 0;
        let right = AnswerView {
            // An unrecorded body cannot be compared.
            body: if is_kept { &right.body } else { b"" },
            ..right.view()
        };
        self.chain.learn(left, right);
        let mut differences = compare(Some(left), Some(right));
        for difference in &mut differences {
            difference.left = self.secrets.hide(&difference.left);
            difference.right = self.secrets.hide(&difference.right);
        }
        let params = endpoint.and_then(|it| readback::parameters(self.rulebook, it, &exchange));
        let asked = Asked {
            rulebook: self.rulebook,
            others: &self.others,
            endpoint,
            params: params.as_ref(),
            refused_by: None,
        };
        Ok(explain(asked, left, right, differences))
    }

    fn send(&mut self, prepared: request::Prepared) -> Result<Exchange, Stopped> {
        self.limits.admit()?;
        let request::Prepared {
            method,
            url,
            headers,
            body,
        } = prepared;
        let answer = self.target.send(&method, &url, &headers, body.as_deref());
        if let Some(json) = answer.as_ref().ok().and_then(Answer::json) {
            self.secrets.learn_issued(&json);
        }
        Ok(Exchange {
            surface: Surface::Api,
            method,
            url,
            sent_headers: headers,
            sent: body.unwrap_or_default(),
            answer,
            secrets: Vec::new(),
            talk: None,
        })
    }

    /// Advances the clock by the time between two recorded calls.
    fn pass_time(&mut self, one: &Recorded, account: &Credentials) -> Result<(), Stopped> {
        let Ok(at) = one.at.parse::<Timestamp>() else {
            return Ok(());
        };
        let since = self.last.replace(at).map(|last| at.duration_since(last));
        let seconds = since.map_or(0, |since| since.as_secs());
        if let Ok(seconds @ 1..) = u64::try_from(seconds)
            && self.target.has_admin_api()
        {
            self.limits.admit()?;
            let advanced = self.target.advance(&account.client_id, seconds);
            advanced.map_err(Stopped::Inconclusive)?;
        }
        Ok(())
    }

    /// Gives the order of a notification the outcome that it reports.
    fn bring(
        &mut self,
        one: &Recorded,
        endpoint: Option<Endpoint>,
        answer: AnswerView<'_>,
    ) -> Result<(), Stopped> {
        const NOTIFICATIONS: [Endpoint; 3] = [
            Endpoint::NotificationOrder,
            Endpoint::NotificationMerchantOrder,
            Endpoint::NotificationOld,
        ];
        if !endpoint.is_some_and(|it| NOTIFICATIONS.contains(&it)) {
            return Ok(());
        }
        let Some(body) = answer.json() else {
            return Ok(());
        };
        let Some(outcome) = outcome(self.rulebook, &body) else {
            return Ok(());
        };
        if !self.target.has_admin_api() {
            return left_out(
                "a notification of what a customer did, and the server has no admin API to play one",
            );
        }
        let named = match &body["transaction_id"] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let last = one.request.path.rsplit('/').next().unwrap_or_default();
        let order = self.chain.get(&named).or_else(|| self.chain.get(last));
        if let Some(order) = order {
            self.limits.admit()?;
            // An order that already has it stays as it is.
            let _ = self.target.complete(order, outcome);
        }
        Ok(())
    }
}

/// Reads the exchanges of a file. An archive from another program does not name the merchant or
/// endpoint.
pub fn read(text: &str) -> Result<Vec<Recorded>, String> {
    let mut all = transcript::read(text)?;
    for one in &mut all {
        let is_call = one.request.path.contains(request::BASE);
        if is_call && one.endpoint.is_none() {
            let endpoint = readback::endpoint_at(Contract::shipped(), &one.request.path);
            one.endpoint = endpoint.map(|endpoint| endpoint.id().to_owned());
        }
        if is_call && one.client_id.is_none() {
            one.client_id = request::client_id(&one.request);
        }
    }
    Ok(all)
}
