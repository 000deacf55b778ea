//! The text for people when the server starts.

use crate::app::App;
use crate::config::{Settings, UpstreamSettings};
use crate::http::route::ADMIN;
use crate::model::account::MerchantConfig;
use flexiti_contract::hosts::{name_of, production_hosts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write as _;
use std::path::Path;
use url::Url;

/// The banner: the server's URLs, its keys, and two commands to try it.
pub fn text(
    app: &App,
    settings: &Settings,
    made_up_token: Option<&str>,
    ca_file: Option<&Path>,
) -> String {
    let base = app.base_url();
    let mut text = format!(
        "flexiti-mock {} speaks the Flexiti Online API, dialect `{}`\n\n  base URL       {base}\n  dashboard      {}{ADMIN}/\n",
        env!("CARGO_PKG_VERSION"),
        app.dialects.own().dialect().name,
        app.origin,
    );
    let demo = MerchantConfig::demo();
    let is_demo = settings.merchants.len() == 1
        && settings.merchants[0].client_id == demo.client_id
        && settings.merchants[0].client_secret == demo.client_secret;
    let (client_id, secret) = if is_demo {
        let _ = write!(
            text,
            "  client id      {}\n  client secret  {}\n",
            demo.client_id, demo.client_secret
        );
        (demo.client_id.as_str(), demo.client_secret.as_str())
    } else {
        let ids: Vec<&str> = settings
            .merchants
            .iter()
            .map(|m| m.client_id.as_str())
            .collect();
        let _ = writeln!(text, "  client ids     {}", ids.join(", "));
        (ids[0], "$CLIENT_SECRET")
    };
    if let Some(upstream) = &settings.upstream {
        text.push_str(&passed_on(upstream, settings));
    }
    if let Some(token) = made_up_token {
        let _ = writeln!(text, "  admin token    {token}");
    }
    let ca_file = ca_file.map(quoted);
    if let Some(file) = &ca_file {
        let _ = writeln!(
            text,
            "  CA certificate {file}\n\nTrust it: curl --cacert {file}, NODE_EXTRA_CA_CERTS={file} node,\n  SSL_CERT_FILE={file} python3; PHP and Java: docs/guides/team.md"
        );
    }
    if settings.reveal_secrets {
        text.push_str("\n  WARNING: the journal shows secrets as they are (--reveal-secrets)\n");
    }
    let client_id = &utf8_percent_encode(client_id, IN_A_COMMAND).to_string();
    let curl = match &ca_file {
        Some(file) => format!("curl -s --cacert {file}"),
        None => "curl -s".to_owned(),
    };
    let _ = write!(
        text,
        "\nTry it:\n\n{}\n\n{}\n\n",
        token_command(&curl, &base, client_id, secret),
        init_command(&curl, &base, client_id),
    );
    text
}

/// Who answers instead of the mock, and for which merchants.
fn passed_on(upstream: &UpstreamSettings, settings: &Settings) -> String {
    let named = settings.merchants.iter().filter(|it| it.upstream);
    let named: Vec<&str> = named.map(|it| it.client_id.as_str()).collect();
    let server = upstream.url.as_deref().unwrap_or("the transcript");
    let mut text = format!("  upstream       {server} answers {}\n", named.join(", "));
    let host = Url::parse(server)
        .map(|url| name_of(&url))
        .unwrap_or_default();
    if production_hosts().iter().any(|row| row.host == host) {
        text.push_str(
            "\n  WARNING: the upstream is Flexiti's production host: real customers, real money\n",
        );
    }
    text
}

/// The characters to escape in a client id, so that it fits in a form, a path and a shell command.
const IN_A_COMMAND: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const REFERENCE: &str = "-H 'x-reference-id: 0123456789abcdef0123456789abcdef'";

/// A path, quoted for a shell if necessary.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte);
    if path.bytes().all(is_plain) {
        path.into_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

fn token_command(curl: &str, base: &str, client_id: &str, secret: &str) -> String {
    format!(
        "TOKEN=$({curl} {REFERENCE} -d grant_type=client_credentials -d client_id={client_id} \
         -d client_secret={secret} {base}/oauth/token | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/'); echo $TOKEN"
    )
}

fn init_command(curl: &str, base: &str, client_id: &str) -> String {
    format!(
        "{curl} {REFERENCE} -H \"authorization: Bearer $TOKEN\" -d lang=fr -d flow=apply \
         -d amount_requested=499.99 {base}/online/client-id/{client_id}/systems/init"
    )
}
