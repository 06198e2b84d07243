//! Imports point one way: a room uses what stands before it in this list.

use std::collections::HashMap;

/// The rooms, each with the level below which it may use everything. A module
/// stands where its longest listed prefix stands; `*` is any name. A feature's
/// `model` stands before `store`, whose queries return its rows.
const LEVELS: &[&[&str]] = &[
    &["error"],
    &["db"],
    &["storage"],
    // A tag is a value: the name under which something is cached and evicted.
    &["content", "changes::tag"],
    &["http::address", "cache"],
    &["config"],
    &["telemetry"],
    &["http"],
    &["auth::actor", "auth::passwords", "auth::opaque"],
    &[
        "auth::model",
        "changes::Entry",
        "changes::NewEntry",
        "changes::Entity",
        "changes::Action",
    ],
    &["taxonomy::model"],
    &["*::model"],
    // What is filtered are articles.
    &["lists::model"],
    &["store"],
    &["changes"],
    &["state"],
    // The rim: what of HTTP has to know how the server is.
    &["http::edge", "http::operate"],
    &["auth"],
    &["audit", "editing"],
    &["users"],
    &["keys"],
    &["taxonomy"],
    &["sections", "topics", "authors", "site", "media"],
    &["articles"],
    &["previews", "lists", "redirects", "search"],
    &["delivery"],
    &["outbound"],
    &["background", "demo", "backup"],
    &["app"],
    &["check"],
    &["cli"],
    &["main", "lib"],
];

#[test]
fn imports_point_one_way() {
    let src = super::file("src");
    let mut files = Vec::new();
    super::rust_files(&src, &mut files);
    let sources: Vec<(String, String)> = files
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&src).unwrap().with_extension("");
            let name = name.to_str().unwrap().replace('/', "::");
            let module = name.strip_suffix("::mod").unwrap_or(&name).to_owned();
            (
                module,
                without_comments(&std::fs::read_to_string(path).unwrap()),
            )
        })
        .collect();
    let exports = exports(&sources);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for ((module, source), path) in sources.iter().zip(&files) {
        for (line, import) in imports(source) {
            let target = resolve(&import, &exports);
            let (own, other) = (level(module), level(&target));
            let (Some(own), Some(other)) = (own, other) else {
                let missing = if own.is_none() { module } else { &target };
                panic!(
                    "`{missing}` stands in no room; add it to LEVELS in {}",
                    file!()
                );
            };
            seen += 1;
            let same_room =
                module.split("::").next() == target.split("::").next() && own.1 == other.1;
            if other.0 > own.0 || (other.0 == own.0 && !same_room) {
                wrong.push(format!(
                    "{}:{line}: {module} uses crate::{import} ({target}), which stands in `{}`, not before `{}`",
                    path.strip_prefix(super::file("")).unwrap().display(),
                    other.1,
                    own.1,
                ));
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were found");
    assert!(
        wrong.is_empty(),
        "imports that point the wrong way:\n{}",
        wrong.join("\n")
    );
}

/// The number of a module's level, and the entry by which it stands there.
fn level(module: &str) -> Option<(usize, &'static str)> {
    let fits = |entry: &str| {
        let (entry, module): (Vec<&str>, Vec<&str>) =
            (entry.split("::").collect(), module.split("::").collect());
        entry.len() <= module.len()
            && entry
                .iter()
                .zip(&module)
                .all(|(entry, name)| entry == name || *entry == "*")
    };
    let all = LEVELS
        .iter()
        .enumerate()
        .flat_map(|(level, entries)| entries.iter().map(move |entry| (level, *entry)));
    all.filter(|(_, entry)| fits(entry))
        .max_by_key(|(_, entry)| (entry.matches("::").count(), !entry.contains('*')))
}

/// What a module re-exports: the name under which it is used, and where it is.
fn exports(sources: &[(String, String)]) -> HashMap<String, String> {
    let mut exports = HashMap::new();
    for (module, source) in sources {
        for (at, _) in source.match_indices("pub use ") {
            let tree = &source[at + 8..source[at..].find(';').map_or(source.len(), |end| at + end)];
            for path in expand(tree.trim()) {
                let Some(name) = path.rsplit("::").next() else {
                    continue;
                };
                let path = path.strip_prefix("self::").unwrap_or(&path);
                let target = match path.strip_prefix("crate::") {
                    Some(path) => path.to_owned(),
                    None => format!("{module}::{path}"),
                };
                exports.insert(format!("{module}::{name}"), target);
            }
        }
    }
    exports
}

/// Follows re-exports to where a thing is.
fn resolve(import: &str, exports: &HashMap<String, String>) -> String {
    let mut path = import.to_owned();
    for _ in 0..4 {
        let parts: Vec<&str> = path.split("::").collect();
        let found = (2..=parts.len())
            .rev()
            .find_map(|length| exports.get(&parts[..length].join("::")));
        match found {
            Some(target) if *target != path => path = target.clone(),
            _ => break,
        }
    }
    path
}

/// Every `crate::…` path of a file with its line; macros are left out, since they
/// only look as if they stood at the root.
fn imports(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        if source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &source[at + 7..];
        let mut depth = 0;
        let end = rest
            .find(|c: char| match c {
                '{' => {
                    depth += 1;
                    false
                }
                '}' if depth > 0 => {
                    depth -= 1;
                    false
                }
                _ if depth > 0 => false,
                _ => !(c.is_alphanumeric() || c == '_' || c == ':'),
            })
            .unwrap_or(rest.len());
        if rest[end..].starts_with('!') {
            continue;
        }
        let line = source[..at].matches('\n').count() + 1;
        let paths = expand(&rest[..end]);
        found.extend(
            paths
                .into_iter()
                .filter(|path| path.starts_with(char::is_lowercase))
                .map(|path| (line, path)),
        );
    }
    found
}

/// `a::{b, c::{d, self}}` as `a::b`, `a::c::d`, `a::c`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else {
        let path = tree
            .split(" as ")
            .next()
            .unwrap_or(tree)
            .trim()
            .trim_end_matches(':');
        return vec![path.strip_suffix("::self").unwrap_or(path).to_owned()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let parts = parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .flat_map(|part| expand(&format!("{}{part}", prefix.trim())))
        .collect()
}

/// A file's text up to its tests, with comments blanked.
fn without_comments(source: &str) -> String {
    let source = source
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let lines = source.lines().map(|line| match line.find("//") {
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The index of working copies is for editors: nothing that serves readers names it.
#[test]
fn delivery_does_not_know_the_index_of_drafts() {
    let mut files = Vec::new();
    super::rust_files(&super::file("src/delivery"), &mut files);
    assert!(files.len() > 10);
    for path in files {
        let source = without_comments(&std::fs::read_to_string(&path).unwrap());
        for word in ["Drafts", "Follower"] {
            assert!(!source.contains(word), "{}: {word}", path.display());
        }
    }
}
