//! Long questions: asked of `crate::jobs`, which the page does not hold itself, and answered in pieces.

use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// What `public/boot.js` gives the page: asks a question, calls the listener with `(text, done, error)`, and returns a
/// function that drops the question.
#[derive(Clone, Copy)]
pub struct Desk(StoredValue<js_sys::Function, LocalStorage>);

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Whole lines.
    Text(String),
    /// The last lines.
    Last(String),
    /// Why there is no answer.
    Failed(String),
}

/// A question under way; it is dropped with this.
pub struct Asked {
    cancel: Option<js_sys::Function>,
    _listener: Closure<dyn FnMut(String, bool, Option<String>)>,
}

impl Desk {
    /// The way to ask.
    #[must_use]
    pub fn new(ask: js_sys::Function) -> Self {
        Self(StoredValue::new_local(ask))
    }

    /// Asks a question.
    pub fn ask(self, question: &str, mut listener: impl FnMut(Piece) + 'static) -> Asked {
        let listener: Box<dyn FnMut(String, bool, Option<String>)> = Box::new(move |text, done, error| {
            listener(match (error, done) {
                (Some(reason), _) => Piece::Failed(reason),
                (None, true) => Piece::Last(text),
                (None, false) => Piece::Text(text),
            });
        });
        let listener = Closure::wrap(listener);
        let cancel = self.0.with_value(|ask| {
            ask.call2(&JsValue::NULL, &question.into(), listener.as_ref().unchecked_ref()).ok()
        });
        Asked { cancel: cancel.and_then(|own| own.dyn_into().ok()), _listener: listener }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(cancel) = &self.cancel {
            let _ = cancel.call0(&JsValue::NULL);
        }
    }
}
