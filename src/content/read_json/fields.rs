//! Reading single fields of an object.

use super::Reader;
use crate::content::{text, url};
use serde_json::{Map, Value};

/// An object that is being read, and its place.
#[derive(Clone, Copy)]
pub(super) struct Object<'v> {
    pub map: &'v Map<String, Value>,
    pub pointer: &'v str,
}

impl<'v> Object<'v> {
    pub fn get(&self, name: &str) -> Option<&'v Value> {
        self.map.get(name)
    }

    /// The place of one of its fields. The names are our own, so none needs
    /// escaping.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }
}

impl Reader {
    pub fn object<'v>(&mut self, value: &'v Value, pointer: &'v str) -> Option<Object<'v>> {
        match value {
            Value::Object(map) => Some(Object { map, pointer }),
            other => {
                self.wrong_type(pointer, "an object", other);
                None
            }
        }
    }

    pub fn wrong_type(&mut self, pointer: &str, wanted: &str, have: &Value) {
        let have = match have {
            Value::Null => "null; leave the field out instead",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.error(
            pointer,
            "wrong-type",
            format!("This must be {wanted}, not {have}."),
        );
    }

    /// Reports fields that mean nothing here, with the nearest that does.
    pub fn known_fields(&mut self, object: Object<'_>, known: &[&str]) {
        for name in object.map.keys() {
            if !known.contains(&name.as_str()) {
                let shown = text::shorten(name, 60);
                let detail = format!(
                    "There is no field “{shown}” here.{} Known: {}.",
                    nearest(name, known),
                    known.join(", ")
                );
                let pointer = object.at(&pointer_token(name));
                self.error(&pointer, "unknown-field", detail);
            }
        }
    }

    /// A string of at most `max` characters without forbidden ones.
    pub fn string(&mut self, object: Object<'_>, name: &str, max: usize) -> Option<String> {
        let value = object.get(name)?;
        let pointer = object.at(name);
        let Value::String(string) = value else {
            self.wrong_type(&pointer, "a string", value);
            return None;
        };
        self.checked(string, &pointer, max)
    }

    pub fn checked(&mut self, string: &str, pointer: &str, max: usize) -> Option<String> {
        if let Some(c) = text::check(string) {
            let detail = format!(
                "The text holds the invisible character {}. Remove it.",
                text::code_point(c)
            );
            self.error(pointer, "forbidden-character", detail);
            return None;
        }
        // Bytes first: counting characters of every short string costs.
        if string.len() > max && string.chars().count() > max {
            self.error(
                pointer,
                "too-long",
                format!("This has at most {max} characters."),
            );
            return None;
        }
        Some(string.to_owned())
    }

    pub fn missing(&mut self, object: Object<'_>, name: &str, what: &str) {
        let detail = format!("The field “{name}” is missing: {what}.");
        self.error(object.pointer, "missing-field", detail);
    }

    pub fn boolean(&mut self, object: Object<'_>, name: &str) -> Option<bool> {
        let value = object.get(name)?;
        if let Value::Bool(given) = value {
            return Some(*given);
        }
        self.wrong_type(&object.at(name), "true or false", value);
        None
    }

    pub fn integer(&mut self, object: Object<'_>, name: &str, min: u32, max: u32) -> Option<u32> {
        let value = object.get(name)?;
        if !value.is_i64() && !value.is_u64() {
            self.wrong_type(&object.at(name), "a whole number", value);
            return None;
        }
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let fits = number.filter(|number| (min..=max).contains(number));
        if fits.is_none() {
            let detail = format!("This must be from {min} to {max}.");
            self.error(&object.at(name), "out-of-range", detail);
        }
        fits
    }

    pub fn array<'v>(&mut self, object: Object<'v>, name: &str) -> Option<&'v [Value]> {
        let value = object.get(name)?;
        if let Value::Array(values) = value {
            return Some(values);
        }
        self.wrong_type(&object.at(name), "an array", value);
        None
    }

    /// One of the named values of an enumeration.
    pub fn named<T>(
        &mut self,
        value: &Value,
        pointer: &str,
        names: &[&str],
        from_name: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let Value::String(name) = value else {
            self.wrong_type(pointer, "a string", value);
            return None;
        };
        let found = from_name(name);
        if found.is_none() {
            let detail = format!(
                "There is no “{}” here.{} Known: {}.",
                text::shorten(name, 60),
                nearest(name, names),
                names.join(", ")
            );
            self.error(pointer, "unknown-value", detail);
        }
        found
    }

    pub fn url(&mut self, object: Object<'_>, name: &str, usage: url::Use) -> Option<String> {
        let value = object.get(name)?;
        let pointer = object.at(name);
        let Value::String(address) = value else {
            self.wrong_type(&pointer, "a string", value);
            return None;
        };
        match url::parse(address, usage) {
            Ok(url) => Some(url),
            Err(refused) => {
                self.error(&pointer, refused.code(), refused.detail(usage));
                None
            }
        }
    }
}

/// A field name as part of a JSON Pointer in URI fragment form (RFC 6901,
/// sections 3 and 6).
fn pointer_token(name: &str) -> String {
    let mut token = String::new();
    for byte in text::shorten(name, 100).bytes() {
        match byte {
            b'~' => token.push_str("~0"),
            b'/' => token.push_str("~1"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                token.push(char::from(byte));
            }
            other => token.push_str(&format!("%{other:02X}")),
        }
    }
    token
}

fn nearest(name: &str, known: &[&str]) -> String {
    let name = text::shorten(name, 40);
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| format!(" Did you mean “{candidate}”?"))
        .unwrap_or_default()
}
