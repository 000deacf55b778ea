use super::*;
use std::fmt::Write as _;

const ACCESS: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn base64_that_a_form_or_a_mail_has_changed_is_read_all_the_same() {
    let secrets = Secrets::default();
    secrets.add(">>>x>>>y");
    let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
    let hidden = redactor.hidden(">>>x>>>y");
    for (text, shown) in [
        ("a=Pj4+eD4+Pnk=", format!("a={hidden}=")),
        ("a=Pj4 eD4 Pnk=", format!("a={hidden}=")),
        ("key Pj4 eD4 Pnk and more", format!("key {hidden} and more")),
        ("a: Pj4+eD4+\r\n Pnk=", format!("a: {hidden}=")),
        (
            "Nothing is hidden in a long sentence",
            "Nothing is hidden in a long sentence".to_owned(),
        ),
    ] {
        assert_eq!(redactor.text(text), shown);
    }
}

#[test]
fn a_secret_is_known_by_its_name_however_that_is_written() {
    let redactor = Redactor::new(Arc::default(), RandomState::new());
    let guess = redactor.hidden("guess");
    let next_part = "\r\n--X--\r\n";
    for (before, after) in [
        ("client_secret[]=", "&a=b"),
        ("client_secret[0]=", ""),
        ("a[client_secret]=", ""),
        ("client_secret = ", "\n"),
        ("{'client_secret': '", "'}"),
        (
            "--X\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\n",
            next_part,
        ),
        (
            "--X\nContent-Type: text/plain\nContent-Disposition: form-data; name=password\n\n",
            next_part,
        ),
    ] {
        let shown = redactor.text(&format!("{before}guess{after}"));
        assert_eq!(shown, format!("{before}{guess}{after}"));
    }
    for (before, after) in [
        ("<client_secret>", "</client_secret>"),
        ("<a:password lang=\"en\"><![CDATA[", "]]></a:password>"),
        ("<a client_secret=\"", "\"/>"),
        ("a: b\nclient_secret: ", "\nc: d"),
        ("- password: '", "'\n"),
        ("grant_type: x\r\n  refresh_token:   ", "\r\n"),
        ("see https://a.example/?access_token=", " now"),
        ("{\"access_token\": \"", "\"}"),
        ("password = \"", "\"\n"),
    ] {
        let shown = redactor.text(&format!("{before}guess{after}"));
        assert_eq!(shown, format!("{before}{guess}{after}"));
    }
    for name in ["client-secret", "x-client-secret", "x-access-token"] {
        assert_eq!(redactor.header(name, "guess"), guess);
    }
    for plain in [
        "<password/>guess",
        "</password>guess",
        "<name>guess</name>",
        "merchants.client_secret: guess",
        "name=guess",
        "list[0]=guess",
        "form-data; name=\"city\"\r\n\r\nguess",
    ] {
        assert_eq!(redactor.text(plain), plain);
    }
}

