//! What the description of the API says about every operation alike.
//!
//! A handler's `#[utoipa::path]` says what is its own: what it does, takes and
//! answers, and which errors it can end with (by the groups in `spec`).
//! [`complete`] adds once for all of them what follows from that:
//!
//! - each error is a problem document, with an example for each type of its status,
//!   and stands once among the shared answers however many operations have it;
//! - the headers that the edge and the answers set;
//! - `304` and `If-None-Match` on every GET but those for operators;
//! - on every write of the editors' side what `editing` does for all of them:
//!   `dry_run` and `Idempotency-Key`, and what follows from them;
//! - in answers no `null`: what has no value is left out;
//! - an example for each answer that has none, made of its fields' examples.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::idempotency;
use crate::error::PROBLEM_TYPES;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];
/// The headers that every answer can have, whatever it says.
const EVERYWHERE: [&str; 4] = [
    "Access-Control-Allow-Origin",
    "Cache-Control",
    "Vary",
    "X-Request-Id",
];
const SCHEMAS: &str = "#/components/schemas/";
const PROBLEM_BODY: &str = "application/problem+json";

/// Completes the description that the routes make up.
pub fn complete(spec: &OpenApi) -> serde_json::Result<Value> {
    let mut spec = serde_json::to_value(spec)?;
    super::shapes::shape(&mut spec);
    without_nulls(&mut spec);
    with_formats(&mut spec);
    // The one server is this one, whoever it may be for.
    for server in spec["servers"].as_array_mut().into_iter().flatten() {
        server["x-internal"] = false.into();
    }
    let schemas = spec["components"]["schemas"].clone();
    for (path, item) in members(&mut spec["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                Kind::of(path, method).complete(operation, &schemas);
            }
        }
    }
    share_errors(&mut spec);
    with_dry_runs(&mut spec);
    let components = &mut spec["components"];
    components["headers"] = headers();
    components["parameters"] = json!({
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The ETag of the answer you have; if it still holds, you get 304 without a body.",
            "schema": {"type": "string"},
            "example": "\"5f1b6f0c1d2e3a4b\"",
        },
        "DryRun": {
            "name": "dry_run", "in": "query", "required": false,
            "description": "Check everything, answer as if it were done (with `\"dry_run\": true`), and write nothing.",
            "schema": {"type": "boolean", "default": false},
            "example": false,
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Makes repeating harmless: for 24 hours the same request with the same key, by the same actor, gets the first answer. Another request under the same key is 422. With or without quotes.",
            "schema": {"type": "string", "maxLength": 512, "pattern": idempotency::PATTERN},
            "example": "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
        },
    });
    without_unused(&mut spec);
    Ok(spec)
}

/// What decides which headers an answer has.
struct Kind {
    /// A GET of something that may be asked for again.
    tagged: bool,
    /// A GET of something that anyone may read, so that edges may keep it.
    public: bool,
    /// A write of the editors' side.
    write: bool,
    /// A write whose answer is kept for its `Idempotency-Key`.
    keyed: bool,
}

impl Kind {
    fn of(path: &str, method: &str) -> Self {
        let under = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
        let tagged = method == "get" && !under(&["/health", "/metrics"]);
        Kind {
            tagged,
            public: tagged && !super::edge::is_for_editors(path),
            write: method != "get" && path.starts_with("/v1/editor/"),
            keyed: method != "get" && idempotency::applies(path),
        }
    }

    fn complete(&self, operation: &mut Value, schemas: &Value) {
        if operation["security"] == json!([{}]) {
            operation["security"] = json!([]);
        }
        let mut responses = match operation["responses"].take() {
            Value::Object(responses) => responses,
            _ => Map::new(),
        };
        if self.tagged {
            let mut parameters = match operation["parameters"].take() {
                Value::Array(parameters) => parameters,
                _ => Vec::new(),
            };
            parameters.retain(|parameter| parameter["name"] != "If-None-Match");
            parameters.push(json!({"$ref": "#/components/parameters/IfNoneMatch"}));
            operation["parameters"] = parameters.into();
            let unchanged = json!({"description": "What you have still holds"});
            responses.insert("304".to_owned(), unchanged);
        }
        self.describe_write(operation, &mut responses);
        for (status, response) in &mut responses {
            let status: u16 = status.parse().unwrap_or_default();
            if status >= 400 {
                let description = response["description"].take();
                *response = error(status);
                if description != "" {
                    response["description"] = description;
                }
            } else {
                self.describe(status, response, schemas);
            }
        }
        responses.sort_keys();
        operation["responses"] = responses.into();
    }

