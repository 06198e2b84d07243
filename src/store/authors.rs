//! Authors.

use crate::authors::Author;

terms!(authors, Author);
