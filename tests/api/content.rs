//! The block tree: what is read, what is written, and that all formats agree.

mod generators;
mod hostile;
mod json;
mod markdown;
mod oracle;
mod properties;
mod resolving;
