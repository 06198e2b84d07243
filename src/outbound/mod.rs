//! What is told to others because something has changed: which answers the caches in
//! front are to forget.

pub mod purge;

use std::sync::Arc;

use crate::state::State;

/// Starts all of it on the present runtime.
pub fn start(state: &Arc<State>) {
    purge::start(state);
}
