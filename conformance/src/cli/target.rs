//! Turns the flags about a server into a server that can be called.

use super::args::TargetArgs;
use super::say::complain;
use super::{secret, signals};
use crate::net::is_loopback;
use crate::server::run::{self, Options};
use crate::server::{
    AllowedHosts, Blocked, Credentials, Owner, Reach, Target, base, name_of, selftest,
};
use anyhow::Context as _;
use flexiti_contract::Rulebook;
use flexiti_mock::{Mock, Settings};
use std::sync::Arc;

/// The client id of the mock's demo account.
pub const DEMO_CLIENT: &str = "flexitidemo";
/// Maximum requests per second to hosts other than loopback, unless --rate says otherwise.
const GENTLE: f64 = 5.0;

/// A server that may be called, and the mock behind it if the runner started one.
pub struct Reached {
    /// The server.
    pub target: Target,
    /// Whether it is on loopback.
    pub is_near: bool,
    mock: Option<Mock>,
}

/// Starts a mock that enforces the rulebook, or prepares calls to the server given by the flags.
/// Sends nothing yet; an error names the flag at fault.
pub fn reach(
    args: &TargetArgs,
    rulebook: &Arc<Rulebook>,
    options: &mut Options,
) -> anyhow::Result<Reached> {
    let reach = Reach {
        hosts: AllowedHosts::new(args.way.allow_host.clone(), args.way.allow_production),
        ca: args.way.ca.clone(),
        proxy: args.way.proxy.clone(),
        interrupted: signals::watch()?,
    };
    let Some(base_url) = &args.base_url else {
        let mock = Mock::with_rulebook(&Settings::default(), Arc::clone(rulebook))?;
        let target = Target::new(&mock.base_url(), selftest::demo(), reach)?;
        let mock = Some(mock);
        return Ok(Reached {
            target,
            is_near: true,
            mock,
        });
    };
    let url = base(base_url)?;
    if let Some(why) = reach.hosts.refusal(&url) {
        anyhow::bail!("--base-url: {why}");
    }
    let is_near = is_loopback(&url);
    if !is_near {
        options.rate.get_or_insert(GENTLE);
    }
    let credentials = credentials(args, is_near, &name_of(&url))?;
    let other = other_credentials(args, &credentials)?;
    let target = Target::new(base_url, credentials, reach)?;
    Ok(Reached {
        target: target.with_other(other),
        is_near,
        mock: None,
    })
}

/// The base URL as reports show it.
pub fn base_url(text: &str) -> anyhow::Result<String> {
    Ok(base(text)?.as_str().trim_end_matches('/').to_owned())
}

impl Reached {
    /// Makes the first call, and looks for the admin API of a mock.
    pub fn greet(&mut self, args: &TargetArgs, options: &mut Options) -> Result<(), Blocked> {
        if self.mock.is_none() {
            let known = options.notes.len();
            run::preflight(&self.target, options)?;
            for note in &options.notes[known..] {
                complain!("flexiti-conformance: {note}");
            }
        }
        // The server is known to respond: a failure here means that it has no admin API.
        let _ = self.target.find_admin_api(args.admin_token.clone());
        Ok(())
    }
}

/// The account given by the flags; defaults to the demo account on loopback only.
fn credentials(args: &TargetArgs, is_near: bool, host: &str) -> anyhow::Result<Credentials> {
    let demo = is_near.then(selftest::demo);
    let client_id = args.client_id.clone();
    let client_id = client_id.or_else(|| demo.as_ref().map(|demo| demo.client_id.clone()));
    let client_id = client_id.with_context(|| {
        format!("--client-id: required for {host}; the demo account is for loopback only")
    })?;
    let default = demo.map(|demo| demo.client_secret);
    let client_secret = secret::client_secret(args, &client_id, host, default)?;
    Ok(Credentials {
        client_id,
        client_secret,
        user: args.username.clone().zip(args.password.clone()),
        owner: Owner::Main,
    })
}

/// The second account, if the flags give one.
fn other_credentials(args: &TargetArgs, main: &Credentials) -> anyhow::Result<Option<Credentials>> {
    let Some(client_id) = args.other_client_id.clone() else {
        return Ok(None);
    };
    if client_id == main.client_id {
        anyhow::bail!(
            "--other-client-id: is the account of --client-id ({client_id}); expected another \
             merchant's, whose orders and tokens {client_id} must not have"
        );
    }
    Ok(Some(Credentials {
        client_id,
        client_secret: secret::other_client_secret(args)?,
        user: None,
        owner: Owner::Other,
    }))
}
