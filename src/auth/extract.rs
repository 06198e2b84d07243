//! A request's actor, and why there is none.

use std::sync::{Arc, PoisonError};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::jwt::{Claims, Refusal};
use super::opaque::{self, Flaw, Kind};
use super::{Access, Actor, Key, User, Via};
use crate::db::Id;
use crate::error::{BAD_PARAMETER, Error, Problem, Result, UNAUTHENTICATED, internal};
use crate::state::State;

/// What a 401 says in `WWW-Authenticate` (RFC 6750, section 3) to whoever sent
/// no credentials.
const CHALLENGE: &str = "Bearer realm=\"perspektive\"";
/// The same to whoever sent some that are no good.
const INVALID: &str = "Bearer realm=\"perspektive\", error=\"invalid_token\"";

/// The use of a key is noted when the last note is this many seconds old.
const NOTED_EVERY: i64 = 60;

/// Names under which people put credentials into the query.
const IN_QUERY: [&str; 5] = ["access_token", "api_key", "apikey", "key", "token"];

impl FromRequest for Actor {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let credential = credential(request);
        let state = request.app_data::<web::Data<State>>().cloned();
        let access = request.app_data::<web::Data<Access>>().cloned();
        let request = request.clone();
        Box::pin(async move {
            let (Some(state), Some(access)) = (state, access) else {
                return Err(internal("the application was built without access"));
            };
            match access.resolve(&state, &credential?).await {
                Ok(actor) => {
                    request.extensions_mut().insert(Arc::new(actor.clone()));
                    Ok(actor)
                }
                Err(Refused { error, known }) => {
                    if let Some(known) = known {
                        request.extensions_mut().insert(known);
                    }
                    Err(error)
                }
            }
        })
    }
}

/// Whose credentials they were that are no good; kept with the request, for the
/// audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A key that doesn't work any more.
    Key {
        /// Whose it is.
        user: Id,
        /// Its id.
        key: Id,
    },
    /// An access token that doesn't work any more.
    Token {
        /// Whose it is.
        user: Id,
    },
    /// A wrong password.
    Password {
        /// Whose account it was tried on.
        user: Id,
    },
}

/// Why there is no actor, and whose the credentials were if that is known.
struct Refused {
    error: Error,
    known: Option<Known>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused { error, known: None }
    }
}

impl Known {
    fn refused(self, error: Error) -> Refused {
        Refused {
            error,
            known: Some(self),
        }
    }
}

/// A 401 for whoever sent no credentials.
pub fn unauthenticated(detail: impl Into<String>) -> Problem {
    Problem::new(&UNAUTHENTICATED, detail).header("WWW-Authenticate", CHALLENGE)
}

/// A 401 for whoever sent credentials that are no good.
pub fn invalid_token(detail: impl Into<String>) -> Error {
    Problem::new(&UNAUTHENTICATED, detail)
        .header("WWW-Authenticate", INVALID)
        .into()
}

/// What stands behind `Authorization: Bearer`.
fn credential(request: &HttpRequest) -> Result<String> {
    if let Some(name) = in_query(request) {
        // Refused even beside a good header (RFC 6750, section 2): addresses
        // end in logs and histories.
        let detail = format!(
            "`{name}` in the address is not read: addresses end in logs. Send it as `Authorization: Bearer …`, and revoke what stood there."
        );
        return Err(Problem::new(&BAD_PARAMETER, detail).into());
    }
    match header(request.headers()) {
        Header::Missing => Err(unauthenticated(
            "No Authorization header arrived. Send a key or an access token as `Authorization: Bearer …`; GET /v1/auth/whoami tells what did arrive.",
        )
        .into()),
        Header::Twice => Err(unauthenticated(
            "More than one Authorization header arrived. Send one.",
        )
        .into()),
        Header::Unreadable => Err(invalid_token(
            "The Authorization header holds characters that no key and no token has.",
        )),
        Header::Empty => Err(unauthenticated(
            "`Authorization: Bearer` arrived with nothing behind it. Is the variable empty?",
        )
        .into()),
        Header::Scheme(scheme) => Err(unauthenticated(format!(
            "The Authorization header uses the scheme `{scheme}`; this API reads `Bearer`: `Authorization: Bearer …`."
        ))
        .into()),
        Header::Bearer(credential) => Ok(credential),
    }
}

