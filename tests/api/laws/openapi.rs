//! The description of the API is the set of its routes, complete, and committed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::both;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// The description as it is served.
pub fn description() -> Value {
    serde_json::from_str(&perspektive::app::description().unwrap()).unwrap()
}

/// An operation of the description.
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// As the description has it, with names in braces.
    pub path: String,
    /// What the description says about it.
    pub said: Value,
}

impl Operation {
    /// How it is called in messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it says that it needs to know who is asking.
    pub fn is_secured(&self) -> bool {
        let ways = self.said["security"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        !ways.is_empty() && ways.iter().all(|way| way.get("bearer").is_some())
    }

    /// Its path with the examples of its parameters.
    pub fn example_path(&self) -> String {
        let mut path = self.path.clone();
        for parameter in self.said["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "path" {
                let name = parameter["name"].as_str().unwrap();
                let example = parameter["example"].as_str().unwrap_or("beispiel");
                path = path.replace(&format!("{{{name}}}"), example);
            }
        }
        path
    }
}

/// Every operation.
pub fn operations() -> Vec<Operation> {
    let description = description();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in METHODS {
            if let Some(said) = item.get(method) {
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    said: said.clone(),
                });
            }
        }
    }
    assert!(operations.len() > 30, "{} operations", operations.len());
    operations
}

#[test]
fn the_committed_description_is_this_one() {
    let text = perspektive::app::description().unwrap();
    super::same_as_committed("openapi/openapi.json", &text, "UPDATE_OPENAPI");
}

/// Reads the attributes that make routes, and compares them with the description.
#[test]
fn the_description_is_the_set_of_routes() {
    let mut files = Vec::new();
    super::rust_files(&super::file("src"), &mut files);
    let mut routes = BTreeMap::new();
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        let shown = path
            .strip_prefix(super::file(""))
            .unwrap()
            .display()
            .to_string();
        for (number, line) in source.lines().enumerate() {
            let line = line.trim();
            for method in METHODS {
                if let Some(rest) = line.strip_prefix(&format!("#[{method}(\"")) {
                    let pattern = rest.split('"').next().unwrap();
                    let place = format!("{shown}:{}", number + 1);
                    routes.insert((method.to_uppercase(), without_expressions(pattern)), place);
                }
            }
            // What is registered in another way would be in no list.
            for other in [
                "#[route(",
                "web::resource(",
                "web::scope(",
                ".route(",
                "web::method(",
            ] {
                assert!(
                    !line.contains(other),
                    "{shown}:{}: {other} registers a route that the description can't see",
                    number + 1
                );
            }
        }
    }
    let described: BTreeSet<(String, String)> = operations()
        .into_iter()
        .map(|operation| (operation.method, operation.path))
        .collect();
    for (route, place) in &routes {
        assert!(
            described.contains(route),
            "{place}: {} {} isn't in the description; is it registered?",
            route.0,
            route.1
        );
    }
    for operation in &described {
        assert!(
            routes.contains_key(operation),
            "{} {} is described, but no attribute in src makes it",
            operation.0,
            operation.1
        );
    }
}

fn without_expressions(pattern: &str) -> String {
    let mut parts = pattern.split('{');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let name = name.split(':').next().unwrap_or(name);
        plain += &format!("{{{name}}}{rest}");
    }
    plain
}

both! {
    /// Each operation is answered by a handler, not by the edge.
    async fn every_operation_is_answered(app: App) {
        let admin = app.as_admin();
        for operation in operations() {
            let path = operation.example_path();
            let answer = admin.request(&operation.method, &path).send().await.unwrap();
            let status = answer.status().as_u16();
            // A stream has no end.
            let text = match operation.path == "/v1/events" {
                true => String::new(),
                false => answer.text().await.unwrap(),
            };
            assert_ne!(status, 405, "{}: {text}", operation.name());
            assert!(!text.contains("No route leads to"), "{}: {text}", operation.name());
            assert!(status < 500, "{}: {status} {text}", operation.name());
            let documented = operation.said["responses"].get(status.to_string()).is_some();
            assert!(documented, "{} answered {status}, which isn't described: {text}", operation.name());
        }
    }
}

