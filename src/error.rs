//! What can go wrong, and the one table of problem types.
//!
//! Everything a client gets with a status of 400 or more is a problem document
//! (RFC 9457). Inside, a function returns [`Error`]; a client error is built
//! from a row of the table, anything else keeps its cause for the log and shows
//! the client nothing of it. The edge (`http::edge`) writes the document,
//! because only there the request's id is known.

use std::fmt;

use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

/// What every fallible function of the application returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One thing wrong with what a client sent, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) in URI fragment form, such as `#/body/blocks/3/level`.
    #[schema(example = "#/headline")]
    pub pointer: String,
    /// Stable, machine-readable name of the rule that is broken.
    #[schema(example = "required")]
    pub code: &'static str,
    /// What is wrong and what to send instead.
    #[schema(example = "a headline is missing; add \"headline\": \"…\"")]
    pub detail: String,
}

impl FieldError {
    /// An error at a pointer such as `#/headline`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        FieldError {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

/// A row of the table of problem types.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// Last part of the address under `/problems/`; never changes its meaning.
    pub slug: &'static str,
    /// Status code of the answer.
    pub status: u16,
    /// Short text that is the same for every occurrence.
    pub title: &'static str,
    /// What usually causes it, for the page behind the address.
    pub cause: &'static str,
    /// A line of curl that shows the way out.
    pub fix: &'static str,
}

macro_rules! problem_types {
    ($($name:ident = $status:literal $slug:literal, $title:literal, $cause:literal, $fix:literal;)+) => {
        $(#[doc = $title] pub const $name: ProblemType =
            ProblemType { slug: $slug, status: $status, title: $title, cause: $cause, fix: $fix };)+
        /// Every problem type there is.
        pub const PROBLEM_TYPES: &[ProblemType] = &[$($name),+];
    };
}

