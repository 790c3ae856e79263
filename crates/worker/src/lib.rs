//! The long questions of the page (`tandem::jobs`) behind JavaScript's door, without the page itself.
//!
//! `public/jobs.js` drives it: it makes a job of a question, steps it until it is done, and hands on what comes out.
#![cfg(target_arch = "wasm32")]

#[cfg(feature = "bench")]
mod bench;

use tandem::jobs;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// A question under way.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Job {
    job: jobs::Job,
    done: bool,
}

#[wasm_bindgen]
impl Job {
    /// Takes a question up.
    ///
    /// # Errors
    /// A question that nothing answers.
    #[wasm_bindgen(constructor)]
    pub fn new(question: &str) -> Result<Self, JsError> {
        let question = jobs::Question::read(question).map_err(|error| JsError::new(&error))?;
        Ok(Self { job: jobs::Job::new(question), done: false })
    }

    /// Does a slice and returns the lines that it came to.
    pub fn step(&mut self) -> String {
        let jobs::Slice { text, done } = self.job.step();
        self.done = done;
        text
    }

    /// Whether the answer is whole.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn done(&self) -> bool {
        self.done
    }
}