/// What the Authorization header is.
#[derive(Debug, PartialEq, Eq)]
pub enum Header {
    /// Not there.
    Missing,
    /// There more than once.
    Twice,
    /// Not ASCII.
    Unreadable,
    /// A scheme and nothing behind it, or nothing at all.
    Empty,
    /// Another scheme than Bearer; its name, if it looks like one.
    Scheme(String),
    /// What it should be.
    Bearer(String),
}

/// Reads the Authorization header.
pub fn header(headers: &HeaderMap) -> Header {
    let mut values = headers.get_all(AUTHORIZATION);
    let Some(value) = values.next() else {
        return Header::Missing;
    };
    if values.next().is_some() {
        return Header::Twice;
    }
    let Ok(value) = value.to_str() else {
        return Header::Unreadable;
    };
    let value = value.trim();
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return match rest {
            "" => Header::Empty,
            rest => Header::Bearer(rest.to_owned()),
        };
    }
    match scheme {
        "" => Header::Empty,
        // The key may stand where the scheme should; it is not repeated.
        scheme if rest.is_empty() || scheme.len() > 20 => Header::Scheme("…".to_owned()),
        scheme => Header::Scheme(scheme.to_owned()),
    }
}

/// The name of a query parameter that looks like a credential.
fn in_query(request: &HttpRequest) -> Option<&'static str> {
    let names = request
        .query_string()
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default());
    names
        .filter_map(|name| {
            IN_QUERY
                .iter()
                .find(|known| known.eq_ignore_ascii_case(name))
        })
        .next()
        .copied()
}

impl Access {
    /// Whose credential this is.
    async fn resolve(&self, state: &Arc<State>, credential: &str) -> Result<Actor, Refused> {
        match Kind::Key.check(credential) {
            Ok(()) => self.by_key(state, credential).await,
            Err(Flaw::Prefix) => self.by_token(state, credential).await,
            Err(Flaw::Length { expected }) => Err(invalid_token(format!(
                "This key has {} characters; keys have {expected}. It was cut off or run together with something when it was copied.",
                credential.chars().count()
            ))
            .into()),
            Err(Flaw::Checksum) => Err(invalid_token(
                "This key's checksum is wrong: a character was changed when it was copied or typed. Copy it again, or make a new one.",
            )
            .into()),
        }
    }

    async fn by_key(&self, state: &Arc<State>, key: &str) -> Result<Actor, Refused> {
        let digest = opaque::digest(key);
        let found = state
            .read(move |c| Ok(crate::store!(*c, keys::by_digest(&digest))?))
            .await?;
        let Some((key, user)) = found else {
            return Err(invalid_token(
                "This key is well formed but unknown here: it may belong to another installation of Perspektive.",
            )
            .into());
        };
        let known = Known::Key {
            user: user.id,
            key: key.id,
        };
        let now = state.now();
        let name = &key.name;
        if let Some(at) = key.revoked_at {
            let error = invalid_token(format!("The key `{name}` was revoked at {at}."));
            return Err(known.refused(error));
        }
        if let Some(at) = key.expires_at.filter(|at| *at <= now) {
            let error = invalid_token(format!("The key `{name}` expired at {at}; make a new one."));
            return Err(known.refused(error));
        }
        let user = enabled(user).map_err(|error| known.refused(error))?;
        self.note_use(state, &key);
        Ok(Actor {
            id: user.id,
            name: user.name,
            role: user.role,
            via: Via::Key {
                id: key.id,
                scopes: key.rights(),
                expires_at: key.expires_at,
                name: key.name,
            },
        })
    }

