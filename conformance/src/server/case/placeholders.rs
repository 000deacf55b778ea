//! Placeholders of a case, such as `{{client_id}}`. The sender of the case supplies the values.

use serde_json::{Map, Value};

/// Looks up a placeholder by name; `None` for braces that are not a placeholder.
pub type ValueOf<'v, E> = dyn FnMut(&str) -> Result<Option<String>, E> + 'v;

/// Fills in the placeholders of a text; other braces are kept.
pub fn fill<E>(text: &str, value_of: &mut ValueOf<'_, E>) -> Result<String, E> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((inside, end)) = after.split_once("}}") else {
            break;
        };
        // Names contain no braces, so the last opening pair counts.
        let opened = &rest[..rest.len() - after.len() + inside.len()];
        let Some((before, name)) = opened.rsplit_once("{{") else {
            break;
        };
        filled.push_str(before);
        match value_of(name)? {
            Some(value) => filled.push_str(&value),
            None => filled.extend(["{{", name, "}}"]),
        }
        rest = end;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Fills in the placeholders of every text in a JSON value; lists are kept as they are.
pub fn fill_json<E>(value: &Value, value_of: &mut ValueOf<'_, E>) -> Result<Value, E> {
    Ok(match value {
        Value::String(text) => fill(text, value_of)?.into(),
        Value::Object(object) => {
            let mut filled = Map::new();
            for (name, value) in object {
                filled.insert(name.clone(), fill_json(value, value_of)?);
            }
            filled.into()
        }
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::convert::Infallible;

    /// Knows a single name.
    #[expect(clippy::unnecessary_wraps, reason = "the shape of a `ValueOf`")]
    fn client(name: &str) -> Result<Option<String>, Infallible> {
        Ok((name == "client_id").then(|| "shop".to_owned()))
    }

    #[test]
    fn known_names_are_filled_in_and_other_braces_stay() {
        for (text, filled) in [
            ("/{{client_id}}/x/{{client_id}}", "/shop/x/shop"),
            ("{{nobody}} {{client_id}}", "{{nobody}} shop"),
            ("{{client_id", "{{client_id"),
            ("{client_id}", "{client_id}"),
            ("{{0/Z{{{client_id}}", "{{0/Z{shop"),
            ("{{{{client_id}}}}", "{{shop}}"),
        ] {
            assert_eq!(fill(text, &mut client).unwrap(), filled, "{text}");
        }
        let nested = json!({"a": {"b": "{{client_id}}"}, "n": 7, "l": ["{{client_id}}"]});
        let filled = json!({"a": {"b": "shop"}, "n": 7, "l": ["{{client_id}}"]});
        assert_eq!(fill_json(&nested, &mut client).unwrap(), filled);
    }
}
