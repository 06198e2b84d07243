//! Feeds: the newest articles whole, for programs that people read with.
//!
//! [`entries`] puts together what is in a feed; [`rss`], [`atom`] and [`json`] write
//! it down, the former two by [`xml`]. Of each there is one with all articles and one
//! for each section (with what is below it), topic and author.

pub mod atom;
pub mod entries;
pub mod json;
pub mod routes;
pub mod rss;
pub mod xml;

use std::str::FromStr;

use crate::http::routing::ServiceConfig;
use serde::Serialize;
use utoipa::ToSchema;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(routes::get_feed)
        .service(routes::get_section_feed)
        .service(routes::get_topic_feed)
        .service(routes::get_author_feed);
}

/// What a feed is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RSS 2.0.
    Rss,
    /// Atom (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 3] = [Form::Rss, Form::Atom, Form::Json];

    /// How its addresses end.
    pub fn extension(self) -> &'static str {
        match self {
            Form::Rss => "rss",
            Form::Atom => "atom",
            Form::Json => "json",
        }
    }

    /// Its media type, as links to it name it.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Rss => "application/rss+xml",
            Form::Atom => "application/atom+xml",
            Form::Json => "application/feed+json",
        }
    }

    /// Its media type, as answers have it. JSON is UTF-8 and nothing else.
    pub fn content_type(self) -> &'static str {
        match self {
            Form::Rss => "application/rss+xml; charset=utf-8",
            Form::Atom => "application/atom+xml; charset=utf-8",
            Form::Json => "application/feed+json",
        }
    }
}

impl FromStr for Form {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let named = |form: &Form| form.extension() == text;
        Form::ALL.into_iter().find(named).ok_or(())
    }
}

/// Addresses of a feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeedLinks {
    /// As RSS 2.0.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/feeds/all.rss"
    )]
    pub rss: String,
    /// As Atom.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/feeds/all.atom"
    )]
    pub atom: String,
    /// As JSON Feed 1.1.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/feeds/all.json"
    )]
    pub json: String,
}

impl FeedLinks {
    /// The feed with a name such as `all` or `sections/politik`.
    pub fn of(base: &str, name: &str) -> Self {
        let address = |form: Form| format!("{base}/feeds/{name}.{}", form.extension());
        FeedLinks {
            rss: address(Form::Rss),
            atom: address(Form::Atom),
            json: address(Form::Json),
        }
    }
}
