//! The suite: the real application over HTTP on a real database. Each test runs
//! on SQLite and, where a server can be had, on PostgreSQL.

mod support;

mod articles;
mod audit;
mod auth;
mod authors;
mod command_line;
mod content;
mod edge;
mod editing;
mod laws;
mod lists;
mod matrix;
mod media;
mod outage;
mod readme;
mod redirects;
mod resolve;
mod search;
mod sections;
mod site;
mod taxonomy;
mod topics;
mod trouble;
mod users;
