//! The document as a tree of nodes, each with its place in the source.
//!
//! A list of nodes that name each other by index: it has no recursion, not even
//! when it is dropped, and every change html5ever makes to it costs the same
//! however large it is.

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, QualName, ns};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

/// A node's index.
pub(super) type Id = usize;

/// The document itself, above everything else.
pub(super) const ROOT: Id = 0;

/// What a node is.
#[derive(Debug)]
pub(super) enum Data {
    Root,
    Text(String),
    Comment(String),
    Element(Element),
}

#[derive(Debug)]
pub(super) struct Element {
    pub name: QualName,
    pub attributes: Vec<(LocalName, String)>,
}

#[derive(Debug)]
struct Node {
    parent: Option<Id>,
    previous: Option<Id>,
    next: Option<Id>,
    first: Option<Id>,
    last: Option<Id>,
    depth: usize,
    /// Where in the source the markup that made it starts, in bytes.
    at: usize,
    data: Data,
}

/// A document.
#[derive(Debug)]
pub(super) struct Dom {
    nodes: Vec<Node>,
}

/// One step of a walk through a part of the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    Start(Id),
    End(Id),
}

/// Walks through everything below a node, in the order of the document.
pub(super) struct Walk {
    root: Id,
    next: Option<Step>,
}

impl Walk {
    /// The next step. Elements have a start and an end, other nodes a start.
    pub fn next(&mut self, dom: &Dom) -> Option<Step> {
        let step = self.next?;
        let after = |id: Id| match dom.nodes[id].next {
            Some(next) => Some(Step::Start(next)),
            None => {
                let parent = dom.nodes[id].parent.filter(|&parent| parent != self.root);
                parent.map(Step::End)
            }
        };
        self.next = match step {
            Step::Start(id) => match dom.nodes[id].first {
                Some(first) => Some(Step::Start(first)),
                None if dom.element(id).is_some() => Some(Step::End(id)),
                None => after(id),
            },
            Step::End(id) => after(id),
        };
        Some(step)
    }

    /// Passes over what is below the node that has just been started, and over
    /// its end.
    pub fn skip(&mut self, dom: &Dom, id: Id) {
        self.next = Some(Step::End(id));
        self.next(dom);
    }
}

impl Dom {
    fn new() -> Self {
        let mut dom = Dom { nodes: Vec::new() };
        dom.push(Data::Root, 0);
        dom
    }

    fn push(&mut self, data: Data, at: usize) -> Id {
        self.nodes.push(Node {
            parent: None,
            previous: None,
            next: None,
            first: None,
            last: None,
            depth: 0,
            at,
            data,
        });
        self.nodes.len() - 1
    }

    /// Where in the source a node starts, in bytes.
    pub fn at(&self, id: Id) -> usize {
        self.nodes[id].at
    }

    pub fn data(&self, id: Id) -> &Data {
        &self.nodes[id].data
    }

    pub fn parent(&self, id: Id) -> Option<Id> {
        self.nodes[id].parent
    }

    pub fn depth(&self, id: Id) -> usize {
        self.nodes[id].depth
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn element(&self, id: Id) -> Option<&Element> {
        match &self.nodes[id].data {
            Data::Element(element) => Some(element),
            _ => None,
        }
    }

    /// An element's name in lower case; empty for anything else. Names of
    /// foreign elements are those of SVG and MathML.
    pub fn name(&self, id: Id) -> &str {
        self.element(id).map_or("", |element| &*element.name.local)
    }

    /// Whether it is an element of HTML, not of SVG or MathML.
    pub fn is_html(&self, id: Id) -> bool {
        self.element(id)
            .is_some_and(|element| element.name.ns == ns!(html))
    }

    pub fn attribute(&self, id: Id, name: &str) -> Option<&str> {
        self.element(id)?
            .attributes
            .iter()
            .find(|(have, _)| &**have == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether one of the element's classes is one of these.
    pub fn has_class(&self, id: Id, names: &[&str]) -> bool {
        self.attribute(id, "class").is_some_and(|classes| {
            classes
                .split_ascii_whitespace()
                .any(|class| names.iter().any(|name| class.eq_ignore_ascii_case(name)))
        })
    }

    pub fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors(self.nodes[id].first, |&child| self.nodes[child].next)
    }

    /// The elements that follow within the same parent.
    pub fn next_element(&self, id: Id) -> Option<Id> {
        std::iter::successors(self.nodes[id].next, |&next| self.nodes[next].next)
            .find(|&next| self.element(next).is_some())
    }

    pub fn walk(&self, root: Id) -> Walk {
        Walk {
            root,
            next: self.nodes[root].first.map(Step::Start),
        }
    }

    /// Everything below a node, in the order of the document.
    pub fn below(&self, root: Id) -> impl Iterator<Item = Id> + '_ {
        let mut walk = self.walk(root);
        std::iter::from_fn(move || {
            loop {
                if let Step::Start(id) = walk.next(self)? {
                    return Some(id);
                }
            }
        })
    }

    /// The first element below a node that has this name.
    pub fn find(&self, root: Id, name: &str) -> Option<Id> {
        self.below(root).find(|&id| self.name(id) == name)
    }

    fn detach(&mut self, id: Id) {
        let node = &mut self.nodes[id];
        let (parent, previous, next) = (node.parent.take(), node.previous.take(), node.next.take());
        match (next, parent) {
            (Some(next), _) => self.nodes[next].previous = previous,
            (None, Some(parent)) => self.nodes[parent].last = previous,
            _ => {}
        }
        match (previous, parent) {
            (Some(previous), _) => self.nodes[previous].next = next,
            (None, Some(parent)) => self.nodes[parent].first = next,
            _ => {}
        }
    }

    fn append(&mut self, parent: Id, child: Id) {
        self.detach(child);
        let last = self.nodes[parent].last.replace(child);
        match last {
            Some(last) => self.nodes[last].next = Some(child),
            None => self.nodes[parent].first = Some(child),
        }
        let depth = self.nodes[parent].depth + 1;
        let node = &mut self.nodes[child];
        node.parent = Some(parent);
        node.previous = last;
        node.depth = depth;
    }

    fn insert_before(&mut self, sibling: Id, child: Id) {
        self.detach(child);
        let (parent, depth) = (self.nodes[sibling].parent, self.nodes[sibling].depth);
        let previous = self.nodes[sibling].previous.replace(child);
        match (previous, parent) {
            (Some(previous), _) => self.nodes[previous].next = Some(child),
            (None, Some(parent)) => self.nodes[parent].first = Some(child),
            _ => {}
        }
        let node = &mut self.nodes[child];
        node.parent = parent;
        node.previous = previous;
        node.next = Some(sibling);
        node.depth = depth;
    }

    fn append_text(&mut self, parent: Id, text: &str, at: usize) {
        if let Some(last) = self.nodes[parent].last
            && let Data::Text(before) = &mut self.nodes[last].data
        {
            before.push_str(text);
            return;
        }
        let id = self.push(Data::Text(text.to_owned()), at);
        self.append(parent, id);
    }

    fn insert_text_before(&mut self, sibling: Id, text: &str, at: usize) {
        if let Some(previous) = self.nodes[sibling].previous
            && let Data::Text(before) = &mut self.nodes[previous].data
        {
            before.push_str(text);
            return;
        }
        let id = self.push(Data::Text(text.to_owned()), at);
        self.insert_before(sibling, id);
    }
}

/// What html5ever builds the tree through.
pub(super) struct Sink {
    dom: RefCell<Dom>,
    /// Where in the source the markup being read starts.
    pub at: Cell<usize>,
    /// The element that was made last.
    pub last: Cell<Id>,
}

impl Sink {
    pub fn new() -> Self {
        Sink {
            dom: RefCell::new(Dom::new()),
            at: Cell::new(0),
            last: Cell::new(ROOT),
        }
    }

