//! Sentences, tables and JSON of an evaluation.
