//! Puts spans together while marks and links start and end.

use super::blocks::{Link, Mark, Span};

/// Spans as they are read. Marks and links that are open stay so when the
/// spans are taken, for markup that runs over several blocks.
#[derive(Default)]
pub(super) struct SpanWriter {
    spans: Vec<Span>,
    /// How often each mark is open, by its place in [`Mark::ALL`].
    open: [usize; Mark::ALL.len()],
    link: Option<Link>,
    link_depth: usize,
    /// The text of a link that has none of its own.
    link_fallback: Option<String>,
}

impl SpanWriter {
    /// Appends text; `extra` is a mark for it alone.
    pub fn push(&mut self, text: &str, extra: Option<Mark>) {
        if text.is_empty() {
            return;
        }
        self.link_fallback = None;
        let marks: Vec<Mark> = Mark::ALL
            .iter()
            .copied()
            .filter(|&mark| self.open[mark as usize] > 0 || extra == Some(mark))
            .collect();
        match self.spans.last_mut() {
            Some(last) if last.marks == marks && last.link == self.link => last.text.push_str(text),
            _ => {
                let link = self.link.clone();
                self.spans.push(Span {
                    text: text.to_owned(),
                    marks,
                    link,
                });
            }
        }
    }

    /// Starts or ends a mark.
    pub fn mark(&mut self, mark: Mark, on: bool) {
        let open = &mut self.open[mark as usize];
        *open = if on {
            *open + 1
        } else {
            open.saturating_sub(1)
        };
    }

    /// Starts a link; within another one, the outer one leads.
    pub fn start_link(&mut self, link: Option<Link>, fallback: String) {
        self.link_depth += 1;
        if self.link_depth == 1 {
            self.link = link;
            self.link_fallback = Some(fallback);
        }
    }

    /// Ends a link. If it has no text, its fallback is its text.
    pub fn end_link(&mut self) {
        self.link_depth = self.link_depth.saturating_sub(1);
        if self.link_depth == 0 {
            if let Some(fallback) = self.link_fallback.take() {
                self.push(&fallback, None);
            }
            self.link = None;
        }
    }

    /// Whether a link is open.
    pub fn in_link(&self) -> bool {
        self.link_depth > 0
    }

    /// The open link needs no text any more.
    pub fn drop_fallback(&mut self) {
        self.link_fallback = None;
    }

    /// What has been written.
    pub fn take(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.spans)
    }
}