    /// What every write takes and may answer.
    fn describe_write(&self, operation: &mut Value, responses: &mut Map<String, Value>) {
        let mut parameters = match operation.get_mut("parameters").map(Value::take) {
            Some(Value::Array(parameters)) => parameters,
            _ => Vec::new(),
        };
        let mut takes = |name: &str| {
            parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
        };
        let mut ends = |status: &str, why: &str| {
            let entry = responses.entry(status);
            entry.or_insert_with(|| json!({"description": why}));
        };
        if self.write {
            takes("DryRun");
            ends("429", "You have written as often as you may for now.");
        }
        if self.keyed {
            takes("IdempotencyKey");
            ends(
                "409",
                "Something stored stands in the way, or the first request with this Idempotency-Key is still running.",
            );
            ends(
                "422",
                "The content breaks a rule, or this Idempotency-Key stands for another request.",
            );
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
    }

    /// Headers and examples of an answer that isn't an error.
    fn describe(&self, status: u16, response: &mut Value, schemas: &Value) {
        let shared = self::headers();
        let mut headers = json!({});
        let mut has = |name: &str| headers[name] = header(name);
        EVERYWHERE.into_iter().for_each(&mut has);
        if self.tagged && matches!(status, 200 | 304) {
            has("ETag");
        }
        if matches!(status, 201 | 301) {
            has("Location");
        }
        if self.write {
            ["Dry-Run", "RateLimit", "RateLimit-Policy"]
                .into_iter()
                .for_each(&mut has);
        }
        if self.keyed {
            has("Idempotency-Replayed");
        }
        if self.public {
            ["Surrogate-Key", "Cache-Status", "Age"]
                .into_iter()
                .for_each(&mut has);
        }
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) {
            for body in content.values_mut() {
                let paged = resolve(&body["schema"], schemas)["properties"].get("next_cursor");
                if paged.is_some() {
                    has("Link");
                }
                if body.get("example").is_none() && body.get("examples").is_none() {
                    let made = example(&body["schema"], schemas, &mut Vec::new());
                    body["example"] = made.unwrap_or_default();
                }
            }
        }
        // A header that the handler describes says more, unless it is shared.
        for (name, own) in members(&mut response["headers"]) {
            if headers.get(name).is_none() {
                headers[name] = match shared.get(name) {
                    Some(_) => header(name),
                    None => own.take(),
                };
            }
        }
        response["headers"] = headers;
    }
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

/// The headers that answers share. Those that always come are required, so that
/// a contract test notices when one is missing.
fn headers() -> Value {
    let text = |required: bool, description: &str, example: &str| {
        json!({
            "description": description, "required": required,
            "schema": {"type": "string"}, "example": example,
        })
    };
    json!({
        "Access-Control-Allow-Origin": text(false, "`*` on what anyone may read; on the editor's side the origin itself, if the settings list it", "*"),
        "Age": text(false, "Only while the database is away: for how many seconds nobody could tell whether the answer is still right", "12"),
        "Cache-Status": text(false, "Whether the answer was in the cache (RFC 9211)", "perspektive; hit"),
        "Cache-Control": text(true, "Who may keep the answer, and for how long", "public, max-age=30, stale-while-revalidate=60, stale-if-error=600"),
        "Dry-Run": text(false, "`true` on the answer to a dry run, which wrote nothing", "true"),
        "Idempotency-Replayed": text(false, "`true` if this is the answer to an earlier request with the same Idempotency-Key", "true"),
        "RateLimit": text(false, "What is left of a limit, and in how many seconds there is more", "\"writes\";r=29999;t=1"),
        "RateLimit-Policy": text(false, "A limit: how much in how many seconds", "\"writes\";q=30000;w=60"),
        "ETag": text(true, "Names these very bytes; for If-None-Match and, on the editor's side, If-Match", "\"5f1b6f0c1d2e3a4b\""),
        "Link": text(false, "The next page, if there is one (RFC 8288)", "</v1/articles?cursor=…>; rel=\"next\""),
        "Location": text(true, "Address of what was made, or where the thing has moved to", "/v1/articles/stadtrat-beschliesst-kostenlosen-nahverkehr"),
        "Retry-After": {"description": "Seconds to wait before trying again", "required": true, "schema": {"type": "integer", "format": "int32", "minimum": 0}, "example": 2},
        "Surrogate-Key": text(false, "What the answer is made of, for purging an edge cache", "a01b2c3d s4e5f607"),
        "Vary": text(true, "Which request headers the answer depends on", "Accept-Encoding"),
        "WWW-Authenticate": text(true, "How to say who you are (RFC 6750)", "Bearer realm=\"perspektive\""),
        "X-Request-Id": text(true, "Under this id the log has more; the client's own X-Request-Id if it sent a usable one", "6c9f0d3a51e7b284"),
    })
}

/// The name of a shared error answer: its first problem type, as one word.
fn name(status: u16) -> String {
    match status {
        400 => "BadRequest",
        401 => "Unauthenticated",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        408 => "Timeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "Stale",
        413 => "TooLarge",
        415 => "UnsupportedType",
        416 => "Range",
        422 => "Invalid",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        500 => "Internal",
        503 => "Unavailable",
        other => return format!("Status{other}"),
    }
    .to_owned()
}

/// An error answer: the problem types of that status, each as an example.
fn error(status: u16) -> Value {
    let types = PROBLEM_TYPES.iter().filter(|kind| kind.status == status);
    let (mut titles, mut examples) = (Vec::new(), Map::new());
    for kind in types {
        titles.push(kind.title);
        let document = json!({
            "type": format!("/problems/{}", kind.slug), "title": kind.title, "status": status,
            "detail": kind.cause, "instance": "/v1/…", "request_id": "6c9f0d3a51e7b284",
        });
        let shown = json!({"summary": kind.title, "value": document});
        examples.insert(kind.slug.to_owned(), shown);
    }
    let mut headers = json!({});
    let more = match status {
        401 => Some("WWW-Authenticate"),
        428 => Some("ETag"),
        429 | 503 => Some("Retry-After"),
        _ => None,
    };
    for name in EVERYWHERE.into_iter().chain(more) {
        headers[name] = header(name);
    }
    if status == 412 {
        headers["ETag"] = json!({
            "description": "The present ETag, if there is anything",
            "required": false, "schema": {"type": "string"}, "example": "\"v8\"",
        });
    }
    let schema = json!({"$ref": reference("ProblemDocument")});
    json!({
        "description": titles.join(", or: "),
        "headers": headers,
        "content": {PROBLEM_BODY: {"schema": schema, "examples": examples}},
    })
}

/// Moves errors that several operations have to the shared answers: of each
/// status the wording that most public operations use, and most others.
fn share_errors(spec: &mut Value) {
    let mut counts: BTreeMap<(String, bool, String), usize> = BTreeMap::new();
    each_error(spec, |status, public, response| {
        let wording = (status.to_owned(), public, response.to_string());
        *counts.entry(wording).or_default() += 1;
    });
    let mut best: BTreeMap<(String, bool), (String, usize)> = BTreeMap::new();
    for ((status, public, text), count) in counts {
        let best = best.entry((status, public)).or_default();
        if count > best.1.max(1) {
            *best = (text, count);
        }
    }
    let mut shared = BTreeMap::new();
    each_error(spec, |status, public, response| {
        let text = response.to_string();
        let is_best = |public| {
            let best = best.get(&(status.to_owned(), public));
            best.is_some_and(|(best, _)| *best == text)
        };
        let name = match (is_best(false), public && is_best(true)) {
            (true, _) => name(status.parse().unwrap_or_default()),
            (false, true) => format!("Public{}", name(status.parse().unwrap_or_default())),
            (false, false) => return,
        };
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        shared.insert(name, std::mem::replace(response, reference));
    });
    spec["components"]["responses"] = shared.into_iter().collect();
}

fn each_error(spec: &mut Value, mut with: impl FnMut(&str, bool, &mut Value)) {
    for (path, item) in members(&mut spec["paths"]) {
        for (method, operation) in members(item) {
            let public = Kind::of(path, method).public;
            for (status, response) in members(&mut operation["responses"]) {
                if status.as_str() >= "400" {
                    with(status, public, response);
                }
            }
        }
    }
}

/// Takes `null` out of the types of all that is answered and never sent.
fn without_nulls(spec: &mut Value) {
    let mut sent = BTreeSet::new();
    for (_, item) in members(&mut spec["paths"].clone()) {
        for (_, operation) in members(item) {
            references(&operation["requestBody"], &mut sent);
        }
    }
    close(&mut sent, &spec["components"]["schemas"]);
    for (name, schema) in members(&mut spec["components"]["schemas"]) {
        if !sent.contains(name) {
            drop_null(schema);
        }
    }
    for (_, item) in members(&mut spec["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                // What may be left out of a patch may be null; a body may not.
                for key in ["responses", "parameters", "requestBody"] {
                    operation.get_mut(key).into_iter().for_each(drop_null);
                }
            }
        }
    }
}

