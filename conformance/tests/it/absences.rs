//! What must not be there, wherever it would be convenient.

use crate::sources::rust_files;

/// The `.rs` files below `folder` that contain one of `words`, without their tests.
fn files_with(folder: &str, words: &[&str]) -> Vec<String> {
    let has_one = |(_, text): &(String, String)| {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        words.iter().any(|word| code.contains(word))
    };
    let files = rust_files(folder).into_iter().filter(has_one);
    files.map(|(name, _)| name).collect()
}

#[test]
fn what_judges_never_sees_the_mock() {
    // A shop is certified with a mock behind it; its judge sees the trace, whose rows are the
    // journal's, and the rules of lint. What the mock answered is asked of a mock again. The command
    // lines of both programs are read by one code.
    let allowed = [
        "cli/args.rs",
        "cli/merchant_args.rs",
        "cli/mod.rs",
        "cli/target.rs",
        "merchant/certificate/replay/compare.rs",
        "merchant/certificate/replay/mod.rs",
        "merchant/exec.rs",
        "merchant/judge/lint.rs",
        "merchant/record/event.rs",
        "merchant/record/steering.rs",
        "merchant/stage/customer/mod.rs",
        "merchant/stage/mod.rs",
        "merchant/stage/performance.rs",
        "merchant/stage/recorder/anonymizer.rs",
        "merchant/stage/recorder/mod.rs",
        "merchant/stage/shop/mod.rs",
        "merchant/trace/mod.rs",
        "server/selftest/bugs.rs",
        "server/selftest/mod.rs",
        "server/selftest/random.rs",
    ];
    assert_eq!(files_with("conformance/src", &["flexiti_mock"]), allowed);
}

#[test]
fn handlers_read_no_clock_and_draw_no_numbers() {
    let clocks = ["Timestamp::now", "SystemTime::now", "Instant::now"];
    // The pipeline measures how long an answer took, and so do the delivery of callbacks and the way
    // to the upstream. When a line of the log was written, how long a connection is idle, how long
    // the log, a command and a turn at a shared store may take, and whether a certificate has
    // expired, is no business of handlers.
    assert_eq!(
        files_with("mock-server/src", &clocks),
        [
            "app/resume.rs",
            "cli/exec/command.rs",
            "clock.rs",
            "pipeline/mod.rs",
            "server/callback.rs",
            "server/connections.rs",
            "server/stream.rs",
            "server/tls/certificate.rs",
            "store/turns.rs",
            "telemetry/log_writer.rs",
            "telemetry/plain.rs",
            "upstream/mod.rs"
        ]
    );
    assert_eq!(files_with("mock-server/src", &["rand::"]), ["random.rs"]);
}

#[test]
fn the_runner_reads_requests_back_without_the_mocks_reader() {
    let words = ["api::parameters", "http::form"];
    assert_eq!(files_with("conformance/src", &words), [""; 0]);
}

#[test]
fn handlers_know_nothing_of_sabotage() {
    let around = |file: &String| !file.starts_with("sabotage/");
    let mut files = files_with("mock-server/src", &["sabotage", "Saboteur"]);
    files.retain(around);
    assert_eq!(files, ["embed/mock.rs", "lib.rs"]);
    let hooks = ["taken_away", "sabotaged", "saboteur"];
    assert_eq!(files_with("schemas/src", &hooks), [""; 0]);
}