both! {
    /// The served description is the committed one, can be kept, and needs nobody.
    async fn the_description_and_its_page_are_served(app: App) {
        let answer = app.request("GET", "/openapi.json").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert!(answer.headers()["cache-control"].to_str().unwrap().starts_with("public, max-age="));
        let etag = answer.headers()["etag"].clone();
        assert_eq!(answer.text().await.unwrap(), perspektive::app::description().unwrap());
        let again = app.request("GET", "/openapi.json").header("If-None-Match", etag.clone()).send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &etag));

        let page = app.request("GET", "/docs").send().await.unwrap();
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
        let text = page.text().await.unwrap();
        // Nothing on the page comes from elsewhere, and what it names is there.
        for attribute in ["src=\"", "href=\""] {
            for (at, _) in text.match_indices(attribute) {
                let address = text[at + attribute.len()..].split('"').next().unwrap();
                assert!(address.starts_with('/') && !address.starts_with("//"), "{address}");
                let file = app.request("GET", address).send().await.unwrap();
                assert_eq!(file.status(), 200, "{address}");
                assert!(file.headers().contains_key("etag"), "{address}");
            }
        }
        app.get("/docs/nirgends.js", 404).await;
    }
}

#[test]
fn every_operation_says_all_that_is_needed() {
    let description = description();
    let tags: Vec<&str> = description["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let (mut used, mut ids, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for operation in operations() {
        let name = operation.name();
        let mut missing = |what: &str| wrong.push(format!("{name}: {what}"));
        let said = &operation.said;
        let has_text = |key: &str| {
            said[key]
                .as_str()
                .is_some_and(|text| !text.trim().is_empty())
        };
        if !has_text("summary")
            || said["summary"]
                .as_str()
                .is_some_and(|text| text.ends_with('.') || text.contains('\n'))
        {
            missing("needs a summary of one line without a full stop");
        }
        if !has_text("description") {
            missing("needs a description (a second paragraph above the handler)");
        }
        let id = said["operationId"].as_str().unwrap_or_default().to_owned();
        if id.is_empty() || !ids.insert(id) {
            missing("needs an operationId of its own");
        }
        let own_tags: Vec<&str> = said["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        match own_tags.as_slice() {
            [tag] if tags.contains(tag) => {
                used.insert((*tag).to_owned());
            }
            other => missing(&format!("needs one of the declared tags, not {other:?}")),
        }
        if said["security"].as_array().is_none() {
            missing("needs security, `()` for anyone or bearer");
        }
        if operation.path.starts_with("/v1/editor/") != operation.is_secured()
            && !operation.path.starts_with("/v1/auth/")
            && !operation.path.starts_with("/metrics")
        {
            missing("says the wrong thing about security for its path");
        }
        for parameter in said["parameters"].as_array().into_iter().flatten() {
            if parameter.get("$ref").is_some() {
                continue;
            }
            let shown = &parameter["name"];
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                missing(&format!("the parameter {shown} needs a description"));
            }
            let opaque = shown == "cursor";
            if !opaque
                && ["example", "examples"].iter().all(|key| {
                    parameter.get(key).is_none() && parameter["schema"].get(key).is_none()
                })
            {
                missing(&format!("the parameter {shown} needs an example"));
            }
        }
        for (media, body) in said["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flatten()
        {
            // The bytes of a picture are no example of anything.
            if !has_example(body, &description) && !media.starts_with("image/") {
                missing(&format!("the body as {media} needs an example"));
            }
        }
        let status = |status: u16| said["responses"].get(status.to_string()).is_some();
        let mut needed = Vec::new();
        let operators =
            operation.path.starts_with("/health") || operation.path.starts_with("/metrics");
        if !operators {
            needed.extend([400, 500, 503]);
        }
        if operation.is_secured() {
            needed.push(401);
        }
        if operation.path.starts_with("/v1/editor/") {
            needed.push(403);
        }
        if operation.path.contains('{') {
            needed.push(404);
        }
        if said.get("requestBody").is_some() {
            needed.extend([408, 413, 415, 422]);
        }
        let needed: Vec<u16> = needed
            .into_iter()
            .filter(|needed| !status(*needed))
            .collect();
        if !needed.is_empty() {
            missing(&format!(
                "can end with {needed:?} too; list the groups of http::spec"
            ));
        }
        for (code, response) in said["responses"].as_object().into_iter().flatten() {
            let response = match response["$ref"].as_str() {
                Some(reference) => description
                    .pointer(reference.trim_start_matches('#'))
                    .unwrap(),
                None => response,
            };
            if response["headers"].get("X-Request-Id").is_none() {
                missing(&format!("{code} needs headers"));
            }
            for (media, body) in response["content"].as_object().into_iter().flatten() {
                if !has_example(body, &description) && !media.starts_with("image/") {
                    missing(&format!("{code} as {media} needs an example"));
                }
            }
        }
    }
    for tag in tags {
        if !used.contains(tag) {
            wrong.push(format!(
                "the tag `{tag}` is declared in app.rs and used nowhere"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} gaps in the description:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn has_example(body: &Value, description: &Value) -> bool {
    let schema = match body["schema"]["$ref"].as_str() {
        Some(reference) => description
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or(&Value::Null),
        None => &body["schema"],
    };
    let direct = |value: &Value| !value["example"].is_null() || !value["examples"].is_null();
    let of_fields = || {
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.into_iter().any(|(_, field)| direct(field))
    };
    direct(body) || direct(schema) || of_fields()
}

/// What has no value is left out, except where a merge patch removes something.
#[test]
fn null_stands_only_in_patches() {
    let description = description();
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        let allowed = name.ends_with("Patch");
        assert!(
            allowed || !schema.to_string().contains("\"null\""),
            "{name} can be null somewhere"
        );
    }
}

/// Lists of named values say that they may grow, and those that are delivered don't rule
/// out what comes later.
#[test]
fn enumerations_are_open() {
    fn walk(value: &Value, place: &str, wrong: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                let closed = object.get("enum").and_then(Value::as_array);
                let several = closed.is_some_and(|values| values.len() > 1);
                if several && !place.contains("Input") {
                    wrong.push(format!("{place}: is closed"));
                }
                if several || object.contains_key("x-extensible-enum") {
                    let said = object.get("description").and_then(Value::as_str);
                    let said = said.unwrap_or_default().replace('\n', " ");
                    let open = ["list may grow", "More values may be added"];
                    if !open.iter().any(|open| said.contains(open)) {
                        wrong.push(format!("{place}: doesn't say that it is open"));
                    }
                }
                for (key, value) in object {
                    walk(value, &format!("{place}/{key}"), wrong);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, place, wrong)),
            _ => {}
        }
    }
    let mut wrong = Vec::new();
    walk(&description()["components"]["schemas"], "", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Named values look as they look in JSON, not as they are called in Rust.
#[test]
fn named_values_are_written_as_in_json() {
    fn walk(value: &Value, place: &str, wrong: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for name in object
                    .get("enum")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                {
                    let text = name.as_str().unwrap_or_default();
                    if !text.chars().all(|c| {
                        c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+./".contains(c)
                    }) {
                        wrong.push(format!("{place}: {name}"));
                    }
                }
                for (key, value) in object {
                    walk(value, &format!("{place}/{key}"), wrong);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, place, wrong)),
            _ => {}
        }
    }
    let mut wrong = Vec::new();
    walk(&description()["components"]["schemas"], "", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