    /// The tree as it is so far.
    pub fn dom(&self) -> std::cell::Ref<'_, Dom> {
        self.dom.borrow()
    }
}

/// The name of an element, for html5ever.
#[derive(Debug)]
pub(super) struct Name(QualName);

impl html5ever::interface::ElemName for Name {
    fn ns(&self) -> &html5ever::Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

fn pairs(attributes: Vec<Attribute>) -> Vec<(LocalName, String)> {
    attributes
        .into_iter()
        .map(|attribute| (attribute.name.local, attribute.value.to_string()))
        .collect()
}

impl TreeSink for Sink {
    type Handle = Id;
    type Output = Dom;
    type ElemName<'a> = Name;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_document(&self) -> Id {
        ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a Id) -> Name {
        let dom = self.dom.borrow();
        let none = || QualName::new(None, ns!(), LocalName::from(""));
        Name(
            dom.element(*target)
                .map_or_else(none, |element| element.name.clone()),
        )
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Id {
        let attributes = pairs(attrs);
        let element = Data::Element(Element { name, attributes });
        let id = self.dom.borrow_mut().push(element, self.at.get());
        self.last.set(id);
        id
    }

    fn create_comment(&self, text: StrTendril) -> Id {
        let comment = Data::Comment(text.to_string());
        self.dom.borrow_mut().push(comment, self.at.get())
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Id {
        let text = format!("?{target} {data}");
        self.dom
            .borrow_mut()
            .push(Data::Comment(text), self.at.get())
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        let mut dom = self.dom.borrow_mut();
        match child {
            NodeOrText::AppendNode(node) => dom.append(*parent, node),
            NodeOrText::AppendText(text) => dom.append_text(*parent, &text, self.at.get()),
        }
    }

    fn append_based_on_parent_node(&self, element: &Id, previous: &Id, child: NodeOrText<Id>) {
        let has_parent = self.dom.borrow().parent(*element).is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        let mut dom = self.dom.borrow_mut();
        match child {
            NodeOrText::AppendNode(node) => dom.insert_before(*sibling, node),
            NodeOrText::AppendText(text) => {
                dom.insert_text_before(*sibling, &text, self.at.get());
            }
        }
    }

    /// The content of a template is kept where it stands.
    fn get_template_contents(&self, target: &Id) -> Id {
        *target
    }

    fn same_node(&self, one: &Id, other: &Id) -> bool {
        one == other
    }

    fn add_attrs_if_missing(&self, target: &Id, attrs: Vec<Attribute>) {
        let mut dom = self.dom.borrow_mut();
        if let Data::Element(element) = &mut dom.nodes[*target].data {
            for (name, value) in pairs(attrs) {
                if element.attributes.iter().all(|(have, _)| *have != name) {
                    element.attributes.push((name, value));
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Id) {
        self.dom.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &Id, new_parent: &Id) {
        let mut dom = self.dom.borrow_mut();
        while let Some(child) = dom.nodes[*node].first {
            dom.append(*new_parent, child);
        }
    }
}
