//! Rewords deserializer errors for whoever wrote the input.

/// The deserializer's names for types, and plain words for them.
const TYPES: &[(&str, &str)] = &[
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number, 0 or more"),
    ("usize", "a whole number, 0 or more"),
    ("nonzero u8", "a whole number from 1 to 255"),
    ("a nonzero u8", "a whole number from 1 to 255"),
    ("a nonzero u16", "a whole number from 1 to 65535"),
    ("a nonzero u32", "a whole number from 1 to 4294967295"),
    ("a nonzero u64", "a whole number, 1 or more"),
    ("a nonzero usize", "a whole number, 1 or more"),
    ("i8", "a whole number from -128 to 127"),
    ("i16", "a whole number from -32768 to 32767"),
    ("i32", "a whole number"),
    ("i64", "a whole number"),
    ("f32", "a number"),
    ("f64", "a number"),
    ("a boolean", "true or false"),
    ("a sequence", "a list"),
    ("a map", "an object with members"),
    ("a borrowed string", "a string"),
    ("option", "a value or nothing"),
];

/// The message with the expected type in plain words, and without implementation details.
pub fn readable(message: &str) -> String {
    let Some((before, wanted)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    // A position may follow: ` at line 1 column 2`, or the next line of a longer message.
    let end = [" at line ", "\n"]
        .iter()
        .filter_map(|it| wanted.find(it))
        .min();
    let (wanted, place) = match end {
        Some(at) => wanted.split_at(at),
        None => (wanted, ""),
    };
    let known = TYPES.iter().find(|(name, _)| *name == wanted);
    let is_shape = [
        "struct ",
        "internally tagged enum ",
        "adjacently tagged enum ",
    ];
    let words = match known {
        Some((_, words)) => words,
        None if is_shape.iter().any(|start| wanted.starts_with(start)) => "an object with members",
        None if wanted.starts_with("tuple ") || wanted.starts_with("a tuple ") => "a list",
        None => wanted,
    };
    format!("{}, expected {words}{place}", found(before))
}

/// What was found, without the deserializer's names.
fn found(before: &str) -> String {
    before
        .replace("invalid type: sequence", "invalid type: a list")
        .replace("invalid type: map", "invalid type: an object")
        .replace("invalid type: string ", "invalid type: the string ")
        .replace("invalid type: boolean ", "invalid type: ")
        .replace("invalid type: integer ", "invalid type: the number ")
        .replace("invalid type: floating point ", "invalid type: the number ")
        .replace("invalid value: integer ", "invalid value: the number ")
        .replace(
            "invalid value: floating point ",
            "invalid value: the number ",
        )
}

#[cfg(test)]
mod tests {
    use super::readable;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Row {
        count: u32,
        rate: Option<f64>,
        names: Vec<String>,
        on: bool,
        next: Option<Box<Row>>,
    }

    #[test]
    fn no_type_of_the_code_is_named() {
        for (text, said) in [
            (
                r#"{"count": "x"}"#,
                "expected a whole number from 0 to 4294967295",
            ),
            (
                r#"{"count": -1}"#,
                "the number `-1`, expected a whole number from 0",
            ),
            (r#"{"count": 1.5}"#, "expected a whole number"),
            (r#"{"rate": []}"#, "a list, expected a number"),
            (r#"{"names": {}}"#, "an object, expected a list"),
            (r#"{"names": [1]}"#, "expected a string"),
            (r#"{"on": 1}"#, "expected true or false"),
            (r#"{"next": 7}"#, "expected an object with members"),
            ("{}", "missing field `count`"),
            ("7", "expected an object with members"),
        ] {
            let error = serde_json::from_str::<Row>(text).unwrap_err().to_string();
            let words = readable(&error);
            assert!(words.contains(said), "{text}: {words}");
            for own in ["u32", "f64", "struct", "sequence", "boolean"] {
                assert!(!words.contains(own), "{text}: {words}");
            }
        }
    }
}
