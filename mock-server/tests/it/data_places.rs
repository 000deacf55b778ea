//! Where the files of `--data` are: made whole, for their owner alone, and what becomes of one that
//! is taken away.

use crate::data::{admin, assert_same, everything, file, fill, order, see, token};
use crate::process::{Running, program, run, stderr, stdout, wait_for};
use crate::shop::text;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn open_to_all(path: impl AsRef<Path>, content: &str) {
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn a_file_that_is_taken_away_is_written_again_with_all_that_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(folder.path());
    let running = Running::start(&["--data", &whole]);
    let address = running.address();
    let (bearer, _) = fill(address);
    fs::remove_file(&whole).unwrap();
    order(address, &bearer, "after it was gone");
    assert_eq!(mode(&whole), 0o600);
    let before = everything(address);
    running.signal("KILL");
    drop(running);
    let running = Running::start(&["--data", &whole]);
    assert_same(&everything(running.address()), &before, "written again");
}

#[test]
fn another_file_in_its_place_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, other) = (file(folder.path()), folder.path().join("other.db"));
    let running = Running::start(&["--data", other.to_str().unwrap()]);
    token(running.address());
    drop(running);
    let running = Running::start(&["--data", &whole]);
    let address = running.address();
    let bearer = text(&token(address), "access_token");
    let away = folder.path().join("away.db");
    fs::rename(&whole, &away).unwrap();
    fs::rename(&other, &whole).unwrap();
    let theirs = fs::read(&whole).unwrap();
    let call = crate::shop::init_call(crate::shop::INIT, &bearer).form(&crate::shop::APPLY);
    let refused = call.send(address);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(
        refused.text().contains("another file"),
        "{}",
        refused.text()
    );
    assert_eq!(fs::read(&whole).unwrap(), theirs);
    // Its own comes back.
    fs::rename(&away, &whole).unwrap();
    wait_for("the store", PATIENCE, || {
        (admin(address, "GET", "/ready", &Value::Null).status == 200).then_some(())
    });
    // What was refused was taken back, and can be sent again.
    let before = see(address, "/orders");
    assert_eq!(before["orders"].as_array().unwrap().len(), 0);
    assert_eq!(call.send(address).status, 200);
    let before = see(address, "/orders");
    assert_eq!(before["orders"].as_array().unwrap().len(), 1);
    drop(running);
    let running = Running::start(&["--data", &whole]);
    let after = see(running.address(), "/orders");
    assert_eq!(after["orders"][0]["id"], before["orders"][0]["id"]);
}

