//! The driver file: how to start a merchant's shop, check out, and read an order's status.

mod by_flow;
mod cart;
mod check;
mod in_flow;
mod request;
pub mod selector;
pub mod shop;

pub use request::{Extract, PLACEHOLDERS, Request, filled, filled_json, filled_url};
pub use shop::{Account, Shop};

use anyhow::{Context as _, anyhow};
use by_flow::{ByFlow, CheckoutInFlow, OrderInFlow};
use cart::Cart;
use flexiti_contract::readable;
use reqwest::Certificate;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file that `merchant init` writes, with every key explained.
pub const EXAMPLE: &str = include_str!("example.toml");

/// Placeholder for a free port in the shop's addresses.
const PORT: &str = "{port}";

/// A driver file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// How to start the shop; omit it if the shop is already running.
    #[serde(default)]
    pub shop: Shop,
    /// Where the customer's browser comes back.
    pub callbacks: Callbacks,
    /// How a customer starts to pay with Flexiti.
    pub checkout: Checkout,
    /// Where the shop reports what it believes of an order; without it, its beliefs cannot be
    /// tested.
    pub order: Option<Order>,
    /// What is in the customer's cart; without it, the addresses cannot be tested.
    #[serde(default)]
    pub cart: Cart,
    /// Pages that must not contain credentials.
    #[serde(default)]
    pub pages: Pages,
    /// Where the file is: the shop is started there.
    #[serde(skip)]
    pub folder: PathBuf,
    /// What the file says, for the certificate.
    #[serde(skip)]
    pub text: String,
    /// Where the mock is to be, for a shop that runs already.
    #[serde(skip)]
    pub mock: MockAt,
}

/// What the account at Flexiti would hold (GS).
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callbacks {
    /// The success URL; `{lang}` becomes `en` or `fr`.
    pub success: String,
    /// The error URL; `{lang}` becomes `en` or `fr`.
    pub error: String,
    /// Whether Flexiti's pages are in a frame of the shop's page, so that the way back is
    /// third-party to the browser.
    #[serde(default)]
    pub framed: bool,
    /// What the script of the callback page asks the shop, for a page that is made in the browser.
    /// `{callback.query}` is the query of the page's address, `{callback.NAME}` one of its
    /// parameters.
    #[serde(default)]
    pub steps: Vec<Request>,
    /// Where to find the language of a callback page that is made in the browser: in the answer to
    /// the last of `steps`, or in the page if there are none. Without it, the page's `lang` counts.
    pub language: Option<Extract>,
}

impl Callbacks {
    /// Whether the callback URL depends on the customer's language.
    pub fn by_language(&self) -> bool {
        [&self.success, &self.error]
            .iter()
            .any(|url| url.contains("{lang}"))
    }
}

/// The request that starts a payment, and what comes before it.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// What the customer does first: logs in, fills the cart.
    #[serde(default)]
    pub steps: Vec<Request>,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    #[serde(default = "post")]
    pub method: String,
    /// Where to send it; may hold placeholders such as `{flow}`.
    pub url: String,
    /// The form's fields; with `GET` they become the query string.
    #[serde(default)]
    pub form: BTreeMap<String, String>,
    /// A JSON body, in place of a form; its texts may hold placeholders.
    pub json: Option<Value>,
    /// Headers besides those that a browser sends.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What to read from the answer, by the name of the placeholder that it becomes in `[order]`.
    #[serde(default)]
    pub extract: BTreeMap<String, Extract>,
    /// How many seconds a page of the shop may take, including its own calls to Flexiti and
    /// their retries.
    #[serde(default = "half_a_minute")]
    pub patience_s: u16,
    /// How many seconds the shop waits for an answer of Flexiti's. If it is given, there are
    /// scenarios in which Flexiti is silent for longer.
    pub timeout_s: Option<u16>,
    /// What is different in one of the flows.
    #[serde(default)]
    pub by_flow: ByFlow<CheckoutInFlow>,
}

impl Checkout {
    /// The request itself.
    pub fn request(&self) -> Request {
        Request {
            method: self.method.clone(),
            url: self.url.clone(),
            form: self.form.clone(),
            json: self.json.clone(),
            headers: self.headers.clone(),
            extract: self.extract.clone(),
        }
    }
}

fn post() -> String {
    "POST".to_owned()
}

fn half_a_minute() -> u16 {
    30
}

/// Where the shop reports what it believes of an order.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// A URL whose answer has the status.
    pub url: Option<String>,
    /// A program and its arguments, in place of `url`; what it prints has the status.
    #[serde(default)]
    pub command: Vec<String>,
    /// What to do first in a browser of its own, such as logging in as the shop's owner.
    #[serde(default)]
    pub steps: Vec<Request>,
    /// Whether the customer's own browser asks: for a page behind their login.
    #[serde(default)]
    pub as_customer: bool,
    /// How often the shop asks Flexiti by itself, in seconds, such as from a cron job: the run
    /// waits that long. By default, the runner goes by the pace that it observes.
    pub asks_every_s: Option<u16>,
    /// Headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Where the status is in a JSON answer, as a JSON Pointer (RFC 6901).
    pub pointer: Option<String>,
    /// Where the status is in a page, as a CSS selector.
    pub css: Option<String>,
    /// The attribute of that element, in place of its text.
    pub attribute: Option<String>,
    /// A regular expression; its first group is the status, or all of it.
    pub regex: Option<String>,
    /// The header of the answer that is the status.
    pub header: Option<String>,
    /// The words for an order that is paid, or a customer who was approved.
    pub paid: Vec<String>,
    /// The words for an order that is pending.
    pub pending: Vec<String>,
    /// The words for an order that failed.
    pub failed: Vec<String>,
    /// What is different in one of the flows.
    #[serde(default)]
    pub by_flow: ByFlow<OrderInFlow>,
}

