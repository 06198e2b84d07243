//! Editor routes of articles.

mod content;
mod list;
mod revisions;
mod verbs;

use actix_web::http::header::HeaderName;
use serde::Serialize;

use super::ops::{Key, Outcome, Written};
use super::view::{self, ArticleView, Form, Receipt};
use crate::changes::Tx;
use crate::editing::By;
use crate::error::Result;
use crate::http::reply::Reply;
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

/// What a write answers: a receipt, or the whole article if the client prefers that. Of
/// a dry run nothing can be looked at afterwards, so its receipt holds the article.
fn answer(tx: &mut Tx<'_>, by: &By, written: Written) -> Result<Reply> {
    let Written {
        row,
        outcome,
        warnings,
    } = written;
    let mut receipt = Receipt::new(&row, outcome, warnings, tx.now, by.config());
    let address = receipt.links.editor.clone();
    if !by.whole && !by.dry_run {
        return Ok(of(outcome, &receipt, address).version(row.version));
    }
    let view = view::article(&mut tx.conn, &row, Form::Blocks, tx.now, by.config())?;
    if !by.whole {
        receipt.article = Some(Box::new(view));
        return Ok(of(outcome, &receipt, address).version(row.version));
    }
    let view = ArticleView {
        warnings: Some(receipt.warnings),
        ..view
    };
    let applied = HeaderName::from_static("preference-applied");
    Ok(of(outcome, &view, address)
        .version(row.version)
        .header(applied, "return=representation"))
}

fn of(outcome: Outcome, body: &impl Serialize, address: String) -> Reply {
    match outcome {
        Outcome::Created => Reply::created(body, address),
        _ => Reply::ok(body),
    }
}
