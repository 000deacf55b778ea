//! Chromium as a test sees it, through `ChromeDriver`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use url::{ParseError, Url};

const CHROMIUM: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";
/// How long a page may take to become what the test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// One browser at a time: two would only take each other's processor.
static TURN: Mutex<()> = Mutex::new(());

/// Runs a test with a browser of its own, which is gone afterwards whatever happens.
pub fn browse(test: impl AsyncFnOnce(&Browser)) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for program in [CHROMIUM, DRIVER] {
        assert!(
            Path::new(program).exists(),
            "{program} is missing; install it with: apt-get update && apt-get install -y chromium chromium-driver"
        );
    }
    let driver = Driver::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { test(&Browser::open(&driver).await).await });
}

/// A `ChromeDriver` process; dropping it ends the browser and the process.
struct Driver {
    process: Child,
    address: SocketAddr,
    profile: TempDir,
    session: OnceCell<String>,
}

impl Driver {
    /// A driver that listens. It takes a free port for IPv6 first and then wants the same one for
    /// IPv4: where a connection of another test has that one, it ends, and is started again.
    fn start() -> Self {
        let mut said = Vec::new();
        for _ in 0..5 {
            let mut process = Command::new(DRIVER)
                .arg("--port=0")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("ChromeDriver starts");
            let lines = BufReader::new(process.stdout.take().unwrap()).lines();
            for line in lines.map_while(Result::ok) {
                if let Some(port) = port(&line) {
                    return Self {
                        process,
                        address: (Ipv4Addr::LOCALHOST, port).into(),
                        profile: tempfile::tempdir().unwrap(),
                        session: OnceCell::new(),
                    };
                }
                said.push(line);
            }
            process.wait().unwrap();
        }
        panic!("ChromeDriver never said its port, but: {said:#?}");
    }
}

fn port(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A test may be panicking: nothing here may.
        if let Some(session) = self.session.get()
            && let Ok(mut stream) = TcpStream::connect(self.address)
        {
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = write!(
                stream,
                "DELETE /session/{session} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                self.address
            );
            // It answers when the browser has gone.
            let _ = stream.read(&mut [0; 1024]);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser with one window.
pub struct Browser {
    pub client: Client,
}

/// A command of the `DevTools` protocol, which `ChromeDriver` passes on.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}

impl Browser {
    async fn open(driver: &Driver) -> Self {
        let profile = driver.profile.path().display();
        let profile = format!("--user-data-dir={profile}");
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &profile,
        ];
        let wish = json!({
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:chromeOptions": {"binary": CHROMIUM, "args": args},
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wish.as_object().cloned().unwrap())
            .connect(&format!("http://{}", driver.address))
            .await
            .expect("Chromium starts");
        let session = client.session_id().await.unwrap().expect("a session");
        driver.session.set(session).unwrap();
        let browser = Self { client };
        browser.screen(1280, "light").await;
        browser
    }

    async fn devtools(&self, name: &str, params: &Value) -> Value {
        let command = DevTools(json!({"cmd": name, "params": params}));
        let answer = self.client.issue_cmd(command).await;
        answer.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Makes the screen so many pixels wide, a phone's if it is narrow, and light or dark.
    pub async fn screen(&self, width: u32, scheme: &str) {
        let metrics = json!({
            "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)
            .await;
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &media).await;
    }

    /// Keeps a picture of the whole page.
    pub async fn picture(&self, path: &Path) {
        let layout = self.devtools("Page.getLayoutMetrics", &json!({})).await;
        let size = &layout["cssContentSize"];
        let all = json!({
            "format": "png",
            "captureBeyondViewport": true,
            "clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1},
        });
        let answer = self.devtools("Page.captureScreenshot", &all).await;
        let png = BASE64_STANDARD.decode(answer["data"].as_str().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, png.unwrap()).unwrap();
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.expect(url);
    }

    /// The path and query of the page, and its fragment.
    pub async fn url(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Runs a function body in the page.
    pub async fn js(&self, script: &str) -> Value {
        let done = self.client.execute(script, Vec::new()).await;
        done.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until the page says so.
    pub async fn until(&self, condition: &str) {
        let began = Instant::now();
        loop {
            // Between two pages there is nothing to ask.
            let came = self.client.execute(condition, Vec::new()).await;
            if matches!(&came, Ok(Value::Bool(true))) {
                return;
            }
            if began.elapsed() > PATIENCE {
                let text = self.js("return document.documentElement.outerHTML").await;
                panic!(
                    "never: {condition} ({came:?}) at {}: {text}",
                    self.url().await
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn find(&self, css: &str) -> Element {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!(
                "no `{css}`: {error} at {}: {}",
                self.url().await,
                self.client.source().await.unwrap_or_default()
            ),
        }
    }

    /// How many elements there are.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    /// What an input holds.
    pub async fn value(&self, css: &str) -> String {
        self.find(css).await.prop("value").await.unwrap().unwrap()
    }

    /// Marks the page, so that [`Self::arrived`] knows the next one.
    pub async fn leave(&self) {
        self.js("document.documentElement.dataset.left = 'yes'")
            .await;
    }

    /// Waits for the page after the marked one.
    pub async fn arrived(&self) {
        self.until("return document.readyState === 'complete' && !document.documentElement.dataset.left && location.href !== 'about:blank'")
            .await;
    }

    /// Presses what leads to another page, and waits for that page.
    pub async fn press(&self, css: &str) {
        self.leave().await;
        self.find(css).await.click().await.expect(css);
        self.arrived().await;
    }

    /// Replaces what is in an input.
    pub async fn fill(&self, css: &str, text: &str) {
        let input = self.find(css).await;
        if input.tag_name().await.unwrap() == "select" {
            input.select_by_value(text).await.expect(css);
            return;
        }
        input.clear().await.expect(css);
        input.send_keys(text).await.expect(css);
    }

    /// Types on the keyboard, wherever the focus is.
    pub async fn keys(&self, text: impl IntoIterator<Item = char>) {
        let mut keys = KeyActions::new("keyboard".to_owned());
        for value in text {
            keys = keys
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.client.perform_actions(keys).await.unwrap();
    }

    pub async fn tap(&self, key: Key) {
        self.keys([key.into()]).await;
    }
}
