//! What a reader could not keep, and where it stood.

use serde::Serialize;
use utoipa::ToSchema;

/// Something that was read differently from how it was sent. The upload
/// succeeded all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// Stable, machine-readable name of what happened, such as `raw-html`.
    /// More names may be added.
    #[schema(value_type = String, example = "raw-html")]
    pub code: &'static str,
    /// What happened and what became of it.
    #[schema(example = "The tag <div> was left out; its text was kept.")]
    pub detail: String,
    /// The line of the upload it is about, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub line: Option<u32>,
    /// The character in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub column: Option<u32>,
    /// The place as a JSON Pointer in URI fragment form, when the upload was
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "#/body/blocks/3")]
    pub pointer: Option<String>,
}

impl Warning {
    /// A warning without a place.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Warning {
            code,
            detail: detail.into(),
            line: None,
            column: None,
            pointer: None,
        }
    }

    /// The same warning at a place in a text.
    pub fn at_line(mut self, line: u32, column: u32) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// The same warning at a place in a JSON document.
    pub fn at_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}
