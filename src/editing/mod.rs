//! The way every editor's write goes.
//!
//! A handler that writes takes [`Edit`] where others take an actor, and hands
//! its operation to [`Edit::write`], which alone opens the transaction. What
//! holds for all writes holds by that:
//!
//! - **Who**: the actor is resolved before the body is read.
//! - **Dry run** (`?dry_run=true`): the operation runs as always, with all its
//!   checks and warnings, and its transaction is rolled back. The answer is the
//!   one it would have been, with `"dry_run": true`. Nothing is written, logged
//!   or evicted; there is no second path through the code.
//! - **Idempotency-Key**: the answer is kept in the same transaction as the
//!   write, and replayed for 24 hours to whoever asks the same again. Answers
//!   of 401, 429, 500 and above are not kept. Another request under the same key
//!   is 422, one whose first is still running 409: a lock says so (on SQLite,
//!   where one transaction writes at a time, the second waits its turn).
//!
//! - **Limits** ([`limits`]): each actor may write so often; what is left of it
//!   stands in the answer's headers.
//! - **Audit log**: what the operation notes with [`note`](crate::changes::note)
//!   is stored with the write, together with where the request came from.
//!
//! ```ignore
//! pub async fn put_topic(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
//!     edit.require(Right::Manage)?;
//!     edit.params()?.finish()?;
//!     let (at, expect) = (Reference::to_put(&at)?, edit.expect()?);
//!     let input: TopicIn = upload.json().await?;
//!     edit.write(move |tx, by| Ok(reply(by, ops::put(tx, &by.actor, &at, expect, input)?)))
//!         .await
//! }
//! ```
//!
//! The answer is made inside the operation, because it is kept with it. Whatever
//! an operation does outside the transaction (a file, say) it leaves alone if
//! [`By::dry_run`] is set.

pub mod limits;
pub mod model;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde_json::Map;

use crate::audit::model::Origin;
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::config::Config;
use crate::error::{CONFLICT, Error, KEY_REUSED, Problem, Result, internal};
use crate::http::conditional::Expect;
use crate::http::edge::{RequestId, document_text, origin};
use crate::http::idempotency::{self, Claim, KEPT_FOR, REPLAYED};
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::state::{State, patience};
use limits::Limits;
use model::Kept;

/// A write that somebody asks for.
pub struct Edit {
    by: By,
    key: Option<String>,
    request: HttpRequest,
    patience: Option<Duration>,
}

/// Who asks for a write, and how they want it.
#[derive(Clone)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// Nothing is to be written: the transaction is rolled back.
    pub dry_run: bool,
    /// `Prefer: return=representation` (RFC 7240): answer the whole thing rather
    /// than a receipt.
    pub whole: bool,
    origin: Origin,
    state: Arc<State>,
}

impl By {
    /// The server's state.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Tells a write whose it is. [`Edit::write`] does it by itself.
    pub fn enter(&self, tx: &mut Tx<'_>) {
        tx.done_by(&self.actor, Some(&self.origin));
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.state.config
    }
}

impl FromRequest for Edit {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let actor = Actor::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let actor = actor.await?;
            if let Some(limits) = request.app_data::<web::Data<Limits>>()
                && let Some(standing) = limits.count(actor.id)?
            {
                request.extensions_mut().insert(standing);
            }
            let state = request
                .app_data::<web::Data<State>>()
                .map(|state| Arc::clone(&**state))
                .ok_or_else(|| internal("the application was built without a state"))?;
            let by = By {
                actor,
                dry_run: Params::of(&request)?.flag("dry_run")?,
                whole: prefers_whole(&request),
                origin: origin(&request, &state.config),
                state,
            };
            Ok(Edit {
                by,
                key: idempotency::key(&request)?,
                request,
                patience: None,
            })
        })
    }
}

fn prefers_whole(request: &HttpRequest) -> bool {
    request
        .headers()
        .get_all("prefer")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim() == "return=representation")
}

impl Edit {
    /// Who asks, and how they want it.
    pub fn by(&self) -> &By {
        &self.by
    }

    /// The request.
    pub fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// The server's state, for reading.
    pub fn state(&self) -> &Arc<State> {
        &self.by.state
    }

    /// A 403 unless the actor has this right. To be asked before the body is read.
    pub fn require(&self, right: Right) -> Result<()> {
        self.by.actor.require(right)
    }

    /// The query parameters, without those that every write takes.
    pub fn params(&self) -> Result<Params> {
        let mut params = Params::of(&self.request)?;
        params.flag("dry_run")?;
        Ok(params)
    }

