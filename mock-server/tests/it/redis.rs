//! A Redis of a test's own.

use crate::process::wait_for;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A Redis that ends with the test.
pub struct Redis {
    child: Child,
    port: u16,
    folder: TempDir,
    password: Option<&'static str>,
    is_secured: bool,
}

impl Redis {
    /// One that keeps nothing on the disk.
    pub fn start() -> Self {
        Self::with_password(None)
    }

    /// One that asks for a password, if there is one.
    pub fn with_password(password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let child = spawn(port, folder.path(), password, false);
        let redis = Self {
            child,
            port,
            folder,
            password,
            is_secured: false,
        };
        redis.wait();
        redis
    }

    /// One that speaks TLS alone, with the certificate `cert.pem` and the key `key.pem` of a folder.
    pub fn secured(folder: TempDir) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = spawn(port, folder.path(), None, true);
        let redis = Self {
            child,
            port,
            folder,
            password: None,
            is_secured: true,
        };
        redis.wait();
        redis
    }

    fn wait(&self) {
        wait_for("Redis", Duration::from_secs(20), || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()
        });
    }

    pub fn url(&self) -> String {
        let password = self
            .password
            .map_or(String::new(), |word| format!(":{word}@"));
        let scheme = if self.is_secured { "rediss" } else { "redis" };
        format!("{scheme}://{password}127.0.0.1:{}/0", self.port)
    }

    /// Kills it: what it had is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port, empty.
    pub fn start_again(&mut self) {
        self.child = spawn(
            self.port,
            self.folder.path(),
            self.password,
            self.is_secured,
        );
        self.wait();
    }

    /// What it answers to a command.
    pub fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        let mut line = redis::cmd(command[0]);
        command[1..].iter().for_each(|word| {
            line.arg(word);
        });
        line.query(&mut connection).unwrap()
    }

    /// Stops answering, or goes on.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
    }
}

fn spawn(port: u16, folder: &Path, password: Option<&str>, is_secured: bool) -> Child {
    let folder: PathBuf = folder.to_owned();
    let mut command = Command::new("redis-server");
    let at = port.to_string();
    if is_secured {
        command.args(["--port", "0", "--tls-port", &at, "--tls-auth-clients", "no"]);
        command.arg("--tls-cert-file").arg(folder.join("cert.pem"));
        command.arg("--tls-key-file").arg(folder.join("key.pem"));
        // It wants to have one, and asks nobody for a certificate.
        command
            .arg("--tls-ca-cert-file")
            .arg(folder.join("cert.pem"));
    } else {
        command.args(["--port", &at]);
    }
    command.args(["--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no", "--dir"]);
    command.arg(folder);
    if let Some(password) = password {
        command.args(["--requirepass", password]);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
        .spawn()
        .expect("redis-server: apt-get install -y redis-server")
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
