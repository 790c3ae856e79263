//! Long searches off the main thread: the same module in a worker, a few lines of text each way.
//!
//! The worker says `ready` first, for what is posted before it listens is lost. A question is a number and a link, an
//! answer the number and one line per deployment. Where no worker can be had (blocked, sandboxed), the page searches
//! by itself.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::document;
use leptos::web_sys::{DedicatedWorkerGlobalScope, MessageEvent, Worker, WorkerOptions, WorkerType};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::explore::frontier;
use crate::scenario::Load;
use crate::scenario::link;

/// What the worker says when it listens.
const READY: &str = "ready";

/// A deployment that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The scenario as a link.
    pub link: String,
    /// Users of the closed loop.
    pub users: f64,
    /// Tokens per second and user.
    pub interactivity: f64,
    /// Tokens per second and chip.
    pub per_chip: f64,
    /// Mean time to first token in seconds.
    pub ttft: f64,
    /// Whether it keeps the limit on TTFT.
    pub keeps_ttft: bool,
    /// Whether no other beats it.
    pub on_frontier: bool,
}

/// A searcher that answers the latest question only.
pub struct Search {
    worker: Rc<RefCell<Option<Worker>>>,
    ready: Rc<Cell<bool>>,
    latest: Rc<Cell<u32>>,
    waiting: Rc<RefCell<Option<String>>>,
    answer: Rc<dyn Fn(Vec<Found>)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(JsValue)>,
}

impl Search {
    /// Starts a worker, if there can be one.
    pub fn start(answer: impl Fn(Vec<Found>) + 'static) -> Self {
        let answer: Rc<dyn Fn(Vec<Found>)> = Rc::new(answer);
        let worker = Rc::new(RefCell::new(spawn()));
        let (ready, latest) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
        let waiting = Rc::new(RefCell::new(None::<String>));
        let message = {
            let (worker, ready, latest) = (worker.clone(), ready.clone(), latest.clone());
            let (waiting, answer) = (waiting.clone(), answer.clone());
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let Some(text) = event.data().as_string() else { return };
                if text == READY {
                    ready.set(true);
                    if let (Some(worker), Some(question)) = (&*worker.borrow(), waiting.borrow_mut().take()) {
                        let _ = worker.post_message(&question.into());
                    }
                } else if let Some((number, found)) = read(&text)
                    && number == latest.get()
                {
                    answer(found);
                }
            })
        };
        let error = {
            let (worker, latest) = (worker.clone(), latest.clone());
            let (waiting, answer) = (waiting.clone(), answer.clone());
            Closure::<dyn FnMut(JsValue)>::new(move |_| {
                worker.borrow_mut().take();
                let question = waiting.borrow_mut().take();
                if let Some((number, link)) = question.as_deref().and_then(|own| own.split_once(' '))
                    && number.parse() == Ok(latest.get())
                {
                    answer(search(link));
                }
            })
        };
        if let Some(worker) = &*worker.borrow() {
            worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
            worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        }
        Self { worker, ready, latest, waiting, answer, _message: message, _error: error }
    }

    /// Searches around a scenario; answers to earlier questions are dropped.
    pub fn ask(&mut self, link: &str) {
        let number = self.latest.get().wrapping_add(1);
        self.latest.set(number);
        let question = format!("{number} {link}");
        match &*self.worker.borrow() {
            Some(worker) if self.ready.get() => {
                let _ = worker.post_message(&question.into());
            }
            Some(_) => {
                self.waiting.replace(Some(question));
            }
            None => (self.answer)(search(link)),
        }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
    }
}

fn spawn() -> Option<Worker> {
    let address = document().document_element()?.get_attribute("data-worker")?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    Worker::new_with_options(&address, &options).ok()
}

/// Listens in a worker, and says so.
pub fn listen() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let reply = scope.clone();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if let Some((number, link)) = text.split_once(' ') {
            let mut answer = number.to_owned();
            for own in search(link) {
                let Found { link, users, interactivity, per_chip, ttft, keeps_ttft, on_frontier } = own;
                answer.push_str(&format!(
                    "\n{users} {interactivity} {per_chip} {ttft} {keeps_ttft} {on_frontier} {link}"
                ));
            }
            let _ = reply.post_message(&answer.into());
        }
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // The worker lives until it is terminated.
    listener.forget();
    let _ = scope.post_message(&READY.into());
}

fn search(text: &str) -> Vec<Found> {
    let scenario = link::parse(text).scenario;
    let found = |own: crate::explore::Candidate| Found {
        link: link::write(&own.scenario, &[]),
        users: match own.scenario.load {
            Load::Closed { concurrency } => concurrency,
            Load::Open { .. } => 0.0,
        },
        interactivity: own.interactivity.get(),
        per_chip: own.per_chip.get(),
        ttft: own.ttft.get(),
        keeps_ttft: own.keeps_ttft,
        on_frontier: own.on_frontier,
    };
    frontier(&scenario).into_iter().map(found).collect()
}

fn read(text: &str) -> Option<(u32, Vec<Found>)> {
    let mut lines = text.lines();
    let number = lines.next()?.parse().ok()?;
    let found = lines.filter_map(|line| {
        let mut words = line.splitn(7, ' ');
        let mut figure = || words.next()?.parse::<f64>().ok();
        let (users, interactivity, per_chip, ttft) = (figure()?, figure()?, figure()?, figure()?);
        let mut flag = || Some(words.next()? == "true");
        let (keeps_ttft, on_frontier) = (flag()?, flag()?);
        let link = words.next()?.to_owned();
        Some(Found { users, interactivity, per_chip, ttft, keeps_ttft, on_frontier, link })
    });
    Some((number, found.collect()))
}
