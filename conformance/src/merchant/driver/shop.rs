//! `[shop]` of a driver file: what the shop is, what it has, and how to start it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The shop: what it is, and how to start it.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// Its name, for the certificate.
    pub name: Option<String>,
    /// Its version, for the certificate: a commit, or any text.
    pub version: Option<String>,
    /// The program and its arguments.
    #[serde(default)]
    pub command: Vec<String>,
    /// A command line for `sh`, in place of `command`.
    pub shell: Option<String>,
    /// A URL that answers once the shop is up.
    pub ready_url: Option<String>,
    /// How many seconds the shop may take to start.
    #[serde(default = "start_limit")]
    pub start_s: u16,
    /// Further environment variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The names of the environment variables that tell the shop where Flexiti is.
    #[serde(default)]
    pub names: EnvironmentNames,
    /// A program and its arguments that reset the shop; run before every scenario.
    #[serde(default)]
    pub reset: Vec<String>,
    /// The account of a shop that is already running; the demo account if omitted.
    pub account: Option<Account>,
    /// The flows that the shop has. What it does not have is listed on the certificate.
    #[serde(default = "all_flows")]
    pub flows: Vec<String>,
    /// The languages that the shop has.
    #[serde(default = "all_languages")]
    pub languages: Vec<String>,
}

impl Default for Shop {
    /// Without `[shop]`, the same as an empty `[shop]`.
    fn default() -> Self {
        Self {
            name: None,
            version: None,
            command: Vec::new(),
            shell: None,
            ready_url: None,
            start_s: start_limit(),
            env: BTreeMap::new(),
            names: EnvironmentNames::default(),
            reset: Vec::new(),
            account: None,
            flows: all_flows(),
            languages: all_languages(),
        }
    }
}

/// The names of environment variables.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentNames {
    /// For the API's base URL, which ends with `/flexiti/online-api`.
    pub base_url: String,
    /// For the client id.
    pub client_id: String,
    /// For the client secret.
    pub client_secret: String,
}

impl Default for EnvironmentNames {
    fn default() -> Self {
        Self {
            base_url: "FLEXITI_BASE_URL".to_owned(),
            client_id: "FLEXITI_CLIENT_ID".to_owned(),
            client_secret: "FLEXITI_CLIENT_SECRET".to_owned(),
        }
    }
}

/// An account at the mock; these are not Flexiti credentials.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
}

fn start_limit() -> u16 {
    20
}

fn all_flows() -> Vec<String> {
    FLOWS.map(str::to_owned).to_vec()
}

fn all_languages() -> Vec<String> {
    LANGUAGES.map(str::to_owned).to_vec()
}

/// The flows of Flexiti.
pub const FLOWS: [&str; 3] = ["apply", "buy", "apply/buy"];
/// Its languages.
pub const LANGUAGES: [&str; 2] = ["en", "fr"];

impl Shop {
    /// Whether the shop has a flow in a language.
    pub fn has(&self, flow: &str, lang: &str) -> bool {
        self.flows.iter().any(|own| own == flow) && self.languages.iter().any(|own| own == lang)
    }

    /// The program that starts the shop, with its arguments; empty if it is already running.
    pub fn command_line(&self) -> Vec<String> {
        match &self.shell {
            Some(line) => vec!["sh".to_owned(), "-c".to_owned(), line.clone()],
            None => self.command.clone(),
        }
    }

    /// Whether the shop is started by the runner.
    pub fn is_started_here(&self) -> bool {
        self.shell.is_some() || !self.command.is_empty()
    }
}
