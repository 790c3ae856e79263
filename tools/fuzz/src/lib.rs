//! Fuzzing: input that is nearly right, and input that is anything but, for all that reads foreign text.
//!
//! | file | what |
//! |---|---|
//! | `targets` | what is fuzzed, each a function of bytes that panics when a promise is broken |
//! | `execution` | what an input has its turn with, and what came of it |
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
//!
//! Longest runs so far, on one thread each at the lowest priority of a busy machine, in November 2026:
//!
//! | `cargo xtask fuzz` | inputs | of them taken | seconds | found, and mended |
//! |---|---|---|---|---|
//! | `link --runs 10000000 --seed 8101 --minutes 40` | 10,000,000 | 4,834,675 | 515 | |
//! | `link --runs 10000000 --seed 8131 --minutes 17` | 10,000,000 | 4,629,547 | 490 | |
//! | `reply --runs 10000000 --seed 8115 --minutes 90` | 10,000,000 | 9,859,245 | 2,394 | |
//! | `config --runs 10000000 --seed 8112 --minutes 60` | 10,000,000 | 1,643,590 | 1,428 | a message of 1,257 letters |
//! | `config --runs 10000000 --seed 8122 --minutes 45` | 10,000,000 | 1,663,013 | 1,126 | |
//! | `measurements --runs 10000000 --seed 8113 --minutes 60` | 10,000,000 | 4,027,226 | 1,084 | (before it, a message of 1,220 letters) |
//! | `trace --runs 10000000 --seed 8114 --minutes 60` | 10,000,000 | 4,872,335 | 504 | |
//! | `job --runs 10000000 --seed 8119 --minutes 15` | 568,182 | 269,498 | 900 | a slice of two seconds (before it, infinite lanes) |
//! | `job --runs 10000000 --seed 8129 --minutes 17` | 1,311,738 | 622,108 | 1,020 | |
//! | `message --target host --runs 10000000 --seed 8127` | 10,000,000 | 2,521,306 | 242 | (before it, what `messages.test.mjs` lists) |
//! | `message --target frame --runs 10000000 --seed 8116` | 10,000,000 | 4,556,323 | 222 | |
//! | `message --target desk --runs 10000000 --seed 8116` | 10,000,000 | | 72 | |
//!
//! A job takes milliseconds by what it is for, so that ten million of them would take hours.
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a target says that a promise is broken by panicking, as libFuzzer wants it"
)]

pub mod corpus;
pub mod execution;
pub mod mutate;
pub mod pairs;
pub mod run;
pub mod sound;
pub mod targets;
