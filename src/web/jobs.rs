//! Long questions: asked of `crate::jobs`, which the page does not hold itself, and answered in pieces.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::lean::effect;

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

/// What a listener hears of a question that follows the page.
pub enum Heard<'a> {
    /// It is asked anew: what was heard before belongs to another question.
    Anew,
    /// Whole lines of the answer, and whether they are the last.
    Lines(&'a str, bool),
}

/// How a question that follows the page stands.
#[derive(Clone, Copy)]
pub struct Following {
    /// Whether an answer is still to come.
    pub busy: RwSignal<bool>,
    /// Why there is none.
    pub failed: RwSignal<Option<String>>,
    asked: StoredValue<Option<Asked>, LocalStorage>,
}

impl Following {
    /// Drops the question.
    pub fn cancel(self) {
        self.asked.set_value(None);
        self.busy.set(false);
    }
}

/// How long a question must rest before it is asked, in milliseconds.
const REST: u32 = 150;

/// Asks a question whenever it has changed and rested, and drops the one before. Nothing is asked while there is none.
pub fn follow(
    desk: Desk,
    question: Memo<Option<String>>,
    hear: impl FnMut(Heard<'_>) + 'static,
) -> Following {
    let hear: Box<dyn FnMut(Heard<'_>)> = Box::new(hear);
    let hear = StoredValue::new_local(hear);
    let following = Following {
        busy: RwSignal::new(false),
        failed: RwSignal::new(None),
        asked: StoredValue::new_local(None),
    };
    let pending = StoredValue::new_local(None::<Timeout>);
    let ask = move |question: &str| {
        hear.update_value(|hear| hear(Heard::Anew));
        let asked = desk.ask(question, move |piece| {
            let (text, done) = match piece {
                Piece::Text(text) => (text, false),
                Piece::Last(text) => (text, true),
                Piece::Failed(reason) => {
                    following.failed.set(Some(reason));
                    (String::new(), true)
                }
            };
            hear.update_value(|hear| hear(Heard::Lines(&text, done)));
            if done {
                following.busy.set(false);
            }
        });
        following.asked.set_value(Some(asked));
    };
    effect(move || {
        let question = question.get();
        following.failed.set(None);
        following.busy.set(question.is_some());
        match question {
            Some(question) => {
                pending.set_value(Some(Timeout::new(REST, move || ask(&question))));
            }
            None => {
                pending.set_value(None);
                following.asked.set_value(None);
            }
        }
    });
    following
}
