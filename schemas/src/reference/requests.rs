//! Example requests: valid in the dialect, as curl commands.

use super::options::Options;
use crate::endpoint::{Auth, Endpoint};
use crate::parameters::Param;
use crate::rulebook::Rulebook;
use crate::vocabulary::Flow;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// A request that the dialect accepts.
#[derive(Debug, Clone)]
pub struct Example {
    /// The endpoint it goes to.
    pub endpoint: Endpoint,
    /// What it is for.
    pub title: String,
    /// Its parameters by dotted name, including headers.
    pub parameters: Map<String, Value>,
    /// The request as curl commands, one for each encoding that the dialect reads.
    pub commands: Vec<Command>,
}

/// A request as a command.
#[derive(Debug, Clone)]
pub struct Command {
    /// `form`, `JSON` or `query`.
    pub encoding: &'static str,
    /// The command.
    pub curl: String,
}

/// One example for each flow, grant and endpoint of the dialect.
pub fn examples(rulebook: &Rulebook, options: &Options) -> Vec<Example> {
    let mut list = grants(rulebook, options);
    list.extend(
        [Flow::Apply, Flow::Buy, Flow::ApplyBuy]
            .map(|flow| init(rulebook, options, flow))
            .into_iter()
            .flatten(),
    );
    for endpoint in Endpoint::ALL {
        if matches!(
            endpoint,
            Endpoint::Token | Endpoint::InitV2 | Endpoint::InitPlain
        ) || !rulebook.serves(*endpoint)
        {
            continue;
        }
        let names: &[&str] = match endpoint {
            Endpoint::Calculator => &["clientId", "price", "lang"],
            Endpoint::LearnMore => &["lang", "flow", "amount_requested"],
            _ => &[],
        };
        let mut parameters = filled(rulebook, *endpoint, names);
        if let Some(client) = parameters.get_mut("clientId") {
            *client = json!(options.client_id);
        }
        let title = rulebook.contract().endpoint(*endpoint).summary.clone();
        list.push(example(rulebook, options, *endpoint, title, parameters));
    }
    list
}

fn grants(rulebook: &Rulebook, options: &Options) -> Vec<Example> {
    let values = rulebook.allowed(Endpoint::Token, "grant_type").values;
    let known: [(&str, &str, &[&str]); 3] = [
        (
            "client_credentials",
            "The first token of a checkout",
            &["scope"],
        ),
        ("refresh_token", "A refresh", &["refresh_token"]),
        ("password", "The password grant", &["username", "password"]),
    ];
    let allowed = |grant: &str| values.is_empty() || values.iter().any(|value| value == grant);
    let offered = known.into_iter().filter(|(grant, _, _)| {
        allowed(grant) && crate::allowed::accepts(rulebook, Endpoint::Token, "grant_type", grant)
    });
    let build = |(grant, title, more): (&str, &str, &[&str])| {
        let names = ["x-reference-id", "client_id", "client_secret", "grant_type"];
        let names: Vec<&str> = names.iter().chain(more).copied().collect();
        let mut parameters = filled(rulebook, Endpoint::Token, &names);
        parameters.insert("client_id".into(), json!(options.client_id));
        parameters.insert("client_secret".into(), json!(options.client_secret));
        parameters.insert("grant_type".into(), json!(grant));
        let (username, password) = &options.user;
        for (name, value) in [("username", username), ("password", password)] {
            if let Some(example) = parameters.get_mut(name) {
                *example = json!(value);
            }
        }
        example(
            rulebook,
            options,
            Endpoint::Token,
            title.to_owned(),
            parameters,
        )
    };
    offered.map(build).collect()
}

/// The endpoint that a flow's requests go to.
pub(super) fn endpoint_of(rulebook: &Rulebook, flow: Flow) -> Endpoint {
    let wanted = match flow {
        Flow::Apply => [Endpoint::InitPlain, Endpoint::InitV2],
        Flow::Buy | Flow::ApplyBuy => [Endpoint::InitV2, Endpoint::InitPlain],
    };
    let served = wanted
        .into_iter()
        .find(|endpoint| rulebook.serves(*endpoint));
    served.unwrap_or(wanted[0])
}

/// How the dialect spells a flow.
pub(crate) fn spelling(rulebook: &Rulebook, flow: Flow) -> Option<String> {
    let endpoint = endpoint_of(rulebook, flow);
    let samples = &rulebook.contract().param(endpoint, "flow")?.samples;
    let listed = rulebook.allowed(endpoint, "flow").values;
    let mut known = listed.iter().chain(samples);
    known
        .find(|text| rulebook.flow(text) == Some(flow))
        .cloned()
}

fn init(rulebook: &Rulebook, options: &Options, flow: Flow) -> Option<Example> {
    let endpoint = endpoint_of(rulebook, flow);
    let mut names = vec!["x-reference-id", "merchant_orderid"];
    if flow == Flow::Buy {
        names.push("customer_id");
    }
    names.extend(["lang", "flow", "amount_requested"]);
    if flow != Flow::Buy {
        names.extend(["email", "phone_number", "fname", "mname", "lname", "dob"]);
    }
    if flow == Flow::Apply {
        names.extend(["address_1", "city", "province", "postal_code"]);
    } else {
        if rulebook.is_active("init.apply_buy.identity") && flow == Flow::ApplyBuy {
            names.push("customer_id");
        }
        let blocks = rulebook.contract().params(endpoint).iter();
        let blocks = blocks.filter(|param| param.name.contains('.'));
        names.extend(blocks.map(|param| param.name.as_str()));
    }
    let mut parameters = filled(rulebook, endpoint, &names);
    parameters.insert("flow".into(), json!(spelling(rulebook, flow)?));
    let title = flow_name(flow).to_owned();
    Some(example(rulebook, options, endpoint, title, parameters))
}

