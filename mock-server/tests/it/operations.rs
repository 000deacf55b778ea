//! What whoever operates the server relies on: readiness, draining, and the service manager.

use crate::process::{Running, program, stderr, wait_for};
use crate::shop::demo_token_call;
use crate::wire::{Answer, Call, connect};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn ready(running: &Running) -> Answer {
    Call::get("/__admin/ready").send(running.address())
}

fn wait_until_it_drains(running: &Running) {
    wait_for("readiness to turn false", PATIENCE, || {
        (ready(running).status == 503).then_some(())
    });
}

#[test]
fn it_is_not_ready_first_then_stops_listening_and_then_answers_what_is_under_way() {
    // On an address that needs the token: readiness does not, as health does not.
    let mut running = Running::start(&["--drain", "1", "--admin-token", "admin-token"]);
    let address = running.address();
    assert_eq!(ready(&running).status, 200);
    assert_eq!(ready(&running).json(), json!({"status": "ready"}));
    let late = json!({"faults": [{"match": {"endpoint": "token"}, "action": {"type": "delay", "ms": 1_500}}]});
    let plan = Call::new("PUT", "/__admin/merchants/flexitidemo/faults")
        .header("authorization", "Bearer admin-token")
        .json(&late);
    assert_eq!(plan.send(address).status, 200);
    let mut idle = connect(address);
    let mut slow = connect(address);
    slow.write_all(&demo_token_call(&[]).bytes(address))
        .unwrap();
    // It is handled once the fault is used up.
    wait_for("the slow request", PATIENCE, || {
        let told = plan_of(&running);
        (told["faults"][0]["consumed_by"] != json!([])).then_some(())
    });
    running.signal("TERM");
    wait_until_it_drains(&running);
    assert_eq!(ready(&running).json(), json!({"status": "draining"}));
    // Who comes nevertheless is answered, and sent away.
    let kept = demo_token_call(&[]).header("connection", "keep-alive");
    let answer = kept.send(address);
    assert_eq!(
        (answer.status, answer.header("connection")),
        (200, Some("close"))
    );
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).unwrap();
    assert_eq!(Answer::parse(&rest, false).0.status, 200);
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    assert_eq!(running.ended().code(), Some(0));
}

fn plan_of(running: &Running) -> serde_json::Value {
    Call::get("/__admin/merchants/flexitidemo/faults")
        .header("authorization", "Bearer admin-token")
        .send(running.address())
        .json()
}

#[test]
fn a_second_signal_ends_the_draining_and_the_health_check_knows_of_it() {
    let mut running = Running::start(&["--drain", "1000"]);
    let address = running.address().to_string();
    let check = |arguments: &[&str]| {
        let output = crate::process::run(&[&["healthcheck", &address], arguments].concat());
        output.status.code()
    };
    assert_eq!(check(&["--ready"]), Some(0));
    running.signal("TERM");
    wait_until_it_drains(&running);
    assert_eq!(check(&["--ready"]), Some(1));
    assert_eq!(check(&[]), Some(0), "it is healthy, and not to be killed");
    running.signal("TERM");
    assert_eq!(running.ended().code(), Some(0));
}

#[test]
fn the_service_manager_hears_of_start_and_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hears = |manager: &UnixDatagram| {
        let mut text = [0; 200];
        let count = manager.recv(&mut text).expect("word of the server");
        String::from_utf8(text[..count].to_vec()).unwrap()
    };
    let start = |socket: &str| {
        let mut command = program();
        command
            .args(["--listen", "127.0.0.1:0"])
            .env("NOTIFY_SOCKET", socket);
        Running::spawn(command)
    };
    let mut running = start(path.to_str().unwrap());
    assert_eq!(hears(&manager), "READY=1");
    running.signal("TERM");
    assert_eq!(hears(&manager), "STOPPING=1");
    assert!(running.ended().success());

    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt as _;
        let name = format!("flexiti-mock-test-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let _running = start(&format!("@{name}"));
        assert_eq!(hears(&manager), "READY=1");
    }
    // A manager that is not there is no reason to serve nobody.
    assert_eq!(ready(&start("/nowhere/notify")).status, 200);
}

/// The program with a socket that the service manager listens on: as many as `count` says.
fn activated(socket: impl Into<OwnedFd>, count: u32) -> Command {
    let mut command = Command::new("sh");
    let run = format!(
        "exec 3<&0 4<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS={count} exec {} \"$@\"",
        env!("CARGO_BIN_EXE_flexiti-mock")
    );
    command
        .args(["-c", &run, "sh"])
        .stdin(Stdio::from(socket.into()));
    command
}

#[test]
fn the_socket_that_is_handed_over_is_served_and_who_came_before_waits() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut early = connect(address);
    early
        .write_all(&demo_token_call(&[]).bytes(address))
        .unwrap();
    for _ in 0..2 {
        // The flag is not asked: the socket unit has the address.
        let mut command = activated(listener.try_clone().unwrap(), 1);
        command.args(["--listen", "127.0.0.1:1"]);
        let mut running = Running::spawn(command);
        assert_eq!(running.address(), address);
        assert_eq!(demo_token_call(&[]).send(address).status, 200);
        running.signal("TERM");
        assert!(running.ended().success());
    }
    let mut answer = Vec::new();
    early.read_to_end(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer, false).0.status, 200);

    let folder = tempfile::tempdir().unwrap();
    let unix = UnixListener::bind(folder.path().join("socket")).unwrap();
    for (mut command, words) in [
        (activated(unix, 1), "ListenStream"),
        (activated(listener, 2), "2 sockets"),
    ] {
        let output = command.output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("LISTEN_FDS") && said.contains(words),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
