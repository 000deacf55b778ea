//! A merchant's account.

use anyhow::{Context as _, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// A merchant's account, as the developer portal would hold it (GS).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MerchantConfig {
    /// OAuth client id, at most 100 characters (R-cur).
    pub client_id: String,
    /// OAuth client secret, at most 100 characters (R-cur).
    pub client_secret: String,
    /// User name for the password grant (R-old1).
    pub username: Option<String>,
    /// Password for the password grant (R-old1).
    pub password: Option<String>,
    /// Whether the account is set up for the API (P-err `invalid_role`).
    #[serde(default = "yes")]
    pub provisioned: bool,
    /// Base URL of the shop, without a trailing slash (GS).
    pub trust_url: Option<String>,
    /// Where a customer who completed the pages lands (GS).
    pub success_url: Option<String>,
    /// Where any other customer lands (GS).
    pub error_url: Option<String>,
    /// The shop's name on the hosted pages; by default the host of its trust URL or success URL, or
    /// else its client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The shop's name on French pages; `name` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_fr: Option<String>,
    /// Language of the hosted pages if init names none: `en` or `fr`.
    pub lang: Option<String>,
    /// Name or path of this merchant's dialect.
    pub dialect: Option<String>,
    /// Whether its requests are passed on to the server of `--upstream`; its keys are valid there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub upstream: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference in"
)]
fn is_false(value: &bool) -> bool {
    !value
}

fn yes() -> bool {
    true
}

impl MerchantConfig {
    /// The demo merchant, which exists unless a file replaces it.
    pub fn demo() -> Self {
        Self {
            client_id: "flexitidemo".to_owned(),
            client_secret: "flexitidemo-secret".to_owned(),
            username: Some("flexitidemo".to_owned()),
            password: Some("flexitidemo-password".to_owned()),
            provisioned: true,
            trust_url: Some("http://127.0.0.1:9000".to_owned()),
            success_url: Some("http://127.0.0.1:9000/flexiti/return".to_owned()),
            error_url: Some("http://127.0.0.1:9000/flexiti/cancel".to_owned()),
            name: None,
            name_fr: None,
            lang: None,
            dialect: None,
            upstream: false,
        }
    }

    /// Validates what types cannot express. An error names the key, the value and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        for (key, value) in [
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
        ] {
            ensure!(
                (1..=100).contains(&value.chars().count()),
                "{key}: must have 1 to 100 characters"
            );
        }
        ensure!(
            self.username.is_some() == self.password.is_some(),
            "username, password: give both or neither"
        );
        for (key, value) in [
            ("trust_url", &self.trust_url),
            ("success_url", &self.success_url),
            ("error_url", &self.error_url),
        ] {
            if let Some(url) = value {
                check_url(url).with_context(|| format!("{key}: `{url}`"))?;
            }
        }
        if self
            .trust_url
            .as_ref()
            .is_some_and(|url| url.ends_with('/'))
        {
            bail!("trust_url: must not end with a slash (`https://example.com`)");
        }
        for (key, name) in [("name", &self.name), ("name_fr", &self.name_fr)] {
            if let Some(name) = name {
                ensure!(
                    !name.trim().is_empty() && name.chars().count() <= 100,
                    "{key}: must have 1 to 100 characters, and more than spaces"
                );
                ensure!(
                    !name.chars().any(char::is_control),
                    "{key}: must not have control characters"
                );
            }
        }
        match self.lang.as_deref() {
            None | Some("en" | "fr") => Ok(()),
            Some(other) => bail!("lang: `{other}` is not allowed; `en` or `fr`"),
        }
    }
}

/// Checks that a URL is absolute, http or https, and has a host, as browsers parse it.
pub fn check_url(url: &str) -> anyhow::Result<()> {
    let starts = |scheme: &str| {
        let start = url.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    ensure!(
        starts("http://") || starts("https://"),
        "must begin with http:// or https:// and name a host"
    );
    // Parsing also refuses a port that is out of range.
    let parsed = Url::parse(&url.replace("{lang}", "en")).context("not a URL")?;
    ensure!(parsed.has_host(), "must name a host");
    Ok(())
}
