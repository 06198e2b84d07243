//! authors
