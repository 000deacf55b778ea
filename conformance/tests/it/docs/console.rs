//! Runs the console blocks of README.md and the guides, and compares what they print.
//!
//! A line that begins with `$ ` is a command. It continues on the next line while it ends with a
//! backslash or leaves a quote or a here-document open. All other lines are its expected output,
//! standard error included; `…` stands for anything within a line, and alone on a line for any
//! number of lines. The commands of a page share one shell, so variables persist.
//!
//! A mock listens on the programs' default address, unless the page starts one with
//! `flexiti-mock … &`. The ports in the page are replaced by free ones in commands, and back in
//! what they print.

use super::comparison::{matches, steady};
use super::markdown::parse;
use super::programs::{Server, free_port, path, workshop};
use super::{pages_that_run, read};
use std::fmt::Write as _;
use std::process::Command;

/// A command of a page and its expected output.
struct Step {
    line: usize,
    command: String,
    prints: Vec<String>,
}

/// The default addresses of the mock and of the demo shop, and one for a second mock.
const MOCK: u16 = 4359;
const SECOND: u16 = 4360;
const SHOP: u16 = 9000;

#[test]
fn console_blocks_print_what_the_page_says() {
    // Pages are independent of each other, and spend most of their time waiting for programs.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let pages = pages_that_run();
        let running: Vec<_> = pages
            .into_iter()
            .map(|page| scope.spawn(move || run(&page)))
            .collect();
        let ended = running.into_iter().map(|page| page.join().unwrap());
        ended.flatten().collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Runs a page, and returns what differs from it.
fn run(page: &str) -> Vec<String> {
    let steps = steps(page);
    if steps.is_empty() {
        return Vec::new();
    }
    let starts_one = steps.iter().any(|it| serves(&it.command));
    let server = (!starts_one).then(Server::start);
    let ports = [
        (MOCK, server.as_ref().map_or_else(free_port, |it| it.port)),
        (SECOND, free_port()),
        (SHOP, free_port()),
    ];
    let folder = workshop();
    let script = script(&steps, &ports);
    std::fs::write(folder.path().join("page.sh"), script).unwrap();
    let output = Command::new("timeout")
        .args(["120", "sh", "page.sh"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    for (page, real) in ports {
        printed = printed.replace(&format!(":{real}"), &format!(":{page}"));
    }
    let mut failures = Vec::new();
    let mut printed = printed.split(MARK);
    for step in &steps {
        let Some(actual) = printed.next() else {
            failures.push(format!("{page}:{}: did not end in time", step.line));
            break;
        };
        let lines = actual.trim_matches('\n').lines();
        let actual: Vec<String> = lines.filter(|it| !is_progress(it)).map(steady).collect();
        let expected: Vec<String> = step.prints.iter().map(|it| steady(it)).collect();
        if !matches(&expected, &actual) {
            failures.push(format!(
                "{page}:{}: $ {}\n--- the page\n{}\n--- printed\n{}",
                step.line,
                step.command,
                expected.join("\n"),
                actual.join("\n")
            ));
        }
    }
    failures
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for fence in parse(&read(page)).fences {
        if fence.language == "console" {
            steps.extend(steps_of(page, fence.line, &fence.text));
        }
    }
    steps
}

fn steps_of(page: &str, first: usize, text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let place = format!("{page}:{}", first + at);
        assert!(
            !line.contains("cargo"),
            "{place}: a console block cannot build; show that in a `sh` block"
        );
        if let Some(step) = steps.last_mut()
            && step.prints.is_empty()
            && is_open(&step.command)
        {
            step.command.push('\n');
            step.command.push_str(line);
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                line: first + at,
                command: command.to_owned(),
                prints: Vec::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            step.prints.push(line.to_owned());
        } else {
            panic!("{place}: a console block begins with a command");
        }
    }
    for step in &mut steps {
        while step.prints.last().is_some_and(|it| it.trim().is_empty()) {
            step.prints.pop();
        }
        let lead = step.prints.iter().take_while(|it| it.trim().is_empty());
        let lead = lead.count();
        step.prints.drain(..lead);
    }
    steps
}

/// Whether the command continues on the next line.
fn is_open(command: &str) -> bool {
    if let Some((_, rest)) = command.split_once("<<'") {
        let word = rest.split('\'').next().unwrap_or_default();
        return !command.lines().any(|line| line == word);
    }
    command.ends_with('\\') || command.matches('\'').count() % 2 == 1
}

/// Whether a line is the runner's progress, which a slow machine sees.
fn is_progress(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    matches!(words[..], [done, "of", _, "cases,", _, "s"] if done.parse::<u32>().is_ok())
}

/// Whether a command starts a mock on the default address.
fn serves(command: &str) -> bool {
    command.starts_with("flexiti-mock") && is_left_running(command) && !command.contains("--listen")
}

/// Whether a command starts the demo shop.
fn is_shop(command: &str) -> bool {
    command.starts_with("shop ") && is_left_running(command)
}

fn is_left_running(command: &str) -> bool {
    command.trim_end().ends_with('&')
}

const MARK: &str = "\n--8<-- end of a step\n";

fn script(steps: &[Step], ports: &[(u16, u16); 3]) -> String {
    let [(_, mock), (_, second), (_, shop)] = *ports;
    let mut script = "exec 2>&1\nRUNNING=\n".to_owned();
    for step in steps {
        let mut command = step.command.clone();
        for (page, real) in ports {
            command = command.replace(&format!(":{page}"), &format!(":{real}"));
        }
        if serves(&step.command) {
            let _ = write!(script, "FLEXITI_MOCK_LISTEN=127.0.0.1:{mock} ");
        }
        if is_shop(&step.command) {
            let url = format!("http://127.0.0.1:{mock}/flexiti/online-api");
            let _ = write!(
                script,
                "SHOP_LISTEN=127.0.0.1:{shop} FLEXITI_BASE_URL={url} "
            );
        }
        let _ = writeln!(script, "{command}");
        if is_left_running(&step.command) {
            script.push_str("RUNNING=\"$RUNNING $!\"\n");
            // A reader takes longer to go on than a mock takes to start. Once it answers, its
            // banner is printed; asking for its health leaves no trace in the journal.
            let started = match () {
                () if serves(&step.command) => Some(mock),
                () if command.contains(&format!(":{second}")) => Some(second),
                () => None,
            };
            if let Some(port) = started {
                let asked = format!("flexiti-mock healthcheck 127.0.0.1:{port} 2>/dev/null");
                let _ = writeln!(
                    script,
                    "for _ in $(seq 200); do {asked} && break; sleep 0.05; done"
                );
            }
        }
        // The next step may use `$?`.
        let _ = writeln!(script, "STATUS=$?\nprintf '{}'", MARK.replace('\n', "\\n"));
        script.push_str("(exit $STATUS)\n");
    }
    script.push_str("[ -z \"$RUNNING\" ] || kill $RUNNING\nwait\n");
    script
}

#[test]
fn commands_and_what_they_print_are_told_apart() {
    let text = "$ a \\\n  b\nc\n$ cat <<'EOF'\n$ x\nEOF\n\n$ d 'e\nf'\ng\n\nh\n";
    let steps = steps_of("page", 1, text);
    let commands: Vec<_> = steps.iter().map(|it| it.command.as_str()).collect();
    assert_eq!(commands, ["a \\\n  b", "cat <<'EOF'\n$ x\nEOF", "d 'e\nf'"]);
    assert_eq!(steps[0].prints, ["c"]);
    assert_eq!(steps[1].prints, [""; 0]);
    assert_eq!(steps[2].prints, ["g", "", "h"]);
}
