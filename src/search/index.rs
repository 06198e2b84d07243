//! What an index holds, and a view of it at one moment.

use std::collections::HashMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::columnar::{Column, ColumnIndex, ColumnValues};
use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::postings::Postings;
use tantivy::schema::document::{DeserializeError, DocumentDeserialize, DocumentDeserializer};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{DocAddress, DocId, DocSet, Searcher, TERMINATED, Term};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::find::{self, Hits, Wanted};
use super::like::{self, Like};
use super::spelled;
use crate::db::{Id, Time};
use crate::error::{Error, Problem, Result, UNAVAILABLE, internal};
use crate::state::patience;

/// Rises with every change to what an index holds or to how words become terms:
/// an index of another version is made anew.
const VERSION: u32 = 3;

/// The fields of an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// The article's id, to replace it by.
    pub id: Field,
    /// The id again, in two halves, to read it quickly.
    pub high: Field,
    pub low: Field,
    /// The instant that breaks ties.
    pub at: Field,
    pub revision: Field,
    pub version: Field,
    /// Words of the headline.
    pub length: Field,
    /// What it is filtered by.
    pub marks: Field,
    /// Stems of everything, with their positions.
    pub all: Field,
    /// Exact terms of everything.
    pub exact: Field,
    /// Stems of the headline.
    pub head: Field,
    /// Exact terms of the headline.
    pub title: Field,
    /// Stems of the lead.
    pub lead: Field,
    /// The text, to show where words stand.
    pub body: Field,
}

/// Terms that are made elsewhere.
fn terms(option: IndexRecordOption) -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(spelled::NAME)
        .set_fieldnorms(false)
        .set_index_option(option);
    TextOptions::default().set_indexing_options(indexing)
}

impl Fields {
    pub(super) fn schema() -> (Schema, Fields) {
        let mut schema = Schema::builder();
        let fields = Fields {
            id: schema.add_bytes_field("id", INDEXED),
            high: schema.add_u64_field("high", FAST),
            low: schema.add_u64_field("low", FAST),
            at: schema.add_i64_field("at", FAST),
            revision: schema.add_u64_field("revision", FAST),
            version: schema.add_u64_field("version", FAST),
            length: schema.add_u64_field("length", FAST),
            marks: schema.add_text_field("marks", terms(IndexRecordOption::Basic)),
            all: schema.add_text_field("all", terms(IndexRecordOption::WithFreqsAndPositions)),
            exact: schema.add_text_field("exact", terms(IndexRecordOption::Basic)),
            head: schema.add_text_field("head", terms(IndexRecordOption::Basic)),
            title: schema.add_text_field("title", terms(IndexRecordOption::Basic)),
            lead: schema.add_text_field("lead", terms(IndexRecordOption::Basic)),
            body: schema.add_text_field("body", STORED),
        };
        (schema.build(), fields)
    }
}

/// What a commit says about itself.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Note {
    version: u32,
    /// How far what is followed was read: a number of the change log, or an instant.
    pub upto: i64,
    /// The last thing that was read, by which another database is known.
    pub mark: String,
}

impl Note {
    pub(super) fn new(upto: i64, mark: String) -> Self {
        Note {
            version: VERSION,
            upto,
            mark,
        }
    }

    /// What the newest commit says, if it is of this version.
    pub(super) fn of(payload: Option<&str>) -> Option<Self> {
        let note: Note = serde_json::from_str(payload?).ok()?;
        (note.version == VERSION).then_some(note)
    }