    /// What the write expects to find.
    pub fn expect(&self) -> Result<Expect> {
        Expect::of(&self.request)
    }

    /// Gives the operation so long, for one that writes more than most.
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Runs the operation in a transaction and commits it, with everything that
    /// holds for all writes.
    pub async fn write(
        self,
        job: impl FnOnce(&mut Tx<'_>, &By) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let Edit {
            by,
            key,
            request,
            patience: longer,
        } = self;
        let patience = longer.unwrap_or_else(patience);
        let state = Arc::clone(&by.state);
        let job = move |tx: &mut Tx<'_>, by: &By| {
            by.enter(tx);
            job(tx, by)
        };
        if by.dry_run {
            let reply = state
                .rehearse_within(patience, move |tx| job(tx, &by))
                .await?;
            return reply.as_dry_run();
        }
        let Some(key) = key else {
            return state.write_within(patience, move |tx| job(tx, &by)).await;
        };
        let claim = idempotency::claim(&key, by.actor.id, &request);
        let path = request.path().to_owned();
        let id = request.extensions().get::<RequestId>().cloned();
        state
            .write_within(patience, move |tx| {
                let document = |problem: &Problem| document_text(problem, &path, id.as_ref());
                once(tx, claim, document, |tx| job(tx, &by))
            })
            .await
    }
}

/// Runs a job unless its answer is kept already, and keeps its answer.
fn once(
    tx: &mut Tx<'_>,
    claim: Claim,
    document: impl Fn(&Problem) -> String,
    job: impl FnOnce(&mut Tx<'_>) -> Result<Reply>,
) -> Result<Reply> {
    if !crate::store!(tx.conn, idempotency::hold(&claim.scope))? {
        let detail = "The first request with this Idempotency-Key is still running. Send it again in a second.";
        return Err(Problem::new(&CONFLICT, detail)
            .header("Retry-After", "1")
            .into());
    }
    let kept = crate::store!(tx.conn, idempotency::find(&claim.scope))?;
    if let Some(kept) = kept.filter(|kept| kept.expires_at > tx.now) {
        return replay(kept, &claim);
    }
    let reply = match tx.attempt(job) {
        Ok(reply) => reply,
        Err(Error::Problem(problem)) if is_kept(problem.kind.status) => {
            refusal(&problem, document(&problem))?
        }
        Err(error) => return Err(error),
    };
    let (status, headers, body) = reply.to_parts()?;
    let headers: Map<_, _> = headers
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let kept = Kept {
        scope: claim.scope,
        fingerprint: claim.fingerprint,
        status: status.into(),
        headers: serde_json::to_string(&headers).map_err(internal)?,
        body,
        expires_at: tx.now.plus_seconds(KEPT_FOR),
    };
    crate::store!(tx.conn, idempotency::keep(&kept))?;
    Ok(reply)
}

/// What will be different the next time is not kept.
fn is_kept(status: u16) -> bool {
    status < 500 && !matches!(status, 401 | 429)
}

fn replay(kept: Kept, claim: &Claim) -> Result<Reply> {
    if kept.fingerprint != claim.fingerprint {
        let detail = "This Idempotency-Key was used for another request to this address: its query, headers or body differed. Take a new key for a new request; to repeat the old one, send it unchanged.";
        return Err(Problem::new(&KEY_REUSED, detail).into());
    }
    let headers: Map<_, _> = serde_json::from_str(&kept.headers).map_err(internal)?;
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let status = u16::try_from(kept.status).map_err(internal)?;
    let reply = Reply::from_parts(status, headers, kept.body)?;
    Ok(reply.header(REPLAYED, "true"))
}

/// A problem as an answer that can be kept.
fn refusal(problem: &Problem, document: String) -> Result<Reply> {
    let kind = (header::CONTENT_TYPE, "application/problem+json".to_owned());
    let more = problem
        .headers
        .iter()
        .map(|(name, value)| Ok((name.parse().map_err(internal)?, value.clone())))
        .collect::<Result<Vec<(HeaderName, String)>>>()?;
    let headers = std::iter::once(kind).chain(more);
    let headers = headers.map(|(name, value)| (name.to_string(), value));
    Reply::from_parts(problem.kind.status, headers, Some(document))
}

/// Forgets kept answers that have expired; runs beside the requests.
pub async fn prune(state: &Arc<State>) -> Result<()> {
    let now = state.now();
    if state
        .read(move |c| Ok(crate::store!(*c, idempotency::any_expired(now))?))
        .await?
    {
        state
            .write(|tx| Ok(crate::store!(tx.conn, idempotency::prune(tx.now))?))
            .await?;
    }
    Ok(())
}
