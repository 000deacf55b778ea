//! A curl command that sends a recorded request again.

use crate::journal::entry::Entry;
use crate::redact::{HASH, HIDDEN, Redactor};
use std::fmt::Write as _;

/// Headers that curl sets itself.
const OWN: &[&str] = &[
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "transfer-encoding",
    "expect",
];

/// The `curl` command for a request to a server at `origin`. Secrets appear as shell variables with
/// telling names.
pub fn command(entry: &Entry, origin: &str, redactor: &Redactor) -> String {
    let body = entry.body().unwrap_or_default();
    let text = str::from_utf8(body).ok().filter(|t| !t.contains('\0'));
    let shown = entry.shown_body(redactor).unwrap_or_default();
    let mut command = String::new();
    // A body that cannot be an argument is piped, unless parts of it are hidden.
    let piped = text.is_none() && shown == String::from_utf8_lossy(body);
    if piped {
        let _ = write!(command, "printf '{}' | ", octal(body));
    }
    let mut url = format!("{}{}", entry.origin(origin), redactor.text(&entry.path()));
    if let Some(query) = entry.query() {
        url.push('?');
        url.push_str(&redactor.form(&query));
    }
    let method = redactor.text(entry.method.as_str());
    // A method may contain characters that are special to a shell.
    let method = if method.bytes().all(|b| b.is_ascii_alphabetic()) {
        method
    } else {
        word(&method)
    };
    command.push_str("curl -si");
    if url.contains(['[', ']', '{', '}']) {
        // Otherwise curl would expand it to several URLs.
        command.push_str(" -g");
    }
    if url.contains("/.") {
        command.push_str(" --path-as-is");
    }
    if method == "HEAD" && body.is_empty() {
        // With `-X HEAD`, curl would wait for a body.
        let _ = write!(command, " --head {}", word(&url));
    } else {
        let _ = write!(command, " -X {method} {}", word(&url));
    }
    for (name, value) in entry.headers() {
        if !OWN.contains(&name.as_str()) {
            let name_shown = redactor.text(&name);
            // curl would drop a header with nothing after the colon.
            let header = match redactor.header(&name, &value) {
                value if value.trim().is_empty() => format!("{name_shown};"),
                value => format!("{name_shown}: {value}"),
            };
            let _ = write!(command, " -H {}", word(&header));
        }
    }
    let has_type = entry
        .headers()
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !body.is_empty() && !has_type {
        // Otherwise curl declares it as a form.
        command.push_str(" -H 'content-type:'");
    }
    if piped {
        command.push_str(" --data-binary @-");
    } else if !body.is_empty() {
        // Unlike the other data options, this one does not treat a leading `@` as a file name.
        let _ = write!(command, " --data-raw {}", word(&shown));
    }
    command
}

/// A quoted word of a shell command, with hidden secrets as variables.
fn word(text: &str) -> String {
    let quoted = |text: &str| match text {
        "" => String::new(),
        text => format!("'{}'", text.replace('\'', r"'\''")),
    };
    let mut word = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(HIDDEN) {
        let end = at + HIDDEN.len() + HASH;
        let hash = text.get(at + HIDDEN.len()..end).unwrap_or_default();
        if at < from || hash.len() != HASH || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            continue;
        }
        word.push_str(&quoted(&text[from..at]));
        let _ = write!(word, "\"${}\"", variable(&text[..at], hash));
        from = end;
    }
    word.push_str(&quoted(&text[from..]));
    if word.is_empty() {
        word.push_str("''");
    }
    word
}

/// The variable name for the secret that follows `before`.
fn variable(before: &str, hash: &str) -> String {
    let name = before.trim_end_matches(['=', '"', ':', ' ']);
    let ends = |end: &str| {
        let at = name.len().checked_sub(end.len());
        at.and_then(|at| name.get(at..))
            .is_some_and(|last| last.eq_ignore_ascii_case(end))
    };
    let known = [
        ("client_secret", "CLIENT_SECRET"),
        ("refresh_token", "REFRESH_TOKEN"),
        ("password", "PASSWORD"),
        ("bearer", "TOKEN"),
        ("basic", "BASIC"),
    ];
    let found = known.iter().find(|(end, _)| ends(end));
    found.map_or_else(|| format!("SECRET_{hash}"), |(_, name)| (*name).to_owned())
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
    use crate::http::forwarded::Forwarded;
    use crate::http::request::{Body, Request};
    use crate::journal::note::Note;
    use std::hash::RandomState;
    use std::sync::Arc;
    use std::time::Duration;

    fn entry(method: &str, path: &str, headers: &[(&'static str, &str)], body: &str) -> Entry {
        let mut all = hyper::HeaderMap::new();
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        let request = Request {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: None,
            headers: all,
            body: Body::Read(body.to_owned().into()),
            forwarded: Forwarded::default(),
        };
        Entry::new(0, &request, Note::default(), None, Duration::ZERO)
    }

    #[test]
    fn nothing_of_a_request_means_something_to_curl() {
        let redactor = Redactor::new(Arc::default(), RandomState::new());
        let shown = |entry: &Entry| command(entry, "http://h", &redactor);
        for (entry, line) in [
            (
                entry("POST", "/a", &[("content-type", "text/plain")], "@id_rsa"),
                "curl -si -X POST 'http://h/a' -H 'content-type: text/plain' --data-raw '@id_rsa'",
            ),
            (
                entry("POST", "/a", &[("x-empty", "")], "b"),
                "curl -si -X POST 'http://h/a' -H 'x-empty;' -H 'content-type:' --data-raw 'b'",
            ),
            (
                entry("GET", "/[1-3]{a,b}", &[], ""),
                "curl -si -g -X GET 'http://h/[1-3]{a,b}'",
            ),
            (
                entry("GET", "/a/../b", &[], ""),
                "curl -si --path-as-is -X GET 'http://h/a/../b'",
            ),
            (entry("HEAD", "/a", &[], ""), "curl -si --head 'http://h/a'"),
        ] {
            assert_eq!(shown(&entry), line);
        }
    }

    #[test]
    fn a_secret_becomes_a_variable_and_a_quote_survives() {
        for (text, shown) in [
            ("Bearer ***0123abcd4567", r#"'Bearer '"$TOKEN""#),
            ("l'Église", r"'l'\''Église'"),
            (
                "a=1&client_secret=***0123abcd4567&b=***0123abce4567",
                r#"'a=1&client_secret='"$CLIENT_SECRET"'&b='"$SECRET_0123abce4567""#,
            ),
            (
                r#"{"Password":"***0123abcd4567"}"#,
                r#"'{"Password":"'"$PASSWORD"'"}'"#,
            ),
            ("a***b ***0123abcd", "'a***b ***0123abcd'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), shown);
        }
    }
}
