//! Editor routes of articles.

mod content;
mod list;
mod revisions;
mod verbs;

use super::model::ArticleRow;
use super::ops::{Key, Outcome};
use super::view::Receipt;
use crate::config::Config;
use crate::content::Warning;
use crate::db::Time;
use crate::http::routing::ServiceConfig;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list::list_editor_articles)
        .service(content::create_article)
        .service(content::get_editor_article)
        .service(content::put_article)
        .service(content::patch_article)
        .service(verbs::trash_article)
        .service(verbs::restore_article)
        .service(verbs::submit_article)
        .service(verbs::publish_article)
        .service(verbs::schedule_article)
        .service(verbs::unpublish_article)
        .service(verbs::take_down_article)
        .service(verbs::correct_article)
        .service(verbs::send_back_article)
        .service(revisions::list_revisions)
        .service(revisions::get_revision)
        .service(revisions::restore_revision)
        .service(revisions::diff_revisions)
        .service(verbs::free_slug);
}

fn key(path: &str) -> Key {
    match path.parse() {
        Ok(key) => key,
        Err(never) => match never {},
    }
}

fn receipt(
    row: &ArticleRow,
    outcome: Outcome,
    warnings: Vec<Warning>,
    now: Time,
    config: &Config,
) -> Receipt {
    Receipt::new(row, outcome, warnings, now, config)
}
