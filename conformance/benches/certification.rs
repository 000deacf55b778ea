//! How long certifying takes, beside the targets.
//!
//! `cargo bench -p flexiti-conformance --bench certification`, with the names of broken shops of
//! `tests/merchants/faults.toml` after `--` to time others than the slow ones.

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flexiti-conformance");

/// Seconds.
const ALL: f64 = 30.0;
const ONE: f64 = 10.0;
const BROKEN: f64 = 60.0;

/// Broken shops of which pages, answers or outcomes do not come, which takes longest.
const SLOW: [&str; 4] = [
    "never_asks",
    "answers_nothing",
    "pending_is_final",
    "endless_after_401",
];

#[derive(Deserialize)]
struct File {
    faults: Vec<Fault>,
}

#[derive(Clone, Deserialize)]
struct Fault {
    program: String,
    name: String,
}

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|arg| arg == "--bench") {
        println!("cargo bench -p flexiti-conformance --bench certification");
        return Ok(());
    }
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let folder = tempfile::tempdir()?;
    let key = folder.path().join("key.json");
    let made = Command::new(PROGRAM)
        .args(["merchant", "keygen"])
        .arg(&key)
        .output()?;
    ensure!(made.status.success(), "no key could be made");
    let driver = demo(folder.path())?;
    let certificate = folder.path().join("certificate.json");
    let certify = |dialect: &str| {
        let started = Instant::now();
        let output = Command::new(PROGRAM)
            .args(["merchant", "--seed", "1", "--dialect", dialect, "--driver"])
            .arg(&driver)
            .arg("--key")
            .arg(&key)
            .arg("--certificate")
            .arg(&certificate)
            .output()?;
        let took = started.elapsed().as_secs_f64();
        // What fails is not to be taken for fast.
        ensure!(
            output.status.success(),
            "the demo shop fails in `{dialect}`"
        );
        anyhow::Ok(took)
    };
    let one = certify("documented")?;
    println!(
        "demo shop, one dialect    {one:>6.1} s  target ≤ {ONE} s: {}",
        met(one, ONE)
    );
    let all = certify("all")?;
    println!(
        "demo shop, all dialects   {all:>6.1} s  target ≤ {ALL} s: {}",
        met(all, ALL)
    );
    let started = Instant::now();
    let verified = Command::new(PROGRAM)
        .arg("verify")
        .arg(&certificate)
        .output()?;
    ensure!(verified.status.success(), "its certificate is refused");
    println!(
        "verifying that            {:>6.1} s",
        started.elapsed().as_secs_f64()
    );
    let mut slowest = (0.0, String::new());
    for fault in broken(&named)? {
        let started = Instant::now();
        let mut driver = merchants().join(&fault.program);
        if driver.extension().is_none() {
            driver.push("merchant.toml");
        }
        let output = Command::new(PROGRAM)
            .args(["merchant", "--seed", "1", "--driver"])
            .arg(&driver)
            .env("SHOP_FAULT", &fault.name)
            .output()?;
        let took = started.elapsed().as_secs_f64();
        let code = output.status.code().unwrap_or_default();
        println!(
            "  {} {}: {took:.1} s, exit code {code}",
            fault.program, fault.name
        );
        if took > slowest.0 {
            slowest = (took, fault.name);
        }
    }
    let (took, name) = slowest;
    let kept = met(took, BROKEN);
    println!("slowest broken shop       {took:>6.1} s  target ≤ {BROKEN} s: {kept} ({name})");
    Ok(())
}

fn met(took: f64, target: f64) -> &'static str {
    if took <= target { "met" } else { "MISSED" }
}

fn merchants() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/merchants")
}

/// The driver file of the demo shop.
fn demo(folder: &Path) -> anyhow::Result<PathBuf> {
    let built = Path::new(PROGRAM).parent().context("no folder")?;
    let shop = built.join("examples/shop");
    ensure!(
        shop.exists(),
        "build it: cargo build --release -p flexiti-mock --example shop"
    );
    let example = include_str!("../src/merchant/driver/example.toml");
    let command = format!("command = [\"{}\"]", shop.display());
    let text = example.replace("command = [\"python3\", \"shop.py\"]", &command);
    let path = folder.join("demo.toml");
    std::fs::write(&path, text)?;
    Ok(path)
}

/// The broken shops of these names, or the slow ones; `all` are all.
fn broken(named: &[String]) -> anyhow::Result<Vec<Fault>> {
    let text = std::fs::read_to_string(merchants().join("faults.toml"))?;
    let file: File = toml::from_str(&text)?;
    let is_wanted = |fault: &Fault| match named {
        [] => SLOW.contains(&fault.name.as_str()),
        [all] if all == "all" => true,
        chosen => chosen.contains(&fault.name),
    };
    let mut wanted: Vec<Fault> = file.faults.into_iter().filter(is_wanted).collect();
    wanted.dedup_by(|one, other| one.name == other.name && one.program == other.program);
    Ok(wanted)
}
