//! Reads and validates the checkout form.

use crate::belief::Flow;
use crate::flexiti::{Buyer, Terms};
use crate::lang::Lang;
use crate::pages::TOTAL;
use crate::store::Session;
use crate::web::Request;

/// What the customer submitted.
pub struct Wish {
    /// The shop's order number.
    pub number: String,
    /// The terms of the order.
    pub terms: Terms,
    /// Whether the browser can show a dialog.
    pub modal: bool,
}

/// Reads the form. An error is a message in English and in French.
///
/// The amount and the customer id come from the form so that test drivers can choose them. A real
/// shop takes the amount from its own cart and the customer id from its session.
pub fn read(request: &Request, session: &Session) -> Result<Wish, (&'static str, &'static str)> {
    let flow = match request
        .field("flow")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None | Some("apply") => Flow::Apply,
        Some("buy") => Flow::Buy,
        Some("apply/buy") => Flow::ApplyBuy,
        Some(_) => return Err(("The flow is unknown.", "Le parcours est inconnu.")),
    };
    let lang = match request.field("lang") {
        None => session.lang(),
        Some(name) => {
            Lang::named(name).ok_or(("The language is unknown.", "La langue est inconnue."))?
        }
    };
    let amount = request.field("amount").unwrap_or(TOTAL);
    if !is_amount(amount) {
        return Err(("The amount is not valid.", "Le montant n’est pas valide."));
    }
    let number = match request.field("order") {
        None => crate::random::hex().split_off(16),
        Some(number) if is_word(number, 40) => number.to_owned(),
        Some(_) => {
            return Err((
                "The order number is not valid.",
                "Le numéro de commande n’est pas valide.",
            ));
        }
    };
    let middle_name = request.field("mname").map(str::to_owned);
    if middle_name
        .as_ref()
        .is_some_and(|name| name.chars().count() > 35)
    {
        return Err((
            "The middle name is too long.",
            "Le deuxième prénom est trop long.",
        ));
    }
    Ok(Wish {
        number,
        terms: Terms {
            flow,
            lang,
            amount: amount.to_owned(),
            middle_name,
            buyer: if flow == Flow::Buy {
                Some(buyer(request, session)?)
            } else {
                None
            },
        },
        modal: request.field("modal") == Some("1"),
    })
}

fn buyer(request: &Request, session: &Session) -> Result<Buyer, (&'static str, &'static str)> {
    if let Some(card) = request.field("vcc") {
        let number: String = card.split_whitespace().collect();
        if number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Buyer::Card(number));
        }
        return Err((
            "A card number has 16 digits.",
            "Un numéro de carte compte 16 chiffres.",
        ));
    }
    match request
        .field("customer_id")
        .map(str::to_owned)
        .or_else(|| session.customer_id())
    {
        Some(id) if is_word(&id, 20) => Ok(Buyer::Customer(id)),
        _ => Err((
            "To buy, give the number of your card.",
            "Pour acheter, donnez le numéro de votre carte.",
        )),
    }
}

fn is_word(text: &str, longest: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=longest).contains(&text.len()) && text.bytes().all(plain)
}

/// A positive amount in dollars, with a period and at most two decimals.
pub fn is_amount(text: &str) -> bool {
    let (dollars, cents) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, longest| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    digits(dollars, 7) && digits(cents, 2) && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}
