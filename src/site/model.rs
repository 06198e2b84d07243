//! The newsroom's settings as they are stored and as clients send them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::Time;
use crate::db::schema::site;
use crate::http::patch::{Ignored, Patch};

/// The longest name, in characters.
pub const NAME_MAX: usize = 120;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: usize = 1_000;
/// The most entries that the menu and the channels may have each.
pub const ENTRIES_MAX: usize = 50;

/// The row that the settings are stored in.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug)]
#[diesel(table_name = site)]
pub struct SiteRow {
    /// Always 1.
    pub id: i32,
    /// The settings as JSON.
    pub settings: String,
    /// Counts the writes to them.
    pub version: i64,
    /// When they were last written to.
    pub updated_at: Time,
}

/// An address in the website's menu.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct MenuItem {
    /// What is shown.
    #[schema(example = "Impressum")]
    pub label: String,
    /// Where it leads.
    #[schema(example = "https://flussblick.example/impressum")]
    pub url: String,
}

/// A way in which readers get the news straight to their phone.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What it is, in the form of a slug: `whatsapp`, `telegram`, `push`,
    /// `newsletter`, `podcast`, `app` or something newer. Skip what you don't know.
    #[schema(example = "whatsapp")]
    pub kind: String,
    /// What is shown.
    #[schema(example = "Die Nachrichten auf WhatsApp")]
    pub label: String,
    /// Where readers join.
    #[schema(example = "https://whatsapp.com/channel/flussblick")]
    pub url: String,
}

/// The settings. Stored as JSON; what an older version didn't know has its
/// default.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(default)]
pub struct Settings {
    /// The newsroom's name.
    pub name: String,
    /// The language articles are in unless they say otherwise (BCP 47).
    pub language: String,
    /// The newsroom's time zone (IANA).
    pub time_zone: String,
    /// What the newsroom is.
    pub description: Option<String>,
    /// Addresses in the website's menu.
    pub menu: Vec<MenuItem>,
    /// Ways to get the news straight to a phone.
    pub channels: Vec<Channel>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: "Perspektive".to_owned(),
            language: "de".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            description: None,
            menu: Vec::new(),
            channels: Vec::new(),
        }
    }
}

impl Settings {
    /// The time zone; it was checked when it was set.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::Europe::Berlin)
    }
}

/// The settings and what is known about them.
#[derive(Clone, Debug)]
pub struct Site {
    /// The settings.
    pub settings: Settings,
    /// Counts the writes to them; 0 while they have never been set.
    pub version: i64,
    /// When they were last written to.
    pub updated_at: Option<Time>,
}

impl From<Site> for SiteOut {
    fn from(site: Site) -> Self {
        let Site {
            settings,
            version,
            updated_at,
        } = site;
        let Settings {
            name,
            language,
            time_zone,
            description,
            menu,
            channels,
        } = settings;
        SiteOut {
            name,
            language,
            time_zone,
            description,
            menu,
            channels,
            version,
            updated_at,
        }
    }
}

/// The settings as a client sends them.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Flussblick", "language": "de", "time_zone": "Europe/Berlin", "menu": [{"label": "Impressum", "url": "https://flussblick.example/impressum"}], "channels": [{"kind": "whatsapp", "label": "Auf WhatsApp", "url": "https://whatsapp.com/channel/flussblick"}]}))]
pub struct SiteIn {
    /// The newsroom's name, at most 120 characters.
    pub name: String,
    /// The language articles are in unless they say otherwise (BCP 47).
    /// `de` if left out.
    #[serde(default)]
    #[schema(nullable = false, example = "de")]
    pub language: Option<String>,
    /// The newsroom's time zone (IANA). `Europe/Berlin` if left out.
    #[serde(default)]
    #[schema(nullable = false, example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    /// What the newsroom is, at most 1000 characters.
    #[serde(default)]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Addresses in the website's menu, at most 50.
    #[serde(default)]
    pub menu: Vec<MenuItem>,
    /// Ways to get the news straight to a phone, at most 50.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Counted by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = i64)]
    pub version: Ignored,
    /// Set by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Time)]
    pub updated_at: Ignored,
}

/// Changes to the settings, as a merge patch: what is left out stays, and null
/// brings back the default. Lists are replaced whole.
#[derive(Deserialize, ToSchema, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Flussblick", "description": null}))]
pub struct SitePatch {
    /// The newsroom's name, at most 120 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name: Patch<String>,
    /// The language articles are in unless they say otherwise (BCP 47).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub language: Patch<String>,
    /// The newsroom's time zone (IANA).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub time_zone: Patch<String>,
    /// What the newsroom is.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// Addresses in the website's menu.
    #[serde(default)]
    #[schema(value_type = Option<Vec<MenuItem>>)]
    pub menu: Patch<Vec<MenuItem>>,
    /// Ways to get the news straight to a phone.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Channel>>)]
    pub channels: Patch<Vec<Channel>>,
}

/// The settings as editors see them.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct SiteOut {
    /// The newsroom's name.
    #[schema(example = "Flussblick")]
    pub name: String,
    /// The language articles are in unless they say otherwise (BCP 47).
    #[schema(example = "de")]
    pub language: String,
    /// The newsroom's time zone (IANA).
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// What the newsroom is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Addresses in the website's menu.
    pub menu: Vec<MenuItem>,
    /// Ways to get the news straight to a phone.
    pub channels: Vec<Channel>,
    /// Counts the writes to them; 0 while they have never been set.
    pub version: i64,
    /// When they were last written to. Missing while they have never been set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_at: Option<Time>,
}
