//! Shapes of the description that generators of clients make good code of.
//!
//! Utoipa writes a generic type with what it holds written out once more, under a
//! name such as `Page_TopicOut`; generators would make a second, nameless type of
//! that. And it writes bytes as a list of numbers.

use serde_json::{Value, json};

/// Shapes the description, before anything is added to it.
pub fn shape(spec: &mut Value) {
    name_parts(spec);
    rename(spec);
    as_bytes(&mut spec["paths"]);
}

/// Puts what a generic type holds among the schemas, and a reference in its place.
fn name_parts(spec: &mut Value) {
    let Some(schemas) = spec["components"]["schemas"].as_object_mut() else {
        return;
    };
    let mut waiting: Vec<String> = schemas.keys().cloned().collect();
    while let Some(name) = waiting.pop() {
        let Some((_, part)) = name.split_once('_') else {
            continue;
        };
        let schema = &mut schemas[&name];
        let place = if schema.get("allOf").is_some() {
            "/allOf/0"
        } else {
            "/properties/items/items"
        };
        let Some(place) = schema.pointer_mut(place) else {
            continue;
        };
        if place.get("$ref").is_none() {
            let whole = std::mem::replace(place, json!({"$ref": super::openapi::reference(part)}));
            if !schemas.contains_key(part) {
                schemas.insert(part.to_owned(), whole);
                waiting.push(part.to_owned());
            }
        }
    }
}

/// `Page_TopicOut` is `PageTopicOut` in every language.
fn rename(spec: &mut Value) {
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        *schemas = std::mem::take(schemas)
            .into_iter()
            .map(|(name, schema)| (name.replace('_', ""), schema))
            .collect();
        schemas.sort_keys();
    }
    rename_references(spec);
}

fn rename_references(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(name)) = object.get_mut("$ref") {
                *name = name.replace('_', "");
            }
            object.values_mut().for_each(rename_references);
        }
        Value::Array(items) => items.iter_mut().for_each(rename_references),
        _ => {}
    }
}

/// Pictures are bytes.
fn as_bytes(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (kind, body) in object.iter_mut() {
                if kind.starts_with("image/") && body.get("schema").is_some() {
                    body["schema"] = json!({"type": "string", "format": "binary"});
                } else {
                    as_bytes(body);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_bytes),
        _ => {}
    }
}
