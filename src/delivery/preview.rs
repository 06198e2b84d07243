//! An article's working copy for whoever has a preview link to it, as readers
//! would get it.

use actix_web::http::header;
use actix_web::{HttpRequest, get, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::article::{self, Article};
use super::context::Context;
use crate::db::Time;
use crate::error::{Result, internal};
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::spec::{AnyoneProblems, Missing, Unchanged};
use crate::previews;
use crate::state::State;

/// The working copy of an article, as readers would get it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewArticle {
    /// That it is a preview, and of what.
    pub preview: Preview,
    /// The article.
    #[serde(flatten)]
    pub article: Article,
}

/// What a preview shows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// The revision it shows: the newest.
    #[schema(example = 4)]
    pub revision: i32,
    /// When it was written.
    pub written_at: Time,
    /// Whether it is what readers see already.
    pub live: bool,
    /// When the link stops working.
    pub expires_at: Time,
}

/// Preview an article
///
/// What a preview link opens: the article's newest revision in the form in which
/// readers would get it, marked as a preview. Links to what readers don't see
/// are left out, as they would be. A link that has expired or was revoked is 404,
/// as one that never was.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("token" = String, Path, description = "What the link ends with", example = "psp_preview_3Ki4mRq8ZsT1vWx7YbC2dEf5GhJ9kL0pQrAb"),
        ("body" = Option<String>, Query, description = "Forms of the text: `blocks` (if missing), `html`, `markdown`, `text`, separated by commas", example = "blocks"),
        ("include" = Option<String>, Query, description = "`more`, `related_auto` or both, separated by a comma", example = "more"),
        ("fields" = Option<String>, Query, description = "Members, separated by commas; all if missing", example = "headline,teaser,body"),
    ),
    responses(
        (status = 200, description = "The working copy", body = PreviewArticle,
            headers(("ETag" = String, description = "Stands for this answer"))),
        Unchanged, AnyoneProblems, Missing,
    ),
)]
#[get("/v1/preview/{token}")]
pub async fn get_preview(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    let mut params = Params::of(&request)?;
    let wanted = article::Wanted::of(&mut params)?;
    params.finish()?;
    let (now, config) = (state.now(), state.config.clone());
    let value = state
        .read(move |conn| {
            let (link, mut row) = previews::ops::follow(conn, &path, now)?;
            let live = row.is_visible(now) && row.live_revision == Some(row.revision);
            let revision = crate::articles::ops::revision_of(conn, row.id, row.revision)?;
            let preview = Preview {
                revision: revision.number,
                written_at: revision.created_at,
                live,
                expires_at: link.expires_at,
            };
            // What isn't published yet has no dates; a page shows some.
            row.published_at = row.published_at.or(Some(now));
            row.updated_at = row.updated_at.or(Some(revision.created_at));
            let context = Context::load(conn, &config)?;
            let article = article::whole(
                conn,
                now,
                row.delivered(),
                revision.delivered(),
                &wanted,
                &context,
            )?;
            let shown = PreviewArticle { preview, article };
            let mut value = serde_json::to_value(&shown).map_err(internal)?;
            if let Value::Object(members) = &mut value {
                let preview = members.shift_remove("preview");
                wanted.keep(members);
                members.extend(preview.map(|preview| ("preview".to_owned(), preview)));
            }
            Ok(value)
        })
        .await?;
    Ok(Reply::ok(&value)
        .header(header::HeaderName::from_static("x-robots-tag"), "noindex")
        .header(header::REFERRER_POLICY, "no-referrer"))
}
