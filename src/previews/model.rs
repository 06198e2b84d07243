//! Preview links as they are kept, asked for and shown.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::preview_links;
use crate::db::{Id, Time};

/// A preview link, as it is kept: its digest, never the token.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = preview_links)]
pub struct PreviewLink {
    /// Its id.
    pub id: Id,
    /// The article it opens.
    pub article_id: Id,
    /// SHA-256 of its token in hexadecimal digits.
    pub digest: String,
    /// Who it is for, or what for.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// By whom.
    pub created_by: Id,
    /// When it stops working.
    pub expires_at: Time,
}

/// A preview link to be made.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Für das Justiziariat"}))]
pub struct PreviewLinkIn {
    /// When it stops working: within 30 days; in 7 days if missing.
    #[schema(nullable = false, value_type = Option<String>, format = "date-time")]
    pub expires_at: Option<Time>,
    /// Who it is for, or what for.
    #[schema(nullable = false, max_length = 300, example = "Für das Justiziariat")]
    pub note: Option<String>,
}

/// A preview link, without its token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewLinkOut {
    /// Its id.
    pub id: Id,
    /// Who it is for, or what for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Für das Justiziariat")]
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// The name of who made it, if there still is such a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "anna")]
    pub created_by: Option<String>,
    /// When it stops working.
    pub expires_at: Time,
    /// Whether that has come.
    pub expired: bool,
}

impl PreviewLinkOut {
    /// A link that somebody of this name made.
    pub fn new(link: PreviewLink, created_by: Option<String>, now: Time) -> Self {
        PreviewLinkOut {
            id: link.id,
            note: link.note,
            created_at: link.created_at,
            created_by,
            expired: link.expires_at <= now,
            expires_at: link.expires_at,
        }
    }
}

/// A preview link that was just made: the only time that it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewLinkMade {
    /// What to pass on: the website's preview if `SITE_PREVIEW_URL` says where
    /// that is, this API's otherwise. This and the next two are left out of the
    /// answer to a dry run, which made none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "https://flussblick.example/vorschau?token=psp_preview_3Ki4mRq8ZsT1vWx7YbC2dEf5GhJ9kL0pQrAb"
    )]
    pub url: Option<String>,
    /// Where the working copy is fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "https://api.example/v1/preview/psp_preview_3Ki4mRq8ZsT1vWx7YbC2dEf5GhJ9kL0pQrAb"
    )]
    pub api_url: Option<String>,
    /// The token in both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "psp_preview_3Ki4mRq8ZsT1vWx7YbC2dEf5GhJ9kL0pQrAb"
    )]
    pub token: Option<String>,
    /// The link.
    #[serde(flatten)]
    pub about: PreviewLinkOut,
}
