//! The monthly payment on the cart page. It is optional, so it never causes a delay or an error.

use crate::flexiti::Flexiti;
use crate::form::is_amount;
use crate::lang::Lang;
use crate::token::Token;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a result, or the lack of one, is reused.
const FRESH: Duration = Duration::from_secs(60);
/// How long the cart page waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The last result. Its token belongs to no customer, because no checkout has begun yet.
#[derive(Default)]
pub struct Plan(Mutex<Last>);

#[derive(Default)]
struct Last {
    token: Option<Token>,
    asked: Option<Instant>,
    monthly: Option<(String, String)>,
}

impl Plan {
    /// The monthly payment for `price`, and the number of months.
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
