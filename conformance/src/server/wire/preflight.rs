//! The first call: whether there is a server that can be judged; if not, one line says why.

use super::answer::Answer;
use super::connection::{NoAnswer, Silence};
use super::delivery::Delivery;
use super::end::{End, Stopped};
use super::limits::Limits;
use super::secrets::hide_in_answer;
use super::target::{BASE, Target};
use super::trouble::Trouble;
use crate::net;
use flexiti_contract::hosts::name_of;
use reqwest::Url;
use std::time::SystemTime;

/// Clock skew, in minutes, above which it is mentioned.
const CLOCK_MINUTES: u64 = 5;

/// Why a server cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The word for it in reports.
    pub word: &'static str,
    /// One line: what is wrong, and what to do.
    pub because: String,
}

/// What an answer to the first call suggests.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// The server can be judged.
    Fine,
    /// It cannot.
    Blocked(&'static str, String),
    /// The server may speak TLS although the URL says otherwise; if not, this is the reason.
    PerhapsTls(&'static str, String),
    /// The base URL may be too short; if not, this is the reason.
    PerhapsDeeper(String),
}

/// Requests a token. Returns notes for the reader of the report, or why there will be none.
pub fn preflight(target: &Target, limits: Limits) -> Result<Vec<String>, Blocked> {
    let mut delivery = Delivery::new(limits);
    let outcome = match first(target, &mut delivery) {
        Ok(outcome) => outcome,
        Err(Stopped::Ended(End::Unreachable(why))) => Err(NoAnswer {
            kind: Silence::Broken,
            why,
        }),
        Err(Stopped::Ended(end)) => {
            return Err(Blocked {
                word: end.word(),
                because: end.because(),
            });
        }
        Err(Stopped::NotTestable(because) | Stopped::Inconclusive(because)) => {
            return Err(Blocked {
                word: "preflight",
                because,
            });
        }
    };
    let secrets = target.main.secrets();
    let shown = |said: &str| hide_in_answer(said, &secrets);
    let (word, because) = match look(&target.base_url, &outcome, &shown) {
        Look::Fine => {
            let clock = outcome
                .ok()
                .and_then(|answer| clock(&answer, SystemTime::now()));
            return Ok(delivery.notes().into_iter().chain(clock).collect());
        }
        Look::Blocked(word, because) => (word, because),
        Look::PerhapsTls(word, because) => match speaks_tls(target) {
            Some(url) => ("preflight", format!("it speaks TLS: use --base-url {url}")),
            None => (word, because),
        },
        Look::PerhapsDeeper(because) => match deeper(target) {
            Some(url) => {
                let path = format!("the base URL must end in {BASE}");
                (
                    "preflight",
                    format!("{path}: use --base-url {url}, which answers"),
                )
            }
            None => ("preflight", because),
        },
    };
    let because = format!("{}: {because}", target.base_url);
    Err(Blocked { word, because })
}

/// The first call; repeated only if the server asks for patience or is down.
fn first(target: &Target, delivery: &mut Delivery) -> Result<Result<Answer, NoAnswer>, Stopped> {
    let request = target.token_request()?;
    let outcome = delivery.once(target, &request)?;
    match Trouble::of(&outcome, SystemTime::now()) {
        None | Some(Trouble::Silent(_)) => Ok(outcome),
        Some(trouble) => {
            delivery.pause(trouble.pause(0))?;
            delivery.deliver(target, &request)
        }
    }
}

/// What an answer to the first call suggests. Only problems that are not the server's fault count,
/// as faults are up to the judge. The server's words are passed through `shown`, as they may repeat
/// the secret; this program's own words are kept, whatever the secret is.
fn look(
    base_url: &str,
    outcome: &Result<Answer, NoAnswer>,
    shown: &dyn Fn(&str) -> String,
) -> Look {
    let answer = match outcome {
        Err(none) => return silence(base_url, none),
        Ok(answer) => answer,
    };
    let status = answer.status;
    let blocked = |because: String| Look::Blocked("preflight", because);
    let plain = base_url.starts_with("http:");
    let body = String::from_utf8_lossy(&answer.body);
    match status {
        300..=399 => {
            let location = answer.header("location").map_or("nowhere".to_owned(), shown);
            blocked(format!(
                "the token request is redirected ({status}) to {location}; use that base URL"
            ))
        }
        400 if plain && body.to_ascii_lowercase().contains("https") => {
            let because = format!("answers {status}: {}", first_line(&shown(&body)));
            Look::PerhapsTls("preflight", because)
        }
        404 if !base_url.ends_with(BASE) => Look::PerhapsDeeper(format!(
            "there is no /oauth/token below it (404); the base URL must end in {BASE}"
        )),
        404 => blocked("there is no /oauth/token below it (404); check --base-url".to_owned()),
        407 => blocked("the proxy requires authentication (407)".to_owned()),
        _ if answer.is_html() => blocked(format!(
            "answers {status} with an HTML page{}, not JSON: another server, or a login page of \
             the network in between; check --base-url",
            title(&shown(&body))
        )),
        400 | 401 if is_refused_client(answer) => blocked(format!(
            "the client id or its secret is wrong ({status} {}); check --client-id and the secret",
            answer.json().and_then(|body| body["error"].as_str().map(shown)).unwrap_or_default()
        ).replace(" )", ")")),
        _ => Look::Fine,
    }
}

/// Why there is no answer, and what to do.
fn silence(base_url: &str, none: &NoAnswer) -> Look {
    let url = Url::parse(base_url).ok();
    let host = url.as_ref().map(name_of).unwrap_or_default();
    let port = url
        .as_ref()
        .and_then(Url::port_or_known_default)
        .unwrap_or_default();
    let why = &none.why;
    let is_near = url.as_ref().is_none_or(net::is_loopback);
    let proxy = match net::environment_proxy().filter(|_| !is_near) {
        Some(variable) => format!(" ({variable} sets a proxy)"),
        None => String::new(),
    };
    let unreachable =
        |because: String| Look::Blocked("unreachable", format!("unreachable: {because}{proxy}"));
    match none.kind {
        Silence::Dns => unreachable(format!("the name `{host}` is not known; check --base-url")),
        Silence::Refused => unreachable(format!(
            "nothing listens at {host}:{port} (connection refused); start the server, or check \
             --base-url"
        )),
        Silence::Timeout => unreachable(format!("{why}; check --base-url, and any firewall")),
        Silence::Certificate => Look::Blocked(
            "preflight",
            format!(
                "the server's certificate is not trusted ({why}); if it is your own, give its \
             authority with --ca FILE"
            ),
        ),
        Silence::NoTls => Look::Blocked(
            "preflight",
            format!(
                "does not speak TLS; use --base-url {}",
                base_url.replacen("https:", "http:", 1)
            ),
        ),
        Silence::Broken if base_url.starts_with("http:") => {
            Look::PerhapsTls("unreachable", format!("unreachable: {why}{proxy}"))
        }
        Silence::Broken | Silence::TooBig => unreachable(why.clone()),
    }
}

fn is_refused_client(answer: &Answer) -> bool {
    let error = answer.json().unwrap_or_default();
    let error = error["error"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    answer.status == 401
        || error.contains("invalid_client")
        || error.contains("unauthorized_client")
}

/// The https URL, if the server speaks TLS.
fn speaks_tls(target: &Target) -> Option<String> {
    let url = target.base_url.strip_prefix("http:")?;
    let url = format!("https:{url}");
    match target.send("GET", &url, &[], None) {
        Ok(_) => Some(url),
        Err(none) => (none.kind == Silence::Certificate).then_some(url),
    }
}

/// The URL with the usual path, if there is something.
fn deeper(target: &Target) -> Option<String> {
    let url = format!("{}{BASE}", target.base_url);
    let request = target.token_request_at(&url).ok()?;
    let body = request.body.as_deref();
    let answer = target
        .send(&request.method, &request.url, &request.headers, body)
        .ok()?;
    let is_there = answer.status != 404 && !answer.is_html();
    is_there.then_some(url)
}

/// A note if the server's clock is off.
fn clock(answer: &Answer, now: SystemTime) -> Option<String> {
    let date = answer.header("date")?;
    let then = httpdate::parse_http_date(date).ok()?;
    let (off, which) = match now.duration_since(then) {
        Ok(behind) => (behind, "behind"),
        Err(error) => (error.duration(), "ahead of"),
    };
    let minutes = off.as_secs() / 60;
    (minutes >= CLOCK_MINUTES).then(|| {
        format!(
            "the server's clock is {minutes} minutes {which} this machine's (Date: {date}); \
             lifetimes of tokens may seem wrong"
        )
    })
}

/// The title of a page, in brackets.
fn title(page: &str) -> String {
    let title = page
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    match title.map(|(title, _)| first_line(title)) {
        Some(title) if !title.is_empty() => format!(" (“{title}”)"),
        _ => String::new(),
    }
}

/// The first line of a text, truncated and without control characters.
fn first_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const URL: &str = "http://127.0.0.1:1/flexiti/online-api";

    fn answer(status: u16, header: (&str, &str), body: &str) -> Answer {
        Answer {
            status,
            headers: vec![(header.0.to_owned(), header.1.to_owned())],
            body: body.into(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn what_is_no_fault_of_the_server_is_told_in_one_line() {
        let json = ("content-type", "application/json");
        for (url, answer, words) in [
            (
                URL,
                answer(308, ("location", "https://a.example/x"), ""),
                "(308) to https://a.example/x",
            ),
            (
                URL,
                answer(401, json, r#"{"error":"invalid_client"}"#),
                "wrong (401 invalid_client)",
            ),
            (URL, answer(401, json, ""), "wrong (401)"),
            (
                URL,
                answer(400, json, r#"{"error":"invalid_client"}"#),
                "check --client-id",
            ),
            (URL, answer(404, json, "{}"), "no /oauth/token below it"),
            (
                URL,
                answer(200, ("content-type", "text/html"), "<title>Hotel</title>"),
                "(“Hotel”)",
            ),
            (
                URL,
                answer(502, ("x", "y"), " <html>"),
                "502 with an HTML page, not",
            ),
        ] {
            match look(url, &Ok(answer), &str::to_owned) {
                Look::Blocked("preflight", line) => assert!(line.contains(words), "{line}"),
                other => panic!("{words}: {other:?}"),
            }
        }
        let short = look(
            "http://127.0.0.1:1",
            &Ok(answer(404, json, "")),
            &str::to_owned,
        );
        assert!(matches!(short, Look::PerhapsDeeper(_)), "{short:?}");
        let tls = answer(400, json, "Client sent an HTTP request to an HTTPS server.");
        assert!(matches!(
            look(URL, &Ok(tls), &str::to_owned),
            Look::PerhapsTls(..)
        ));
    }

    #[test]
    fn faults_are_left_to_the_judge() {
        let json = ("content-type", "application/json");
        for answer in [
            answer(200, json, r#"{"access_token":"x"}"#),
            answer(200, json, "{}"),
            answer(400, json, r#"{"error":"invalid_scope"}"#),
            answer(500, json, r#"{"error":"red"}"#),
        ] {
            assert_eq!(look(URL, &Ok(answer), &str::to_owned), Look::Fine);
        }
    }

    #[test]
    fn a_secret_is_hidden_in_what_the_server_said_and_nowhere_else() {
        let hidden = |said: &str| said.replace("wrong", "$SECRET");
        let answer = answer(
            401,
            ("content-type", "application/json"),
            r#"{"error":"wrong_client"}"#,
        );
        let Look::Blocked(_, line) = look(URL, &Ok(answer), &hidden) else {
            panic!("it is refused");
        };
        assert!(
            line.contains("secret is wrong (401 $SECRET_client)"),
            "{line}"
        );
    }

    #[test]
    fn a_clock_that_is_off_is_mentioned() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let at = httpdate::parse_http_date(date).unwrap();
        let answer = answer(200, ("date", date), "");
        let said = |now| clock(&answer, now);
        assert_eq!(said(at + Duration::from_secs(200)), None);
        let behind = said(at + Duration::from_secs(600)).unwrap();
        assert!(behind.contains("10 minutes behind this"), "{behind}");
        let ahead = said(at - Duration::from_secs(3_600)).unwrap();
        assert!(ahead.contains("60 minutes ahead of this"), "{ahead}");
    }
}