    pub(super) fn payload(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An index, for those who read it and for the one who writes it.
pub(super) struct Index {
    pub folder: PathBuf,
    fields: Fields,
    view: RwLock<Option<Arc<View>>>,
    /// Who searches waits for a turn: searching takes a core.
    turns: Arc<Semaphore>,
    /// Set when it was found to be damaged.
    broken: AtomicBool,
    upto: AtomicI64,
}

impl Index {
    pub(super) fn new(folder: PathBuf, turns: &Arc<Semaphore>) -> Arc<Self> {
        Arc::new(Index {
            folder,
            fields: Fields::schema().1,
            view: RwLock::default(),
            turns: Arc::clone(turns),
            broken: AtomicBool::new(false),
            upto: AtomicI64::new(0),
        })
    }

    /// Shows readers what a searcher sees.
    pub(super) fn show(&self, searcher: Searcher, upto: i64) -> Result<()> {
        let before = self.view();
        let view = View::new(searcher, self.fields, before.as_deref()).map_err(internal)?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(view));
        self.upto.store(upto, Ordering::Relaxed);
        Ok(())
    }

    /// Notes that what is followed holds nothing new up to there.
    pub(super) fn passed(&self, upto: i64) {
        self.upto.store(upto, Ordering::Relaxed);
    }

    /// Shows readers nothing, until it is made anew.
    pub(super) fn hide(&self) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.broken.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    pub(super) fn view(&self) -> Option<Arc<View>> {
        self.view
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for a turn, as long as the request has patience.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(patience(), turn).await {
            Ok(turn) => turn.map_err(internal),
            Err(_) => Err(Error::Unavailable("too many searches at once".to_owned())),
        }
    }

    /// Runs a job on what is shown. A job that fails or panics does so because the
    /// files are damaged: the index is then made anew.
    pub(super) fn with<T>(&self, job: impl FnOnce(&Arc<View>) -> tantivy::Result<T>) -> Result<T> {
        let view = self.view().ok_or_else(not_ready)?;
        let why = match catch_unwind(AssertUnwindSafe(|| job(&view))) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a panic".to_owned(),
        };
        self.broken.store(true, Ordering::Relaxed);
        tracing::error!(why, folder = %self.folder.display(), "the search index is damaged");
        Err(not_ready())
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            articles: self.view().map(|view| view.articles),
            upto: self.upto.load(Ordering::Relaxed),
        }
    }
}

/// How an index stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many articles it holds; nothing while it is being made.
    pub articles: Option<u64>,
    /// How far it follows.
    pub upto: i64,
}

fn not_ready() -> Error {
    Problem::new(
        &UNAVAILABLE,
        "The search index is being made. Everything else works meanwhile; try again in a few seconds.",
    )
    .header("Retry-After", "5")
    .into()
}

/// The index of what readers see.
#[derive(Clone)]
pub struct Public(pub(super) Arc<Index>);

impl Public {
    /// Waits for a turn to search; searching ends when what this returns is dropped.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        self.0.turn().await
    }

    /// Looks for articles; on a thread that may block.
    pub fn find(&self, wanted: &Wanted) -> Result<Hits> {
        self.0.with(|view| find::find(view, wanted))
    }

    /// Looks for articles that are like one; nothing while the index is being made.
    pub fn like(&self, like: &Like<'_>) -> Option<Vec<Id>> {
        self.0.view()?;
        self.0.with(|view| like::find(view, like)).ok()
    }

    /// How many articles carry a mark.
    pub fn count(&self, mark: &str) -> u64 {
        self.0
            .view()
            .and_then(|view| view.frequency(view.fields.marks, mark).ok())
            .unwrap_or_default()
    }

    /// The languages that there are articles in, by the first part of their tags,
    /// the most frequent first.
    pub fn languages(&self) -> Vec<String> {
        self.0
            .view()
            .map(|view| view.languages.clone())
            .unwrap_or_default()
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.0.standing()
    }
}

/// A segment, with what is read of it opened.
pub(super) struct Segment {
    pub reader: SegmentReader,
    pub at: Arc<dyn ColumnValues<i64>>,
    pub high: Arc<dyn ColumnValues<u64>>,
    pub low: Arc<dyn ColumnValues<u64>>,
    pub revision: Arc<dyn ColumnValues<u64>>,
    pub version: Arc<dyn ColumnValues<u64>>,
    pub length: Arc<dyn ColumnValues<u64>>,
    blocks: Arc<[Block]>,
    /// How often an article of each block has a word at most, of words that were
    /// looked for.
    often: Arc<Mutex<HashMap<Term, Arc<[u8]>>>>,
    /// What is deleted, in order.
    dead: Vec<DocId>,
}

/// Articles of a block; lists are made of blocks of so many, too.
pub(super) const BLOCK: usize = 128;

/// Bounds of what the articles of a block are; deleted ones count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The instant of the newest.
    pub newest: i64,
    /// The words of the shortest headline.
    pub shortest: u64,
}

impl Block {
    /// What isn't known may be anything.
    const UNKNOWN: Block = Block {
        newest: i64::MAX,
        shortest: 0,
    };
}

/// Of how many words a segment remembers how often they stand in its articles.
const OFTEN_MAX: usize = 256;

