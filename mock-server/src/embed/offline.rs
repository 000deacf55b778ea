//! A server without sockets that replays recorded requests: with the same settings, requests, admin
//! calls and times, it gives the same answers.

use crate::clock::Millis;
use crate::config::Settings;
use crate::embed::admin::Admin;
use crate::embed::recording::Sent;
use crate::http::forwarded::Forwarded;
use crate::http::request::{Body, Request};
use crate::model::account::MerchantConfig;
use crate::pipeline::Service;
use anyhow::Context as _;
use flexiti_contract::Rulebook;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;

/// A server without sockets and without a clock.
#[derive(Debug)]
pub struct Offline {
    service: Service,
}

impl Offline {
    /// A server that pretends to listen on `address`, with one merchant in the dialect of
    /// `rulebook`.
    pub fn new(
        account: MerchantConfig,
        seed: u64,
        public_base_url: Option<String>,
        address: SocketAddr,
        rulebook: Arc<Rulebook>,
    ) -> anyhow::Result<Self> {
        let settings = Settings {
            listen: address,
            public_base_url,
            merchants: vec![account],
            dialect: rulebook.dialect().name.clone(),
            seed: Some(seed),
            journal_bytes: 256 * 1024 * 1024,
            journal_limit: 1_000_000,
            ..Settings::default()
        };
        Ok(Self {
            service: Service::new(&settings, rulebook, address)?,
        })
    }

    /// The admin API at this time.
    pub fn admin(&self, at: i64) -> Admin<'_> {
        Admin::new(&self.service).at(at)
    }

    /// Answers a request at the time when it originally came, and records the exchange. `status` is
    /// the original status, which tells why a body was not kept.
    pub fn receive(&self, sent: &Sent, status: u16) -> anyhow::Result<()> {
        let method = Method::from_bytes(sent.method.as_bytes());
        let mut headers = HeaderMap::new();
        for (name, value) in &sent.headers {
            let named: HeaderName = name.parse().with_context(|| format!("header `{name}`"))?;
            let value = HeaderValue::from_bytes(value);
            headers.append(named, value.with_context(|| format!("header `{name}`"))?);
        }
        let request = Request {
            method: method.with_context(|| format!("method `{}`", sent.method))?,
            path: sent.path.clone(),
            query: sent.query.clone(),
            headers,
            body: match &sent.body {
                Some(body) => Body::Read(body.clone().into()),
                None if status == StatusCode::REQUEST_TIMEOUT => Body::TimedOut,
                None if status == StatusCode::BAD_REQUEST => Body::BrokenOff,
                None => Body::TooLarge,
            },
            forwarded: Forwarded::default(),
        };
        let at: Millis = sent.at;
        self.service.handle_at(&request, at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::Mock;
    use crate::embed::internals::post;
    use crate::embed::recording::Recorded;
    use flexiti_contract::Contract;

    /// All recorded exchanges.
    fn all(admin: Admin<'_>) -> Vec<Recorded> {
        (1..).map_while(|id| admin.recorded(id)).collect()
    }

    #[test]
    fn the_same_requests_at_the_same_times_are_answered_alike() {
        let settings = Settings {
            seed: Some(7),
            in_turn: true,
            ..Settings::default()
        };
        let mock = Mock::start(&settings).unwrap();
        let mut form = HeaderMap::new();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        form.insert(hyper::header::CONTENT_TYPE, kind);
        let reference = HeaderValue::from_static("00000000-0000-4000-8000-000000000001");
        form.insert("x-reference-id", reference);
        let demo = MerchantConfig::demo();
        let keys = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            demo.client_id, demo.client_secret
        );
        let path = "/flexiti/online-api/oauth/token";
        for body in [&*keys, "grant_type=%FF", &keys, &"x".repeat(70_000)] {
            post(&mock, path, form.clone(), body);
        }
        let came = all(mock.admin());
        assert_eq!(came.len(), 4);
        let replay = |seed: u64| {
            let contract = Contract::shipped();
            let dialect = contract.dialect("documented").unwrap();
            let rulebook = Arc::new(Rulebook::compile(contract, dialect).unwrap());
            let offline = Offline::new(demo.clone(), seed, None, mock.address(), rulebook);
            let offline = offline.unwrap();
            for exchange in &came {
                offline.receive(&exchange.sent, exchange.status).unwrap();
            }
            all(offline.admin(0))
        };
        assert_eq!(replay(7), came);
        // The tokens depend on the seed.
        assert_ne!(replay(8)[0].answer, came[0].answer);
    }
}
