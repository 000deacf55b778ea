//! The plans and customers of the file that `--config` names.

use crate::process::{Running, run, stderr};
use crate::shop::{demo_token_call, text};
use crate::wire::Call;
use flexiti_mock::{CustomerStatus, PaymentPlan, Settings};
use std::path::Path;

const PLAN: &str = "[[plans]]\nmonths = 6\n";
const CUSTOMER: &str = "[[customers]]\ncustomer_id = \"7\"\nvcc = \"1070000000000007\"\n\
    first_name = \"Zoé\"\nlast_name = \"Côté\"\navailable_credit = \"100.00\"\nstatus = \"active\"\n";

fn write(folder: &Path, content: &str) -> String {
    let path = folder.join("shop.toml");
    std::fs::write(&path, content).unwrap();
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn each_list_replaces_the_shipped_one_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let read = |content: &str| Settings::read(Path::new(&write(folder.path(), content))).unwrap();
    let plans = read(PLAN);
    assert_eq!(plans.plans.len(), 1);
    assert_eq!(plans.plans[0].months, 6);
    assert_eq!(plans.merchants[0].client_id, "flexitidemo");
    assert!(plans.customers.len() > 1);

    let customers = read(CUSTOMER);
    assert_eq!(customers.customers.len(), 1);
    assert_eq!(customers.customers[0].first_name, "Zoé");
    assert_eq!(customers.plans, [PaymentPlan::default()]);
    assert_eq!(customers.merchants.len(), 1);

    let shop = "[[merchants]]\nclient_id = \"shop\"\nclient_secret = \"s\"\n";
    let merchants = read(shop);
    assert_eq!(merchants.merchants[0].client_id, "shop");
    assert_eq!(merchants.plans, [PaymentPlan::default()]);
    assert!(
        merchants
            .customers
            .iter()
            .any(|c| c.status == CustomerStatus::Frozen)
    );

    let all = read(&format!("{PLAN}{CUSTOMER}{shop}{PLAN}"));
    assert_eq!(
        (all.plans.len(), all.customers.len(), all.merchants.len()),
        (2, 1, 1)
    );
    // An empty list is one: a server without plans, or without customers.
    let none = read("plans = []\ncustomers = []\n");
    assert_eq!(
        (none.plans.len(), none.customers.len(), none.merchants.len()),
        (0, 0, 1)
    );
}

#[test]
fn numbers_may_stand_in_quotes_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let read = |content: &str| Settings::read(Path::new(&write(folder.path(), content))).unwrap();
    let bare = read(
        "[[plans]]\nmonths = 12\nannual_rate = 12.99\nfee = 49.99\nminimum = 100\nmaximum = 2500.5\n\
         provinces = [\"ON\"]\n",
    );
    let quoted = read(
        "[[plans]]\nmonths = 12\nannual_rate = \"12.99\"\nfee = \"49.99\"\nminimum = \"100\"\n\
         maximum = \"2500.5\"\nprovinces = [\"ON\"]\n",
    );
    assert_eq!(bare.plans, quoted.plans);
    assert_eq!(bare.plans[0].fee.to_string(), "49.99");
    assert_eq!(bare.plans[0].annual_rate.to_string(), "12.99");
    let credit = read(&CUSTOMER.replace("\"100.00\"", "100"));
    assert_eq!(credit.customers[0].available_credit.to_string(), "100");
}

#[test]
fn a_server_with_plans_of_its_own_reckons_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), PLAN);
    let running = Running::start(&["--config", &file]);
    let tokens = demo_token_call(&[]).send(running.address());
    let bearer = format!("Bearer {}", text(&tokens.json(), "access_token"));
    let path = "/flexiti/online-api/online/v2/client-id/flexitidemo/systems/payment-calculator";
    let answer = Call::get(&format!("{path}?price=600"))
        .header("authorization", &bearer)
        .send(running.address());
    let plan = answer.json()["paymentPlan"].clone();
    assert_eq!(
        plan,
        serde_json::json!({"monthlyPayment": "100.00", "months": "6"})
    );
}

