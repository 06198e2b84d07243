//! Making renditions, beside the requests.
//!
//! What is to be done stands in the rows: a medium without `rendered_at` waits. A
//! worker claims one for a while; if it dies meanwhile, another (of this node or any)
//! takes it up when that time is over. What kills workers again and again is given
//! up. If the storage is away, it is put off and costs no attempt.

use std::sync::Arc;
use std::time::Duration;

use image::metadata::Orientation;
use tokio::sync::Semaphore;

use super::model::{Delivered, Medium, Piece, Rendition};
use super::ops::record_change;
use super::render::{self, Rendered};
use crate::changes::Tx;
use crate::error::{Error, Result, internal};
use crate::http::received::sha256;
use crate::state::State;
use crate::store;

/// Seconds for which a worker has a medium to itself.
const CLAIM: i64 = 120;
/// Attempts after which a medium is given up that nobody finished.
const ATTEMPTS: i32 = 3;
/// Seconds after which a storage that was away is tried again.
const LATER: i64 = 15;
/// Pixels of a permit; permits are counted in 32 bits.
const PERMIT: u64 = 1_000;

/// Works until the server is gone, as many at a time as the settings say.
pub fn start(state: &Arc<State>) {
    if state.config.media_workers == 0 {
        return;
    }
    let state = Arc::clone(state);
    tokio::spawn(async move {
        if !state.is_shared() {
            // Whoever claimed something here was this server before it ended.
            let freed = state.write(|tx| Ok(store!(tx.conn, media::free_claims())?));
            if let Err(error) = freed.await {
                tracing::debug!(%error, "claims on media run out by themselves");
            }
        }
        start_workers(&state);
    });
}

fn start_workers(state: &Arc<State>) {
    // Large pictures are decoded one after the other, however many workers there
    // are: together they never hold more pixels than one picture may have.
    let room = Arc::new(Semaphore::new(
        permits(state.config.media_max_pixels) as usize
    ));
    for _ in 0..state.config.media_workers {
        let (state, room) = (Arc::downgrade(state), Arc::clone(&room));
        tokio::spawn(async move {
            loop {
                let Some(state) = state.upgrade() else { return };
                let found = match state.is_stopping() {
                    true => Ok(false),
                    false => next(&state, &room).await,
                };
                let notified = state.renditions_due.notified();
                match found {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => tracing::debug!(%error, "no renditions made"),
                }
                let _ = tokio::time::timeout(Duration::from_secs(2), notified).await;
            }
        });
    }
}

/// Makes everything that waits; for tests.
pub async fn finish(state: &Arc<State>) -> Result<()> {
    let room = Semaphore::new(permits(state.config.media_max_pixels) as usize);
    while next(state, &room).await? {}
    Ok(())
}

fn permits(pixels: u64) -> u32 {
    u32::try_from(pixels.div_ceil(PERMIT)).unwrap_or(u32::MAX >> 4)
}

/// Takes up a medium that waits, if there is one.
async fn next(state: &Arc<State>, room: &Semaphore) -> Result<bool> {
    let now = state.now();
    let waiting = state
        .read(move |conn| Ok(store!(*conn, media::to_render(now))?))
        .await?;
    let Some(medium) = waiting else {
        return Ok(false);
    };
    if medium.attempts >= ATTEMPTS {
        let failure = format!("Whoever began to make renditions did not finish, {ATTEMPTS} times.");
        fail(state, &medium, failure).await?;
        return Ok(true);
    }
    let claimed = medium.clone();
    let is_mine = state
        .write(move |tx| {
            let until = tx.now.plus_seconds(CLAIM);
            Ok(store!(tx.conn, media::claim(&claimed, until))?)
        })
        .await?;
    if !is_mine {
        return Ok(true);
    }
    match make(state, room, &medium).await {
        Ok(()) => {}
        Err(Error::Unavailable(cause)) => {
            tracing::warn!(medium = %medium.id, cause, "renditions put off");
            let id = medium.id;
            state
                .write(move |tx| {
                    let until = tx.now.plus_seconds(LATER);
                    Ok(store!(tx.conn, media::put_off(id, until))?)
                })
                .await?;
        }
        Err(error) => fail(state, &medium, error.to_string()).await?,
    }
    Ok(true)
}