#[test]
fn of_servers_that_start_at_once_one_has_the_file() {
    for is_there in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let whole = file(folder.path());
        if is_there {
            open_to_all(&whole, "");
        }
        let mut servers: Vec<_> = (0..4)
            .map(|_| {
                let mut command = program();
                command.args(["--listen", "127.0.0.1:0", "--data", &whole]);
                command.stdout(Stdio::null()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        wait_for("all but one to end", PATIENCE, || {
            let ended = |server: &mut std::process::Child| server.try_wait().unwrap().is_some();
            (servers
                .iter_mut()
                .filter_map(|it| ended(it).then_some(()))
                .count()
                == 3)
                .then_some(())
        });
        wait_for("the one that is left to make the file", PATIENCE, || {
            fs::metadata(&whole)
                .is_ok_and(|found| found.len() > 0)
                .then_some(())
        });
        for mut server in servers {
            if server.try_wait().unwrap().is_none() {
                server.kill().unwrap();
                server.wait().unwrap();
                continue;
            }
            let output = server.wait_with_output().unwrap();
            let line = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{line}");
            assert!(line.contains("another process has it open"), "{line}");
        }
        let checked = run(&["data", "check", &whole]);
        assert!(checked.status.success(), "{}", stderr(&checked));
    }
}

#[test]
fn only_their_owner_may_read_files_with_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (whole, json, har, lines) = (at("a.db"), at("a.json"), at("a.har"), at("a.jsonl"));
    for path in [&whole, &json, &har, &lines] {
        open_to_all(path, "");
    }
    let nobody = "http://127.0.0.1:1/flexiti/online-api";
    let config = at("shops.toml");
    let merchant = |id: &str, more: &str| {
        format!("[[merchants]]\nclient_id = \"{id}\"\nclient_secret = \"{id}-secret\"\n{more}")
    };
    let merchants = [
        merchant("flexitidemo", ""),
        merchant("theirs", "upstream = true\n"),
    ];
    fs::write(&config, merchants.concat()).unwrap();
    let running = Running::start(&[
        "--data",
        &whole,
        "--config",
        &config,
        "--upstream",
        nobody,
        "--transcript",
        &lines,
    ]);
    token(running.address());
    drop(running);
    assert_eq!((mode(&whole), mode(&lines)), (0o600, 0o600));
    fs::set_permissions(&whole, Permissions::from_mode(0o664)).unwrap();
    drop(Running::start(&[
        "--data",
        &whole,
        "--config",
        &config,
        "--upstream",
        nobody,
    ]));
    assert_eq!(mode(&whole), 0o600);
    let exported = run(&["data", "export", &whole, "--out", &json]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    assert!(
        fs::read_to_string(&json)
            .unwrap()
            .contains("flexitidemo-secret")
    );
    assert_eq!(mode(&json), 0o600);
    let ran = run(&["exec", "--journal", &har, "--", "true"]);
    assert!(ran.status.success(), "{}", stderr(&ran));
    assert!(fs::metadata(&har).unwrap().len() > 0);
    assert_eq!(mode(&har), 0o600);
}

#[test]
fn a_link_leads_to_the_store_and_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, link) = (file(folder.path()), folder.path().join("link.db"));
    std::os::unix::fs::symlink(&whole, &link).unwrap();
    let running = Running::start(&["--data", link.to_str().unwrap()]);
    token(running.address());
    drop(running);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(mode(&whole), 0o600);
    let checked = stdout(&run(&["data", "check", &whole]));
    assert!(checked.contains("exchanges 1"), "{checked}");
}

#[test]
fn a_pipe_is_no_store_and_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = file(folder.path());
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for arguments in [
        &["--listen", "127.0.0.1:0", "--data", &pipe][..],
        &["data", "check", &pipe],
        &["data", "export", &pipe],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let line = stderr(&output);
        assert!(line.contains("not a plain file"), "{line}");
    }
}

#[test]
fn an_export_replaces_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(folder.path());
    let running = Running::start(&["--data", &whole]);
    token(running.address());
    drop(running);
    let exported = run(&["data", "export", &whole, "--out", &whole]);
    assert_eq!(exported.status.code(), Some(2));
    assert!(
        stderr(&exported).contains("is a store"),
        "{}",
        stderr(&exported)
    );
    let checked = stdout(&run(&["data", "check", &whole]));
    assert!(checked.contains("exchanges 1"), "{checked}");
}

#[test]
fn what_cannot_be_imported_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(folder.path());
    let running = Running::start(&["--data", &whole]);
    fill(running.address());
    drop(running);
    let exported = stdout(&run(&["data", "export", &whole]));
    let broken = folder.path().join("broken.json");
    fs::write(
        &broken,
        exported.replacen("\"flow\":\"apply\"", "\"flow\":\"fly\"", 1),
    )
    .unwrap();
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    let imported = run(&[
        "data",
        "import",
        empty.to_str().unwrap(),
        broken.to_str().unwrap(),
    ]);
    assert_eq!(imported.status.code(), Some(2));
    assert!(
        stderr(&imported).contains("orders: "),
        "{}",
        stderr(&imported)
    );
    assert_eq!(fs::metadata(&empty).unwrap().len(), 0);
    // A version is text of the file's, and no more than that to a terminal.
    let odd = exported.replacen("\"version\":\"", "\"version\":\"\\u001b[31m", 1);
    fs::write(&broken, odd).unwrap();
    let imported = run(&[
        "data",
        "import",
        empty.to_str().unwrap(),
        broken.to_str().unwrap(),
    ]);
    assert!(imported.status.success(), "{}", stderr(&imported));
    assert!(
        stdout(&imported).contains("\\u{1b}[31m"),
        "{}",
        stdout(&imported)
    );
}
