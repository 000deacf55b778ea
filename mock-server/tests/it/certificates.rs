//! The certificate of `--tls-cert` and `--tls-key`: what is refused at the start, and what happens
//! when the files change.

use crate::process::{Running, run, stderr, wait_for};
use crate::secure::{self, Pair, pair};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn openssl(arguments: &[&str], input: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

#[test]
fn what_cannot_be_used_is_one_line_with_the_file_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| write(folder.path(), name, content);
    let good = pair(|_| {});
    let other = pair(|_| {});
    let expired = pair(|params| params.not_after = date_time_ymd(2020, 2, 3));
    let early = pair(|params| params.not_before = date_time_ymd(2999, 1, 1));
    let certificate = file("cert.pem", good.certificate.as_bytes());
    let key = file("key.pem", good.key.as_bytes());
    let key_of_other = file("other.pem", other.key.as_bytes());
    let old = file("expired.pem", expired.certificate.as_bytes());
    let old_key = file("expired-key.pem", expired.key.as_bytes());
    let new = file("early.pem", early.certificate.as_bytes());
    let locked = openssl(&["pkcs8", "-topk8", "-passout", "pass:hunter2"], &good.key);
    let locked = file("locked.pem", &locked);
    let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let older = file("older.pem", older.as_bytes());
    let binary = openssl(&["x509", "-outform", "der"], &good.certificate);
    let binary = file("cert.der", &binary);
    let empty = file("empty.pem", b"");
    let text = file("notes.txt", b"no PEM at all\n");
    let cut = &good.certificate[..good.certificate.len() / 2];
    let cut = file("cut.pem", cut.as_bytes());
    let garbled = good.certificate.replace("MII", "M!I");
    let garbled = file("garbled.pem", garbled.as_bytes());
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let nonsense = file("nonsense.pem", nonsense.as_bytes());
    let two = file("two.pem", format!("{}{}", good.key, other.key).as_bytes());
    let here = folder.path().to_str().unwrap();
    for (certificate, key, words) in [
        ("/nowhere/cert.pem", &*key, "--tls-cert /nowhere/cert.pem"),
        (
            &*certificate,
            "/nowhere/key.pem",
            "--tls-key /nowhere/key.pem",
        ),
        (here, &*key, here),
        (&*key, &*key, "holds a private key, and no certificate"),
        (
            &*certificate,
            &*certificate,
            "holds a certificate, and no private key",
        ),
        (&*certificate, &*key_of_other, "does not belong to"),
        (
            &*old,
            &*old_key,
            "has expired: it was valid until 2020-02-03",
        ),
        (&*new, &*key, "is not valid before 2999-01-01"),
        (&*certificate, &*locked, "encrypted keys are not supported"),
        (&*certificate, &*older, "encrypted keys are not supported"),
        (&*binary, &*key, "is binary (DER)"),
        (&*empty, &*key, "is empty"),
        (&*text, &*key, "holds nothing in PEM format"),
        (&*cut, &*key, "it is cut off"),
        (&*garbled, &*key, "is not base64"),
        (&*nonsense, &*key, "is invalid"),
        (&*certificate, &*two, "holds 2 private keys"),
    ] {
        let output = run(&[
            "--listen",
            "127.0.0.1:0",
            "--tls-cert",
            certificate,
            "--tls-key",
            key,
        ]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{words}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(words), "{words}: {said}");
        let named = [certificate, key].iter().any(|file| said.contains(file));
        assert!(named, "{said}");
    }
    for (arguments, words) in [
        (vec!["--tls-cert", &*certificate], "--tls-key"),
        (vec!["--tls-key", &*key], "--tls-cert"),
        (
            vec![
                "--tls-self-signed",
                "--tls-cert",
                &*certificate,
                "--tls-key",
                &*key,
            ],
            "--tls-self-signed",
        ),
        (vec!["--tls-ca-file", "ca.pem"], "--tls-ca-file"),
        (
            vec!["--tls-self-signed", "--tls-ca-file", "/nowhere/ca.pem"],
            "/nowhere/ca.pem",
        ),
        (vec!["--tls-self-signed", "--tls-ca-file", here], here),
    ] {
        let output = run(&[&["--listen", "127.0.0.1:0"], &*arguments].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// How often certificate reloaded, well and in vain.
fn reloads(running: &Running, ca: &str) -> (u32, u32) {
    let metrics = secure::get(running.address(), ca, "/__admin/metrics");
    let count = |result: &str| {
        let name =
            format!("flexiti_mock_reloads_total{{result=\"{result}\",what=\"certificate\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&*name));
        line.expect("the count").parse().unwrap()
    };
    (count("ok"), count("failed"))
}

#[test]
fn files_that_change_are_read_again_and_a_bad_pair_keeps_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let put = |Pair { certificate, key }: &Pair| {
        let certificate = write(folder.path(), "cert.pem", certificate);
        (certificate, write(folder.path(), "key.pem", key))
    };
    // RSA, whose keys `openssl` also writes in the older form.
    let first = {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let modern = text(openssl(&["genpkey", "-algorithm", "RSA"], ""));
        let key = text(openssl(&["rsa", "-traditional"], &modern));
        assert!(key.contains("BEGIN RSA PRIVATE KEY"), "{key}");
        let signing = KeyPair::from_pem_and_sign_algo(&modern, &PKCS_RSA_SHA256).unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        Pair {
            certificate: params.self_signed(&signing).unwrap().pem(),
            key,
        }
    };
    let (certificate, key) = put(&first);
    let running = Running::start(&["--tls-cert", &certificate, "--tls-key", &key]);
    assert!(running.url("base_url").starts_with("https://127.0.0.1:"));
    assert_eq!(running.ready.get("ca_file"), None);
    assert_eq!(reloads(&running, &first.certificate), (0, 0));

    let second = pair(|_| {});
    put(&second);
    wait_for("the new certificate", Duration::from_secs(10), || {
        secure::trusts(running.address(), &second.certificate).then_some(())
    });
    assert!(!secure::trusts(running.address(), &first.certificate));

    // A key that does not match.
    write(folder.path(), "key.pem", pair(|_| {}).key);
    wait_for("the failure", Duration::from_secs(10), || {
        (reloads(&running, &second.certificate) == (1, 1)).then_some(())
    });
    let said = running.stopped();
    assert!(said.contains("does not belong to"), "{said}");
    assert!(said.contains("key.pem"), "{said}");
}
