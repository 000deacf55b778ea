//! The calls to Flexiti's API: init, notifications and the payment calculator. Start with
//! [`Flexiti::call`]; `wire.rs` sends and retries requests.

use crate::belief::{Flow, id};
use crate::lang::Lang;
use crate::token::{Due, Token};
use crate::wire::{Again, Answer, Ask, Trouble, Wire};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{StatusCode, Url};
use serde_json::Value;
use std::time::Instant;

/// Who buys. Flexiti requires one of the two for the flow Buy.
#[derive(Clone)]
pub enum Buyer {
    /// A customer id that the shop kept.
    Customer(String),
    /// A card number.
    Card(String),
}

/// The terms of an order.
#[derive(Clone)]
pub struct Terms {
    /// What the customer does.
    pub flow: Flow,
    /// The language of the pages.
    pub lang: Lang,
    /// The amount in dollars: `499.99`.
    pub amount: String,
    /// The middle name, which decides the outcome in Flexiti's test environments.
    pub middle_name: Option<String>,
    /// Who buys, for the flow Buy.
    pub buyer: Option<Buyer>,
}

/// An order that init opened.
pub struct Opened {
    /// Flexiti's id for it.
    pub order_id: String,
    /// Where the customer goes. Keep it secret, like the order.
    pub redirection_url: Url,
}

/// The billing and shipping address. This shop has one customer.
const ADDRESS: [(&str, &str); 7] = [
    ("first_name", "Marie"),
    ("last_name", "Tremblay"),
    ("address_1", "1 rue Principale"),
    ("address_2", "Suite 100"),
    ("city", "Montreal"),
    ("province", "QC"),
    ("postal_code", "H2X1Y4"),
];

/// A client of the API with a merchant's keys.
pub struct Flexiti {
    wire: Wire,
    client_id: String,
    client_secret: String,
}

impl Flexiti {
    /// A client for the merchant with these keys.
    pub fn new(wire: Wire, client_id: String, client_secret: String) -> Self {
        Self {
            wire,
            client_id,
            client_secret,
        }
    }

    /// Opens an order. Init is not idempotent, so it is never resent once it may have arrived; see
    /// [`Again::UnlessSent`].
    pub async fn init(
        &self,
        token: &mut Option<Token>,
        terms: &Terms,
        merchant_order: &str,
    ) -> Result<Opened, Trouble> {
        // With /v2 the pages begin with a choice, which an application does not have.
        let version = if terms.flow == Flow::Apply { "" } else { "v2/" };
        let path = format!("/online/{version}client-id/{}/systems/init", self.own_id());
        let mut form = vec![
            ("lang".to_owned(), terms.lang.code()),
            ("flow".to_owned(), terms.flow.code()),
            ("amount_requested".to_owned(), &terms.amount),
            ("merchant_orderid".to_owned(), merchant_order),
        ];
        if let Some(name) = &terms.middle_name {
            form.push(("mname".to_owned(), name));
        }
        match &terms.buyer {
            Some(Buyer::Customer(id)) => form.push(("customer_id".to_owned(), id)),
            Some(Buyer::Card(number)) => form.push(("vcc".to_owned(), number)),
            None => {}
        }
        if terms.flow != Flow::Apply {
            for block in ["billing_information", "shipping_information"] {
                form.extend(ADDRESS.map(|(name, value)| (format!("{block}.{name}"), value)));
            }
        }
        let ask = Ask {
            name: "init",
            path,
            form: Some(form),
            again: Again::UnlessSent,
        };
        let body = self.call(token, &ask).await?.ok()?;
        let url = body.get("redirection_url").and_then(Value::as_str);
        let url = url.and_then(|url| Url::parse(url).ok());
        let order_id = body.get("online_order_id").and_then(id);
        match (order_id, url) {
            (Some(order_id), Some(redirection_url)) if is_web(&redirection_url) => Ok(Opened {
                order_id,
                redirection_url,
            }),
            _ => Err(Trouble::Lost),
        }
    }

