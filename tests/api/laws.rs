//! What the house promises about itself, checked by reading it or by asking the
//! running application about all of its routes.

mod arrows;
mod caching;
mod editing;
mod migrations;
pub mod openapi;
mod problems;
mod settings;

use std::path::{Path, PathBuf};

/// A file of this repository.
fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a committed file with what it must be; with the variable set, writes
/// it instead.
fn same_as_committed(path: &str, wanted: &str, update: &str) {
    let place = file(path);
    if std::env::var_os(update).is_some() {
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&place).unwrap_or_default();
    if found == wanted {
        return;
    }
    let mut lines = found.lines().zip(wanted.lines()).enumerate();
    let first = lines.find(|(_, (found, wanted))| found != wanted);
    let shown = match first {
        Some((at, (found, wanted))) => {
            format!("line {}:\n  is     {found}\n  must be {wanted}", at + 1)
        }
        None => "one of them goes on after the other has ended".to_owned(),
    };
    panic!(
        "{path} is out of date, from {shown}\nReview and write it with {update}=1 cargo test laws"
    );
}

/// Every Rust file below a folder.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}
