//! Sitemaps: which pages the website has, for search engines.
//!
//! The index names a sitemap for each month in which something was published that
//! readers see, or several where there is more than one file may hold. How the archive
//! is divided is kept in memory (`months`) and looked at anew only for months in
//! which something has changed, so a million articles cost no more than those of the
//! present month.
//!
//! Addresses are the website's. An API that doesn't know it has no sitemaps.

mod months;
pub mod routes;

use crate::http::routing::ServiceConfig;

pub use months::Months;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(routes::get_sitemap_index)
        .service(routes::get_sitemap)
        .service(routes::get_news_sitemap);
}
