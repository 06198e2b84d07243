//! What holds for every write of the editors' side.

mod idempotency;
mod limits;
mod rehearsal;
