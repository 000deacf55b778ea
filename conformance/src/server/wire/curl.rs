//! A command line that repeats a request byte for byte.

use super::exchange::Exchange;
use super::prepared::Prepared;
use super::secrets::Secret;
use std::fmt::Write as _;

/// Maximum length of a body passed as an argument, which shells limit.
const LONGEST_ARGUMENT: usize = 100_000;

/// A `curl` command for an exchange, with secrets as shell variables.
pub fn command(exchange: &Exchange) -> String {
    if exchange.talk.is_some() {
        return conversation(exchange);
    }
    line(
        &exchange.method,
        &exchange.url,
        &exchange.sent_headers,
        &exchange.sent,
        &exchange.secrets,
    )
}

/// A `curl` command for a request that was not sent.
pub fn of_request(request: &Prepared, secrets: &[Secret]) -> String {
    let body = request.body.as_deref().unwrap_or_default();
    line(
        &request.method,
        &request.url,
        &request.headers,
        body,
        secrets,
    )
}

fn line(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
    secrets: &[Secret],
) -> String {
    let mut command = String::new();
    let text = std::str::from_utf8(body)
        .ok()
        .filter(|text| !text.contains('\0'));
    let argument = text.filter(|text| text.len() <= LONGEST_ARGUMENT);
    match text {
        _ if argument.is_some() => {}
        Some(text) => {
            let _ = write!(command, "printf %s {} | ", quote(text, secrets));
        }
        None => {
            let _ = write!(command, "printf '{}' | ", octal(body));
        }
    }
    // With -X, curl would wait for the body of an answer to HEAD.
    if method == "HEAD" && body.is_empty() {
        command.push_str("curl -sI ");
    } else {
        let _ = write!(command, "curl -si -X {method} ");
    }
    // The URL as sent; `-g` keeps curl from expanding brackets and braces.
    let url = reqwest::Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
    if url.contains(['[', ']', '{', '}']) {
        command.push_str("-g ");
    }
    command.push_str(&quote(&url, secrets));
    for (name, value) in headers {
        // In curl, `name:` without a value removes the header.
        let header = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        let _ = write!(command, " -H {}", quote(&header, secrets));
    }
    if body.is_empty() {
        // Our client adds this header by itself; curl does not.
        if matches!(method, "POST" | "PUT" | "PATCH") {
            command.push_str(" -H 'content-length: 0'");
        }
        return command;
    }
    // Suppress the header that curl adds.
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        command.push_str(" -H 'content-type:'");
    }
    if body.len() > 1024 {
        command.push_str(" -H 'expect:'");
    }
    match argument {
        None => command.push_str(" --data-binary @-"),
        Some(text) => {
            let _ = write!(command, " --data-raw {}", quote(text, secrets));
        }
    }
    command
}

/// A command that sends everything said in a conversation, which `curl` cannot.
fn conversation(exchange: &Exchange) -> String {
    let said = String::from_utf8_lossy(&exchange.sent);
    let escaped = said
        .replace('\\', r"\\")
        .replace('\r', r"\r")
        .replace('\n', r"\n");
    let said = quote(&escaped, &exchange.secrets);
    let url = reqwest::Url::parse(&exchange.url).ok();
    let host = url
        .as_ref()
        .and_then(reqwest::Url::host_str)
        .unwrap_or_default();
    let port = url.as_ref().and_then(reqwest::Url::port_or_known_default);
    let port = port.unwrap_or_default();
    if exchange.url.starts_with("https") {
        format!("(printf %b {said}; sleep 2) | openssl s_client -quiet -connect {host}:{port}")
    } else {
        format!("(printf %b {said}; sleep 2) | nc {host} {port}")
    }
}

/// Command lines that get a token.
#[derive(Debug)]
pub struct TokenRequests {
    /// For the main account.
    pub main: String,
    /// For another merchant's account, if the reader has one.
    pub other: Option<String>,
}

