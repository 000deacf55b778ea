//! Where the upstream's answers come from, and what else is done with them.

use crate::config::{Settings, UpstreamMode, UpstreamSettings};
use crate::http::request::Request;
use crate::journal::Note;
use crate::pipeline::Service;
use crate::upstream::client::{Came, Client};
use crate::upstream::compare::Shadow;
use crate::upstream::exchange::{Exchange, What, date_time};
use crate::upstream::failure::Failure;
use crate::upstream::recorded::Answers;
use crate::upstream::rewrite::Urls;
use crate::upstream::transcript::{self, Transcript};
use flexiti_contract::comparison::Drift;
use std::panic::AssertUnwindSafe;

/// Where answers come from.
#[derive(Debug)]
pub(super) enum Source {
    Server(Box<Server>),
    Recorded(Answers),
}

/// The upstream server, and what is done with its answers.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) client: Client,
    /// `None` if URLs stay as they are.
    pub(super) urls: Option<Urls>,
    pub(super) transcript: Option<Transcript>,
    /// The mock to compare with.
    pub(super) shadow: Option<Shadow>,
}

impl Source {
    pub(super) fn new(
        wanted: &UpstreamSettings,
        settings: &Settings,
        service: &Service,
    ) -> anyhow::Result<Self> {
        let app = &service.app;
        let file = wanted.transcript.as_deref();
        let Some(url) = &wanted.url else {
            let recorded = file.map(transcript::load).transpose()?;
            return Ok(Self::Recorded(Answers::new(recorded.unwrap_or_default())));
        };
        let client = Client::new(url, wanted, app.address)?;
        let urls = wanted
            .rewrites
            .then(|| Urls::new(client.origin(), app.origin.clone()));
        let now = date_time((app.now)());
        let transcript = file.map(|file| Transcript::open(file, &now)).transpose()?;
        let shadow = (wanted.mode == UpstreamMode::Compare)
            .then(|| Shadow::new(settings, app.dialects.own(), app.address));
        Ok(Self::Server(Box::new(Server {
            client,
            urls,
            transcript,
            shadow: shadow.transpose()?,
        })))
    }
}

impl Server {
    /// Writes an exchange to the transcript, if there is one; returns an error message.
    pub(super) fn write(
        &self,
        service: &Service,
        seen: &Exchange<'_>,
        what: What,
    ) -> Option<String> {
        let transcript = self.transcript.as_ref()?;
        let recorded = seen.recorded(&service.app.redactor(), &self.client.origin(), what);
        let error = transcript.append(&recorded).err()?;
        tracing::error!(%error, "the transcript cannot be written; the exchange is not in it");
        Some(format!("the exchange is not in the transcript: {error}"))
    }

    /// Where the mock answers differently; `None` if it is not asked.
    pub(super) fn drift(
        &self,
        service: &Service,
        note: &Note,
        what: What,
        request: &Request,
        came: &Result<Came, Failure>,
    ) -> Option<Vec<Drift>> {
        let (shadow, came) = self.shadow.as_ref().zip(came.as_ref().ok())?;
        if what == What::Page {
            return None;
        }
        let client_id = note.client_id.as_deref().unwrap_or_default();
        let ask = || shadow.ask(service, client_id, note.endpoint, request, came);
        // Even if the mock panics, the upstream's answer is passed on.
        std::panic::catch_unwind(AssertUnwindSafe(ask)).ok()
    }
}