problem_types! {
    MALFORMED = 400 "malformed", "The request can't be read",
        "The body isn't valid JSON, front matter or UTF-8, or a value has the wrong type or an unknown name. `errors` tells the place; in a body of blocks it lists all of them.",
        "curl -X POST $API/v1/editor/articles -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{\"headline\": \"Guten Morgen\"}'";
    BAD_PARAMETER = 400 "bad-parameter", "A query parameter or header is wrong",
        "A parameter is unknown, given twice where one is expected, or has a value outside its range. The detail lists what is known.",
        "curl \"$API/v1/articles?section=politik&limit=20\"";
    BAD_CURSOR = 400 "bad-cursor", "The cursor doesn't fit this request",
        "A cursor belongs to the filters and the sort order it was handed out with, and can't be made up.",
        "curl \"$API/v1/articles?section=politik\"   # start again without cursor, then follow links.next";
    BAD_SLUG = 400 "bad-slug", "The slug isn't in its canonical form",
        "Slugs are lower-case ASCII letters, digits and single hyphens, at most 120, and never look like a UUID. The detail names the canonical form.",
        "curl -T artikel.md -H \"Authorization: Bearer $KEY\" -H 'Content-Type: text/markdown' $API/v1/editor/articles/stadtrat-nahverkehr";
    UNAUTHENTICATED = 401 "unauthenticated", "Who you are is not known",
        "The Authorization header is missing, or the token or key in it is unknown, expired, revoked or wrongly signed. A proxy may have removed the header: whoami tells what arrived.",
        "curl $API/v1/auth/whoami -H \"Authorization: Bearer $KEY\"";
    WRONG_PASSWORD = 401 "wrong-password", "Name and password don't match",
        "The name is unknown, the password is wrong, or the account is disabled; for safety the answer doesn't say which.",
        "curl -X POST $API/v1/auth/login -H 'Content-Type: application/json' -d '{\"name\": \"anna\", \"password\": \"…\"}'";
    FORBIDDEN = 403 "forbidden", "You may not do this",
        "Your role, or the scopes of your key, don't include the right that the detail names.",
        "curl $API/v1/auth/whoami -H \"Authorization: Bearer $KEY\"   # what you may do, and why not";
    NOT_FOUND = 404 "not-found", "There is nothing here",
        "Nothing that you may see has this address.",
        "curl $API/v1/articles   # what there is";
    METHOD_NOT_ALLOWED = 405 "method-not-allowed", "This address doesn't take that method",
        "The Allow header lists the methods it takes.",
        "curl -i -X OPTIONS $API/v1/articles";
    NOT_ACCEPTABLE = 406 "not-acceptable", "No such representation",
        "The Accept-Encoding or Accept header rules out everything this address can answer.",
        "curl $API/v1/articles -H 'Accept: application/json'";
    TIMEOUT = 408 "timeout", "The request took too long to arrive",
        "The body didn't arrive within the time limit.",
        "curl --retry 3 -T artikel.md -H \"Authorization: Bearer $KEY\" -H 'Content-Type: text/markdown' $API/v1/editor/articles/stadtrat-nahverkehr";
    CONFLICT = 409 "conflict", "This contradicts what is stored",
        "For example the slug is taken, the article is in the trash, or the section is still in use. The detail says what stands in the way and how to move it.",
        "curl -X POST $API/v1/editor/articles/stadtrat-nahverkehr/restore -H \"Authorization: Bearer $KEY\"";
    GONE = 410 "gone", "This was taken down",
        "The article was withdrawn. It won't come back under this address unless the newsroom republishes it.",
        "curl $API/v1/articles   # what there is";
    CURSOR_EXPIRED = 410 "cursor-expired", "The cursor has expired",
        "What has changed since it was handed out is no longer known: it is older than the log of changes is kept, the newsroom was restored from a backup, or the section that was asked for was merged into another. Forget what was synced and start again without a cursor.",
        "curl $API/v1/changes";
    STALE = 412 "stale", "Somebody was faster",
        "The resource has changed since the ETag you sent. The problem names the current ETag, who changed it and when: fetch it, apply your change, send again.",
        "curl -X PATCH $API/v1/editor/articles/stadtrat-nahverkehr -H \"Authorization: Bearer $KEY\" -H 'If-Match: \"v8\"' -H 'Content-Type: application/merge-patch+json' -d '{\"kicker\": \"Nahverkehr\"}'";
    TOO_LARGE = 413 "too-large", "The request is too large",
        "The body is larger than the limit that the detail names.",
        "curl -T artikel.md -H \"Authorization: Bearer $KEY\" -H 'Content-Type: text/markdown' $API/v1/editor/articles/stadtrat-nahverkehr";
    UNSUPPORTED_TYPE = 415 "unsupported-type", "This content type isn't read here",
        "The Content-Type header is missing or names a format that this address doesn't read. The detail lists those it does.",
        "curl -T artikel.md -H \"Authorization: Bearer $KEY\" -H 'Content-Type: text/markdown' $API/v1/editor/articles/stadtrat-nahverkehr";
    RANGE = 416 "range", "There are no such bytes",
        "The Range header asks for bytes behind the end. Content-Range says how many there are.",
        "curl -r 0-1023 -o anfang.jpg $API/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/640.jpg";
    INVALID = 422 "invalid", "The content breaks a rule",
        "The request can be read, but its content breaks a rule. `errors` lists each place, the rule and what to send instead.",
        "curl -X POST $API/v1/editor/articles -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{\"headline\": \"Guten Morgen\", \"section\": \"politik\"}'";
    KEY_REUSED = 422 "key-reused", "This Idempotency-Key stands for another request",
        "A key stands for one request for 24 hours. Another query, another body or another If-Match under the same key is another request and needs a key of its own.",
        "curl -X POST $API/v1/editor/articles -H \"Authorization: Bearer $KEY\" -H \"Idempotency-Key: $(uuidgen)\" -H 'Content-Type: application/json' -d '{\"headline\": \"Guten Morgen\"}'";
    PRECONDITION_REQUIRED = 428 "precondition-required", "Say which version you are changing",
        "Without If-Match this could overwrite somebody's work. The problem names the current ETag.",
        "curl -X PATCH $API/v1/editor/articles/stadtrat-nahverkehr -H \"Authorization: Bearer $KEY\" -H 'If-Match: \"v7\"' -H 'Content-Type: application/merge-patch+json' -d '{\"kicker\": \"Nahverkehr\"}'";
    TOO_MANY_REQUESTS = 429 "too-many-requests", "Too many requests",
        "Wait as many seconds as the Retry-After header says.",
        "curl --retry 3 -X POST $API/v1/auth/login -H 'Content-Type: application/json' -d '{\"name\": \"anna\", \"password\": \"…\"}'";
    INTERNAL = 500 "internal", "Something went wrong on this side",
        "A defect in Perspektive. The log has the cause under the request's id; please report it.",
        "curl -i $API/health/ready";
    UNAVAILABLE = 503 "unavailable", "Not available at present",
        "The database or the media storage is away, busy or full, or the server was told to stop. Nothing was lost; try again after as many seconds as the Retry-After header says. A write whose outcome is unknown can be repeated: the same PUT twice is harmless.",
        "curl -i $API/health/ready";
}

/// A problem to show a client: a row of the table, what happened this time, and
/// whatever else helps.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The row of the table.
    pub kind: &'static ProblemType,
    /// What happened this time and what to do about it.
    pub detail: String,
    /// Each thing wrong with the input.
    pub errors: Vec<FieldError>,
    /// Further members of the document, such as `current_etag`.
    pub extra: Map<String, Value>,
    /// Headers of the answer, such as `Retry-After` or `ETag`.
    pub headers: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem of this type, with a detail that names the fix.
    pub fn new(kind: &'static ProblemType, detail: impl Into<String>) -> Self {
        Problem {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            extra: Map::new(),
            headers: Vec::new(),
        }
    }

    /// Adds what is wrong with the input.
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds a member to the document.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Everything that can go wrong while a request, a command or a task runs.
#[derive(Debug)]
pub enum Error {
    /// The client's doing, or at least the client's business.
    Problem(Box<Problem>),
    /// The database said no. Never a 404 or a 400.
    Database(diesel::result::Error),
    /// The database can't be reached, or not soon enough.
    Unavailable(String),
    /// Anything else; a defect or a broken machine.
    Internal(String),
}