/// Shell lines that set the variables of these commands. The reader must set the client secrets.
pub fn setup(commands: &[&str], client_id: &str, token_requests: &TokenRequests) -> Vec<String> {
    let said = |word: &str| commands.iter().any(|command| command.contains(word));
    let (main, other) = (Some(&token_requests.main), token_requests.other.as_ref());
    let tokens = [
        (main, "TOKEN", "access_token"),
        (main, "REFRESH_TOKEN", "refresh_token"),
        (other, "OTHER_TOKEN", "access_token"),
        (other, "OTHER_REFRESH_TOKEN", "refresh_token"),
    ];
    let tokens = tokens.into_iter().filter_map(|(request, name, member)| {
        let request = request.filter(|_| said(&format!("\"${name}")))?;
        Some((request, name, member))
    });
    let tokens: Vec<(&String, &str, &str)> = tokens.collect();
    let uses = |name: &str| {
        let word = format!("\"${name}\"");
        said(&word) || tokens.iter().any(|(request, ..)| request.contains(&word))
    };
    let form = "od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g'";
    let json = r#"sed 's/[\\"]/\\&/g'"#;
    let mut lines = Vec::new();
    let spell = |lines: &mut Vec<String>, name: &str| {
        for (suffix, filter) in [("FORM", form), ("JSON", json)] {
            if uses(&format!("{name}_{suffix}")) {
                lines.push(format!(
                    "{name}_{suffix}=$(printf %s \"${name}\" | {filter})"
                ));
            }
        }
    };
    spell(&mut lines, "FLEXITI_CLIENT_SECRET");
    spell(&mut lines, "FLEXITI_OTHER_CLIENT_SECRET");
    spell(&mut lines, "FLEXITI_PASSWORD");
    if uses("FLEXITI_BASIC") {
        let id = quote(&format!("{client_id}:"), &[]);
        let pair = format!("{id}\"$FLEXITI_CLIENT_SECRET\"");
        lines.push(format!(
            "FLEXITI_BASIC=$(printf %s {pair} | base64 | tr -d '\\n')"
        ));
    }
    for (token_request, name, member) in &tokens {
        let member = format!(r#"sed -n 's/.*"{member}" *: *"\([^"]*\)".*/\1/p'"#);
        lines.push(format!("{name}=$({token_request} | {member})"));
        spell(&mut lines, name);
    }
    lines
}

/// Quotes a word for a shell, with secrets as variables.
fn quote(text: &str, secrets: &[Secret]) -> String {
    let found = secrets
        .iter()
        .filter(|secret| !secret.value.is_empty() && text.contains(&secret.value))
        .max_by_key(|secret| secret.value.len());
    let parts = found.and_then(|secret| Some((text.split_once(secret.value.as_str())?, secret)));
    match parts {
        Some(((before, after), secret)) => {
            let mut word = String::new();
            if !before.is_empty() {
                word += &quote(before, secrets);
            }
            let _ = write!(word, "\"${}\"", secret.name);
            if !after.is_empty() {
                word += &quote(after, secrets);
            }
            word
        }
        None => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

fn octal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:03o}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &'static str, value: &str) -> Secret {
        let value = value.to_owned();
        Secret { name, value }
    }

    #[test]
    fn a_secret_becomes_a_variable_and_a_quote_survives() {
        let secrets = [secret("TOKEN", "abc123"), secret("LONG", "abc123def")];
        assert_eq!(quote("Bearer abc123", &secrets), r#"'Bearer '"$TOKEN""#);
        assert_eq!(quote("abc123def", &secrets), r#""$LONG""#);
        assert_eq!(quote("l'Église", &secrets), r"'l'\''Église'");
    }

    #[test]
    fn curl_adds_and_removes_nothing() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let command = |method: &str, headers: &[_], body: &str| {
            line(
                method,
                "http://a.example/x/../y[0]",
                headers,
                body.as_bytes(),
                &[],
            )
        };
        assert_eq!(
            command("POST", &[header("x-reference-id", "")], "@file"),
            "curl -si -X POST -g 'http://a.example/y[0]' -H 'x-reference-id;' \
             -H 'content-type:' --data-raw '@file'"
        );
        assert_eq!(
            command("HEAD", &[], ""),
            "curl -sI -g 'http://a.example/y[0]'"
        );
        let long = command(
            "PUT",
            &[header("content-type", "x")],
            &"x".repeat(LONGEST_ARGUMENT + 1),
        );
        assert!(long.starts_with("printf %s 'xxx"), "{}", &long[..40]);
        assert!(long.ends_with("-H 'content-type: x' -H 'expect:' --data-binary @-"));
    }

    #[test]
    fn the_lines_before_a_command_set_what_it_uses() {
        let ask = |secret: &str| format!("curl -s http://a.example/oauth/token -d s=\"${secret}\"");
        let token = &TokenRequests {
            main: ask("FLEXITI_CLIENT_SECRET_FORM"),
            other: Some(ask("FLEXITI_OTHER_CLIENT_SECRET_FORM")),
        };
        assert!(setup(&["curl -si 'http://a.example/'"], "shop", token).is_empty());
        for (name, secret) in [
            ("TOKEN", "FLEXITI_CLIENT_SECRET_FORM"),
            ("OTHER_TOKEN", "FLEXITI_OTHER_CLIENT_SECRET_FORM"),
        ] {
            let command = format!("curl -H 'authorization: Bearer '\"${name}\"");
            let lines = setup(&[&command], "shop", token);
            let set = lines.iter().filter_map(|line| line.split('=').next());
            assert_eq!(set.collect::<Vec<_>>(), [secret, name]);
        }
        let lines = setup(
            &["curl -H 'authorization: Basic '\"$FLEXITI_BASIC\""],
            "shop",
            token,
        );
        assert_eq!(lines.len(), 1);
        assert!(
            lines[0].contains("'shop:'\"$FLEXITI_CLIENT_SECRET\""),
            "{}",
            lines[0]
        );
    }
}
