//! Curated lists: the front page, "more news", whatever a page shows in an order
//! of its own.
//!
//! - A *manual* list shows the articles that somebody put into it, in that order.
//! - An *automatic* one shows the newest that fit its filter.
//! - One with *pinned* places is automatic, but for the places that an article was
//!   given.
//!
//! No article stands in a list twice. One that readers don't see leaves no hole: a
//! manual list closes up, the place it was pinned to falls to the next automatic
//! one. It may stand in a list before it is live, and shows by itself once it is.
//!
//! Two lists are known by their slugs: `home` is the front page, and `more` is what
//! `/v1/articles/{article}/more` shows, unless the article's section, or one above
//! it, has a list `more-{section}`. What readers get is made by `delivery::curated`.

pub mod model;
pub mod ops;
mod routes;

pub use routes::configure;
