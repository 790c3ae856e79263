//! Long questions: asked of `crate::jobs`, which the page does not hold itself, and answered in pieces.

use std::marker::PhantomData;

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::lean::{effect, memo};
use crate::jobs::{Ask, Comes};

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

    /// Asks a question, given as text.
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

/// How a question that follows the page stands.
pub struct Following<Q> {
    /// The answer as text, as far as it is shown. Until another answer comes, it is that to the question before. One type
    /// for all questions, so that the framework is compiled for it once.
    text: RwSignal<String>,
    /// Whether more is to come.
    pub busy: RwSignal<bool>,
    /// Why there is none.
    pub failed: RwSignal<Option<String>>,
    asked: StoredValue<Option<Asked>, LocalStorage>,
    question: PhantomData<fn() -> Q>,
}

impl<Q> Clone for Following<Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q> Copy for Following<Q> {}

impl<Q: Ask> Following<Q> {
    /// The answer, as far as it is shown.
    pub fn answer(self) -> Q::Answer {
        self.text.with(|text| Q::answer(text))
    }

    /// Whether there is something of it.
    pub fn some(self) -> bool {
        self.text.with(|text| !text.is_empty())
    }

    /// Drops the question.
    pub fn cancel(self) {
        self.asked.set_value(None);
        self.busy.set(false);
    }
}

/// How long a question must rest before it is asked, in milliseconds.
const REST: u32 = 150;

/// Asks a question whenever it has changed and rested, and drops the one before. Where there is none, nothing is asked,
/// and the answer is empty.
pub fn follow<Q: Ask>(desk: Desk, question: impl Fn() -> Option<Q> + Send + Sync + 'static) -> Following<Q> {
    let text = memo(move || question().map_or_else(String::new, |own| own.text()));
    let Following { text, busy, failed, asked, .. } = follow_text(desk, Q::COMES, text);
    Following { text, busy, failed, asked, question: PhantomData }
}

fn follow_text(desk: Desk, comes: Comes, question: Memo<String>) -> Following<()> {
    let following = Following {
        text: RwSignal::default(),
        busy: RwSignal::new(false),
        failed: RwSignal::new(None),
        asked: StoredValue::new_local(None),
        question: PhantomData,
    };
    let pending = StoredValue::new_local(None::<Timeout>);
    let ask = move |question: &str| {
        let mut whole = String::new();
        let asked = desk.ask(question, move |piece| {
            let (text, last) = match piece {
                Piece::Text(text) => (text, false),
                Piece::Last(text) => (text, true),
                Piece::Failed(reason) => {
                    following.failed.set(Some(reason));
                    (String::new(), true)
                }
            };
            let shown = match comes {
                Comes::Anew => !text.is_empty(),
                Comes::Whole => last,
                Comes::Growing(tag) => last || text.lines().any(|line| line.starts_with(tag)),
            };
            if comes == Comes::Anew {
                whole.clear();
            }
            whole.push_str(&text);
            if shown {
                following.text.set(whole.clone());
            }
            if last {
                following.busy.set(false);
            }
        });
        following.asked.set_value(Some(asked));
    };
    let mut before = String::new();
    effect(move || {
        let question = question.get();
        following.failed.set(None);
        following.busy.set(!question.is_empty());
        // An answer in other terms, such as of another metric, must not be read in the new ones.
        if !terms(&question).eq(terms(&before)) {
            following.text.set(String::new());
        }
        before.clone_from(&question);
        if question.is_empty() {
            pending.set_value(None);
            following.asked.set_value(None);
        } else {
            pending.set_value(Some(Timeout::new(REST, move || ask(&question))));
        }
    });
    following
}

/// The lines of a question that say what is asked, not about which scenarios.
fn terms(question: &str) -> impl Iterator<Item = &str> {
    question.lines().filter(|line| !line.starts_with("v1"))
}
