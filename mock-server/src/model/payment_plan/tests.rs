use super::*;
use proptest::prelude::*;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn payments(plan: &PaymentPlan, price: &str, rounding: Rounding) -> [String; 3] {
    let payments = plan.payments(dec(price), rounding).unwrap();
    [payments.monthly, payments.last, payments.total].map(|amount| amount.to_string())
}

#[test]
fn the_references_example_comes_out() {
    for rounding in [Rounding::HalfUp, Rounding::Down] {
        let found = payments(&PaymentPlan::default(), "499", rounding);
        assert_eq!(found, ["166.33", "166.34", "499.00"]);
    }
}

#[test]
fn payments_are_rounded_as_the_dialect_says() {
    let plan = PaymentPlan::default();
    let up = payments(&plan, "500", Rounding::HalfUp);
    assert_eq!(up, ["166.67", "166.66", "500.00"]);
    let down = payments(&plan, "500", Rounding::Down);
    assert_eq!(down, ["166.66", "166.68", "500.00"]);
    let half = PaymentPlan {
        months: 2,
        ..PaymentPlan::default()
    };
    assert_eq!(payments(&half, "0.05", Rounding::HalfUp)[0], "0.03");
    assert_eq!(payments(&half, "0.05", Rounding::Down)[0], "0.02");
}

#[test]
fn the_last_payment_of_a_tiny_price_is_not_less_than_nothing() {
    let plan = PaymentPlan {
        months: 10,
        ..PaymentPlan::default()
    };
    // Nine payments of a cent would exceed the price.
    let found = payments(&plan, "0.05", Rounding::HalfUp);
    assert_eq!(found, ["0.00", "0.05", "0.05"]);
    let found = payments(&plan, "0.18", Rounding::HalfUp);
    assert_eq!(found, ["0.02", "0.00", "0.18"]);
}

/// With fifty digits, the formula gives 93.7773 for 1,049.99 at 12.99 % over 12 months, 45.6847
/// for 1,000 at 9 % over 24, and 323.4725 for 10,000 at 29.99 % over 60.
#[test]
fn interest_is_that_of_an_annuity() {
    let plan = |months, rate, fee| PaymentPlan {
        months,
        annual_rate: dec(rate),
        fee: dec(fee),
        ..PaymentPlan::default()
    };
    let monthly = |plan: PaymentPlan, price| payments(&plan, price, Rounding::HalfUp)[0].clone();
    assert_eq!(monthly(plan(12, "12.99", "49.99"), "1000"), "93.78");
    assert_eq!(monthly(plan(24, "9", "0"), "1000"), "45.68");
    assert_eq!(monthly(plan(60, "29.99", "0"), "10000"), "323.47");
}

#[test]
fn a_fee_without_interest_is_spread_over_the_months() {
    let plan = PaymentPlan {
        fee: dec("50"),
        ..PaymentPlan::default()
    };
    let found = payments(&plan, "100", Rounding::HalfUp);
    assert_eq!(found, ["50.00", "50.00", "150.00"]);
}

#[test]
fn too_large_numbers_are_no_plan_and_no_panic() {
    let dear = PaymentPlan {
        months: 120,
        annual_rate: dec("100"),
        fee: Decimal::MAX,
        ..PaymentPlan::default()
    };
    assert_eq!(dear.payments(dec("1"), Rounding::HalfUp), None);
    assert_eq!(
        PaymentPlan::default().payments(Decimal::MAX, Rounding::HalfUp),
        None
    );
    let largest = dec("9999999999999999.99");
    let found = payments(
        &PaymentPlan::default(),
        &largest.to_string(),
        Rounding::HalfUp,
    );
    assert_eq!(found[2], "9999999999999999.99");
}

#[test]
fn a_plan_is_for_the_prices_and_provinces_that_it_names() {
    let plan = PaymentPlan {
        minimum: Some(dec("100")),
        maximum: Some(dec("200.50")),
        provinces: vec!["ON".into(), "QC".into()],
        ..PaymentPlan::default()
    };
    for (price, province, expected) in [
        ("99.99", Some("ON"), false),
        ("100", Some("ON"), true),
        ("200.50", Some("qc"), true),
        ("200.51", Some("QC"), false),
        ("150", Some("BC"), false),
        ("150", None, false),
    ] {
        assert_eq!(plan.is_for(dec(price), province), expected, "{price}");
    }
    let plans = [plan, PaymentPlan::default()];
    let places = |price, province| -> Vec<usize> {
        for_price(&plans, dec(price), province)
            .map(|(at, _)| at)
            .collect()
    };
    assert_eq!(places("150", Some("ON")), [0, 1]);
    assert_eq!(places("150", None), [1]);
    assert_eq!(places("1", Some("ON")), [1]);
}