    /// Flexiti's notification about the order; `None` while there is none.
    pub async fn notification(
        &self,
        token: &mut Option<Token>,
        order_id: &str,
    ) -> Result<Option<Value>, Trouble> {
        let order_id = utf8_percent_encode(order_id, NON_ALPHANUMERIC);
        let own_id = self.own_id();
        let ask = Ask {
            name: "notification",
            path: format!("/online/client-id/{own_id}/notifications/order-id/{order_id}"),
            form: None,
            again: Again::Always,
        };
        let answer = self.call(token, &ask).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        answer.ok().map(Some)
    }

    /// The monthly payment for a price, and the number of months. The answer's `htmlRender` would
    /// be foreign markup on our page; the two numbers suffice.
    pub async fn monthly(
        &self,
        token: &mut Option<Token>,
        price: &str,
        lang: Lang,
    ) -> Result<Option<(String, String)>, Trouble> {
        let (own_id, lang) = (self.own_id(), lang.code());
        let ask = Ask {
            name: "payment-calculator",
            path: format!(
                "/online/v2/client-id/{own_id}/systems/payment-calculator?clientId={own_id}&price={price}&lang={lang}"
            ),
            form: None,
            again: Again::UnlessSent,
        };
        let body = self.call(token, &ask).await?.ok()?;
        let plan = |name: &str| body.get("paymentPlan")?.get(name).and_then(id);
        Ok(plan("monthlyPayment").zip(plan("months")))
    }

    /// Makes a call with `token`, which is renewed first if it is due. A token that Flexiti rejects
    /// (401) is replaced once.
    async fn call(&self, token: &mut Option<Token>, ask: &Ask<'_>) -> Result<Answer, Trouble> {
        let reference = crate::random::hex();
        let access = self.access(token).await?;
        let answer = self.wire.send(ask, &reference, Some(access)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        *token = None;
        let access = self.access(token).await?;
        self.wire.send(ask, &reference, Some(access)).await
    }

    /// A token that is valid for a call. `held` stays borrowed until the call is made, so that
    /// nothing else refreshes the same token.
    async fn access<'t>(&self, held: &'t mut Option<Token>) -> Result<&'t str, Trouble> {
        let due = held
            .as_ref()
            .map_or(Due::New, |token| token.due(Instant::now()));
        let token = match (due, held.take()) {
            (Due::Nothing, Some(token)) => token,
            (
                Due::Refresh,
                Some(Token {
                    refresh: Some(refresh),
                    ..
                }),
            ) => {
                let fields = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
                match self.grant(&fields).await {
                    Ok(token) => token,
                    // The refresh was refused, or its answer was lost and the refresh token may be
                    // used up.
                    Err(_) => self.new_token().await?,
                }
            }
            _ => self.new_token().await?,
        };
        Ok(&held.insert(token).access)
    }

    async fn new_token(&self) -> Result<Token, Trouble> {
        let fields = [("grant_type", "client_credentials"), ("scope", "merchant")];
        self.grant(&fields).await
    }

    async fn grant(&self, fields: &[(&str, &str)]) -> Result<Token, Trouble> {
        let keys = [
            ("client_id", self.client_id.as_str()),
            ("client_secret", &self.client_secret),
        ];
        let form = keys.iter().chain(fields);
        let ask = Ask {
            name: "token",
            path: "/oauth/token".to_owned(),
            form: Some(
                form.map(|(name, value)| ((*name).to_owned(), *value))
                    .collect(),
            ),
            again: Again::Always,
        };
        let asked = Instant::now();
        let answer = self.wire.send(&ask, &crate::random::hex(), None).await?;
        Token::read(&answer.ok()?, asked).ok_or(Trouble::Lost)
    }

    /// The client id as a path segment.
    fn own_id(&self) -> String {
        utf8_percent_encode(&self.client_id, NON_ALPHANUMERIC).to_string()
    }
}

/// Whether it is safe to send a customer there: no `javascript:`, no `data:`.
fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}
