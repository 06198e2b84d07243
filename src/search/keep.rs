//! The side of an index that is written.
//!
//! One process at a time writes to a folder. It gives the writer's memory back when
//! there was nothing to write for a while.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::analyser::{Analyser, Word};
use super::index::{Fields, Index, Note};
use super::piece::Piece;
use super::spelled::{self, Spelled, spell};
use crate::db::{Id, Time, private_folder};
use crate::error::{Result, internal};

/// Memory of the writer; the least that it takes.
const MEMORY: usize = 15_000_000;
/// Bytes of texts that are compressed together: most texts are compressed by themselves,
/// because a passage of one is shown at a time.
const TEXTS: usize = 1 << 10;
/// After so long without anything to write, it is given back.
const REST_AFTER: Duration = Duration::from_secs(20);
/// Words that lie between the headline, the lead and the text, so that no phrase
/// reaches from one into the next.
const APART: u32 = 100;
/// The part of an index that may be deleted before it is written anew without.
const DELETED_MAX: f32 = 0.1;

/// Writes an index.
pub(super) struct Keeper {
    shared: Arc<Index>,
    index: tantivy::Index,
    reader: IndexReader,
    fields: Fields,
    writer: Option<IndexWriter>,
    written: Instant,
    analysers: HashMap<String, Analyser>,
    /// How far the newest commit goes.
    pub note: Option<Note>,
    /// How many are waiting to be committed.
    pub pending: usize,
}

impl Keeper {
    /// Opens an index, or makes an empty one if there is none, or one that can't be
    /// used. `suspect` looks at every byte of it.
    pub(super) fn open(shared: &Arc<Index>, suspect: bool) -> Result<Self> {
        private_folder(&shared.folder)?;
        let opened = Self::opened(shared, suspect);
        match opened {
            Ok(Some(keeper)) => Ok(keeper),
            Ok(None) => Self::made(shared),
            Err(why) => {
                tracing::warn!(%why, folder = %shared.folder.display(), "the search index can't be used; it is made anew");
                Self::made(shared)
            }
        }
    }

    fn opened(shared: &Arc<Index>, suspect: bool) -> Result<Option<Self>> {
        if !shared.folder.join("meta.json").exists() {
            return Ok(None);
        }
        let index = tantivy::Index::open_in_dir(&shared.folder).map_err(internal)?;
        let note = Note::of(index.load_metas().map_err(internal)?.payload.as_deref());
        if note.is_none() || index.schema() != Fields::schema().0 {
            return Ok(None);
        }
        if suspect && !index.validate_checksum().map_err(internal)?.is_empty() {
            return Err(internal("files are damaged"));
        }
        Self::on(shared, index, note).map(Some)
    }

    /// Opens an index that another process writes; nothing if there is none yet.
    pub(super) fn reading(shared: &Arc<Index>) -> Result<Option<Self>> {
        let keeper = Self::opened(shared, false)?;
        if let Some(keeper) = &keeper {
            keeper.show()?;
        }
        Ok(keeper)
    }

    /// Shows readers what another process has committed since.
    pub(super) fn refresh(&mut self) -> Result<()> {
        let metas = self.index.load_metas().map_err(internal)?;
        let note = Note::of(metas.payload.as_deref());
        if note.is_none() {
            return Err(internal("the search index is being made"));
        }
        if note != self.note {
            self.note = note;
            self.show()?;
        }
        Ok(())
    }

    /// Removes what there is and makes an empty index.
    fn made(shared: &Arc<Index>) -> Result<Self> {
        shared.hide();
        fs::remove_dir_all(&shared.folder)?;
        private_folder(&shared.folder)?;
        let settings = IndexSettings {
            docstore_blocksize: TEXTS,
            ..IndexSettings::default()
        };
        let index = tantivy::Index::builder()
            .schema(Fields::schema().0)
            .settings(settings)
            .create_in_dir(&shared.folder)
            .map_err(internal)?;
        Self::on(shared, index, None)
    }

    fn on(shared: &Arc<Index>, index: tantivy::Index, note: Option<Note>) -> Result<Self> {
        index
            .tokenizers()
            .register(spelled::NAME, Spelled::default());
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(16)
            .try_into()
            .map_err(internal)?;
        Ok(Keeper {
            shared: Arc::clone(shared),
            index,
            reader,
            fields: Fields::schema().1,
            writer: None,
            written: Instant::now(),
            analysers: HashMap::new(),
            note,
            pending: 0,
        })
    }