/// The name as the reference writes it.
pub(super) fn flow_name(flow: Flow) -> &'static str {
    match flow {
        Flow::Apply => "Apply",
        Flow::Buy => "Buy",
        Flow::ApplyBuy => "Apply/Buy",
    }
}

/// Parameters with example values.
fn filled(rulebook: &Rulebook, endpoint: Endpoint, names: &[&str]) -> Map<String, Value> {
    let value = |name: &&str| {
        let allowed = rulebook.allowed(endpoint, name);
        Some(((*name).to_owned(), json!(allowed.example?)))
    };
    names.iter().filter_map(value).collect()
}

fn example(
    rulebook: &Rulebook,
    options: &Options,
    endpoint: Endpoint,
    title: String,
    parameters: Map<String, Value>,
) -> Example {
    let row = rulebook.contract().endpoint(endpoint);
    let mut commands = Vec::new();
    if row.method == "GET" {
        let curl = curl(rulebook, options, endpoint, &parameters, "query");
        commands.push(Command {
            encoding: "query",
            curl,
        });
    } else {
        for media in rulebook.media_types(endpoint) {
            let encoding = if media.ends_with("json") {
                "JSON"
            } else {
                "form"
            };
            let curl = curl(rulebook, options, endpoint, &parameters, encoding);
            commands.push(Command { encoding, curl });
        }
    }
    Example {
        endpoint,
        title,
        parameters,
        commands,
    }
}

fn curl(
    rulebook: &Rulebook,
    options: &Options,
    endpoint: Endpoint,
    parameters: &Map<String, Value>,
    encoding: &str,
) -> String {
    let row = rulebook.contract().endpoint(endpoint);
    let path = row.path.replace("{clientId}", &options.client_id);
    let path = path.replace("{orderId}", &order_id(rulebook));
    let path = path.replace("{merchantOrderId}", "CART-10045");
    let url = format!("{}{path}", options.base_url.trim_end_matches('/'));
    let mut lines = vec![match (row.method.as_str(), encoding) {
        ("GET", _) => format!("curl --get {}", shell(&url)),
        _ => format!("curl {}", shell(&url)),
    }];
    let mut add = |option: &str, value: String| lines.push(format!("  {option} {}", shell(&value)));
    let is_open = endpoint == Endpoint::Calculator && rulebook.is_active("calculator.open");
    if row.auth == Auth::Bearer && !is_open {
        add("--header", "authorization: Bearer TOKEN".to_owned());
    }
    let (headers, fields): (Vec<_>, Vec<_>) = parameters.iter().partition(|(name, _)| {
        let row = rulebook.contract().param(endpoint, name);
        row.is_some_and(|row| row.header)
    });
    for (name, value) in headers {
        add(
            "--header",
            format!("{name}: {}", value.as_str().unwrap_or_default()),
        );
    }
    if encoding == "JSON" {
        add("--header", "content-type: application/json".to_owned());
        let body = nested(rulebook, endpoint, &fields);
        let text = serde_json::to_string_pretty(&body).unwrap_or_default();
        add("--data", text);
    } else {
        for (name, value) in &fields {
            add(
                "--data-urlencode",
                format!("{name}={}", value.as_str().unwrap_or_default()),
            );
        }
        if fields.is_empty() && row.method == "POST" {
            add("--data", String::new());
        }
    }
    lines.join(" \\\n")
}

/// The parameters as a JSON body, with nested blocks and the most specific JSON types.
fn nested(rulebook: &Rulebook, endpoint: Endpoint, fields: &[(&String, &Value)]) -> Value {
    let mut body = json!({});
    for (name, value) in fields {
        let text = value.as_str().unwrap_or_default();
        let row = rulebook.contract().param(endpoint, name);
        let value = row.map_or_else(|| json!(text), |row| typed(rulebook, row, text));
        match name.split_once('.') {
            Some((block, field)) => body[block][field] = value,
            None => body[name.as_str()] = value,
        }
    }
    body
}

/// A text as the most specific JSON type.
fn typed(rulebook: &Rulebook, param: &Param, text: &str) -> Value {
    let takes = |name: &str| param.json.iter().any(|known| known == name);
    let value = match serde_json::from_str(text) {
        Ok(value) if !rulebook.reads(param, &value) => json!(text),
        Ok(value @ Value::Bool(_)) if takes("boolean") => value,
        Ok(value @ Value::Number(_)) if takes("number") => value,
        _ => json!(text),
    };
    // `499.90` would lose its last digit.
    let written = value.to_string();
    if written.trim_matches('"') == text {
        value
    } else {
        json!(text)
    }
}

/// The id of the first order.
pub(super) fn order_id(rulebook: &Rulebook) -> String {
    rulebook.dialect().answer("first_order_id").to_string()
}

/// Quotes an argument for a POSIX shell.
fn shell(text: &str) -> String {
    let mut out = String::from("'");
    for piece in text.split('\'') {
        if out.len() > 1 {
            out.push_str("'\\''");
        }
        let _ = write!(out, "{piece}");
    }
    out.push('\'');
    out
}
