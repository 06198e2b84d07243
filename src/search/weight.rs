//! What a word counts by where it stands, times how rare it is.

/// In the text: at most, if it is repeated.
pub const TEXT: f32 = 1.0;
/// Spelt as it was typed.
pub const EXACT: f32 = 0.4;
/// In kicker, teaser, line below the headline, topics, authors.
pub const LEAD: f32 = 1.0;
/// In the headline.
pub const HEAD: f32 = 2.5;
/// In the headline, spelt as it was typed.
pub const TITLE: f32 = 0.8;
/// Only the beginning of a word.
pub const BEGINNING: f32 = 0.2;
/// The beginning of a word in the lead.
pub const BEGINNING_LEAD: f32 = 0.3;
/// The beginning of a word in the headline.
pub const BEGINNING_HEAD: f32 = 0.6;
/// If every word stands in the headline: times the part of it that they are.
pub const WHOLE: f32 = 2.0;
/// What the oldest article keeps.
pub const OLD: f32 = 0.75;
/// Days after which half of what age takes is gone.
pub const HALF: f32 = 120.0;

/// What a word counts in a text that has it so often: more if it is repeated, but less
/// and less more.
pub fn of_text(often: u32) -> f32 {
    const FEW: [f32; 64] = {
        let mut counts = [0.0; 64];
        let mut often = 0;
        while often < 64 {
            counts[often] = TEXT * often as f32 / (often as f32 + 1.0);
            often += 1;
        }
        counts
    };
    match FEW.get(often as usize) {
        Some(counts) => *counts,
        None => TEXT * often as f32 / (often as f32 + 1.0),
    }
}