impl Error {
    /// What is shown to a client: for everything that isn't the client's
    /// business, a problem that says nothing of the cause.
    pub fn to_problem(&self) -> std::borrow::Cow<'_, Problem> {
        use std::borrow::Cow;
        match self {
            Error::Problem(problem) => Cow::Borrowed(problem),
            Error::Unavailable(_) => Cow::Owned(unavailable()),
            Error::Database(error) if is_outage(error) => Cow::Owned(unavailable()),
            Error::Database(_) | Error::Internal(_) => Cow::Owned(Problem::new(
                &INTERNAL,
                "The cause is in the log, under the request_id. Nothing was changed by this request.",
            )),
        }
    }

    /// Whether the database was away or busy, so that the same call may work later.
    pub fn is_outage(&self) -> bool {
        match self {
            Error::Unavailable(_) => true,
            Error::Database(error) => is_outage(error),
            _ => false,
        }
    }
}

fn unavailable() -> Problem {
    Problem::new(
        &UNAVAILABLE,
        "The database or the media storage is away or busy. Try again in a few seconds; a write whose outcome you don't know can be repeated.",
    )
    .header("Retry-After", "2")
}

/// Diesel reports a lost connection, a lock that isn't granted and a full disk
/// as errors of unknown kind; their texts are SQLite's and PostgreSQL's own.
fn is_outage(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
    match error {
        Diesel::DatabaseError(
            Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::SerializationFailure,
            _,
        )
        | Diesel::BrokenTransactionManager => true,
        Diesel::DatabaseError(Kind::Unknown, info) => {
            let text = info.message();
            [
                "database is locked",
                "database table is locked",
                "database or disk is full",
                "disk I/O error",
                "unable to open database file",
                "canceling statement due to",
                "connection closed",
                "error communicating with the server",
                "terminating connection",
                "the database system is",
                "could not extend file",
                "No space left on device",
                "deadlock detected",
            ]
            .iter()
            .any(|known| text.contains(known))
        }
        _ => false,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Problem(problem) => match &problem.errors[..] {
                // A single thing that is wrong is what the detail says.
                [] | [_] => write!(f, "{}: {}", problem.kind.title, problem.detail),
                errors => {
                    write!(f, "{}:", problem.kind.title)?;
                    for error in errors {
                        write!(f, "\n  {}: {}", error.pointer, error.detail)?;
                    }
                    Ok(())
                }
            },
            Error::Database(error) => write!(f, "database: {error}"),
            Error::Unavailable(cause) => write!(f, "database unavailable: {cause}"),
            Error::Internal(cause) => f.write_str(cause),
        }
    }
}

impl std::error::Error for Error {}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Error::Problem(Box::new(problem))
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Error::Database(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::Internal(error.to_string())
    }
}

/// The answer's status. The body is written by the edge.
impl actix_web::ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.to_problem().kind.status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::new(self.status_code())
    }
}

/// A 404 that names what was looked for.
pub fn not_found(what: impl fmt::Display) -> Error {
    Problem::new(
        &NOT_FOUND,
        format!("{what} doesn't exist, or you may not see it."),
    )
    .into()
}

/// A 422 with one thing wrong.
pub fn invalid(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Error {
    invalid_all(vec![FieldError::new(pointer, code, detail)])
}

/// A 422 with each thing that is wrong.
pub fn invalid_all(errors: Vec<FieldError>) -> Error {
    Problem::new(&INVALID, summary(&errors))
        .errors(errors)
        .into()
}

/// A 400 with each thing that can't be read.
pub fn malformed_all(errors: Vec<FieldError>) -> Error {
    Problem::new(&MALFORMED, summary(&errors))
        .errors(errors)
        .into()
}

/// A 400 for a body that can't be read at all.
pub fn malformed(detail: impl Into<String>) -> Error {
    Problem::new(&MALFORMED, detail).into()
}

/// A 400 for a query parameter or header.
pub fn bad_parameter(detail: impl Into<String>) -> Error {
    Problem::new(&BAD_PARAMETER, detail).into()
}

/// A 409 that says what stands in the way.
pub fn conflict(detail: impl Into<String>) -> Error {
    Problem::new(&CONFLICT, detail).into()
}

/// A 403 that names the missing right.
pub fn forbidden(detail: impl Into<String>) -> Error {
    Problem::new(&FORBIDDEN, detail).into()
}

/// A defect or a broken machine; the text goes to the log.
pub fn internal(cause: impl fmt::Display) -> Error {
    Error::Internal(cause.to_string())
}

fn summary(errors: &[FieldError]) -> String {
    let one = |error: &FieldError| match error.pointer.as_str() {
        // The whole of what was sent needs no name.
        "#" => error.detail.clone(),
        pointer => format!("{pointer}: {}", error.detail),
    };
    match errors {
        [only] => one(only),
        [first, rest @ ..] => format!("{} ({} more below)", one(first), rest.len()),
        [] => String::new(),
    }
}
