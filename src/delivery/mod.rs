//! What anyone may read: public GETs and nothing else.
//!
//! Every answer goes through [`serve::serve`], which takes it from the cache or
//! makes it once. The types of public answers live here only, so a field that
//! is added for editors can't appear in public.

pub mod article;
pub mod card;
pub mod context;
pub mod curated;
pub mod list;
pub mod preview;
pub mod related;
pub mod resolve;
pub mod routes;
pub mod serve;
pub mod taxonomy;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    taxonomy::configure(config);
    config.service(preview::get_preview);
    curated::configure(config);
    config.service(resolve::resolve_address);
}
