//! The monthly figure on the cart page: nice to have, never worth a wait or an error.

use crate::flexiti::Flexiti;
use crate::form::is_amount;
use crate::lang::Lang;
use crate::token::Token;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a figure is shown, or its absence accepted.
const FRESH: Duration = Duration::from_secs(60);
/// How long the cart page waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The figure that was last asked for. Its token is no customer's: there is no checkout yet.
#[derive(Default)]
pub struct Plan(Mutex<Last>);

#[derive(Default)]
struct Last {
    token: Option<Token>,
    asked: Option<Instant>,
    monthly: Option<(String, String)>,
}

impl Plan {
    /// What `price` comes to each month, and for how many months.
    pub async fn monthly(
        &self,
        flexiti: &Flexiti,
        price: &str,
        lang: Lang,
    ) -> Option<(String, String)> {
        let figure = async {
            let Last {
                token,
                asked,
                monthly,
            } = &mut *self.0.lock().await;
            if asked.is_none_or(|asked| asked.elapsed() >= FRESH) {
                *asked = Some(Instant::now());
                *monthly = None;
                let came = flexiti.monthly(token, price, lang).await.ok().flatten();
                *monthly = came.filter(|(payment, _)| is_amount(payment));
            }
            monthly.clone()
        };
        tokio::time::timeout(PATIENCE, figure).await.ok().flatten()
    }
}
