//! Validation of a driver file; errors name the key and what is allowed.

use super::request::{Extract, Request, check_method};
use super::shop::{FLOWS, LANGUAGES};
use super::{Driver, Order, PLACEHOLDERS};
use anyhow::{Context as _, bail, ensure};
use std::collections::BTreeMap;

/// How many seconds a page must allow on top of Flexiti's answer.
const SPARE: u16 = 5;

impl Driver {
    /// Rejects invalid values.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.check_shop()?;
        self.check_urls()?;
        self.cart.check()?;
        ensure!(
            (1..=300).contains(&self.checkout.patience_s),
            "checkout.patience_s: {} is not allowed; 1 to 300 seconds",
            self.checkout.patience_s
        );
        if let Some(timeout) = self.checkout.timeout_s {
            let most = self.checkout.patience_s.saturating_sub(SPARE).min(60);
            ensure!(
                (1..=most).contains(&timeout),
                "checkout.timeout_s: {timeout} is not allowed; 1 to {most} seconds: a page has to come within patience_s all the same"
            );
        }
        for flow in FLOWS {
            let checked = self.check_flow(flow);
            if self.differs_in(flow) {
                checked.with_context(|| format!("in the flow `{flow}`, as `by_flow` has it"))?;
            } else {
                checked?;
            }
        }
        Ok(())
    }

    /// Rejects invalid values in the overrides of one flow.
    fn check_flow(&self, flow: &str) -> anyhow::Result<()> {
        let checkout = self.checkout_in(flow);
        let mut known = self.own_placeholders();
        for (at, step) in (1..).zip(&checkout.steps) {
            check_request(&format!("checkout.steps[{at}]"), step, &mut known)?;
        }
        check_request("checkout", &checkout.request(), &mut known)?;
        self.check_callback_steps(&known)?;
        let Some(order) = self.order_in(flow) else {
            return Ok(());
        };
        known.push("online_order_id".to_owned());
        check_order(&order, checkout.patience_s, &mut known)
    }

    fn check_shop(&self) -> anyhow::Result<()> {
        let shop = &self.shop;
        ensure!(
            shop.shell.is_none() || shop.command.is_empty(),
            "shop.shell: give either `command` or `shell`"
        );
        ensure!(
            !shop.is_started_here() || shop.ready_url.is_some(),
            "shop.ready_url: required when `shop.command` starts the shop"
        );
        ensure!(
            (1..=600).contains(&shop.start_s),
            "shop.start_s: {} is not allowed; 1 to 600 seconds",
            shop.start_s
        );
        for (key, named, allowed) in [
            ("shop.flows", &shop.flows, &FLOWS[..]),
            ("shop.languages", &shop.languages, &LANGUAGES[..]),
        ] {
            let allowed_list = allowed.join(", ");
            ensure!(
                !named.is_empty(),
                "{key}: name at least one of {allowed_list}"
            );
            let unknown = named.iter().find(|name| !allowed.contains(&name.as_str()));
            if let Some(unknown) = unknown {
                bail!("{key}: `{unknown}` is not allowed; one of {allowed_list}");
            }
        }
        let names = &shop.names;
        for (key, name) in [
            ("base_url", &names.base_url),
            ("client_id", &names.client_id),
            ("client_secret", &names.client_secret),
        ] {
            ensure!(
                !name.is_empty() && !name.contains(['=', '\0']),
                "shop.names.{key}: `{name}` is not the name of an environment variable"
            );
        }
        Ok(())
    }

    fn check_urls(&self) -> anyhow::Result<()> {
        let ready = self.shop.ready_url.iter();
        let ready = ready.map(|url| ("shop.ready_url".to_owned(), url));
        let scanned = self.pages.scan.iter().enumerate();
        let scanned = scanned.map(|(at, url)| (format!("pages.scan[{at}]"), url));
        let own = [
            ("callbacks.success".to_owned(), &self.callbacks.success),
            ("callbacks.error".to_owned(), &self.callbacks.error),
            ("checkout.url".to_owned(), &self.checkout.url),
        ];
        for (key, url) in ready.chain(own).chain(scanned) {
            check_url(url).with_context(|| format!("{key}: `{url}`"))?;
        }
        let ready = self.shop.ready_url.iter();
        let ready = ready.map(|url| ("shop.ready_url", url.clone(), "{port}"));
        let scanned = self.pages.scan.iter();
        let scanned = scanned.map(|url| {
            let rest = url.replace("{lang}", "en");
            ("pages.scan", rest, "{port} and {lang}")
        });
        for (key, url, known) in ready.chain(scanned) {
            ensure!(
                !url.contains(['{', '}']),
                "{key}: `{url}`: of the placeholders, only {known} can stand here"
            );
        }
        Ok(())
    }

    /// Flexiti chooses the parameters of a callback, so any name may be one.
    fn check_callback_steps(&self, known: &[String]) -> anyhow::Result<()> {
        let mut known = known.to_vec();
        for (at, step) in (1..).zip(&self.callbacks.steps) {
            known.extend(step.callback_names());
            known.push("callback.query".to_owned());
            check_request(&format!("callbacks.steps[{at}]"), step, &mut known)?;
        }
        if let Some(place) = &self.callbacks.language {
            place.check("callbacks.language")?;
        }
        Ok(())
    }

    fn own_placeholders(&self) -> Vec<String> {
        let own = PLACEHOLDERS.iter().map(|(name, _)| (*name).to_owned());
        let cart = self.cart.placeholders("en").map(|(name, _)| name);
        own.chain(cart).collect()
    }
}

