//! Registering routes, with or without describing them.
//!
//! utoipa collects what describes a route while it is registered, which takes
//! megabytes for all of them. A server hands out the committed description, so its
//! workers only register the routes; the description is collected by the command
//! that prints it, from the same lines.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::{OpenApiFactory, service_config};

/// Where a room registers its routes.
pub enum ServiceConfig<'a, 's> {
    /// For requests.
    Served(&'a mut web::ServiceConfig),
    /// For the description.
    Described(&'a mut service_config::ServiceConfig<'s>),
}

impl ServiceConfig<'_, '_> {
    /// Registers a route.
    pub fn service<F>(&mut self, route: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + 'static,
    {
        match self {
            ServiceConfig::Served(config) => {
                config.service(route);
            }
            ServiceConfig::Described(config) => {
                config.service(route);
            }
        }
        self
    }
}