impl Order {
    /// Where the status is in the answer; the whole answer if not specified.
    pub fn place(&self) -> Extract {
        Extract {
            css: self.css.clone(),
            attribute: self.attribute.clone(),
            pointer: self.pointer.clone(),
            regex: self.regex.clone(),
            cookie: None,
            header: self.header.clone(),
        }
    }
}

/// Pages to search.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Their URLs; one with `{lang}` is searched in each language that the shop has.
    #[serde(default)]
    pub scan: Vec<String>,
}

impl Pages {
    /// The URLs of the pages, in these languages.
    pub fn urls<'p>(&'p self, languages: &'p [String]) -> impl Iterator<Item = String> + 'p {
        self.scan.iter().flat_map(move |url| {
            let only = languages.get(..1).unwrap_or_default();
            let each = if url.contains("{lang}") {
                languages
            } else {
                only
            };
            each.iter().map(move |lang| url.replace("{lang}", lang))
        })
    }
}

/// Where the mock is, and which authorities to trust.
#[derive(Debug, Clone, Default)]
pub struct MockAt {
    /// The address that it listens on; a free port of this machine if omitted.
    pub listen: Option<SocketAddr>,
    /// The origin at which the shop and its customers reach it.
    pub public_base_url: Option<String>,
    /// Authorities to trust besides the system's, if the shop or that origin uses https.
    pub authorities: Vec<Certificate>,
}

/// The JSON Schema of driver files, for editors; `schemas/merchant.schema.json` is a copy.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Driver);
    let mut standard = RecursiveTransform(|schema: &mut Schema| {
        // Rust's number formats are not standard, and `minimum` and `maximum` say the same.
        let is_number = |it: &str| it.starts_with("uint") || it.starts_with("int");
        if schema
            .get("format")
            .and_then(Value::as_str)
            .is_some_and(is_number)
        {
            schema.remove("format");
        }
    });
    standard.transform(&mut schema);
    let mut schema = schema.to_value();
    schema["title"] = "A driver file of `flexiti-conformance merchant`".into();
    schema
}

/// Whether a driver file leaves the port to the runner, so that several shops can run at once.
pub fn is_portable(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains(PORT))
}

impl Driver {
    /// Reads a driver file, substituting `port` for `{port}`. An error names the file, the key and
    /// what is allowed.
    pub fn read(path: &Path, port: u16) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path);
        let original = text.map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!(
                "{name}: there is no such file; `flexiti-conformance merchant init {name}` writes one"
            ),
            _ => anyhow!("{name}: {error}"),
        })?;
        let text = original.replace(PORT, &port.to_string());
        let mut driver: Self = parsed(&text).map_err(|error| anyhow!("{name}: {error}"))?;
        driver.check().with_context(|| format!("{name}"))?;
        let parent = path
            .parent()
            .filter(|parent| parent.components().count() > 0);
        parent
            .unwrap_or(Path::new("."))
            .clone_into(&mut driver.folder);
        driver.text = original;
        Ok(driver)
    }

    /// Whether the file uses this placeholder anywhere.
    pub fn names(&self, placeholder: &str) -> bool {
        self.text.contains(&format!("{{{placeholder}}}"))
    }

    /// SHA-256 digest of the file, with line endings normalized.
    pub fn digest(&self) -> String {
        let text = self.text.replace("\r\n", "\n");
        let mut hexadecimal = String::new();
        for byte in Sha256::digest(text.as_bytes()) {
            let _ = write!(hexadecimal, "{byte:02x}");
        }
        hexadecimal
    }

    /// Whether the shop numbers the orders of this flow itself: the checkout does not pass on our
    /// number.
    pub fn numbers_itself(&self, flow: &str) -> bool {
        let checkout = self.checkout_in(flow);
        let own = checkout.request();
        let mut requests = checkout.steps.iter().chain([&own]);
        !requests.any(|request| {
            let mut texts = request.texts().into_iter();
            texts.any(|(_, text)| text.contains("{merchant_orderid}"))
        })
    }
}

/// An error in a TOML file, with its line.
fn parsed(text: &str) -> Result<Driver, String> {
    let document = toml::Deserializer::parse(text).map_err(|error| one_line(&error, text))?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let key = error.path().to_string();
        let line = one_line(error.inner(), text);
        // The most common mistake.
        let hint = match key.as_str() {
            "shop.command" => {
                "; write `command = [\"python3\", \"shop.py\"]`, or `shell = \"python3 shop.py\"`"
            }
            _ => "",
        };
        match key.as_str() {
            "." => line,
            key => format!("{key}: {line}{hint}"),
        }
    })
}

fn one_line(error: &toml::de::Error, text: &str) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let message: Vec<&str> = error.message().lines().collect();
    format!("line {line}: {}", readable(&message.join(", ")))
}

#[cfg(test)]
mod tests;