#[test]
fn a_plan_that_cannot_be_is_refused_with_key_value_and_what_is_allowed() {
    let plan = |toml: &str| {
        let plan: PaymentPlan = toml::from_str(toml).unwrap();
        plan.check().map_err(|error| error.to_string())
    };
    assert_eq!(plan("months = 120\nannual_rate = 100\nfee = 0.5"), Ok(()));
    for (toml, names) in [
        ("months = 0", ["months", "`0`", "1 to 120"]),
        ("months = 121", ["months", "`121`", "1 to 120"]),
        (
            "months = 3\nannual_rate = -1",
            ["annual_rate", "`-1`", "0 to 100"],
        ),
        (
            "months = 3\nannual_rate = 100.1",
            ["annual_rate", "`100.1`", "0 to 100"],
        ),
        (
            "months = 3\nannual_rate = 9.99999",
            ["annual_rate", "9.99999", "4 decimals"],
        ),
        (
            "months = 3\nfee = -0.01",
            ["fee", "`-0.01`", "not negative"],
        ),
        (
            "months = 3\nfee = \"1.005\"",
            ["fee", "`1.005`", "2 decimals"],
        ),
        (
            "months = 3\nminimum = -1",
            ["minimum", "`-1`", "not negative"],
        ),
        (
            "months = 3\nminimum = 2\nmaximum = 1",
            ["minimum", "`2`", "maximum, 1"],
        ),
        (
            "months = 3\nprovinces = [\"ON\", \"Quebec\"]",
            ["provinces", "`Quebec`", "QC"],
        ),
    ] {
        let message = plan(toml).expect_err(toml);
        for name in names {
            assert!(message.contains(name), "{name}: {message}");
        }
    }
}

fn any_plan() -> impl Strategy<Value = PaymentPlan> {
    (1..=LONGEST, 0..=1_000_000_i64, 0..=10_000_000_i64).prop_map(|(months, rate, fee)| {
        PaymentPlan {
            months,
            // Half of the plans are free of interest.
            annual_rate: Decimal::new(if rate % 2 == 0 { 0 } else { rate }, 4),
            fee: Decimal::new(if fee % 2 == 0 { 0 } else { fee }, 2),
            ..PaymentPlan::default()
        }
    })
}

/// A price of up to 18 digits, with all lengths equally likely.
fn any_price() -> impl Strategy<Value = Decimal> {
    (1_u32..=18)
        .prop_flat_map(|digits| 1..10_i64.pow(digits))
        .prop_map(|cents| Decimal::new(cents, 2))
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    prop_oneof![Just(Rounding::HalfUp), Just(Rounding::Down)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn payments_add_up_and_are_never_negative(
        plan in any_plan(), price in any_price(), rounding in any_rounding(),
    ) {
        let found = plan.payments(price, rounding).unwrap();
        let others = Decimal::from(plan.months - 1);
        prop_assert_eq!(found.monthly * others + found.last, found.total);
        prop_assert!(found.monthly >= Decimal::ZERO && found.last >= Decimal::ZERO);
        prop_assert!(found.total >= price + plan.fee);
        for amount in [found.monthly, found.last, found.total] {
            prop_assert_eq!(amount.scale(), 2);
        }
        if plan.annual_rate.is_zero() {
            prop_assert_eq!(found.total, price + plan.fee);
        }
    }

    #[test]
    fn a_higher_price_never_costs_less_a_month(
        plan in any_plan(), price in any_price(), more in 0..1_000_i64, rounding in any_rounding(),
    ) {
        let lower = plan.payments(price, rounding).unwrap();
        let higher = plan.payments(price + Decimal::new(more, 2), rounding).unwrap();
        prop_assert!(higher.monthly >= lower.monthly);
        prop_assert!(higher.total >= lower.total);
    }
}
