//! The log of the program: one line a request, and no secret in it.

use crate::process::Running;
use crate::shop::{
    APPLY, BASIC, CLIENT, INIT, PASSWORD, REFERENCE, SECRET, TOKEN, demo_token_call, init_call,
    path_of, text, token_call,
};
use crate::wire::Call;
use serde_json::Value;

/// A line of the JSON log.
fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

#[test]
fn each_request_has_one_line_of_text() {
    let running = Running::start(&[]);
    let address = running.address();
    demo_token_call(&[]).send(address);
    init_call(INIT, "unknown").form(&APPLY).send(address);
    Call::get("/nothing?colour=blue").send(address);
    Call::get("/__admin/health").send(address);
    let log = running.stopped();
    let about: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("method="))
        .collect();
    assert_eq!(about.len(), 3, "{log}");
    for (line, parts) in about.iter().zip([
        vec!["method=POST", TOKEN, "status=200", "duration", REFERENCE],
        vec![
            "method=POST",
            INIT,
            "status=401",
            "auth.token.known",
            REFERENCE,
        ],
        vec!["method=GET", "/nothing", "status=404", "http.path.known"],
    ]) {
        for part in parts {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    assert!(
        !log.contains("colour"),
        "the query is nobody's business: {log}"
    );
    assert!(!log.contains('\u{1b}'), "no colours in a file: {log}");
}

#[test]
fn the_json_log_has_the_same_in_fields() {
    let running = Running::start(&["--log-format", "json"]);
    let address = running.address();
    demo_token_call(&[]).send(address);
    demo_token_call(&[("scope", "admin")]).send(address);
    assert_eq!(running.stdout(), "", "the banner is for people");
    let lines = lines(&running.stopped());
    assert_eq!(text(&lines[0], "address"), address.to_string());
    let about: Vec<&Value> = lines.iter().filter(|l| l["method"].is_string()).collect();
    assert_eq!(about.len(), 2, "{lines:?}");
    for (line, status) in about.iter().zip([200, 409]) {
        assert_eq!(line["method"], "POST");
        assert_eq!(line["path"], TOKEN);
        assert_eq!(line["status"], status);
        assert_eq!(line["reference_id"], REFERENCE);
        assert_eq!(line["merchant"], CLIENT);
        assert!(line["duration_us"].is_u64(), "{line}");
        assert_eq!(line["level"], "INFO");
        assert!(line["timestamp"].is_string(), "{line}");
    }
    assert!(text(about[1], "refused").contains("token.scope.values scope"));
}

#[test]
fn a_line_says_which_order_it_is_about() {
    let running = Running::start(&["--log-format", "json"]);
    let address = running.address();
    let token = text(&demo_token_call(&[]).send(address).json(), "access_token");
    let order = init_call(INIT, &token).form(&APPLY).send(address).json();
    let id = order["online_order_id"].to_string();
    let path = INIT.replace("systems/init", &format!("notifications/order-id/{id}"));
    let told = Call::get(&path)
        .header("x-reference-id", REFERENCE)
        .header("authorization", &format!("Bearer {token}"))
        .send(address);
    assert_eq!(told.status, 200, "{}", told.text());
    Call::get(&path_of(&text(&order, "redirection_url"))).send(address);
    let lines = lines(&running.stopped());
    let about = lines.iter().filter(|line| line["order_id"].is_number());
    let about: Vec<_> = about.collect();
    assert_eq!(about.len(), 3, "{lines:?}");
    for line in about {
        assert_eq!(line["order_id"].to_string(), id);
        assert_eq!(line["merchant"], CLIENT);
    }
}

#[test]
fn a_lower_level_leaves_the_requests_out() {
    let running = Running::start(&["--log-level", "warn"]);
    demo_token_call(&[]).send(running.address());
    assert_eq!(running.stopped(), "");
}

#[test]
fn no_secret_is_in_the_log_wherever_a_client_puts_it() {
    for arguments in [
        vec![],
        vec!["--log-format", "json"],
        vec!["--log-level", "trace"],
        vec!["--dialect", "lenient"],
        vec!["--dialect", "strict"],
    ] {
        let running = Running::start(&arguments);
        let secrets = plant(&running);
        let log = running.stopped();
        assert!(log.contains("***"), "something was hidden: {log}");
        for secret in secrets {
            assert!(
                !log.contains(&secret),
                "{arguments:?}: {secret} is in {log}"
            );
        }
    }
}

/// Sends every secret that there is to every place where a client might put it by mistake.
fn plant(running: &Running) -> Vec<String> {
    let address = running.address();
    let grant = ("grant_type", "client_credentials");
    let pair = demo_token_call(&[grant]).send(address).json();
    let token = text(&pair, "access_token");
    let refresh_token = text(&pair, "refresh_token");
    token_call(CLIENT, "guessed-secret", &[grant]).send(address);
    let user = [
        ("grant_type", "password"),
        ("username", CLIENT),
        ("password", PASSWORD),
    ];
    Call::post(TOKEN)
        .header("authorization", BASIC)
        .form(&user)
        .send(address);
    let order = init_call(INIT, &token).form(&APPLY).send(address).json();
    let page = path_of(&text(&order, "redirection_url"));
    let session = page.split(['/', '?']).nth(2).unwrap().to_owned();
    Call::get(&page).send(address);

    let renew = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
    ];
    demo_token_call(&renew).send(address);

    let escaped = SECRET.replace('-', "%2D");
    let secrets = vec![
        SECRET.to_owned(),
        PASSWORD.to_owned(),
        token,
        refresh_token,
        session,
        BASIC.strip_prefix("Basic ").unwrap().to_owned(),
        "guessed-secret".to_owned(),
        escaped.clone(),
    ];
    for secret in &secrets[..5] {
        for target in [
            INIT.replace(CLIENT, secret),
            format!("/flexiti/online-api/oauth/{secret}"),
            format!("/{secret}"),
            format!("/checkout/{secret}"),
            format!("{TOKEN}?client_secret={secret}&access_token={secret}"),
        ] {
            Call::post(&target)
                .header("x-reference-id", REFERENCE)
                .header("authorization", &format!("Bearer {secret}"))
                .header("cookie", &format!("session={secret}"))
                .header("user-agent", secret)
                .header("referer", &format!("http://{address}{page}"))
                .body(format!("client_id={secret}&scope={secret}&{secret}=1"))
                .send(address);
        }
        // JSON where a form is due, and a form that cannot be read.
        let body = serde_json::json!({"client_id": CLIENT, "client_secret": secret});
        Call::post(TOKEN).json(&body).send(address);
        Call::post(TOKEN)
            .form(&[("client_secret", secret)])
            .send(address);
        init_call(INIT, secret)
            .body(format!("%{secret}"))
            .send(address);
    }
    Call::post(&INIT.replace(CLIENT, &escaped)).send(address);
    secrets
}