#[test]
fn secrets_tokens_and_sessions_are_hidden_wherever_they_stand() {
    let secrets = Secrets::default();
    secrets.add("s3cret/x");
    secrets.add("s3cret/xy z");
    let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
    let short = redactor.hidden("s3cret/x");
    let long = redactor.hidden("s3cret/xy z");
    let token = redactor.hidden(ACCESS);
    let guess = redactor.hidden("guess");
    let escaped = ACCESS.replace('0', "%30");
    for (text, shown) in [
        ("plain", "plain".to_owned()),
        (
            "/a;client_secret=s3cret/xy z",
            format!("/a;client_secret={long}"),
        ),
        ("a=s3cret%2Fx&b", format!("a={short}&b")),
        ("a=S3CRET%2fX&b", format!("a={short}&b")),
        ("a=s3cret/xy+z", format!("a={long}")),
        (r#""s3cret\/x""#, format!("\"{short}\"")),
        (r#""s3cret\u002fx""#, format!("\"{short}\"")),
        ("s3cret%25252Fx", short.clone()),
        (r"a=s3cret%5Cu002fx", format!("a={short}")),
        ("YTpzM2NyZXQveA", format!("YT{short}")),
        ("YTpzM2NyZXQve%41%3D%3D&b", format!("YT{short}%3D%3D&b")),
        ("Basic aWQ6Z3Vlc3M=", format!("Basic {guess}=")),
        ("?a=Basic+aWQ6Z3Vlc3M", format!("?a=Basic+{guess}")),
        ("http://u:guess@h/x", format!("http://u:{guess}@h/x")),
        (";client_secret=guess;", format!(";client_secret={guess};")),
        (
            r#"%7B"password": "guess"}"#,
            format!(r#"%7B"password": "{guess}"}}"#),
        ),
        ("s\u{0}3\0c\0r\0e\0t\0/\0x\0", format!("{short}\0")),
        ("Zm9vOnMzY3JldC94, x", format!("Zm9vO{short}, x")),
        (&format!("Bearer {ACCESS}é"), format!("Bearer {token}é")),
        (&format!("a%3D{escaped}"), format!("a%3D{token}")),
        (
            &format!("/checkout/{ACCESS}?lang=fr"),
            format!("/checkout/{token}?lang=fr"),
        ),
        (&ACCESS[..32], ACCESS[..32].to_owned()),
    ] {
        assert_eq!(redactor.text(text), shown, "{text}");
    }
    assert_eq!(short.len(), HIDDEN.len() + HASH);
    assert_eq!(
        redactor.clone().revealing(true).text("s3cret/x"),
        "s3cret/x"
    );
    // Another key gives another hash.
    let other = Redactor::new(Arc::default(), RandomState::new());
    assert_ne!(other.hidden("s3cret/x"), short);
}

#[test]
fn what_is_secret_by_its_name_is_hidden_in_bodies() {
    let redactor = Redactor::default();
    let hash = redactor.hidden("guess");
    for (body, shown) in [
        (
            "a=1&client_secret=guess",
            format!("a=1&client_secret={hash}"),
        ),
        (
            "a%5Bpassword%5D=gues%73&b",
            format!("a%5Bpassword%5D={hash}&b"),
        ),
        (
            r#"{"a": [{"password":"guess"}]}"#,
            format!(r#"{{"a":[{{"password":"{hash}"}}]}}"#),
        ),
        (r#"{"a": "guess"}"#, r#"{"a": "guess"}"#.to_owned()),
    ] {
        assert_eq!(redactor.body(body.as_bytes()), shown);
    }
    let keys = LAX.encode("id:guess");
    assert_eq!(
        redactor.header("authorization", &format!("Basic {keys}")),
        format!("Basic {hash}")
    );
    assert_eq!(redactor.header("cookie", "a=guess"), format!("a={hash}"));
}

/// An encoding of a text in which it must still be found.
fn spelled(text: &str, how: u8) -> String {
    match how % 6 {
        0 => percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
            .to_string(),
        1 => text.bytes().fold(String::new(), |mut all, byte| {
            let _ = write!(all, "%{byte:02x}");
            all
        }),
        2 => text.encode_utf16().fold(String::new(), |mut all, code| {
            let _ = write!(all, "\\u{code:04x}");
            all
        }),
        3 => LAX.encode(text),
        4 => base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("id:{text}")),
        _ => serde_json::Value::from(text).to_string(),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(1_000))]
    #[test]
    fn no_spelling_of_a_secret_is_shown(
        secret in "[a-zA-Z0-9/+%\\\\é -]{6,30}",
        before in "[a-zA-Z0-9=&/:% ]{0,12}",
        after in "[=&:; ]?[a-zA-Z0-9=&/: ]{0,12}",
        hows in proptest::collection::vec(0..6_u8, 0..5),
    ) {
        let secrets = Secrets::default();
        secrets.add(&secret);
        let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
        let spelling = hows.iter().fold(secret.clone(), |text, how| spelled(&text, *how));
        let text = format!("{before}={spelling}{after}");
        let shown = redactor.text(&text);
        proptest::prop_assert!(shown.contains(HIDDEN), "{hows:?} {secret:?}: {text} → {shown}");
        // Less than the secret is left.
        let left = shown.replace(HIDDEN, "");
        proptest::prop_assert!(!left.contains(&spelling), "{text} → {shown}");
    }
}
