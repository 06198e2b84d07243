//! The newsroom's own settings: its name, its language, its time zone, and what
//! stands around the articles.
//!
//! There is one newsroom. Until somebody sets something, it has the defaults
//! and the version 0. Where the website is and what its addresses look like is
//! not set here but when the server starts (`SITE_URL`, `SITE_ARTICLE_PATH`).

mod model;
pub mod ops;
pub mod routes;

pub use model::{Channel, MenuItem, Settings, Site, SiteIn, SiteOut, SitePatch, SiteRow};