impl Segment {
    /// A segment; an older view has read some of it already, if it had it.
    fn new(reader: &SegmentReader, before: Option<&View>) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let at = values(fast.i64("at")?);
        let column = |name| Ok::<_, tantivy::TantivyError>(values(fast.u64(name)?));
        let length = column("length")?;
        let id = reader.segment_id();
        let known = before.and_then(|view| {
            view.segments
                .iter()
                .find(|known| known.reader.segment_id() == id)
        });
        let (blocks, often) = match known {
            Some(known) => (Arc::clone(&known.blocks), Arc::clone(&known.often)),
            None => (blocks(&*at, &*length, reader.max_doc()), Arc::default()),
        };
        let dead = match reader.alive_bitset() {
            None => Vec::new(),
            Some(alive) => (0..reader.max_doc())
                .filter(|doc| alive.is_deleted(*doc))
                .collect(),
        };
        Ok(Segment {
            at,
            blocks,
            often,
            high: column("high")?,
            low: column("low")?,
            revision: column("revision")?,
            version: column("version")?,
            length,
            reader: reader.clone(),
            dead,
        })
    }

    pub(super) fn terms(&self, field: Field) -> tantivy::Result<Arc<InvertedIndexReader>> {
        self.reader.inverted_index(field)
    }

    #[inline]
    pub(super) fn is_alive(&self, doc: DocId) -> bool {
        self.reader
            .alive_bitset()
            .is_none_or(|alive| alive.is_alive(doc))
    }

    /// What is known of the block of this article, and where the next one begins.
    #[inline]
    pub(super) fn block(&self, doc: DocId) -> (Block, DocId) {
        let at = doc as usize / BLOCK;
        let block = self.blocks.get(at).copied().unwrap_or(Block::UNKNOWN);
        (block, ((at + 1) * BLOCK) as DocId)
    }

    /// The instant of the newest article.
    pub(super) fn newest(&self) -> i64 {
        let newest = self.blocks.iter().map(|block| block.newest);
        newest.max().unwrap_or(i64::MIN)
    }

    /// How often an article of each block has a word at most; 255 is any number.
    pub(super) fn often_most(&self, term: &Term) -> tantivy::Result<Arc<[u8]>> {
        let lock = || self.often.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(term) {
            return Ok(Arc::clone(known));
        }
        let mut most = vec![0_u8; self.blocks.len()];
        let terms = self.terms(term.field())?;
        if let Some(mut list) = terms.read_postings(term, IndexRecordOption::WithFreqs)? {
            while list.doc() != TERMINATED {
                let often = u8::try_from(list.term_freq()).unwrap_or(u8::MAX);
                if let Some(most) = most.get_mut(list.doc() as usize / BLOCK) {
                    *most = often.max(*most);
                }
                list.advance();
            }
        }
        let most: Arc<[u8]> = most.into();
        let mut known = lock();
        if known.len() >= OFTEN_MAX {
            known.clear();
        }
        known.insert(term.clone(), Arc::clone(&most));
        Ok(most)
    }

    pub(super) fn id(&self, doc: DocId) -> u128 {
        u128::from(self.high.get_val(doc)) << 64 | u128::from(self.low.get_val(doc))
    }
}

/// A column's values. Every article has one, so they are read as they stand; where a
/// file says otherwise, what is missing is 0.
fn values<T>(column: Column<T>) -> Arc<dyn ColumnValues<T>>
where
    T: PartialOrd + Copy + Debug + Default + Send + Sync + 'static,
{
    match column.index {
        ColumnIndex::Full => column.values,
        _ => column.first_or_default_col(T::default()),
    }
}

fn blocks(
    at: &dyn ColumnValues<i64>,
    length: &dyn ColumnValues<u64>,
    articles: DocId,
) -> Arc<[Block]> {
    let begins = (0..articles).step_by(BLOCK);
    let blocks = begins.map(|begin| {
        let docs = || begin..articles.min(begin + BLOCK as DocId);
        Block {
            newest: docs().map(|doc| at.get_val(doc)).max().unwrap_or(i64::MAX),
            shortest: docs().map(|doc| length.get_val(doc)).min().unwrap_or(0),
        }
    });
    blocks.collect()
}

/// An index at one moment.
pub(super) struct View {
    searcher: Searcher,
    pub fields: Fields,
    pub segments: Vec<Segment>,
    /// How many articles it holds.
    pub articles: u64,
    pub languages: Vec<String>,
    frequencies: Mutex<HashMap<(u32, Box<str>), u64>>,
}

/// How many frequencies a view remembers.
const FREQUENCIES_MAX: usize = 50_000;
/// In how many languages a word is looked for.
const LANGUAGES_MAX: usize = 4;

