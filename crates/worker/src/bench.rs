//! The workloads of `cargo xtask bench` behind JavaScript's door, which has the clock.

#[path = "../../../benches/workloads.rs"]
mod workloads;

use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// The identifiers of what a browser can do, one a line.
#[wasm_bindgen]
#[must_use]
pub fn workloads() -> String {
    let ids = workloads::ALL.iter().filter(|own| !own.native_only).map(|own| own.id);
    ids.collect::<Vec<_>>().join("\n")
}

/// A workload that is ready to run.
#[wasm_bindgen]
pub struct Bench(Box<dyn Fn() -> workloads::Done>);

#[wasm_bindgen]
impl Bench {
    /// Prepares a workload.
    ///
    /// # Errors
    /// No workload has this identifier.
    #[wasm_bindgen(constructor)]
    pub fn new(id: &str) -> Result<Self, JsError> {
        let workload = workloads::ALL.iter().find(|own| own.id == id);
        workload.map(|own| Self((own.prepare)())).ok_or_else(|| JsError::new("no such workload"))
    }

    /// Does it so many times; returns the sum over the results of the last time.
    #[must_use]
    pub fn run(&self, times: u32) -> f64 {
        (0..times).fold(f64::NAN, |_, _| (self.0)().sum)
    }
}
