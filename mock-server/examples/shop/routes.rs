//! The shop's routes. Start with [`Shop::answer`].

use crate::flexiti::Flexiti;
use crate::form;
use crate::lang::Lang;
use crate::order::{Order, Seen, Start};
use crate::pages::{Cart, Dialog, Notice, OrderPage, TOTAL, render};
use crate::plan::Plan;
use crate::store::{Session, Store};
use crate::web::{Reply, Request};
use hyper::Method;
use hyper::header::ALLOW;
use reqwest::Url;
use serde_json::json;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// The shop.
pub struct Shop {
    flexiti: Flexiti,
    store: Store,
    plan: Plan,
    /// The origins of Flexiti's pages, for the content security policy: the real ones, and that of
    /// the configured API.
    pages_of_flexiti: String,
}

impl Shop {
    /// A shop with an empty store.
    pub fn new(flexiti: Flexiti, base_url: &Url) -> Self {
        let own = base_url.origin().ascii_serialization();
        Self {
            flexiti,
            store: Store::default(),
            plan: Plan::default(),
            pages_of_flexiti: format!("{own} https://*.flexiti.fi"),
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: &Request) -> Reply {
        let segments: Vec<&str> = request.path.split('/').skip(1).collect();
        match (&request.method, segments.as_slice()) {
            (&Method::GET, [""]) => self.cart(request).await,
            (&Method::POST, ["checkout"]) => {
                self.checkout(request).await.unwrap_or_else(|reply| reply)
            }
            // Somebody opens the URL that stays in the address bar after a form was answered with a
            // page.
            (&Method::GET, ["checkout"]) => Reply::see_other("/"),
            (&Method::GET, ["flexiti", "return" | "cancel"]) => self.callback(request).await,
            (&Method::GET, ["my", "orders", number]) => self.own_order(request, number).await,
            (&Method::GET, ["orders", number]) => self.status(number).await,
            (&Method::GET, ["shop.css"]) => {
                Reply::new(200, "text/css", include_str!("templates/shop.css"))
            }
            (&Method::GET, ["shop.js"]) => {
                Reply::new(200, "text/javascript", include_str!("templates/shop.js"))
            }
            (&Method::GET, _) => self.no_order(request),
            (_, ["checkout"]) => Reply::new(405, "", "").with(ALLOW, "GET, HEAD, POST"),
            _ => Reply::new(405, "", "").with(ALLOW, "GET, HEAD"),
        }
    }

    async fn cart(&self, request: &Request) -> Reply {
        let chosen = request.query("lang").and_then(Lang::named);
        let session = self
            .session(request)
            .unwrap_or_else(|| self.store.new_session(chosen.unwrap_or(Lang::En)));
        if let Some(lang) = chosen {
            session.speak(lang);
        }
        let lang = session.lang();
        let number = crate::random::hex().split_off(16);
        let customer = session.customer_id();
        let monthly = self.plan.monthly(&self.flexiti, TOTAL, lang).await;
        let page = Cart {
            customer_id: customer.as_deref(),
            monthly: monthly
                .as_ref()
                .map(|(payment, months)| (payment.as_str(), months.as_str())),
            ..Cart::new(lang, &session.form_token, &number)
        };
        self.page(200, render(&page)).in_session(&session.id)
    }

    /// Starts a checkout and sends the customer to it.
    async fn checkout(&self, request: &Request) -> Result<Reply, Reply> {
        let session = self.sender(request)?;
        let wish = form::read(request, &session).map_err(|text| {
            let title = session
                .lang()
                .say("This cannot be ordered", "Cette commande est impossible");
            let text = session.lang().say(text.0, text.1);
            self.notice(422, session.lang(), title, text)
        })?;
        let lang = wish.terms.lang;
        session.speak(lang);
        let order = self.store.order_of(&session, &wish.number, &wish.terms);
        let order = order.ok_or_else(|| {
            let title = lang.say(
                "This order number is taken",
                "Ce numéro de commande est déjà utilisé",
            );
            self.notice(
                409,
                lang,
                title,
                lang.say(
                    "Start again from the cart.",
                    "Recommencez à partir du panier.",
                ),
            )
        })?;
        let reply = match order.start(&self.flexiti, wish.terms).await {
            Start::Go(url) if wish.modal => {
                let page = render(&Dialog {
                    lang,
                    url: url.as_str(),
                    number: &order.number,
                });
                let origin = url.origin().ascii_serialization();
                let also = format!("{} {origin}", self.pages_of_flexiti);
                Reply::page(200, page, &also)
            }
            Start::Go(url) => Reply::see_other(url.as_str()),
            Start::Done => Reply::see_other(&format!("/my/orders/{}", order.number)),
            Start::Refused => {
                let title = lang.say(
                    "The checkout cannot be started",
                    "Le paiement ne peut pas commencer",
                );
                let text = lang.say(
                    "Please choose another way to pay.",
                    "Veuillez choisir un autre mode de paiement.",
                );
                self.notice(409, lang, title, text)
            }
            Start::TryAgain => {
                let title = lang.say("Flexiti does not answer", "Flexiti ne répond pas");
                let text = lang.say(
                    "Nothing was charged. Please try again.",
                    "Rien n’a été facturé. Veuillez réessayer.",
                );
                self.notice(503, lang, title, text)
            }
        };
        Ok(reply.in_session(&session.id))
    }

    /// The session that a form was sent in.
    ///
    /// A browser with a session must send the form's token. A request without a session gets a new
    /// one, which lets in test drivers that have not seen a form. That is safe: a new session has
    /// no customer and no order, and only the sender learns its id. Pages of other origins are
    /// still kept out: browsers withhold the cookie from cross-site posts (`SameSite`), but the
    /// answer could replace it.
    fn sender(&self, request: &Request) -> Result<Arc<Session>, Reply> {
        let lang = request
            .field("lang")
            .and_then(Lang::named)
            .unwrap_or(Lang::En);
        let refused = || {
            let title = lang.say(
                "This form is not ours, or too old",
                "Ce formulaire n’est pas le nôtre, ou il est périmé",
            );
            let text = lang.say(
                "Start again from the cart.",
                "Recommencez à partir du panier.",
            );
            self.notice(403, lang, title, text)
        };
        if !request.has_form() || request.is_foreign() {
            return Err(refused());
        }
        let Some(session) = self.session(request) else {
            return Ok(self.store.new_session(lang));
        };
        let token = request.field("form_token").unwrap_or_default();
        if bool::from(token.as_bytes().ct_eq(session.form_token.as_bytes())) {
            Ok(session)
        } else {
            Err(refused())
        }
    }

    /// Flexiti's pages sent the browser back. Which of the two URLs it came to proves nothing, so
    /// both do the same: find the order in the browser's own session, and ask Flexiti about it. An
    /// `orderId` only selects among those orders. No cookie is set here, because in a frame the
    /// browser may have withheld the one it has.
    async fn callback(&self, request: &Request) -> Reply {
        let Some(session) = self.session(request) else {
            return self.no_order(request);
        };
        let mut found = None;
        for order in session.orders() {
            let wanted = match request.query("orderId") {
                Some(id) => order.is(id).await,
                None => true,
            };
            if wanted {
                found = Some(order);
                break;
            }
        }
        match found {
            Some(order) => self.order_page(&session, &order).await,
            None => self.no_order(request),
        }
    }

    async fn own_order(&self, request: &Request, number: &str) -> Reply {
        let session = self.session(request);
        let found = session.and_then(|session| Some((session.order(number)?, session)));
        match found {
            Some((order, session)) => self.order_page(&session, &order).await,
            None => self.no_order(request),
        }
    }

    async fn order_page(&self, session: &Session, order: &Order) -> Reply {
        let seen = order.look(&self.flexiti).await;
        if let Some(id) = &seen.customer_id {
            session.keep_customer(id.clone());
        }
        let Seen { lang, .. } = seen;
        let page = OrderPage {
            lang,
            number: &order.number,
            seen: &seen,
        };
        self.page(200, render(&page))
    }

    /// For test drivers: what the shop believes, for anyone who knows the number.
    async fn status(&self, number: &str) -> Reply {
        let (status, body) = match self.store.order(number) {
            Some(order) => {
                let seen = order.look(&self.flexiti).await;
                (200, json!({"status": seen.belief.word()}))
            }
            None => (404, json!({"error": "unknown_order"})),
        };
        Reply::new(status, "application/json", body.to_string())
    }

    fn no_order(&self, request: &Request) -> Reply {
        let lang = self
            .session(request)
            .map_or(Lang::En, |session| session.lang());
        let title = lang.say("There is nothing here", "Il n’y a rien ici");
        let text = lang.say(
            "We have no order of yours here.",
            "Nous n’avons aucune commande à votre nom.",
        );
        self.notice(404, lang, title, text)
    }

    fn session(&self, request: &Request) -> Option<Arc<Session>> {
        self.store.session(request.session()?)
    }

    fn notice(&self, status: u16, lang: Lang, title: &'static str, text: &'static str) -> Reply {
        self.page(status, render(&Notice { lang, title, text }))
    }

    fn page(&self, status: u16, html: String) -> Reply {
        Reply::page(status, html, &self.pages_of_flexiti)
    }
}
