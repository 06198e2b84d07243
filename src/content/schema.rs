//! stub
/// Input.
pub struct BlockInput;
/// Input.
pub struct BodyInput;
/// Input.
pub struct RelatedInput;
