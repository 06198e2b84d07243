//! What runs beside the requests.
//!
//! The follower reads the change log: at every notification where there are
//! other nodes, each second anyhow. It never decides what readers see; it only
//! evicts what others changed and knows when the database was last heard of.
//!
//! The announcer tells the log which articles became visible, or stopped being
//! so, by time. Readers saw that at the instant itself, so it may be late but
//! never wrong, and after a restart it catches up.
//!
//! A third task removes what is kept for a while only, such as answers to
//! requests with an `Idempotency-Key`, and bytes of media without a medium.
//!
//! Workers make the renditions of pictures. Caches in front are told what has changed
//! ([`crate::outbound`]).

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::articles;
use crate::audit;
use crate::db::Url;
use crate::db::pg::Connector;
use crate::delivery::sync::prune::prune;
use crate::editing;
use crate::media;
use crate::outbound;
use crate::state::State;

/// Starts all of it on the present runtime.
pub fn start(state: &Arc<State>) {
    let heard = Arc::new(Notify::new());
    if let Url::Postgres(url) = &state.config.database {
        match Connector::new(url) {
            Ok(connector) => drop(tokio::spawn(listen(connector, Arc::clone(&heard)))),
            Err(error) => tracing::warn!(%error, "no notifications; the change log is polled"),
        }
    }
    tokio::spawn(follow(Arc::downgrade(state), heard));
    tokio::spawn(announce(Arc::downgrade(state)));
    tokio::spawn(tidy(Arc::downgrade(state)));
    media::work::start(state);
    outbound::start(state);
}

/// Removes what is kept for a while only, until the server is gone.
async fn tidy(state: Weak<State>) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let Some(state) = state.upgrade() else { return };
        for tidied in [
            editing::prune(&state).await,
            audit::prune(&state).await,
            prune(&state).await,
            media::work::sweep(&state).await,
        ] {
            if let Err(error) = tidied {
                tracing::debug!(%error, "nothing tidied up");
            }
        }
    }
}

/// Announces what time has changed, until the server is gone.
async fn announce(state: Weak<State>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(state) = state.upgrade() else { return };
        let now = state.now();
        let due = state
            .read(move |conn| Ok(!crate::store!(*conn, articles::to_announce(now, 1))?.is_empty()))
            .await;
        match due {
            Ok(true) => while let Ok(true) = state.write(articles::ops::announce).await {},
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "nothing announced"),
        }
    }
}

/// Follows the log until the server is gone.
async fn follow(state: Weak<State>, heard: Arc<Notify>) {
    let mut well = true;
    loop {
        tokio::select! {
            () = heard.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let Some(state) = state.upgrade() else { return };
        match state.follow().await {
            Ok(()) if !well => {
                tracing::info!("the change log can be read again");
                well = true;
            }
            Err(error) if well => {
                tracing::warn!(%error, "the change log can't be read; cached answers grow stale");
                well = false;
            }
            _ => {}
        }
    }
}

/// Keeps a connection that hears of other nodes' changes.
async fn listen(connector: Connector, heard: Arc<Notify>) {
    loop {
        let waker = Arc::clone(&heard);
        if let Err(error) = connector.listen(move || waker.notify_one()).await {
            tracing::debug!(%error, "notifications lost");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
