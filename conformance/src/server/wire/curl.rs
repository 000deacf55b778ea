//! A command line that repeats a request.

use super::exchange::{Exchange, Secret};
use std::fmt::Write as _;

/// A `curl` command for an exchange, with secrets as shell variables.
pub fn command(exchange: &Exchange) -> String {
    let secrets = &exchange.secrets;
    let mut command = String::new();
    let text = std::str::from_utf8(&exchange.sent)
        .ok()
        .filter(|t| !t.contains('\0'));
    if text.is_none() {
        let _ = write!(command, "printf '{}' | ", octal(&exchange.sent));
    }
    let _ = write!(
        command,
        "curl -si -X {} {}",
        exchange.method,
        quote(&exchange.url, secrets)
    );
    for (name, value) in &exchange.sent_headers {
        let _ = write!(
            command,
            " -H {}",
            quote(&format!("{name}: {value}"), secrets)
        );
    }
    match text {
        None => command.push_str(" --data-binary @-"),
        Some("") => {}
        Some(text) => {
            let _ = write!(command, " --data-binary {}", quote(text, secrets));
        }
    }
    command
}

/// A word of a shell command, with secrets as variables.
fn quote(text: &str, secrets: &[Secret]) -> String {
    let found = secrets
        .iter()
        .filter(|secret| !secret.value.is_empty())
        .find_map(|secret| Some((text.split_once(secret.value.as_str())?, secret)));
    match found {
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

    #[test]
    fn a_secret_becomes_a_variable_and_a_quote_survives() {
        let secrets = [Secret {
            name: "TOKEN",
            value: "abc123".into(),
        }];
        assert_eq!(quote("Bearer abc123", &secrets), r#"'Bearer '"$TOKEN""#);
        assert_eq!(quote("l'Église", &secrets), r"'l'\''Église'");
    }
}
