//! XML, written so that it can always be read.
//!
//! Nothing gets out that XML 1.0 forbids, whatever is stored: what the API refuses
//! today may have come in by another way. Control characters and noncharacters are
//! left out, and so are bidirectional overrides, which turn a feed reader's list
//! around; markup is escaped by the writer, and `]]>` divided.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesCData, BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::error::Result;

/// A document that is being written.
pub struct Xml(Writer<Vec<u8>>);

/// Names and values of attributes.
pub type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    /// A document with its declaration.
    pub fn new() -> Result<Self> {
        let mut writer = Writer::new(Vec::with_capacity(1 << 14));
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        writer.write_event(Event::Text(BytesText::from_escaped("\n")))?;
        Ok(Xml(writer))
    }

    /// An element's start.
    pub fn open(&mut self, name: &str, attributes: Attributes<'_>) -> Result<()> {
        self.0.write_event(Event::Start(start(name, attributes)))?;
        Ok(())
    }

    /// An element's end. Each is followed by a line's, for those who look.
    pub fn close(&mut self, name: &str) -> Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))?;
        self.0
            .write_event(Event::Text(BytesText::from_escaped("\n")))?;
        Ok(())
    }

    /// An element with a text.
    pub fn text(&mut self, name: &str, text: &str) -> Result<()> {
        self.element(name, &[], text)
    }

    /// An element with attributes and a text.
    pub fn element(&mut self, name: &str, attributes: Attributes<'_>, text: &str) -> Result<()> {
        self.open(name, attributes)?;
        self.0
            .write_event(Event::Text(BytesText::new(&clean(text))))?;
        self.close(name)
    }

    /// An element with markup that is a text to XML.
    pub fn markup(&mut self, name: &str, attributes: Attributes<'_>, markup: &str) -> Result<()> {
        self.open(name, attributes)?;
        for part in BytesCData::escaped(&clean(markup)) {
            self.0.write_event(Event::CData(part))?;
        }
        self.close(name)
    }

    /// An element with attributes only.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> Result<()> {
        self.0.write_event(Event::Empty(start(name, attributes)))?;
        self.0
            .write_event(Event::Text(BytesText::from_escaped("\n")))?;
        Ok(())
    }

    /// The document.
    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

fn start<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        // Readers take a line's end in an attribute for a space.
        let value = clean(value).replace(['\n', '\t'], " ");
        start.push_attribute((*name, value.as_str()));
    }
    start
}

/// A text without what XML forbids or what turns text around.
pub fn clean(text: &str) -> Cow<'_, str> {
    match text.chars().all(is_welcome) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.chars().filter(|c| is_welcome(*c)).collect()),
    }
}

/// A one-line text, which an editor's field can be trusted to be and a row can't.
pub fn line(text: &str) -> String {
    let clean = clean(text);
    let words: Vec<&str> = clean.split_whitespace().collect();
    words.join(" ")
}

/// A headline, which every form wants to have.
pub fn title(text: &str) -> String {
    match line(text) {
        empty if empty.is_empty() => "–".to_owned(),
        title => title,
    }
}

fn is_welcome(c: char) -> bool {
    match c {
        '\n' | '\t' => true,
        // What is left of U+D800 to U+DFFF a text can't hold anyhow.
        c if c.is_control() => false,
        '\u{202a}'..='\u{202e}' => false,
        '\u{fdd0}'..='\u{fdef}' => false,
        c => (c as u32) & 0xfffe != 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_left_out() {
        let hostile = "a\0b\u{1}\u{8}\u{b}\u{1f}\u{7f}\u{85}\u{202e}\u{fffe}\u{ffff}\u{1fffe}\u{fdd0}c\r\n\td😀\u{fffd}\u{2066}";
        assert_eq!(clean(hostile), "abc\n\td😀\u{fffd}\u{2066}");
        assert!(matches!(clean("Ärger & Co."), Cow::Borrowed(_)));
        assert_eq!(line(" a\n\u{202e} b\0 "), "a b");
    }

    #[test]
    fn markup_is_escaped_and_divided() {
        let mut xml = Xml::new().unwrap();
        xml.open("a", &[("b", "\"<&>'\n\0")]).unwrap();
        xml.text("c", "]]> <b> & \u{0}").unwrap();
        xml.markup("d", &[], "<p>]]&gt; ]]></p>").unwrap();
        xml.close("a").unwrap();
        let text = String::from_utf8(xml.finish()).unwrap();
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <a b=\"&quot;&lt;&amp;&gt;&apos; \"><c>]]&gt; &lt;b&gt; &amp; </c>\n\
             <d><![CDATA[<p>]]&gt; ]]]]><![CDATA[></p>]]></d>\n</a>\n"
        );
    }
}
