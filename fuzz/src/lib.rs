//! Fuzzing: input that is nearly right, and input that is anything but, for all that reads foreign text.
//!
//! | file | what |
//! |---|---|
//! | `targets` | what is fuzzed, each a function of bytes that panics when a promise is broken |
//! | `sound` | the promises that hold for every scenario and every answer |
//! | `corpus` | where inputs start from: golden links, fixtures, and words that mean something to a target |
//! | `mutate` | damages an input along its structure |
//! | `run` | the runner: from a seed, with a limit of time and memory for each input |
//! | `pairs` | not drawn but gone through: each pair of chips with each model |
//!
//! `cargo xtask fuzz TARGET --runs N --seed S` needs nothing but the stable compiler, and the same seed does the same
//! again; the native tests run a little of each target. Who wants coverage to guide the search has the same functions
//! behind libFuzzer: `cargo fuzz run TARGET --sanitizer none` (with a nightly compiler also without the last two words).
//!
//! What an execution does is told by each function of `targets`. Reading, evaluating and looking at every number is done
//! for each input; forms that take longer than that (reports, replays, reading in small pieces) for a share of them that a
//! hash of the input draws, and for all inputs to start from, those in `regressions/` among them.
//!
//! `postMessage`, between an embed and the page around it and between the page and its jobs, is JavaScript. `cargo xtask
//! fuzz message` (`tests/e2e/messages.mjs`) throws messages at those scripts without a browser, and
//! `tests/e2e/embed.test.mjs` fewer in one.
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a target says that a promise is broken by panicking, as libFuzzer wants it"
)]

pub mod corpus;
pub mod mutate;
pub mod pairs;
pub mod run;
pub mod sound;
pub mod targets;
