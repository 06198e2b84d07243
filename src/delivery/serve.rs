//! The one way out for public answers: from the cache, or made once and put
//! there.

use std::cell::Cell;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use crate::changes::{self, Tag};
use crate::db::{Conn, Time};
use crate::error::{Error, NOT_FOUND, Problem, Result};
use crate::http::answer::{Constants, Draft, Origin};
use crate::http::edge::KeptAs;
use crate::state::{State, patience};

/// Answers a public GET. `key` is the canonical form of the route and its typed
/// parameters, and all that the answer depends on; `make` reads what the answer shows
/// at an instant.
///
/// A hit touches nothing but memory ([`State::kept`]), and the next request with the
/// same address doesn't even get here: [`edge`](crate::http::edge::edge) answers it.
/// Where nothing is kept, or was kept for too long while the change log couldn't be
/// read, the database is asked; if that is away, the answer is 503.
pub async fn serve(
    request: &HttpRequest,
    state: &web::Data<State>,
    constants: &Constants,
    key: String,
    make: impl FnOnce(&mut Conn<'_>, Time) -> Result<Draft> + Send + 'static,
) -> Result<HttpResponse> {
    serve_after(request, state, constants, key, async || Ok(()), make).await
}

/// [`serve`] where an answer that has to be made needs something first, such as a
/// turn; it is held until the answer is made.
pub async fn serve_after<T: Send + 'static>(
    request: &HttpRequest,
    state: &web::Data<State>,
    constants: &Constants,
    key: String,
    first: impl AsyncFnOnce() -> Result<T>,
    make: impl FnOnce(&mut Conn<'_>, Time) -> Result<Draft> + Send + 'static,
) -> Result<HttpResponse> {
    let now = state.now();
    if let Some((answer, origin)) = state.kept(&key, now) {
        request.extensions_mut().insert(KeptAs(key));
        return answer.respond(request, constants, now, origin).await;
    }
    let usable = state.staleness(now) <= i64::from(state.config.stale_max);

    let made = Cell::new(false);
    let making = async || {
        made.set(true);
        let held = first().await?;
        let now = state.now();
        let making = move |conn: &mut Conn<'_>| {
            let sealed = make(conn, now)?.seal();
            drop(held);
            sealed
        };
        state.read(making).await
    };
    let answer = if usable {
        let clock = || state.now();
        // Those who wait for somebody else's reading don't wait for ever: when
        // that fails, the next of them tries, and the last would come too late.
        let waiting = state.cache.get_or_make(&key, clock, making);
        tokio::time::timeout(patience(), waiting)
            .await
            .map_err(|_| Error::Unavailable("no answer in time".to_owned()))??
    } else {
        making().await?.0
    };
    let hit = !made.get();
    let counter = match hit {
        true => &state.metrics.cache_hits,
        false => &state.metrics.cache_misses,
    };
    counter.inc();
    request.extensions_mut().insert(KeptAs(key));
    let origin = Origin { hit, stale: 0 };
    answer.respond(request, constants, now, origin).await
}

/// Answers a public GET that is made anew each time, and that nobody may keep without
/// asking whether it still holds.
pub async fn serve_fresh(
    request: &HttpRequest,
    state: &web::Data<State>,
    constants: &Constants,
    make: impl FnOnce(&mut Conn<'_>, Time) -> Result<Draft> + Send + 'static,
) -> Result<HttpResponse> {
    let now = state.now();
    let made = state.read(move |conn| {
        let mut draft = make(conn, now)?;
        draft.revalidate = true;
        draft.seal()
    });
    let (answer, ..) = made.await?;
    let origin = Origin {
        hit: false,
        stale: 0,
    };
    answer.respond(request, constants, now, origin).await
}

/// A 404 for a slug or id that readers find nothing under. It is kept for five
/// seconds, and carries the key that is evicted when something appears there.
pub fn missing(what: &str, name: &str) -> Error {
    missing_until(what, name, None)
}

/// [`missing`] for what also appears when something else does.
pub fn missing_until(what: &str, name: &str, or: Option<Tag>) -> Error {
    let shown: String = name.chars().take(200).collect();
    let detail = format!("{what} `{shown}` doesn't exist, or you may not see it.");
    let tags: Vec<Tag> = std::iter::once(Tag::slug(name)).chain(or).collect();
    Problem::new(&NOT_FOUND, detail)
        .header("Cache-Control", "public, max-age=5")
        .header("Surrogate-Key", changes::join(&tags))
        .into()
}
