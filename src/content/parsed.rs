//! What a document says, whichever format it came in.

use super::blocks::Body;
use super::warning::Warning;
use serde_json::{Map, Value};

/// What a Markdown or HTML document says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The front matter, if there was any, with YAML's types as JSON.
    pub front_matter: Option<Map<String, Value>>,
    /// The headline that the document itself gives, if the front matter has none.
    pub headline: Option<String>,
    /// The teaser that an HTML document itself gives, if the front matter has
    /// none.
    pub teaser: Option<String>,
    /// The body, normal and within the limits.
    pub body: Body,
    /// What was read differently from how it was written.
    pub warnings: Vec<Warning>,
}