fn check_order(order: &Order, patience_s: u16, known: &mut Vec<String>) -> anyhow::Result<()> {
    ensure!(
        order.url.is_some() == order.command.is_empty(),
        "order.url: give either `url` or `command`"
    );
    if let Some(url) = &order.url {
        check_url(url).with_context(|| format!("order.url: `{url}`"))?;
    }
    if let Some(every) = order.asks_every_s {
        let most = patience_s.saturating_sub(SPARE);
        ensure!(
            (1..=most).contains(&every),
            "order.asks_every_s: {every} is not allowed; 1 to {most} seconds, as checkout.patience_s is {patience_s}"
        );
    }
    for (at, step) in (1..).zip(&order.steps) {
        check_request(&format!("order.steps[{at}]"), step, known)?;
    }
    let url = order.url.iter().map(|url| ("url".to_owned(), url));
    let headers = order.headers.iter();
    let headers = headers.map(|(name, value)| (format!("headers.{name}"), value));
    let command = order
        .command
        .iter()
        .map(|part| ("command".to_owned(), part));
    for (key, text) in url.chain(headers).chain(command) {
        check_placeholders(&format!("order.{key}"), text, known)?;
    }
    let place = order.place();
    let is_named = [&place.css, &place.pointer, &place.regex, &place.header];
    if is_named.iter().any(|place| place.is_some()) || place.attribute.is_some() {
        place.check("order")?;
    }
    for (key, words) in [
        ("paid", &order.paid),
        ("pending", &order.pending),
        ("failed", &order.failed),
    ] {
        ensure!(!words.is_empty(), "order.{key}: name at least one word");
    }
    let words = order.paid.iter().chain(&order.pending).chain(&order.failed);
    let words: Vec<&String> = words.collect();
    for (at, word) in words.iter().enumerate() {
        ensure!(
            !words[..at].contains(word),
            "order: `{word}` is listed under two of paid, pending, failed"
        );
    }
    Ok(())
}

/// Checks a request; the values that it extracts are known from then on.
fn check_request(key: &str, request: &Request, known: &mut Vec<String>) -> anyhow::Result<()> {
    check_method(&format!("{key}.method"), &request.method)?;
    ensure!(
        request.json.is_none() || request.form.is_empty(),
        "{key}.json: give either `form` or `json`"
    );
    check_url(&request.url).with_context(|| format!("{key}.url: `{}`", request.url))?;
    for (part, text) in request.texts() {
        check_placeholders(&format!("{key}.{part}"), text, known)?;
    }
    check_extracts(key, &request.extract, known)
}

fn check_extracts(
    key: &str,
    extracts: &BTreeMap<String, Extract>,
    known: &mut Vec<String>,
) -> anyhow::Result<()> {
    for (name, extract) in extracts {
        let is_own = PLACEHOLDERS.iter().any(|(own, _)| own == name);
        ensure!(
            !is_own && !name.contains(['{', '}']),
            "{key}.extract.{name}: the name is taken"
        );
        extract.check(&format!("{key}.extract.{name}"))?;
        known.push(name.clone());
    }
    Ok(())
}

/// Rejects an unknown placeholder.
fn check_placeholders(key: &str, text: &str, known: &[String]) -> anyhow::Result<()> {
    for part in text.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        // JSON and commands may contain literal braces.
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || !name.chars().all(is_name) {
            continue;
        }
        if !known.iter().any(|known| known == name) {
            let known: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
            let hint = if name.contains('.') {
                "; addresses stand in [cart.billing] and [cart.shipping]"
            } else {
                ""
            };
            bail!(
                "{key}: unknown placeholder `{{{name}}}`; expected one of {}{hint}",
                known.join(", ")
            );
        }
    }
    Ok(())
}

fn check_url(url: &str) -> anyhow::Result<()> {
    let plain = url.replace(['{', '}'], "");
    let parsed = reqwest::Url::parse(&plain).context("not a URL")?;
    ensure!(
        matches!(parsed.scheme(), "http" | "https") && parsed.has_host(),
        "must start with http:// or https:// and name a host"
    );
    Ok(())
}