    /// Makes an empty index of this one.
    pub(super) fn clear(&mut self) -> Result<()> {
        self.writer = None;
        *self = Self::made(&self.shared)?;
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter> {
        self.written = Instant::now();
        match &mut self.writer {
            Some(writer) => Ok(writer),
            none => {
                let options = IndexWriterOptions::builder()
                    .num_worker_threads(1)
                    .num_merge_threads(1)
                    .memory_budget_per_thread(MEMORY)
                    .build();
                let writer: IndexWriter =
                    self.index.writer_with_options(options).map_err(internal)?;
                let mut policy = LogMergePolicy::default();
                policy.set_del_docs_ratio_before_merge(DELETED_MAX);
                writer.set_merge_policy(Box::new(policy));
                Ok(none.insert(writer))
            }
        }
    }

    /// Puts an article in, in the place of what is known of it.
    pub(super) fn put(&mut self, piece: &Piece) -> Result<()> {
        self.remove(piece.id)?;
        self.add(piece)
    }

    /// Puts in an article of which nothing is known.
    pub(super) fn add(&mut self, piece: &Piece) -> Result<()> {
        self.pending += 1;
        let document = self.document(piece);
        self.writer()?.add_document(document).map_err(internal)?;
        Ok(())
    }

    /// Takes an article out.
    pub(super) fn remove(&mut self, id: Id) -> Result<()> {
        let term = Term::from_field_bytes(self.fields.id, id.0.as_bytes());
        self.writer()?.delete_term(term);
        self.pending += 1;
        Ok(())
    }

    /// What the newest commit knows of an article.
    pub(super) fn known(&self, id: Id) -> Result<Option<(i32, i64, Time)>> {
        match self.shared.view() {
            Some(view) => view.known(id).map_err(internal),
            None => Ok(None),
        }
    }

    /// Commits what was written.
    pub(super) fn commit(&mut self, note: Note) -> Result<()> {
        let writer = self.writer()?;
        let mut prepared = writer.prepare_commit().map_err(internal)?;
        prepared.set_payload(&note.payload());
        prepared.commit().map_err(internal)?;
        self.note = Some(note);
        self.pending = 0;
        Ok(())
    }

    /// Notes that what is followed was read up to there and changes nothing.
    pub(super) fn pass(&mut self, note: Note) {
        self.shared.passed(note.upto);
        self.note = Some(note);
    }

    /// Shows readers the newest commit.
    pub(super) fn show(&self) -> Result<()> {
        self.reader.reload().map_err(internal)?;
        let upto = self.note.as_ref().map_or(0, |note| note.upto);
        self.shared.show(self.reader.searcher(), upto)
    }

    /// Gives the writer's memory back if there was nothing to write for a while.
    pub(super) fn rest(&mut self) {
        if self.written.elapsed() < REST_AFTER {
            return;
        }
        if let Some(writer) = self.writer.take() {
            if let Err(error) = writer.wait_merging_threads() {
                tracing::debug!(%error, "a merge of the search index failed");
            }
            self.analysers = HashMap::new();
            // What was merged has other files now; the old ones can go.
            if let Err(error) = self.show() {
                tracing::debug!(%error, "the merged search index can't be read");
            }
        }
    }

    fn document(&mut self, piece: &Piece) -> TantivyDocument {
        let Fields {
            id,
            high,
            low,
            at,
            revision,
            version,
            length,
            marks,
            all,
            exact,
            head,
            title,
            lead,
            body,
        } = self.fields;
        if self.analysers.len() > 20 {
            self.analysers.clear();
        }
        let analyser = self
            .analysers
            .entry(piece.language.clone())
            .or_insert_with(|| Analyser::new(&piece.language));
        analyser.tidy();
        let mut words: Vec<Word> = Vec::new();
        let mut next = analyser.words(&piece.headline, 0, &mut words);
        let headline = words.len();
        for text in &piece.lead {
            next = analyser.words(text, next + APART, &mut words);
        }
        let led = words.len();
        analyser.words(&piece.body, next + APART, &mut words);
        // What is written with a hyphen stands at the place of its first part.
        words.sort_by_key(|word| word.position);

        let mut document = TantivyDocument::new();
        document.add_bytes(id, piece.id.0.as_bytes());
        let (upper, lower) = piece.id.0.as_u64_pair();
        document.add_u64(high, upper);
        document.add_u64(low, lower);
        document.add_i64(at, piece.at.0);
        document.add_u64(revision, piece.revision.unsigned_abs().into());
        document.add_u64(version, piece.version.unsigned_abs());
        document.add_u64(length, headline as u64);
        let mut marked = String::new();
        for mark in &piece.marks {
            spell(&mut marked, mark, 0);
        }
        document.add_text(marks, marked);
        let stems = |words: &[Word]| {
            let (mut text, mut before) = (String::with_capacity(10 * words.len()), 0);
            for word in words {
                let stem = &analyser.terms_of(*word).stem;
                spell(&mut text, stem, word.position - before);
                before = word.position;
            }
            text
        };
        let once = |words: &[Word]| {
            let mut words = words.to_vec();
            words.sort_unstable_by_key(|word| word.number);
            words.dedup_by_key(|word| word.number);
            let mut text = String::with_capacity(10 * words.len());
            for word in words {
                spell(&mut text, &analyser.terms_of(word).exact, 0);
            }
            text
        };
        document.add_text(all, stems(&words));
        document.add_text(exact, once(&words));
        document.add_text(head, stems(&words[..headline]));
        document.add_text(title, once(&words[..headline]));
        document.add_text(lead, stems(&words[headline..led]));
        document.add_text(body, &piece.body);
        document
    }
}
