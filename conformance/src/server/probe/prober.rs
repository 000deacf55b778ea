//! The state of a probe: what is known about the server so far.

use super::answers::{Answers, Probed};
use super::heard::{Heard, Refusal};
use crate::server::case::requests::request_to;
use crate::server::case::{
    Account, Case, Encoding, Expect, Kind, Params, Payload, RequestTemplate, Step,
};
use crate::server::plan::{JsonTypes, Samples};
use crate::server::wire::{Refused, Session, Stopped};
use flexiti_contract::{Contract, Dialect, Endpoint, Flow, LoadError};
use serde_json::Value;

/// An init request that the server grants, and how it is sent.
#[derive(Debug, Clone)]
pub(super) struct Foothold {
    pub(super) endpoint: Endpoint,
    pub(super) encoding: Encoding,
    /// The fullest granted request.
    pub(super) params: Params,
}

impl Foothold {
    /// The granted amount.
    pub(super) fn amount(&self) -> &str {
        let amount = self
            .params
            .iter()
            .find(|(name, _)| name == "amount_requested");
        amount
            .and_then(|(_, amount)| amount.as_str())
            .unwrap_or("499.99")
    }
}

/// Maximum number of calls of a probe. Few need as many; questions left over are not asked again.
const CALLS: u64 = 400;

/// Asks questions and records the answers.
pub(super) struct Prober<'p, 's> {
    session: &'p mut Session<'s>,
    /// The call budget when the probe began.
    before: u64,
    pub(super) contract: &'static Contract,
    pub(super) yardstick: &'p Dialect,
    pub(super) answers: Answers,
    pub(super) samples: Samples,
    /// The types of values in JSON.
    pub(super) json: JsonTypes,
    pub(super) foothold: Option<Foothold>,
    /// The granted flows on each path, with a request for each.
    pub(super) granted: Vec<(Endpoint, flexiti_contract::Flow, Params)>,
    /// The encodings that init reads.
    pub(super) encodings: Vec<Encoding>,
    pub(super) refusals: Vec<Refusal>,
    /// The members of a token answer that are undocumented.
    pub(super) undocumented: Vec<String>,
    /// Language tags up to this length are judged by the language, not the length.
    pub(super) longest_lang: Option<usize>,
}

impl<'p, 's> Prober<'p, 's> {
    pub(super) fn new(
        session: &'p mut Session<'s>,
        contract: &'static Contract,
        yardstick: &'p Dialect,
    ) -> Self {
        Self {
            before: session.remaining(),
            session,
            contract,
            yardstick,
            answers: Answers::default(),
            samples: Samples::default(),
            json: JsonTypes::default(),
            foothold: None,
            granted: Vec::new(),
            encodings: Vec::new(),
            refusals: Vec::new(),
            undocumented: Vec::new(),
            longest_lang: None,
        }
    }

    /// Sends a request.
    pub(super) fn ask(&mut self, request: RequestTemplate) -> Result<Heard, Stopped> {
        self.ask_after(Vec::new(), request)
    }

    /// Sends requests; the answer to the last one counts. If an earlier one is not granted, nothing
    /// was heard.
    pub(super) fn ask_after(
        &mut self,
        before: Vec<RequestTemplate>,
        request: RequestTemplate,
    ) -> Result<Heard, Stopped> {
        let steps = before.into_iter().chain([request]).map(Step::Send);
        self.ask_steps(Account::Main, steps.collect())
    }

    /// Records how the server refuses an unknown token.
    pub(super) fn learn_token_refused(&mut self, refused: Refused) {
        self.session.learn_token_refused(refused);
    }

    /// Whether the server has an admin API.
    pub(super) fn has_admin_api(&self) -> bool {
        self.session.has_admin_api()
    }

    /// Performs steps on an account; the answer to the last one counts.
    pub(super) fn ask_steps(
        &mut self,
        account: Account,
        steps: Vec<Step>,
    ) -> Result<Heard, Stopped> {
        let case = Case::of_steps("probe", "question", Kind::Positive, steps, Expect::Alive);
        let case = Case { account, ..case };
        let case = self.json.applied(&case).into_owned();
        match self.session.run(&case) {
            Ok(exchanges) => Ok(Heard {
                exchanges,
                asked: Some(case),
            }),
            Err(Stopped::Ended(end)) => Err(Stopped::Ended(end)),
            Err(_) => Ok(Heard::nothing()),
        }
    }

