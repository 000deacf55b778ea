//! Valid and invalid driver files.

use super::*;

fn read(text: &str) -> Result<Driver, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("merchant.toml");
    std::fs::write(&path, text).unwrap();
    Driver::read(&path, 9_123).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_file_without_a_shop_is_that_of_one_that_runs_already() {
    let rest = "[callbacks]\nsuccess = \"http://a.example/\"\nerror = \"http://a.example/\"\n\
                [checkout]\nurl = \"http://a.example/\"\n";
    let without = read(rest).unwrap().shop;
    let with = read(&format!("[shop]\n{rest}")).unwrap().shop;
    assert!(!without.is_started_here());
    assert_eq!(
        serde_json::to_value(without).unwrap(),
        serde_json::to_value(with).unwrap()
    );
}

#[test]
fn the_shipped_schema_is_that_of_driver_files() {
    let shipped = include_str!("../../../../schemas/merchant.schema.json");
    let current = format!("{:#}\n", schema());
    assert_eq!(
        shipped, current,
        "write it: flexiti-conformance merchant schema"
    );
    let example: toml::Value = toml::from_str(EXAMPLE).unwrap();
    let example = serde_json::to_value(example).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    assert!(validator.is_valid(&example));
    // The example explains every key.
    for table in schema()["$defs"].as_object().unwrap().values() {
        for key in table["properties"].as_object().unwrap().keys() {
            let is_there = |key: &str| EXAMPLE.contains(&format!("{key} ="));
            assert!(is_there(key) || is_there(&format!("\"{key}\"")), "{key}");
        }
    }
    for (table, key) in [("shop", "ready"), ("order", "payed"), ("cart", "gift")] {
        let mut wrong = example.clone();
        wrong[table][key] = "x".into();
        assert!(!validator.is_valid(&wrong), "{table}.{key}");
    }
}

#[test]
fn the_example_is_a_driver_file() {
    let driver = read(EXAMPLE).unwrap();
    assert_eq!(
        driver.callbacks.success,
        "http://127.0.0.1:9123/flexiti/return"
    );
    assert_eq!(driver.shop.env["SHOP_LISTEN"], "127.0.0.1:9123");
}

#[test]
fn a_mistake_is_named_with_its_file_its_key_and_what_is_allowed() {
    for (old, new, names) in [
        (
            "method = \"POST\"",
            "method = \"FETCH\"",
            vec!["checkout.method", "FETCH", "GET, POST"],
        ),
        (
            "{mname}",
            "{middle}",
            vec!["checkout.form.mname", "{middle}", "{mname}"],
        ),
        (
            "patience_s = 30",
            "patience_s = 0",
            vec!["checkout.patience_s", "0", "1 to 300"],
        ),
        (
            "{mname}",
            "{billing.street}",
            vec!["checkout.form.mname", "{billing.street}", "[cart.billing]"],
        ),
        (
            "city = \"Montreal\"",
            "town = \"Montreal\"",
            vec!["cart.billing.town", "city", "postal_code"],
        ),
        (
            "pointer = \"/status\"",
            "pointer = \"status\"",
            vec!["order.pointer", "status", "/"],
        ),
        (
            "pending = [\"pending\"]",
            "pending = []",
            vec!["order.pending", "one word"],
        ),
        (
            "pending = [\"pending\"]",
            "pending = [\"paid\"]",
            vec!["order", "`paid`", "two"],
        ),
        (
            "success = \"http",
            "success = \"ftp",
            vec!["callbacks.success", "ftp", "http://"],
        ),
        ("[pages]", "[page]", vec!["line", "page", "pages"]),
        (
            "ready_url = ",
            "ready = ",
            vec!["line", "ready", "ready_url"],
        ),
    ] {
        assert!(EXAMPLE.contains(old), "{old}");
        let error = read(&EXAMPLE.replace(old, new)).unwrap_err();
        assert!(error.contains("merchant.toml"), "{error}");
        for name in names {
            assert!(error.contains(name), "{name}: {error}");
        }
    }
}
