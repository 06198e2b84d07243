//! Media: pictures that the newsroom uploads, and what is made of them.
//!
//! - **What is taken**: JPEG, PNG, WebP and GIF, known by their bytes and never by
//!   a name or a header ([`inspect`]). Before anything is decoded, a picture must
//!   be whole, within the limits, and nothing else at the same time.
//! - **Identity** is the SHA-256 of what was received: the same file twice is one
//!   medium. Its bytes are kept as they came, without what followed the picture's
//!   end, and are never delivered.
//! - **What readers get** are renditions ([`render`]): made anew from the pixels,
//!   the right way up, with the colour profile and without anything else that was
//!   in the file. They are made beside the requests ([`work`]), and never change
//!   under their address.
//! - **What is said about it** (alt text, caption, credit, copyright, focal point)
//!   belongs to the medium; what IPTC and XMP say is where it begins.
//! - **Bytes and rows**: bytes are there before their row is, and go after it. Ids
//!   whose bytes may be without a row are noted before they are written
//!   (`media_leftovers`), so a crash leaves nothing behind for ever.
//! - **Who may know**: readers learn of a medium when something they see uses it.
//!   The address of a rendition opens it to whoever has it, for the website of the
//!   newsroom that previews a draft; it is as hard to guess as a key.

pub mod inspect;
pub mod model;
pub mod ops;
pub mod receive;
pub mod render;
mod routes;
pub mod work;

pub use routes::configure;
