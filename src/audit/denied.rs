//! What was refused.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::model::{Deed, Entry, Outcome, Way, way};
use crate::auth::{Actor, Known};
use crate::db::Id;
use crate::http::edge::origin;
use crate::state::State;

/// Refusals of one actor that are noted at once, and then one a minute.
const EACH: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Refusals that are noted at once, and then one every ten seconds.
const ALL: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// How many refusals are noted; one a process.
pub struct Denials {
    each: DefaultKeyedRateLimiter<Id>,
    all: DefaultDirectRateLimiter,
}

impl Default for Denials {
    fn default() -> Self {
        let one_in = |seconds, at_once| {
            Quota::with_period(Duration::from_secs(seconds))
                .unwrap_or(Quota::per_minute(at_once))
                .allow_burst(at_once)
        };
        Denials {
            each: RateLimiter::keyed(one_in(60, EACH)),
            all: RateLimiter::direct(one_in(10, ALL)),
        }
    }
}

impl Denials {
    /// Whether another refusal of this actor is noted.
    fn admit(&self, actor: Id) -> bool {
        self.each.check_key(&actor).is_ok() && self.all.check().is_ok()
    }
}

/// Middleware that notes refusals.
pub async fn watch(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?;
    let who = match response.status() {
        StatusCode::FORBIDDEN => {
            let extensions = response.request().extensions();
            extensions.get::<Arc<Actor>>().map(|actor| {
                let (way, key) = way(actor);
                (actor.id, way, key)
            })
        }
        StatusCode::UNAUTHORIZED => {
            let extensions = response.request().extensions();
            extensions.get::<Known>().map(|known| match known {
                Known::Key { user, key } => (*user, Way::Key, Some(*key)),
                Known::Token { user } => (*user, Way::Token, None),
                Known::Password { user } => (*user, Way::Password, None),
            })
        }
        _ => return Ok(response),
    };
    if let Some((actor_id, way, key_id)) = who {
        note(&response, actor_id, way, key_id);
    }
    Ok(response)
}

fn note(response: &ServiceResponse<BoxBody>, actor_id: Id, way: Way, key_id: Option<Id>) {
    let request = response.request();
    let (Some(state), Some(denials)) = (
        request.app_data::<web::Data<State>>(),
        request.app_data::<web::Data<Denials>>(),
    ) else {
        return;
    };
    if !denials.admit(actor_id) {
        return;
    }
    let state = Arc::clone(state);
    let origin = origin(request, &state.config);
    let route = request.match_pattern().unwrap_or_default();
    let entry = Entry {
        id: Id::new(),
        at: state.now(),
        actor_id,
        way,
        key_id,
        action: Deed::Denied,
        outcome: Outcome::Denied,
        subject: None,
        subject_id: None,
        revision: None,
        operation: Some(format!("{} {route}", request.method())),
        address: Some(origin.address),
        request_id: Some(origin.request_id),
    };
    // Beside the request and never at its cost.
    actix_web::rt::spawn(async move {
        let noting = state.write(move |tx| Ok(crate::store!(tx.conn, audit::append(&[entry]))?));
        if let Err(error) = noting.await {
            tracing::warn!(%error, "a refusal was not noted in the audit log");
        }
    });
}
