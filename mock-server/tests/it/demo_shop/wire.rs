//! The demo shop against answers that the mock never gives.

use super::*;

/// A server that answers each connection's request with what `answer` makes of its first line
/// and its body; an empty answer breaks the connection off.
fn flexiti(answer: impl Fn(&str, &str) -> String + Send + 'static) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/api", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let reply = answer(&first, &String::from_utf8(body).unwrap());
            reader.get_mut().write_all(reply.as_bytes()).unwrap();
            // The test may be over.
            let _ = tell.send(first);
        }
    });
    (base_url, told)
}

fn ok(body: &Value) -> String {
    http("200 OK", "", &body.to_string())
}

fn http(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{header}content-length: {length}\r\n\r\n{body}"
    )
}

/// A token answer in the oldest spelling, with a member that nobody knows.
fn token_answer() -> String {
    ok(&json!({
        "scope": "merchant", "access_token": "a", "refresh_token": "r", "expires_in": 1199,
        "token_type": "Bearer", "unknown": [{}],
    }))
}

#[test]
fn ids_may_be_texts_and_answers_may_hold_more() {
    let (base_url, _) = flexiti(|first, _| match first {
        first if first.contains("/oauth/token") => token_answer(),
        first if first.contains("payment-calculator") => ok(&json!({
            "htmlRender": "<script>", "paymentPlan": {"months": "3", "monthlyPayment": "166.67"},
        })),
        first if first.contains("/init") => ok(&json!({
            "redirection_url": "https://pages.example/x?a=1&b=%22", "online_order_id": "A/7",
        })),
        first if first.contains("/order-id/A%2F7 ") => ok(&json!({
            "date": null, "purchase": {"status": "Success", "more": 1}, "transaction_id": "A/7",
        })),
        _ => http("404 Not Found", "", ""),
    });
    let shop = Shop::open_for(&base_url);
    let cart = Call::get("/?lang=fr").send(shop.address).text();
    assert!(cart.contains("<strong>166,67\u{a0}$</strong>"), "{cart}");
    assert!(!cart.contains("<script>"), "{cart}");
    let answer = shop.post(&[("order", "ids"), ("flow", "apply/buy")]);
    let location = answer.header("location");
    assert_eq!(location, Some("https://pages.example/x?a=1&b=%22"));
    let page = shop.get("/flexiti/return?orderId=A%2F7", &cookie(&answer));
    assert_eq!(page.status, 200);
    assert_eq!(shop.status("ids"), "paid");
    let page = shop.post(&[("modal", "1"), ("flow", "apply/buy")]);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("https://pages.example"), "{policy}");
    assert!(page.text().contains("a=1&#38;b=%22\""), "{}", page.text());
}

#[test]
fn what_may_have_arrived_is_not_sent_again_unless_it_is_safe() {
    let tokens = AtomicUsize::new(0);
    let (base_url, told) = flexiti(move |first, _| {
        if !first.contains("/oauth/token") {
            return String::new();
        }
        match tokens.fetch_add(1, Ordering::SeqCst) {
            0 => http("503 Service Unavailable", "retry-after: 2\r\n", ""),
            _ => token_answer(),
        }
    });
    let shop = Shop::open_for(&base_url);
    let begun = Instant::now();
    let answer = shop.post(&[("order", "lost")]);
    assert_eq!(answer.status, 503);
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    let sent: Vec<String> = told.try_iter().collect();
    let inits = sent.iter().filter(|first| first.contains("/init")).count();
    assert_eq!((sent.len(), inits), (3, 1), "{sent:?}");
    assert_eq!(shop.status("lost"), "failed");
}

#[test]
fn a_redirection_url_that_is_none_leads_nobody_anywhere() {
    let (base_url, _) = flexiti(|first, _| match first {
        first if first.contains("/oauth/token") => token_answer(),
        _ => ok(&json!({"redirection_url": "javascript:alert(1)", "online_order_id": 7})),
    });
    let shop = Shop::open_for(&base_url);
    let answer = shop.post(&[("modal", "1")]);
    assert_eq!(answer.status, 503);
    assert!(!answer.text().contains("alert"), "{}", answer.text());
}
