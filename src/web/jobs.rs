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
    pub fn ask(self, question: &str, listener: impl FnMut(Piece) + 'static) -> Asked {
        self.ask_about(question, None, listener)
    }

    /// Asks a question about a text, which follows it and stays outside of the page's own memory.
    pub fn ask_about(
        self,
        question: &str,
        text: Option<&js_sys::JsString>,
        mut listener: impl FnMut(Piece) + 'static,
    ) -> Asked {
        let question = js_sys::JsString::from(question);
        let question = text.map_or_else(|| question.clone(), |text| question.concat(text));
        let listener: Box<dyn FnMut(String, bool, Option<String>)> = Box::new(move |text, done, error| {
            listener(match (error, done) {
                (Some(reason), _) => Piece::Failed(reason),
                (None, true) => Piece::Last(text),
                (None, false) => Piece::Text(text),
            });
        });
        let listener = Closure::wrap(listener);
        let cancel = self
            .0
            .with_value(|ask| ask.call2(&JsValue::NULL, &question, listener.as_ref().unchecked_ref()).ok());
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
