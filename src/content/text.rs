//! stub
/// First forbidden character.
pub fn check(_text: &str) -> Option<char> {
    None
}