/// Adds `dry_run` to what writes answer.
fn with_dry_runs(spec: &mut Value) {
    let mut names = BTreeSet::new();
    for (path, item) in members(&mut spec["paths"]) {
        for (method, operation) in members(item) {
            if Kind::of(path, method).write {
                for status in ["200", "201"] {
                    let body = &operation["responses"][status]["content"]["application/json"];
                    names.extend(schema_name(&body["schema"]).map(str::to_owned));
                }
            }
        }
    }
    // Where there is a choice, each of it says so.
    let schemas = &mut spec["components"]["schemas"];
    for name in names.clone() {
        for choice in schemas[&name]["oneOf"].as_array().into_iter().flatten() {
            names.extend(schema_name(choice).map(str::to_owned));
        }
    }
    for name in names {
        let schema = &mut schemas[&name];
        let schema = match schema.get("allOf") {
            // The part that stands here, beside those that it contains.
            Some(_) => schema["allOf"].as_array_mut().and_then(|parts| {
                parts
                    .iter_mut()
                    .find(|part| part.get("properties").is_some())
            }),
            None => Some(schema),
        };
        let properties = schema.and_then(|schema| schema.get_mut("properties"));
        if let Some(properties) = properties.and_then(Value::as_object_mut) {
            properties.insert("dry_run".to_owned(), json!({
                "type": "boolean",
                "description": "There, and true, if this is the answer to a dry run: nothing was written.",
            }));
        }
    }
}