    async fn by_token(&self, state: &Arc<State>, token: &str) -> Result<Actor, Refused> {
        if token.starts_with(Kind::Refresh.prefix()) {
            return Err(invalid_token(
                "This is a refresh token. Exchange it at POST /v1/auth/refresh and send the access token you get.",
            )
            .into());
        }
        if token.split('.').count() != 3 {
            return Err(invalid_token(format!(
                "This is neither a key (those begin with {}) nor an access token (those have three parts with dots between them). A password is never sent here; sign in at POST /v1/auth/login.",
                Kind::Key.prefix()
            ))
            .into());
        }
        let Claims { sub, sid, exp, .. } = self
            .tokens
            .read(token, state.now())
            .map_err(|refusal| invalid_token(refusal.to_string()))?;
        let found = state
            .read(move |c| Ok(crate::store!(*c, sessions::user_of(sub, sid))?))
            .await?;
        let Some((user, holds)) = found else {
            return Err(invalid_token(
                "This access token is signed here, but its user doesn't exist any more. Sign in as another: POST /v1/auth/login.",
            )
            .into());
        };
        let known = Known::Token { user: user.id };
        let user = enabled(user).map_err(|error| known.refused(error))?;
        if !holds {
            let error = invalid_token(
                "The sign-in that this access token belongs to has ended: by signing out, by a new password, or because a refresh token was used twice. Sign in again.",
            );
            return Err(known.refused(error));
        }
        Ok(Actor {
            id: user.id,
            name: user.name,
            role: user.role,
            via: Via::Token {
                session: sid,
                expires_at: crate::db::Time(exp.saturating_mul(1_000_000)),
            },
        })
    }

    /// Notes that a key was used, beside the request and never at its cost.
    fn note_use(&self, state: &Arc<State>, key: &Key) {
        let now = state.now();
        let before = now.plus_seconds(-NOTED_EVERY);
        if key.last_used_at.is_some_and(|at| at > before) {
            return;
        }
        let id: Id = key.id;
        {
            // Requests that come at once find the same row; one of them writes.
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.get(&id).is_some_and(|at| *at > before) {
                return;
            }
            noted.insert(id, now);
        }
        let state = Arc::clone(state);
        actix_web::rt::spawn(async move {
            let noting =
                state.write(move |tx| Ok(crate::store!(tx.conn, keys::touch(id, now, before))?));
            if let Err(error) = noting.await {
                tracing::debug!(%error, "the use of a key was not noted");
            }
        });
    }
}

fn enabled(user: User) -> Result<User> {
    match user.disabled_at {
        None => Ok(user),
        Some(at) => Err(invalid_token(format!(
            "The account `{}` was disabled at {at}; an admin can enable it again.",
            user.name
        ))),
    }
}

/// What a client is told.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |text: &str| text.chars().take(80).collect::<String>();
        match self {
            Refusal::Unreadable => f.write_str(
                "This looks like an access token but can't be read: it was cut off or changed when it was copied.",
            ),
            Refusal::Algorithm(name) => write!(
                f,
                "This token's header says `alg: {}`; access tokens of this API are signed with HS256. Get one at POST /v1/auth/login.",
                short(name)
            ),
            Refusal::Type(Some(name)) => write!(
                f,
                "This token's header says `typ: {}`; access tokens of this API are `at+jwt`. Get one at POST /v1/auth/login.",
                short(name)
            ),
            Refusal::Type(None) => {
                f.write_str("This token's header has no `typ`; access tokens of this API are `at+jwt`. Get one at POST /v1/auth/login.")
            }
            Refusal::Signature => f.write_str(
                "This access token's signature is wrong: it was changed, or signed by another installation or with a secret that has been replaced. Sign in again.",
            ),
            Refusal::Claims => f.write_str(
                "This access token lacks a claim, or one has the wrong type. Sign in again: POST /v1/auth/login.",
            ),
            Refusal::Issuer(name) => write!(
                f,
                "This access token was issued by {}, not by this API (PUBLIC_URL). Sign in here.",
                short(name)
            ),
            Refusal::Audience(name) => {
                write!(
                    f,
                    "This access token is meant for {}, not for this API. Sign in here: POST /v1/auth/login.",
                    short(name)
                )
            }
            Refusal::Early { seconds } => write!(
                f,
                "This access token is good only in {seconds} seconds: the clock of the machine that issued it is ahead. Set that clock right, or wait."
            ),
            Refusal::Expired { seconds } => write!(
                f,
                "This access token expired {seconds} seconds ago. Get a new one at POST /v1/auth/refresh."
            ),
        }
    }
}
