//! What anyone may read: public GETs and nothing else.
//!
//! Every answer goes through [`serve::serve`], which takes it from the cache or
//! makes it once; the bytes of pictures alone come from the media storage. The types of public answers live here only, so a field that
//! is added for editors can't appear in public.

pub mod article;
pub mod authors;
pub mod card;
pub mod context;
pub mod curated;
pub mod events;
pub mod feeds;
pub mod home;
pub mod jsonld;
pub mod list;
pub mod media;
pub mod pictures;
pub mod preview;
pub mod related;
pub mod resolve;
pub mod resolved;
pub mod routes;
pub mod search;
pub mod sections;
pub mod serve;
pub mod site;
pub mod sitemaps;
pub mod suggest;
pub mod sync;
pub mod taxonomy;
pub mod topics;

use crate::http::routing::ServiceConfig;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    config
        .service(sections::list_sections)
        .service(sections::get_section)
        .service(topics::list_topics)
        .service(topics::get_topic)
        .service(authors::list_authors)
        .service(authors::get_author)
        .service(site::get_site)
        .service(preview::get_preview)
        .service(resolve::resolve_address)
        .service(home::get_home)
        .service(search::search_articles)
        .service(suggest::suggest)
        .service(sync::routes::list_changes)
        .service(sync::routes::count_changes)
        .service(events::stream_events);
    curated::configure(config);
    feeds::configure(config);
    sitemaps::configure(config);
    media::configure(config);
}