/// Integers that don't say how wide they are fit into 32 bits.
fn with_formats(value: &mut Value) {
    if value.get("type").is_some_and(|kind| kind == "integer") && value.get("format").is_none() {
        value["format"] = "int32".into();
    }
    match value {
        Value::Object(object) => object.values_mut().for_each(with_formats),
        Value::Array(items) => items.iter_mut().for_each(with_formats),
        _ => {}
    }
}

/// Takes out schemas that nothing refers to.
fn without_unused(spec: &mut Value) {
    let mut used = BTreeSet::new();
    references(&spec["paths"], &mut used);
    references(&spec["components"]["responses"], &mut used);
    close(&mut used, &spec["components"]["schemas"]);
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// Adds the schemas that schemas refer to.
fn close(names: &mut BTreeSet<String>, schemas: &Value) {
    loop {
        let before = names.len();
        for name in names.clone() {
            references(&schemas[&name], names);
        }
        if names.len() == before {
            return;
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str) {
                found.extend(name.strip_prefix(SCHEMAS).map(str::to_owned));
            }
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn drop_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            for key in ["oneOf", "anyOf"] {
                let Some(Value::Array(choices)) = object.get_mut(key) else {
                    continue;
                };
                choices.retain(|choice| choice["type"] != "null");
                if let [only] = choices.as_mut_slice() {
                    let only = only.take();
                    object.shift_remove(key);
                    // A reference may have a description of its own beside it.
                    if let Value::Object(only) = only {
                        object.extend(only);
                    }
                }
            }
            object.values_mut().for_each(drop_null);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_null),
        _ => {}
    }
}

/// An example of a schema, made of the examples of its fields. What holds more of
/// itself, such as a tree, has nothing below the first level; `above` names the
/// schemas on the way down.
fn example(schema: &Value, schemas: &Value, above: &mut Vec<String>) -> Option<Value> {
    if let Some(name) = schema_name(schema) {
        if above.iter().any(|known| known == name) {
            return None;
        }
        above.push(name.to_owned());
        let example = schemas
            .get(name)
            .and_then(|schema| example(schema, schemas, above));
        above.pop();
        return example;
    }
    let given = [
        &schema["example"],
        &schema["examples"][0],
        &schema["const"],
        &schema["default"],
        &schema["enum"][0],
    ];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return Some(given.clone());
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = json!({});
        for part in parts {
            extend(&mut whole, example(part, schemas, above)?);
        }
        return Some(whole);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            return choices
                .iter()
                .find_map(|choice| example(choice, schemas, above));
        }
    }
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    Some(match kind? {
        "object" => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            let shown = fields
                .filter_map(|(name, field)| Some((name.clone(), example(field, schemas, above)?)));
            shown.collect::<Map<_, _>>().into()
        }
        "array" => example(&schema["items"], schemas, above)
            .into_iter()
            .collect(),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        _ => match schema["format"].as_str() {
            Some("date-time") => json!("2026-11-23T08:15:00Z"),
            Some("uri") => json!("https://flussblick.example/"),
            Some("uuid") => json!("0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"),
            _ => json!("…"),
        },
    })
}

/// How a schema is referred to.
pub fn reference(name: &str) -> String {
    format!("{SCHEMAS}{name}")
}

fn schema_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

fn resolve<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    schema_name(schema)
        .and_then(|name| schemas.get(name))
        .unwrap_or(schema)
}

fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}
