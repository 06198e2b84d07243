//! The audit log: who did what to what, when and from where.
//!
//! An operation notes its deed with [`note`](crate::changes::note), and
//! `state.write` appends it in the same transaction: what is not written is not
//! logged, and what is written is. Entries name ids, revisions and rights; they
//! hold no texts and no secrets, so they say nothing that was deleted on purpose.
//!
//! What is refused is noted too ([`watch`]): 403, and 401 where it is known whose
//! account it was. That is done beside the request and within a bound, so that
//! nobody can fill the disk by being refused.
//!
//! `AUDIT_DAYS` says how long entries are kept.

mod denied;
pub mod model;
mod routes;

use std::sync::Arc;

pub use denied::{Denials, watch};
pub use routes::configure;

use crate::error::Result;
use crate::state::State;

/// Forgets entries that are older than the settings want; runs beside the requests.
pub async fn prune(state: &Arc<State>) -> Result<()> {
    let days = i64::from(state.config.audit_days);
    let before = state.now().plus_seconds(-days * 86_400);
    let any = days > 0
        && state
            .read(move |c| Ok(crate::store!(*c, audit::any_before(before))?))
            .await?;
    if any {
        state
            .write(move |tx| Ok(crate::store!(tx.conn, audit::prune(before))?))
            .await?;
    }
    Ok(())
}