/// Makes a medium's renditions and stores them.
async fn make(state: &Arc<State>, room: &Semaphore, medium: &Medium) -> Result<()> {
    let pixels = medium.width as u64 * medium.height as u64;
    let all = permits(state.config.media_max_pixels);
    let turn = room
        .acquire_many(permits(pixels).min(all))
        .await
        .map_err(internal)?;
    let bytes = state.storage.get(&Medium::original(medium.id)).await?;
    let bytes = bytes.ok_or_else(|| internal("The original is not in the media storage."))?;
    let (format, max_pixels) = (medium.format, state.config.media_max_pixels);
    let orientation = u8::try_from(medium.orientation).ok();
    let orientation = orientation
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms);
    let began = std::time::Instant::now();
    let made = tokio::task::spawn_blocking(move || {
        render::render(format, bytes.into(), orientation, max_pixels)
    });
    let made = match made.await {
        Ok(made) => made.map_err(internal)?,
        Err(_) => {
            return Err(internal(
                "The picture can't be decoded; the decoder failed.",
            ));
        }
    };
    drop(turn);
    let took = began.elapsed();
    tracing::info!(medium = %medium.id, pixels, ms = took.as_millis() as u64, "renditions made");
    let renditions = put(state, medium, &made).await?;
    let thumbhash = made.thumbhash;
    let text = serde_json::to_string(&renditions).map_err(internal)?;
    update(state, medium, move |medium| {
        medium.renditions = text;
        medium.thumbhash = Some(thumbhash);
        medium.failure = None;
    })
    .await
}

/// Stores renditions, each under its hash.
async fn put(state: &State, medium: &Medium, made: &Rendered) -> Result<Vec<Rendition>> {
    let mut renditions = Vec::with_capacity(made.renditions.len());
    for made in &made.renditions {
        let store = async |format: Delivered, bytes: &Vec<u8>| {
            let piece = Piece {
                bytes: bytes.len() as u64,
                hash: format!("{:016x}", xxhash_rust::xxh3::xxh3_64(bytes)),
                sha256: Some(sha256(bytes)),
            };
            let place = Medium::place(medium.id, made.width, format, &piece);
            state.storage.put(&place, bytes.clone().into()).await?;
            Ok::<_, Error>(piece)
        };
        renditions.push(Rendition {
            width: made.width,
            height: made.height,
            jpeg: store(Delivered::Jpeg, &made.jpeg).await?,
            webp: store(Delivered::Webp, &made.webp).await?,
        });
    }
    Ok(renditions)
}

/// Notes why a medium has no renditions.
async fn fail(state: &Arc<State>, medium: &Medium, failure: String) -> Result<()> {
    tracing::warn!(medium = %medium.id, failure, "no renditions");
    update(state, medium, |medium| {
        medium.renditions = "[]".to_owned();
        medium.failure = Some(failure);
    })
    .await
}

/// Writes down how the work on a medium ended. If it was deleted meanwhile, what was
/// stored is to be removed.
async fn update(
    state: &Arc<State>,
    medium: &Medium,
    change: impl FnOnce(&mut Medium) + Send + 'static,
) -> Result<()> {
    let id = medium.id;
    let job = move |tx: &mut Tx<'_>| {
        store!(tx.conn, media::lock())?;
        let Some(old) = store!(tx.conn, media::find(id))? else {
            store!(tx.conn, media::add_leftover(id, tx.now))?;
            return Ok(());
        };
        let mut new = old.clone();
        change(&mut new);
        new.rendered_at = Some(tx.now);
        new.claimed_until = None;
        new.version = old.version + 1;
        new.updated_at = tx.now;
        store!(tx.conn, media::update(&new, old.version))?;
        record_change(tx, id)
    };
    state.write(job).await
}

/// Has a medium's renditions made again, because one of them is lost.
pub async fn again(state: &Arc<State>, medium: &Medium) -> Result<()> {
    let id = medium.id;
    let begun = state
        .write(move |tx| Ok(store!(tx.conn, media::render_again(id))?))
        .await?;
    if begun {
        tracing::warn!(medium = %id, "a rendition is lost; all are made again");
        state.renditions_due.notify_one();
    }
    Ok(())
}

/// Removes bytes that belong to no medium; runs beside the requests. What can't be
/// removed is tried again the next time.
pub async fn sweep(state: &Arc<State>) -> Result<()> {
    const AT_ONCE: i64 = 100;
    let now = state.now();
    let due = state
        .read(move |conn| Ok(store!(*conn, media::leftovers(now, AT_ONCE))?))
        .await?;
    let mut failed = None;
    for id in due {
        // Whoever stores bytes noted it an hour before at the least, and a medium
        // that is there keeps its bytes whatever is noted.
        let is_there = state
            .read(move |conn| Ok(store!(*conn, media::find(id))?.is_some()))
            .await?;
        if !is_there && let Err(error) = state.storage.remove(&id.to_string()).await {
            failed = failed.or(Some(error));
            continue;
        }
        state
            .write(move |tx| Ok(store!(tx.conn, media::remove_leftover(id))?))
            .await?;
    }
    failed.map_or(Ok(()), Err)
}
