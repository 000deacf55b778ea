//! The guides' example in Rust.

use flexiti_mock::embed::admin::{ClockChange, NewMerchant};
use flexiti_mock::{Mock, Settings};

#[test]
fn twenty_minutes_pass_at_once() {
    let mock = Mock::start(&Settings::default()).unwrap();
    let shop = mock
        .admin()
        .create_merchant(NewMerchant::default())
        .unwrap();
    let later = ClockChange {
        advance_ms: Some(1_200_000),
        ..ClockChange::default()
    };
    mock.admin()
        .set_clock(&shop.account.client_id, &later)
        .unwrap();
    // Point your client at mock.base_url(), with the keys in shop.account.
}