impl View {
    pub(super) fn new(
        searcher: Searcher,
        fields: Fields,
        before: Option<&View>,
    ) -> tantivy::Result<Self> {
        let readers = searcher.segment_readers();
        let segments = readers
            .iter()
            .map(|reader| Segment::new(reader, before))
            .collect::<tantivy::Result<_>>()?;
        let mut view = View {
            articles: searcher.num_docs(),
            searcher,
            fields,
            segments,
            languages: Vec::new(),
            frequencies: Mutex::default(),
        };
        let mut spoken = Vec::new();
        for mark in view.beginning_with(fields.marks, "p:", 50)? {
            let count = view.frequency(fields.marks, &mark)?;
            if count > 0 {
                spoken.push((std::cmp::Reverse(count), mark[2..].to_owned()));
            }
        }
        spoken.sort();
        spoken.truncate(LANGUAGES_MAX);
        view.languages = spoken.into_iter().map(|(_, language)| language).collect();
        Ok(view)
    }

    /// How many articles have a term. What is deleted doesn't count, so that the
    /// answer is the same however the index came to be.
    pub(super) fn frequency(&self, field: Field, text: &str) -> tantivy::Result<u64> {
        let key = (field.field_id(), Box::from(text));
        let lock = || {
            self.frequencies
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(&key) {
            return Ok(*known);
        }
        let term = Term::from_field_text(field, text);
        let mut count = 0;
        for segment in &self.segments {
            let terms = segment.terms(field)?;
            let Some(info) = terms.get_term_info(&term)? else {
                continue;
            };
            count += u64::from(info.doc_freq);
            if segment.dead.is_empty() {
                continue;
            }
            let mut postings =
                terms.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            for dead in &segment.dead {
                let mut doc = postings.doc();
                if doc < *dead {
                    doc = postings.seek(*dead);
                }
                if doc == TERMINATED {
                    break;
                }
                count -= u64::from(doc == *dead);
            }
        }
        let mut known = lock();
        if known.len() >= FREQUENCIES_MAX {
            known.clear();
        }
        known.insert(key, count);
        Ok(count)
    }

    /// The first terms of a field that begin like this, in order; of deleted
    /// articles too.
    pub(super) fn beginning_with(
        &self,
        field: Field,
        prefix: &str,
        most: usize,
    ) -> tantivy::Result<Vec<String>> {
        let mut found = Vec::new();
        for segment in &self.segments {
            let terms = segment.terms(field)?;
            let mut stream = terms.terms().range().ge(prefix.as_bytes()).into_stream()?;
            for _ in 0..most {
                match stream.next() {
                    Some((term, _)) if term.starts_with(prefix.as_bytes()) => {
                        found.extend(std::str::from_utf8(term).ok().map(str::to_owned));
                    }
                    _ => break,
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(most);
        Ok(found)
    }

    /// What is known of an article: its revision, its version and its instant.
    pub(super) fn known(&self, id: Id) -> tantivy::Result<Option<(i32, i64, Time)>> {
        let term = Term::from_field_bytes(self.fields.id, id.0.as_bytes());
        for segment in &self.segments {
            let terms = segment.terms(self.fields.id)?;
            let Some(mut postings) = terms.read_postings(&term, IndexRecordOption::Basic)? else {
                continue;
            };
            while postings.doc() != TERMINATED {
                let doc = postings.doc();
                if segment.is_alive(doc) {
                    return Ok(Some((
                        segment.revision.get_val(doc) as i32,
                        segment.version.get_val(doc) as i64,
                        Time(segment.at.get_val(doc)),
                    )));
                }
                postings.advance();
            }
        }
        Ok(None)
    }

    /// The text of an article, as it was when it was put in.
    pub(super) fn text(&self, address: DocAddress) -> Option<String> {
        self.searcher.doc::<Text>(address).ok()?.0
    }
}

/// The text of an article: the only thing that is stored of it.
struct Text(Option<String>);

impl DocumentDeserialize for Text {
    fn deserialize<'de, D: DocumentDeserializer<'de>>(
        mut stored: D,
    ) -> std::result::Result<Self, DeserializeError> {
        Ok(Text(stored.next_field()?.map(|(_, text)| text)))
    }
}

/// How the index in a data folder stands, read without opening it: the number of
/// its articles and how far it follows the change log.
pub fn look(folder: &Path) -> Result<Option<Standing>> {
    let folder = folder.join("search").join("public");
    if !folder.join("meta.json").exists() {
        return Ok(None);
    }
    let index = tantivy::Index::open_in_dir(&folder).map_err(internal)?;
    let metas = index.load_metas().map_err(internal)?;
    let articles = metas
        .segments
        .iter()
        .map(|segment| u64::from(segment.num_docs()));
    Ok(Note::of(metas.payload.as_deref()).map(|note| Standing {
        articles: Some(articles.sum()),
        upto: note.upto,
    }))
}