/// Starts the program with each content; it must end with one line that names the file and these.
fn refused(cases: Vec<(String, Vec<&str>)>) {
    let folder = tempfile::tempdir().unwrap();
    for (content, names) in cases {
        let file = write(folder.path(), &content);
        let output = run(&["--listen", "127.0.0.1:0", "--config", &file]);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{content}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        for name in [&[file.as_str()], names.as_slice()].concat() {
            assert!(message.contains(name), "{name} is not in: {message}");
        }
    }
}

#[test]
fn mistakes_in_plans_are_one_line_that_names_key_value_and_what_is_allowed() {
    refused(vec![
        (
            "# nothing\n".into(),
            vec!["merchants", "plans", "customers"],
        ),
        (
            "[[plan]]\nmonths = 3\n".into(),
            vec!["plan", "line 1", "plans"],
        ),
        (
            format!("{PLAN}colour = 1\n"),
            vec!["line 3", "colour", "annual_rate"],
        ),
        (
            "[[plans]]\nfee = 1\n".into(),
            vec!["line 1", "months", "missing"],
        ),
        (
            "[[plans]]\nmonths = \"3\"\n".into(),
            vec!["line 2", "months", "a whole number"],
        ),
        ("[[plans]]\nmonths = -3\n".into(), vec!["line 2", "months"]),
        (
            "[[plans]]\nmonths = 0\n".into(),
            vec!["plans[0]", "months", "`0`", "1 to 120"],
        ),
        (
            format!("{PLAN}{PLAN}fee = -1\n"),
            vec!["plans[1]", "fee", "`-1`", "dollars"],
        ),
        (
            format!("{PLAN}fee = \"dear\"\n"),
            vec!["line 3", "fee", "49.99"],
        ),
        (format!("{PLAN}fee = nan\n"), vec!["line 3", "fee", "49.99"]),
        (
            format!("{PLAN}minimum = inf\n"),
            vec!["line 3", "minimum", "49.99"],
        ),
        (
            format!("{PLAN}maximum = true\n"),
            vec!["line 3", "maximum", "49.99"],
        ),
        (
            format!("{PLAN}annual_rate = 1e99\n"),
            vec!["line 3", "annual_rate", "49.99"],
        ),
        (
            format!("{PLAN}annual_rate = 101\n"),
            vec!["plans[0]", "annual_rate", "`101`", "100"],
        ),
        (
            format!("{PLAN}provinces = [\"Quebec\"]\n"),
            vec!["provinces", "`Quebec`", "QC"],
        ),
    ]);
}

#[test]
fn mistakes_in_customers_are_one_line_that_names_key_value_and_what_is_allowed() {
    let customer = |from: &str, to: &str| CUSTOMER.replace(from, to);
    refused(vec![
        (
            customer("\"7\"", "\"\""),
            vec!["customers[0]", "customer_id", "1 to 20"],
        ),
        (
            customer("1070000000000007", "1070"),
            vec!["customers[0] (7)", "vcc", "`1070`", "16 digits"],
        ),
        (
            customer("\"100.00\"", "\"-1\""),
            vec![
                "customers[0] (7)",
                "available_credit",
                "`-1`",
                "not negative",
            ],
        ),
        (
            customer("\"100.00\"", "\"rich\""),
            vec!["line 6", "available_credit", "49.99"],
        ),
        (
            customer("\"active\"", "\"asleep\""),
            vec!["line 7", "status", "active", "frozen", "not_found"],
        ),
        (
            format!("{CUSTOMER}limit = 1\n"),
            vec!["line 8", "limit", "available_credit"],
        ),
        (
            format!("{CUSTOMER}{CUSTOMER}"),
            vec!["customers[1] (7)", "customer_id", "duplicate"],
        ),
        (
            format!("{CUSTOMER}{}", customer("\"7\"", "\"8\"")),
            vec!["customers[1] (8)", "vcc", "duplicate"],
        ),
    ]);
}
