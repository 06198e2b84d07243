//! The block tree: what is read, what is written, and that all formats agree.

pub mod broken;
mod generators;
mod hostile;
mod html;
mod json;
mod markdown;
pub mod oracle;
mod properties;
mod resolving;
pub mod xss;
