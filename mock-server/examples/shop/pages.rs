//! The pages. Templates escape what they print.

use crate::belief::{Belief, Flow};
use crate::lang::Lang;
use crate::order::Seen;
use askama::Template;

/// The items in the cart: English name, French name, price.
const CART: [(&str, &str, &str); 2] = [
    ("Armchair", "Fauteuil", "399.99"),
    ("Floor lamp", "Lampadaire", "100.00"),
];
/// The sum of the cart.
pub const TOTAL: &str = "499.99";

/// The cart, with the choice of how to pay.
#[derive(Template)]
#[template(path = "../examples/shop/templates/cart.html")]
pub struct Cart<'a> {
    /// The customer's language.
    pub lang: Lang,
    /// Protects the form against cross-site requests.
    pub form_token: &'a str,
    /// The number that the order will have.
    pub number: &'a str,
    /// The Flexiti customer id that the session knows.
    pub customer_id: Option<&'a str>,
    /// The monthly payment, and the number of months.
    pub monthly: Option<(&'a str, &'a str)>,
    /// The cart.
    pub items: [(&'static str, &'static str, &'static str); 2],
    /// The sum of the cart.
    pub total: &'static str,
}

impl<'a> Cart<'a> {
    /// The cart for a session that will order under `number`.
    pub fn new(lang: Lang, form_token: &'a str, number: &'a str) -> Self {
        Self {
            lang,
            form_token,
            number,
            customer_id: None,
            monthly: None,
            items: CART,
            total: TOTAL,
        }
    }
}

/// Flexiti's pages in a dialog.
#[derive(Template)]
#[template(path = "../examples/shop/templates/dialog.html")]
pub struct Dialog<'a> {
    /// The customer's language.
    pub lang: Lang,
    /// Where Flexiti's pages are.
    pub url: &'a str,
    /// The order.
    pub number: &'a str,
}

/// An order as the shop sees it.
#[derive(Template)]
#[template(path = "../examples/shop/templates/order.html")]
pub struct OrderPage<'a> {
    /// The order's language.
    pub lang: Lang,
    /// The order.
    pub number: &'a str,
    /// What the shop knows.
    pub seen: &'a Seen,
}

impl OrderPage<'_> {
    /// Heading and text for what the shop believes.
    fn texts(&self) -> (&'static str, &'static str) {
        let say = |english, french| self.lang.say(english, french);
        match self.seen.belief {
            Belief::Pending => (
                say("Not decided yet", "En attente"),
                say(
                    "We are waiting for Flexiti's answer. This page looks again by itself.",
                    "Nous attendons la réponse de Flexiti. Cette page se met à jour d’elle-même.",
                ),
            ),
            Belief::Paid => (
                say("Paid. Thank you!", "Payé. Merci!"),
                say("Your order is on its way.", "Votre commande est en route."),
            ),
            Belief::Approved => (
                say("Your credit is approved", "Votre crédit est approuvé"),
                say(
                    "You can now buy with Flexiti in our shop.",
                    "Vous pouvez maintenant acheter avec Flexiti dans notre boutique.",
                ),
            ),
            Belief::Failed if self.seen.flow == Flow::Apply => (
                say("Not approved", "Non approuvé"),
                say(
                    "There is no credit from Flexiti for now.",
                    "Flexiti n’accorde pas de crédit pour l’instant.",
                ),
            ),
            Belief::Failed => (
                say("Not paid", "Non payé"),
                say(
                    "The payment with Flexiti failed. Nothing was charged.",
                    "Le paiement avec Flexiti a échoué. Rien n’a été facturé.",
                ),
            ),
            Belief::Cancelled => (
                say("Cancelled", "Annulé"),
                say(
                    "You left the checkout. Your cart is still there.",
                    "Vous avez quitté le paiement. Votre panier est toujours là.",
                ),
            ),
        }
    }

    /// After how many seconds the page reloads: less often once it has waited for long.
    fn looks_again(&self) -> Option<u32> {
        let pause = if self.seen.asks < 20 { 3 } else { 60 };
        (self.seen.belief == Belief::Pending).then_some(pause)
    }
}

/// A page that reports a problem.
#[derive(Template)]
#[template(path = "../examples/shop/templates/notice.html")]
pub struct Notice {
    /// The customer's language.
    pub lang: Lang,
    /// The heading.
    pub title: &'static str,
    /// What the customer can do.
    pub text: &'static str,
}

/// A template as text.
pub fn render(page: &impl Template) -> String {
    // Writing into a `String` cannot fail, and no template here calls anything that can.
    page.render().unwrap_or_default()
}
