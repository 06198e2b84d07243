//! Running text as it is read: white space collapsed as browsers do, pictures
//! kept aside.

use super::dom::Id;
use crate::content::blocks::{Image, Link, Mark, Span};
use crate::content::normalize::normalize_spans;
use crate::content::span_writer::SpanWriter;

/// A picture within running text.
pub(super) struct InlineImage {
    pub id: Id,
    pub image: Image,
    /// Whether it stands before all text.
    pub leads: bool,
    /// Whether more text follows it.
    pub followed: bool,
}

/// A paragraph's worth of running text. Marks and links stay open from one to
/// the next.
pub(super) struct Run {
    writer: SpanWriter,
    /// Whether a blank would be collapsed here.
    blank: bool,
    /// Line breaks since the last text.
    pub breaks: usize,
    /// Whether there is any text but white space.
    pub has_text: bool,
    /// Where it starts.
    pub start: Option<Id>,
    images: Vec<InlineImage>,
    /// How many of the pictures have text behind them.
    followed: usize,
}

impl Default for Run {
    fn default() -> Self {
        Run {
            writer: SpanWriter::default(),
            blank: true,
            breaks: 0,
            has_text: false,
            start: None,
            images: Vec::new(),
            followed: 0,
        }
    }
}

impl Run {
    /// Appends text, its runs of white space collapsed.
    pub fn push(&mut self, id: Id, text: &str) {
        let mut collapsed = String::with_capacity(text.len());
        for c in text.chars() {
            if matches!(c, ' ' | '\t' | '\n' | '\u{C}') {
                if !self.blank {
                    collapsed.push(' ');
                }
                self.blank = true;
                continue;
            }
            self.blank = false;
            self.breaks = 0;
            if !c.is_whitespace() {
                self.has_text = true;
                self.followed = self.images.len();
                self.start.get_or_insert(id);
            }
            collapsed.push(c);
        }
        self.writer.push(&collapsed, None);
    }

    /// A line break; several in a row are one.
    pub fn line_break(&mut self) {
        if self.breaks == 0 {
            self.writer.push("\n", None);
        }
        self.breaks += 1;
        self.blank = true;
    }

    pub fn mark(&mut self, mark: Mark, on: bool) {
        self.writer.mark(mark, on);
    }

    pub fn start_link(&mut self, link: Option<Link>) {
        self.writer.start_link(link, String::new());
    }

    pub fn end_link(&mut self) {
        self.writer.end_link();
    }

    pub fn image(&mut self, id: Id, image: Image) {
        self.images.push(InlineImage {
            id,
            image,
            leads: !self.has_text,
            followed: false,
        });
    }

    /// What has been read, and a new start.
    pub fn take(&mut self) -> (Vec<Span>, Vec<InlineImage>) {
        let mut spans = self.writer.take();
        normalize_spans(&mut spans);
        let mut images = std::mem::take(&mut self.images);
        for (index, image) in images.iter_mut().enumerate() {
            image.followed = index < self.followed;
        }
        self.blank = true;
        self.breaks = 0;
        self.has_text = false;
        self.start = None;
        self.followed = 0;
        (spans, images)
    }
}
