//! Plumbing that knows HTTP and no resource.
//!
//! - `edge`: the one middleware around everything: request id, panics, metrics,
//!   the log line, problem documents, and the headers that every answer has
//! - `answer`: a public answer as bytes, with its codings, tags and ETags
//! - `reply`: an answer to an editor, never cached
//! - `upload`: reading a request's body, within limits, with errors that point
//! - `query`: query parameters, none unknown
//! - `conditional`: If-Match and If-None-Match
//! - `idempotency`: what an `Idempotency-Key` stands for
//! - `cursor`: opaque places in a list
//! - `limited`: how a client stands with a limit
//! - `lines`: a body of lines, as it arrives
//! - `multipart`: a form with files, part by part
//! - `received`: a large body, in a file
//! - `range`: which bytes of an answer are asked for
//! - `spool`: what is answered while a request still arrives
//! - `page`: a page of a list
//! - `reference`: an id or a slug in a path
//! - `spec`: what the description says of many operations alike
//! - `patch`: absent, null, or a value
//! - `client`: where a request comes from
//! - `address`: addresses on the website
//! - `strict`: JSON without ambiguities
//! - `text`: rules for names, slugs and one-line texts
//! - `operate`: health and metrics
//! - `problems`: the pages behind the problem types
//! - `openapi`: what the description says about every operation alike
//! - `shapes`: shapes of it that generators of clients make good code of
//! - `docs`: the description, and the page that shows it

pub mod address;
pub mod answer;
pub mod client;
pub mod conditional;
pub mod cursor;
pub mod docs;
pub mod edge;
pub mod idempotency;
pub mod limited;
pub mod lines;
pub mod multipart;
pub mod openapi;
pub mod operate;
pub mod page;
pub mod patch;
pub mod problems;
pub mod query;
pub mod range;
pub mod received;
pub mod reference;
pub mod reply;
pub mod routing;
pub mod shapes;
pub mod spec;
pub mod spool;
pub mod strict;
pub mod text;
pub mod upload;
