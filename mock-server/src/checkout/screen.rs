//! Which page an order shows, given its stage and what was entered.

use crate::model::lifecycle::{Outcome, Stage};
use crate::model::order::Order;
use crate::model::visit::Visit;

/// A page of the checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Apply, or sign in.
    Choice,
    /// The application form.
    Form,
    /// Entering the PIN of an application or a purchase.
    Pin,
    /// Approved; the purchase comes next.
    Approved,
    /// The card number.
    Identify,
    /// The payment plans.
    Plan,
    /// The terms.
    Confirm,
    /// How it ended, or that the customer may try again.
    End(Outcome),
}

impl Screen {
    /// The page that an order shows.
    pub fn of(order: &Order) -> Self {
        let nothing = Visit::default();
        let visit = order.visit.as_deref().unwrap_or(&nothing);
        if let Some(outcome) = order.life.outcome {
            return Self::End(outcome);
        }
        match order.life.stage {
            Stage::Applying if visit.application.is_some() => Self::Pin,
            Stage::Applying => Self::Form,
            Stage::Approved => Self::Approved,
            Stage::Buying if order.customer_id.is_none() => Self::Identify,
            Stage::Buying if !visit.verified => Self::Pin,
            Stage::Buying if visit.plan.is_none() => Self::Plan,
            Stage::Buying => Self::Confirm,
            _ => Self::Choice,
        }
    }
}