/// The lines about requests in a JSON log.
fn about(log: &str) -> Vec<Value> {
    let mut lines = lines(log);
    lines.retain(|line| line["method"].is_string());
    lines
}

#[test]
fn a_secret_sent_as_reference_id_is_not_logged() {
    let running = Running::start(&["--log-format", "json"]);
    for id in [SECRET, PASSWORD, REFERENCE] {
        demo_token_call(&[])
            .without("x-reference-id")
            .header("x-reference-id", id)
            .send(running.address());
    }
    let log = running.stopped();
    let ids: Vec<String> = about(&log)
        .iter()
        .map(|line| text(line, "reference_id"))
        .collect();
    assert!(
        ids[0].starts_with("***") && ids[1].starts_with("***"),
        "{ids:?}"
    );
    assert_ne!(ids[0], ids[1], "different secrets are told apart");
    assert_eq!(ids[2], REFERENCE);
    assert!(!log.contains(SECRET) && !log.contains(PASSWORD), "{log}");
}

#[test]
fn a_secret_within_a_path_is_not_logged_however_it_is_spelled() {
    let running = Running::start(&["--log-format", "json"]);
    for path in [
        format!("{TOKEN};client_secret={SECRET}"),
        format!("{TOKEN};client_secret=flexitidemo%2Dsecret"),
        "/flexiti/online-api/flexitidemo%2dsecret".to_owned(),
        "/nothing/%66lexitidemo-secret/x".to_owned(),
        "/nothing/x%66%6c%65%78%69%74%69demo%2Dpassword".to_owned(),
    ] {
        Call::post(&path).send(running.address());
    }
    let log = running.stopped();
    for line in about(&log) {
        let path = text(&line, "path");
        assert!(path.contains("***"), "{path}");
        let shown = percent_encoding::percent_decode_str(&path).decode_utf8_lossy();
        assert!(
            !shown.contains(SECRET) && !shown.contains(PASSWORD),
            "{path}"
        );
    }
    assert_eq!(about(&log).len(), 5, "{log}");
    assert!(!log.contains(SECRET) && !log.contains(PASSWORD), "{log}");
}

#[test]
fn a_refused_request_is_logged_with_its_clause_and_parameter() {
    let running = Running::start(&[]);
    let address = running.address();
    let token = text(&demo_token_call(&[]).send(address).json(), "access_token");
    init_call(INIT, &token).form(&APPLY).send(address);
    init_call(INIT, &token).form(&APPLY[1..]).send(address);
    demo_token_call(&[("scope", "admin")]).send(address);
    let log = running.stopped();
    let lines: Vec<&str> = log.lines().filter(|l| l.contains("method=")).collect();
    assert_eq!(lines.len(), 4, "{log}");
    for granted in &lines[..2] {
        assert!(granted.contains("status=200"), "{granted}");
        assert!(!granted.contains("refused"), "{granted}");
    }
    for (line, refused) in lines[2..].iter().zip([
        r#"refused="init.plain.lang.required lang""#,
        r#"refused="token.scope.values scope""#,
    ]) {
        assert!(line.contains("status=409"), "{line}");
        assert!(line.contains(refused), "{line}");
    }
}
