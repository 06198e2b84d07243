//! Signing in over HTTP, and `whoami`.

use actix_web::{HttpMessage, HttpRequest, get, post, web};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::extract::{Header, header, invalid_token, unauthenticated};
use super::jwt;
use super::opaque::{Flaw, Kind};
use super::ops::{self, Renewal, Session};
use super::passwords::{self, Password};
use super::{Access, Actor, Right, Role, User, Via};
use crate::config::Config;
use crate::db::{Id, Time};
use crate::error::{Error, Result, invalid};
use crate::http::client;
use crate::http::edge::origin;
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::routing::ServiceConfig;
use crate::http::spec::{AnyoneProblems, BodyProblems, EditorProblems, Limited, Unauthenticated};
use crate::http::upload::Upload;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(log_in)
        .service(refresh)
        .service(log_out)
        .service(change_password)
        .service(whoami);
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginIn {
    /// The user's name; case makes no difference.
    #[schema(example = "anna")]
    name: String,
    /// The user's password.
    #[schema(value_type = String, format = Password, example = "vier Wörter sind gut", max_length = 1024)]
    password: Password,
}

/// A refresh token as the last answer gave it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshIn {
    /// The newest refresh token of the sign-in.
    #[schema(value_type = String, example = "psp_refresh_3Ki47ZsPvLfQcSW5yxU6EZ933U67Lo2yaPut")]
    refresh_token: RefreshText,
}

/// A new password, and the present one as proof.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordIn {
    /// The present password.
    #[schema(value_type = String, format = Password, example = "vier Wörter sind gut", max_length = 1024)]
    current_password: Password,
    /// The new one: at least 12 characters, at most 1024 bytes.
    #[schema(value_type = String, format = Password, example = "fünf Wörter sind noch besser", min_length = 12, max_length = 1024)]
    new_password: Password,
}

/// A refresh token that somebody sent; never shown again, not even in errors.
struct RefreshText(SecretString);

impl<'de> Deserialize<'de> for RefreshText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = passwords::secret_text(deserializer, "a refresh token is a string")?;
        Ok(RefreshText(text.into()))
    }
}

/// Tokens (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// A JWT for the header `Authorization: Bearer …`. Treat it as opaque.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwcy…")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds for which the access token is good.
    #[schema(example = 600)]
    expires_in: i64,
    /// Exchange it at `POST /v1/auth/refresh`, once, within 30 days.
    #[schema(example = "psp_refresh_3Ki47ZsPvLfQcSW5yxU6EZ933U67Lo2yaPut")]
    refresh_token: String,
    /// Who signed in.
    user: Identity,
}

/// Somebody's name and role.
#[derive(Serialize, ToSchema)]
pub struct Identity {
    /// The user's id.
    id: Id,
    /// The user's name.
    #[schema(example = "anna")]
    name: String,
    /// The user's role.
    role: Role,
}

impl From<&User> for Identity {
    fn from(user: &User) -> Self {
        Identity {
            id: user.id,
            name: user.name.clone(),
            role: user.role,
        }
    }
}

/// Who you are and what you may do.
#[derive(Serialize, ToSchema)]
pub struct Whoami {
    /// You.
    user: Identity,
    /// How you came in.
    via: Came,
    /// The key you came in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<OwnKey>,
    /// When what you came in with stops working; left out if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<Time>,
    /// Every right there is. This list may grow.
    rights: Vec<RightOut>,
}

crate::text_enum! {
    /// How somebody came in. This list may grow.
    pub enum Came {
        /// With an access token.
        Token = "token",
        /// With a key.
        Key = "key",
        /// On the command line of the machine.
        Command = "command",
    }
}

/// A key, as the one who uses it sees it.
#[derive(Serialize, ToSchema)]
pub struct OwnKey {
    /// The key's id.
    id: Id,
    /// The key's name.
    #[schema(example = "nightly")]
    name: String,
    /// What it was given of its owner's rights.
    scopes: Vec<Right>,
}

/// A right, and whether you have it.
#[derive(Serialize, ToSchema)]
pub struct RightOut {
    /// The right's name, as scopes name it.
    right: Right,
    /// Whether you have it.
    allowed: bool,
    /// Why you don't have it, and what would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why_not: Option<String>,
}

