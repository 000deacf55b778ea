//! The files of `--data`: those that cannot be used, exported and imported ones, and a full disk.

use crate::data::{admin, assert_same, everything, file, fill, see, token};
use crate::process::{Running, program, run, stderr, stdout, wait_for};
use crate::shop::{APPLY, INIT, init_call, text};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_file_that_cannot_be_used_is_named_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &str| {
        let output = run(&["--listen", "127.0.0.1:0", "--data", path]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let line = stderr(&output);
        assert!(line.contains("--data") && line.contains(path), "{line}");
        line
    };
    let put = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let text = put("text", b"what else");
    assert!(refused(&text).contains("not a file that flexiti-mock has written"));
    assert_eq!(std::fs::read(&text).unwrap(), b"what else");
    assert!(refused(folder.path().to_str().unwrap()).contains("not a plain file"));
    refused(folder.path().join("no/such/folder").to_str().unwrap());

    let whole = file(folder.path());
    let running = Running::start(&["--data", &whole]);
    fill(running.address());
    assert!(refused(&whole).contains("another process has it open"));
    drop(running);
    let good = std::fs::read(&whole).unwrap();

    // As a newer program would write it.
    let exported = run(&["data", "export", &whole]);
    let json = stdout(&exported).replace("\"format\":1", "\"format\":2");
    let json = put("newer.json", json.as_bytes());
    let newer = folder.path().join("newer.db");
    let imported = run(&["data", "import", newer.to_str().unwrap(), &json]);
    assert_eq!(imported.status.code(), Some(2));
    assert!(
        stderr(&imported).contains("format 2"),
        "{}",
        stderr(&imported)
    );
    assert!(!newer.exists());

    // Cut short, and bytes that are not as they were written.
    let mut damaged: Vec<Vec<u8>> = vec![good[..good.len() / 2].to_vec(), good[..100].to_vec()];
    let step = good.len() / 40;
    for at in (0..good.len()).step_by(step.max(1)) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        damaged.push(bytes);
    }
    let mut count = 0;
    for (at, bytes) in damaged.iter().enumerate() {
        let path = put("damaged.db", bytes);
        let output = run(&["data", "check", &path]);
        let line = stderr(&output);
        match output.status.code() {
            // A byte that means nothing: all that matters is there.
            Some(0) => assert!(
                stdout(&output).contains("orders 3,"),
                "{at}: {}",
                stdout(&output)
            ),
            Some(2) => {
                count += 1;
                assert!(
                    line.contains(&path) && !line.contains("panicked"),
                    "{at}: {line}"
                );
                assert_eq!(
                    &std::fs::read(&path).unwrap(),
                    bytes,
                    "{at}: it was changed"
                );
            }
            other => panic!("{at}: {other:?}: {line}"),
        }
    }
    assert!(count >= 2, "{count} were noticed");
}

#[test]
fn what_was_exported_can_be_imported_and_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(folder.path());
    let running = Running::start(&["--data", &whole]);
    fill(running.address());
    let before = everything(running.address());
    drop(running);
    let json = folder.path().join("all.json");
    let json = json.to_str().unwrap();
    let exported = run(&["data", "export", &whole, "--out", json]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    let imported = run(&["data", "import", copy, json]);
    assert!(
        stdout(&imported).contains("orders 3,"),
        "{}",
        stderr(&imported)
    );
    let running = Running::start(&["--data", copy]);
    assert_same(&everything(running.address()), &before, "imported");
    drop(running);
    let again = run(&["data", "import", copy, json]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        stderr(&again).contains("something in it already"),
        "{}",
        stderr(&again)
    );
    // What no server could begin with is not imported, and the place is named.
    let text = std::fs::read_to_string(json).unwrap();
    for (was, is, place) in [
        ("\"flow\":\"apply\"", "\"flow\":\"fly\"", "orders: "),
        ("\"orders\": [", "\"odours\": [", "no table `odours`"),
        (
            "\"amount_requested\":",
            "\"amount_wanted\":",
            "no parameter `amount_wanted`",
        ),
        ("}", "", "not what `data export` writes"),
    ] {
        let broken = folder.path().join("broken.json");
        std::fs::write(&broken, text.replacen(was, is, 1)).unwrap();
        let new = folder.path().join("new.db");
        let output = run(&[
            "data",
            "import",
            new.to_str().unwrap(),
            broken.to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(2), "{was}");
        assert!(
            stderr(&output).contains(place),
            "{was}: {}",
            stderr(&output)
        );
        assert!(!new.exists(), "{was}");
    }
}

#[test]
fn a_full_disk_stops_answers_but_not_the_server_and_it_goes_on_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(folder.path());
    let mut command = Command::new("env");
    command.args(["--ignore-signal=XFSZ", "--default-signal=HUP"]);
    command.arg(program().get_args().nth(1).unwrap());
    command.args(["--listen", "127.0.0.1:0", "--data", &whole]);
    let running = Running::spawn(command);
    let address = running.address();
    let bearer = text(&token(address), "access_token");
    let limit = |bytes: &str| {
        let pid = running.pid().to_string();
        let mut set = Command::new("prlimit");
        set.args(["--pid", &pid, &format!("--fsize={bytes}:")]);
        assert!(set.status().unwrap().success());
    };
    let size = std::fs::metadata(&whole).unwrap().len();
    limit(&size.to_string());
    let name = "x".repeat(60);
    let pairs = [&APPLY[..], &[("fname", &*name)]].concat();
    let call = init_call(INIT, &bearer).form(&pairs);
    let mut opened = 0;
    let refused = wait_for("the disk to be full", Duration::from_secs(60), || {
        let answer = call.send(address);
        opened += usize::from(answer.status == 200);
        (answer.status == 503).then_some(answer)
    });
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.text().contains(&whole), "{}", refused.text());
    let ready = admin(address, "GET", "/ready", &Value::Null);
    assert_eq!(
        (ready.status, ready.json()["status"].as_str()),
        (503, Some("store_lost"))
    );
    let health = see(address, "/health");
    assert_eq!(health["store"]["status"], "store_lost", "{health}");
    let metrics = admin(address, "GET", "/metrics", &Value::Null).text();
    assert!(metrics.contains("flexiti_mock_store_up 0"));
    limit("unlimited");
    wait_for("the store", PATIENCE, || {
        (admin(address, "GET", "/ready", &Value::Null).status == 200).then_some(())
    });
    // What was refused was taken back, and nothing else: it can be sent again.
    let orders = |address| see(address, "/orders")["orders"].as_array().unwrap().len();
    assert_eq!(orders(address), opened);
    assert_eq!(call.send(address).status, 200);
    let before = orders(address);
    assert_eq!(before, opened + 1);
    drop(running);
    let running = Running::start(&["--data", &whole]);
    assert_eq!(orders(running.address()), before);
}
