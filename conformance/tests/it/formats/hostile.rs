//! A server whose answers are made to break the reports that quote them.

use super::{FORMATS, judged, readers};
use crate::live::servers::{json, serve};
use std::io::Write as _;

/// Markup of every format, the characters that XML forbids, an escape sequence, and lines that
/// GitHub would obey.
const EVIL: &str = "{\"error\":\"red \u{fffe}\u{1}\u{ffff} </script><script>alert(1)</script> \
                    ]]> <img src=x onerror=alert(2)> & \u{1b}[2J\u{202e} [a](http://evil.example/) \
                    | `` ``` ````` {0} ${{ 1 }} @all\n::error::mine\r\n::stop-commands::x\n##[error]y\n## head\n\"}";

#[test]
fn a_servers_words_are_no_markup_in_any_format() {
    let server = serve(|request, stream| {
        // The token is fine, so that there is something to judge.
        let answer = if request.is_for("/oauth/token") {
            json(
                200,
                &format!("{{\"access_token\":\"0123456789abcdef\",\"x\":{EVIL}}}"),
            )
        } else {
            json(500, EVIL)
        };
        let _ = stream.write_all(&answer);
    });
    let folder = tempfile::tempdir().unwrap();
    let output = judged(
        &server.base_url(),
        folder.path(),
        &["--only", "token.*,http.*"],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let text = |name: &str| {
        let (_, file) = FORMATS.iter().find(|(format, _)| *format == name).unwrap();
        std::fs::read_to_string(folder.path().join(file)).unwrap()
    };
    for (format, _) in FORMATS.iter().filter(|(format, _)| *format != "text") {
        readers::read(format, &text(format));
    }
    let shown = text("text");
    assert!(shown.contains("\\u{1b}[2J\\u{202e}"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{1}', '\r']));
    assert!(!shown.contains("##["), "{shown}");
    assert!(!shown.lines().any(|line| line.starts_with("::")), "{shown}");
    let page = text("html");
    assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    let xml = text("junit");
    assert!(xml.contains("red \u{fffd}"), "{xml}");
    let commands = readers::github(&text("github"));
    let errors = commands
        .iter()
        .filter(|(kind, title, _)| kind == "error" && title.contains('.'));
    let report: serde_json::Value = serde_json::from_str(&text("json")).unwrap();
    assert_eq!(errors.count(), report["findings"].as_array().unwrap().len());
    assert!(
        commands
            .iter()
            .any(|(_, _, message)| message.contains("\n::error::mine\r\n")),
        "a reader gets what the server said"
    );
}