impl From<&Actor> for Whoami {
    fn from(actor: &Actor) -> Self {
        let (via, key, expires_at) = match &actor.via {
            Via::Token { expires_at, .. } => (Came::Token, None, Some(*expires_at)),
            Via::Command | Via::Schedule => (Came::Command, None, None),
            Via::Key {
                id,
                name,
                scopes,
                expires_at,
            } => {
                let key = OwnKey {
                    id: *id,
                    name: name.clone(),
                    scopes: scopes.clone(),
                };
                (Came::Key, Some(key), *expires_at)
            }
        };
        let rights = Role::Admin.rights().iter().map(|right| {
            let why_not = actor.why_not(*right);
            RightOut {
                right: *right,
                allowed: why_not.is_none(),
                why_not,
            }
        });
        Whoami {
            user: Identity {
                id: actor.id,
                name: actor.name.clone(),
                role: actor.role,
            },
            via,
            key,
            expires_at,
            rights: rights.collect(),
        }
    }
}

/// Sign in with a password
///
/// Gives an access token, good for 10 minutes, and a refresh token that gets the
/// next one. Scripts use keys instead (`POST /v1/editor/keys`) and need none of
/// this.
///
/// Wrong passwords are slowed down: the fifth in a row at one account from one
/// address costs a second, each further one twice as long, up to a minute; and
/// an address has 20 at once and one more every 6 seconds.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body(content = LoginIn, content_type = "application/json"),
    responses(
        (status = 200, description = "You are signed in", body = Tokens,
            headers(
                ("Cache-Control" = String, description = "`private, no-store`"),
                ("RateLimit" = String, description = "How many wrong passwords this address has left, and in how many seconds all of them"),
                ("RateLimit-Policy" = String, description = "How many it has at once"),
            )),
        AnyoneProblems, Unauthenticated, BodyProblems, Limited,
    ),
)]
#[post("/v1/auth/login")]
pub async fn log_in(
    request: HttpRequest,
    upload: Upload,
    state: web::Data<State>,
    access: web::Data<Access>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let LoginIn { name, password } = upload.json().await?;
    let address = client::address(&request, &state.config.trusted_proxies);
    let origin = origin(&request, &state.config);
    let mut known = None;
    let session = access
        .sign_in(&state, address, origin, &name, password, &mut known)
        .await;
    if let (Err(_), Some(known)) = (&session, known) {
        request.extensions_mut().insert(known);
    }
    if let Some(standing) = access.sign_in_standing(address, state.now()) {
        request.extensions_mut().insert(standing);
    }
    let session = session?;
    tokens(&state, &access, session)
}

/// Exchange a refresh token
///
/// Gives new tokens for the newest refresh token of a sign-in. Each works once:
/// using one again ends the whole sign-in, because somebody must have a copy. If
/// the answer was lost on its way, the same token works again for 20 seconds.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body(content = RefreshIn, content_type = "application/json"),
    responses(
        (status = 200, description = "The sign-in goes on; use these tokens from now on", body = Tokens,
            headers(("Cache-Control" = String, description = "`private, no-store`"))),
        AnyoneProblems, Unauthenticated, BodyProblems,
    ),
)]
#[post("/v1/auth/refresh")]
pub async fn refresh(
    request: HttpRequest,
    upload: Upload,
    state: web::Data<State>,
    access: web::Data<Access>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let token = upload.json::<RefreshIn>().await?.refresh_token.checked()?;
    let renewal = state
        .write(move |tx| ops::renew(tx, token.expose_secret()))
        .await?;
    match renewal {
        Renewal::Renewed(session) => tokens(&state, &access, session),
        Renewal::Refused(why) => Err(invalid_token(why)),
    }
}

/// Sign out
///
/// Ends the sign-in that a refresh token belongs to: neither its refresh tokens
/// nor its access tokens work any more. Signing out twice is no error.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body(content = RefreshIn, content_type = "application/json"),
    responses((status = 204, description = "You are signed out"), AnyoneProblems, BodyProblems),
)]
#[post("/v1/auth/logout")]
pub async fn log_out(
    request: HttpRequest,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let token = upload.json::<RefreshIn>().await?.refresh_token.checked()?;
    state
        .write(move |tx| ops::sign_out(tx, token.expose_secret()))
        .await?;
    Ok(Reply::no_content())
}

/// Change your password
///
/// Ends all your other sign-ins; the one you are using goes on, and keys aren't
/// touched. Needs an access token: a key can't change its owner's password.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    request_body(content = PasswordIn, content_type = "application/json"),
    responses((status = 204, description = "The new password holds"), EditorProblems, BodyProblems, Limited),
)]
#[post("/v1/auth/password")]
pub async fn change_password(
    actor: Actor,
    request: HttpRequest,
    upload: Upload,
    state: web::Data<State>,
    access: web::Data<Access>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    ops::own_session(&actor)?;
    let PasswordIn {
        current_password,
        new_password,
    } = upload.json().await?;
    let address = client::address(&request, &state.config.trusted_proxies);
    access
        .change_password(&state, address, actor, current_password, new_password)
        .await?;
    Ok(Reply::no_content())
}