    /// Sends init with these parameters, like the foothold.
    pub(super) fn init(&mut self, params: &Params) -> Result<Heard, Stopped> {
        let Some(foothold) = self.foothold.clone() else {
            return Ok(Heard::nothing());
        };
        self.init_at(foothold.endpoint, foothold.encoding, params)
    }

    /// Sends init to a path in an encoding; in JSON if a form cannot carry the parameters.
    pub(super) fn init_at(
        &mut self,
        endpoint: Endpoint,
        encoding: Encoding,
        params: &Params,
    ) -> Result<Heard, Stopped> {
        let json = self.encodings.contains(&Encoding::Json);
        let request = request_to(endpoint, params, encoding).or_else(|| {
            let json = json.then(|| request_to(endpoint, params, Encoding::Json));
            json.flatten()
        });
        match request {
            Some(request) => self.ask(request),
            None => Ok(Heard::nothing()),
        }
    }

    /// The parameters of an init request as a JSON body.
    pub(super) fn json_body(&self, params: &Params) -> Vec<u8> {
        let endpoint = self.foothold.as_ref().map(|foothold| foothold.endpoint);
        let request = endpoint.and_then(|at| request_to(at, params, Encoding::Json));
        match request.map(|request| self.json.typed(&request).payload) {
            Some(Payload::Json(value)) => value.to_string().into_bytes(),
            _ => Vec::new(),
        }
    }

    /// Sends a request with one defect, and keeps the refusal for its wording.
    pub(super) fn defect(
        &mut self,
        endpoint: Endpoint,
        params: Params,
        request: RequestTemplate,
    ) -> Result<Heard, Stopped> {
        let heard = self.ask(request)?;
        if heard.refused() {
            self.refusals.push(Refusal {
                endpoint,
                params,
                heard: heard.clone(),
            });
        }
        Ok(heard)
    }

    /// The fullest granted init request with one value changed; null removes it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers build the value for it"
    )]
    pub(super) fn base_with(&self, param: &str, value: Value) -> Option<Params> {
        let base = &self.foothold.as_ref()?.params;
        Some(crate::server::plan::replaced(base, param, &value))
    }

    /// The parameters without those that Apply refuses.
    pub(super) fn without_refused(&self, params: &Params) -> Params {
        let mut kept = params.clone();
        if let Some(refused) = self.samples.left_out.get(&Flow::Apply) {
            kept.retain(|(name, _)| !refused.contains(name));
        }
        kept
    }

    /// The maximum length of a parameter, if known.
    pub(super) fn limit(&self, param: &str) -> Option<usize> {
        let noted = self.answers.entry("max_lengths", param);
        let known = match &noted {
            Some(noted) => noted,
            None => self.yardstick.answer(&format!("max_lengths.{param}")),
        };
        usize::try_from(known.as_u64()?).ok()
    }

    /// The encoding for forms, if the server reads one.
    pub(super) fn form(&self) -> Option<Encoding> {
        let mut known = self.encodings.iter().copied();
        known.find(|encoding| *encoding != Encoding::Json)
    }

    /// Records an answer.
    pub(super) fn note(&mut self, knob: &str, answer: impl Into<Value>, heard: &Heard) {
        self.answers.note(knob, answer.into(), heard);
    }

    /// Repeats each question whose answer differs from the yardstick's. If the server changes its
    /// answer, that is recorded as unstable, without guessing.
    pub(super) fn confirm(&mut self) -> Result<(), Stopped> {
        // One request may answer several questions.
        let mut known: Vec<(Case, bool)> = Vec::new();
        for (knob, heard) in self.answers.differing(self.yardstick) {
            let Some(case) = &heard.asked else {
                continue;
            };
            if let Some((_, same)) = known.iter().find(|(asked, _)| asked == case) {
                if !same {
                    self.answers.unstable(&knob);
                }
                continue;
            }
            // Each step may also need a token.
            let steps = u64::try_from(case.steps.len()).unwrap_or(u64::MAX);
            let used = self.before.saturating_sub(self.session.remaining());
            if used.saturating_add(steps.saturating_mul(2)) > CALLS {
                break;
            }
            let again = match self.session.run(case) {
                Ok(exchanges) => Heard {
                    exchanges,
                    asked: None,
                },
                Err(Stopped::Ended(end)) => return Err(Stopped::Ended(end)),
                Err(_) => Heard::nothing(),
            };
            let same = again.signature() == heard.signature();
            if !same {
                self.answers.unstable(&knob);
            }
            known.push((case.clone(), same));
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Probed, LoadError> {
        self.answers
            .finish(self.contract, self.yardstick, self.samples, &self.refusals)
    }
}
