//! Shops of which nothing can be said: named, bounded, exit code 3.

use crate::merchant::{merchants, run, stderr, write};

#[test]
fn a_shop_that_cannot_be_certified_is_named_and_the_run_ends() {
    let folder = tempfile::tempdir().unwrap();
    let example = include_str!("../../src/merchant/driver/example.toml");
    let shop = |name: &str, program: &str| {
        let command = format!("command = [\"sh\", \"-c\", '''{program}''']");
        let text = example.replace("command = [\"python3\", \"shop.py\"]", &command);
        let text = text.replace("patience_s = 30", "patience_s = 1");
        let driver = write(&folder, name, &text);
        // In each lane several scenarios: one that is alone in its lane is enough by itself.
        let skipped = "outcome.approved_not_bought";
        let only = ["--only", "outcome", "--skip", skipped];
        run(&[&["merchant", "--driver", &driver], &only[..]].concat())
    };
    for (name, program, words) in [
        (
            "none.toml",
            "exec nothing-of-this-name",
            vec!["exited", "before it was ready", "not found"],
        ),
        (
            "early.toml",
            "echo no database >&2; exit 7",
            vec!["exited", "exit status: 7", "no database"],
        ),
    ] {
        let output = shop(name, program);
        assert_eq!(output.status.code(), Some(3), "{name}: {}", stderr(&output));
        for word in words {
            assert!(
                stderr(&output).contains(word),
                "{name}: {}",
                stderr(&output)
            );
        }
    }
    // It answers, but not as a shop does.
    let python = |body: &str| {
        format!(
            "exec python3 -c \"
import http.server, os
class H(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self): self.answer()
    def do_POST(self): self.answer()
    def answer(self):
        if self.path == chr(47): self.send_response(200); self.end_headers(); return
{body}
host, port = os.environ['SHOP_LISTEN'].split(':')
http.server.ThreadingHTTPServer((host, int(port)), H).serve_forever()
\""
        )
    };
    for (name, body, words) in [
        (
            "loop.toml",
            "        self.send_response(302); self.send_header('location', self.path); self.end_headers()",
            vec![
                "a customer sees nothing",
                "10 redirections",
                "3 times in a row",
            ],
        ),
        (
            "garbage.toml",
            "        self.wfile.write(b'garbage' * 9); self.close_connection = True",
            vec!["a customer sees nothing", "3 times in a row"],
        ),
        (
            "silent.toml",
            "        import time; time.sleep(600)",
            vec!["a customer sees nothing", "timed out", "3 times in a row"],
        ),
        (
            "midway.toml",
            "        print('no space left', flush=True); os._exit(9)",
            vec!["exited again and again", "exit status: 9", "no space left"],
        ),
    ] {
        let output = shop(name, &python(body));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{name}: {said}");
        for word in words {
            assert!(said.contains(word), "{name}: {said}");
        }
    }
}

#[test]
fn a_driver_file_that_misleads_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    // It answers, but not where the driver file says.
    let file = std::fs::read_to_string(merchants().join("python/merchant.toml")).unwrap();
    let script = merchants().join("python/shop.py");
    let file = file.replace("\"shop.py\"", &format!("\"{}\"", script.display()));
    let cases = [
        (
            "pointer.toml",
            "\"/status\"",
            "\"/state\"",
            "nothing at `/state`",
        ),
        (
            "words.toml",
            "[\"paid\", \"approved\"]",
            "[\"ok\"]",
            "says `",
        ),
        (
            "address.toml",
            "/orders/{merchant_orderid}",
            "/",
            "not JSON",
        ),
    ];
    let misled = |name: &str, old: &str, new: &str, word: &str| {
        assert!(file.contains(old), "{old}");
        let driver = write(&folder, name, &file.replace(old, new));
        let output = run(&[
            "merchant",
            "--driver",
            &driver,
            "--only",
            "outcome.purchased",
        ]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{name}: {said}");
        for word in ["order.url", word, "paid, pending, failed"] {
            assert!(said.contains(word), "{name}: {said}");
        }
    };
    std::thread::scope(|scope| {
        for (name, old, new, word) in cases {
            let misled = &misled;
            scope.spawn(move || misled(name, old, new, word));
        }
    });
}