/// Ask who you are
///
/// Who you are, how you came in, and for every right whether you have it, why
/// not, and what would help. If you are nobody, the problem says what arrived
/// instead of a good key or token, and what usually causes that.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Who you are", body = Whoami,
            headers(("Cache-Control" = String, description = "`private, no-store`"))),
        AnyoneProblems, Unauthenticated,
    ),
)]
#[get("/v1/auth/whoami")]
pub async fn whoami(
    actor: Result<Actor>,
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<Reply> {
    let actor = actor.map_err(|error| explain(error, &request, &state.config))?;
    Params::of(&request)?.finish()?;
    Ok(Reply::ok(&Whoami::from(&actor)))
}

fn tokens(state: &State, access: &Access, session: Session) -> Result<Reply> {
    let claims = access
        .tokens
        .claims(session.user.id, session.id, state.now());
    Ok(Reply::ok(&Tokens {
        access_token: access.tokens.sign(&claims)?,
        token_type: "Bearer",
        expires_in: jwt::LIFETIME,
        refresh_token: session.refresh_token,
        user: Identity::from(&session.user),
    }))
}

impl RefreshText {
    /// The token, if it is well formed.
    fn checked(self) -> Result<SecretString> {
        let text = self.0.expose_secret();
        let detail = match Kind::Refresh.check(text) {
            Ok(()) => return Ok(self.0),
            Err(Flaw::Prefix) => {
                format!(
                    "is no refresh token; those begin with {}",
                    Kind::Refresh.prefix()
                )
            }
            Err(Flaw::Length { expected }) => format!(
                "has {} characters; refresh tokens have {expected}",
                text.chars().count()
            ),
            Err(Flaw::Checksum) => {
                "has a wrong checksum; a character was changed on the way".to_owned()
            }
        };
        Err(invalid("#/refresh_token", "bad-token", detail))
    }
}

/// Headers by which a proxy shows itself.
const OF_PROXIES: [&str; 7] = [
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
    "cf-ray",
];

/// Headers in which other APIs read keys.
const OF_OTHERS: [&str; 4] = ["x-api-key", "api-key", "x-auth-token", "x-access-token"];

/// Says what arrived instead of a credential; an error about a credential that
/// did arrive says so itself.
fn explain(error: Error, request: &HttpRequest, config: &Config) -> Error {
    if !matches!(&error, Error::Problem(problem) if problem.kind.status == 401) {
        return error;
    }
    let line = format!(
        "curl {}/v1/auth/whoami -H \"Authorization: Bearer $KEY\"",
        config.public_url
    );
    let detail = match header(request.headers()) {
        Header::Bearer(_) | Header::Unreadable => return error,
        Header::Missing => missing(request, &line),
        Header::Twice => format!("More than one Authorization header arrived; send one: {line}"),
        Header::Empty => format!(
            "`Authorization: Bearer` arrived with nothing behind it: the variable with the key is probably empty. Set it and try: {line}"
        ),
        Header::Scheme(scheme) if scheme.eq_ignore_ascii_case("basic") => format!(
            "`Authorization: Basic` arrived; this API reads Bearer. With curl that is -H, not -u: {line}. Names and passwords go to POST /v1/auth/login."
        ),
        Header::Scheme(_) => format!(
            "An Authorization header arrived, but it doesn't begin with `Bearer` and a space: {line}"
        ),
    };
    unauthenticated(detail).into()
}

fn missing(request: &HttpRequest, line: &str) -> String {
    let present = |names: &[&'static str]| {
        let names = names
            .iter()
            .filter(|name| request.headers().contains_key(**name));
        names.copied().collect::<Vec<_>>()
    };
    let mut detail = String::from("No Authorization header arrived.");
    if let [other, ..] = present(&OF_OTHERS)[..] {
        detail.push_str(&format!(
            " The header {other} did, but keys are not read there."
        ));
    }
    let proxies = present(&OF_PROXIES);
    if !proxies.is_empty() {
        detail.push_str(&format!(
            " The request came through a proxy ({}), which may have eaten it: nginx needs `proxy_set_header Authorization $http_authorization;`, Apache with CGI or FastCGI needs `CGIPassAuth On`.",
            proxies.join(", ")
        ));
    }
    detail.push_str(&format!(" Send a key or an access token: {line}"));
    detail
}

/// So that the spec knows what `bearer` means.
pub fn describe(spec: &mut utoipa::openapi::OpenApi) {
    use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A key (`psp_live_…`, from `POST /v1/editor/keys` or `perspektive key add`) or an access token (from `POST /v1/auth/login`).",
        ))
        .build();
    spec.components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(bearer));
}
