//! The way through review: submitted by who writes, sent back with a remark by
//! who publishes, submitted again.

use serde::Deserialize;
use utoipa::ToSchema;

use super::verbs::checked;
use super::{
    Key, Outcome, Written, check_expectation, may_edit, not_trashed, require, save, touch,
};
use crate::articles::model::State;
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::error::{Result, conflict};
use crate::http::conditional::Expect;

/// What is to be changed before it is submitted again.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"remark": "Bitte die zweite Quelle nennen und den Vorspann kürzen."}))]
pub struct SendBack {
    /// For the newsroom only; it stays with the article until it is published.
    #[schema(min_length = 1, max_length = 2000)]
    pub remark: String,
}

/// Marks a draft as ready for review. The remark of an earlier review stays, so
/// that whoever looks again sees what was asked for.
pub fn submit(tx: &mut Tx<'_>, actor: &Actor, key: &Key, expect: Expect) -> Result<Written> {
    let row = require(tx, key)?;
    may_edit(actor, &row)?;
    check_expectation(tx, &row, expect)?;
    not_trashed(&row)?;
    match row.state(tx.now) {
        State::InReview => return Ok(Written::new(row, Outcome::Unchanged)),
        State::Draft => {}
        state => {
            return Err(conflict(format!(
                "`{}` is {state}; only a draft is submitted.",
                row.slug
            )));
        }
    }
    let mut after = row.clone();
    after.submitted_at = Some(tx.now);
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    Ok(Written::new(after, Outcome::Submitted))
}

/// Sends what was submitted back to who wrote it.
pub fn send_back(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    input: &SendBack,
) -> Result<Written> {
    actor.require(Right::Publish)?;
    let row = require(tx, key)?;
    check_expectation(tx, &row, expect)?;
    not_trashed(&row)?;
    let remark = checked("#/remark", &input.remark)?;
    match row.state(tx.now) {
        State::InReview => {}
        // Sent twice: the first time it arrived.
        State::Draft if row.sent_back_remark.as_ref() == Some(&remark) => {
            return Ok(Written::new(row, Outcome::Unchanged));
        }
        state => {
            return Err(conflict(format!(
                "`{}` is {state}; only what was submitted is sent back.",
                row.slug
            )));
        }
    }
    let mut after = row.clone();
    after.submitted_at = None;
    after.sent_back_at = Some(tx.now);
    after.sent_back_by = Some(actor.id);
    after.sent_back_remark = Some(remark);
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    Ok(Written::new(after, Outcome::SentBack))
}
