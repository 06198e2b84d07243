//! Forgetting old entries of the change log.

use std::sync::Arc;

use crate::error::Result;
use crate::state::State;

/// How many entries are forgotten in one transaction.
const AT_ONCE: i64 = 2_000;
/// How often that is done in one go.
const TURNS: usize = 20;

/// Forgets entries that are older than the settings want; runs beside the requests. The
/// newest of these stays, so that whoever stands there still knows all that came after.
pub async fn prune(state: &Arc<State>) -> Result<()> {
    let days = i64::from(state.config.changes_keep);
    if days == 0 {
        return Ok(());
    }
    let before = state.now().plus_seconds(-days * 86_400);
    for _ in 0..TURNS {
        let oldest = state
            .read(|c| Ok(crate::store!(*c, changes::oldest(AT_ONCE))?))
            .await?;
        let old = oldest.iter().take_while(|(_, at)| *at < before);
        let Some((last, _)) = old.last().filter(|last| **last != oldest[0]) else {
            return Ok(());
        };
        let last = *last;
        state
            .write(move |tx| Ok(crate::store!(tx.conn, changes::prune(last))?))
            .await?;
    }
    Ok(())
}
