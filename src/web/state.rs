//! What the page knows: one scenario, how it is looked at, what is pinned, and everything that follows from them.
//!
//! The scenario is the single source of truth. All figures are memos over it; a control changes the scenario and
//! nothing else, and the redraw follows in the next animation frame.

use std::sync::Arc;

use crate::web::lean::memo;
use leptos::prelude::*;

use crate::evaluate::evaluate;
use crate::explore::Written;
use crate::figure::compare;
use crate::figure::view::wanted;
pub use crate::figure::view::{Reason, Tab, View};
use crate::report::mend;
use crate::scenario::Scenario;
pub use crate::scenario::link::MOST_PINS;
use crate::scenario::link::Parsed;
use crate::serve::Refusal;
use crate::web::jobs::{Asked, Desk};
use crate::web::measured::Runs;
use crate::web::motion::Motion;
pub use crate::web::pinned::Answer;
use crate::web::pinned::{Pin, name};

/// Something to tell the reader that is not an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The words.
    pub text: String,
    /// Whether figures may differ from what a link's writer meant.
    pub serious: bool,
}

/// Pools that grew with a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Grown {
    /// What grew, in words.
    pub text: String,
    /// The scenario after it.
    pub after: Scenario,
}

/// A scenario tried, and what is shown of it.
struct Tried {
    /// What the answer belongs to.
    scenario: Scenario,
    answer: Answer,
    refused: Option<Refusal>,
}

/// The whole state, cheap to copy into closures.
#[derive(Clone, Copy)]
pub struct Page {
    /// What is asked.
    pub scenario: RwSignal<Scenario>,
    /// How it is looked at.
    pub view: RwSignal<View>,
    /// The open link while a part of it is not understood, else nothing. While there is one, nothing is evaluated: the
    /// scenario is not what was asked.
    pub misread: RwSignal<String>,
    /// What it is compared with, as it was pinned.
    pub pins: RwSignal<Vec<Pin>>,
    /// The same as it is compared: under the load, lengths and service level of the scenario, unless each keeps its own.
    pub beside: Memo<Vec<Pin>>,
    /// What each of them is called: by what sets it apart.
    pub names: Memo<Vec<String>>,
    /// The key of the one that tiles and differences are counted from; the first where there is no such.
    pub base: RwSignal<u32>,
    /// What the reader must be told.
    pub messages: RwSignal<Vec<Message>>,
    /// The answer that is shown: to the scenario, or where that has none to the last one that had.
    pub answer: Memo<Answer>,
    /// The scenario that the shown answer belongs to.
    pub standing: Memo<Scenario>,
    /// Why the scenario has no answer.
    pub refused: Memo<Option<Refusal>>,
    /// What a choice made of the pools so that the model fits, until the reader goes on.
    pub grown: RwSignal<Option<Grown>>,
    /// Measured runs, as far as they are known.
    pub runs: RwSignal<Runs>,
    /// Whether the reader is moving something.
    pub motion: Motion,
    /// Grows with each completed step, such as the end of a drag; history makes an entry of it.
    pub steps: RwSignal<u32>,
    /// The open story and its step, as `ID:STEP`, or nothing.
    pub story: RwSignal<String>,
    /// The page's place among its entries of the browser's history, and the last of them.
    pub place: RwSignal<(u32, u32)>,
    /// Where long questions are asked.
    pub desk: Desk,
    /// The text that is being read as a model, if any.
    pub reading: StoredValue<Option<Asked>, LocalStorage>,
    /// Below which price a chip without one would pay, in words; empty where that is unknown.
    pub pays: RwSignal<String>,
    /// What sizing considers.
    pub wanted: RwSignal<Written>,
    /// Whether the page stands in another one.
    pub embedded: bool,
}

impl Page {
    /// The state over a first scenario.
    #[must_use]
    pub fn new(parsed: &Parsed, text: &str, view: View, desk: Desk, embedded: bool) -> Self {
        let scenario = RwSignal::new(parsed.scenario.clone());
        let misread = RwSignal::new(misread(parsed, text));
        let view = RwSignal::new(view);
        let pins = RwSignal::new(Vec::<Pin>::new());
        let apart = memo(move || view.get().apart);
        let tried = try_on(scenario, misread, embedded);
        Self {
            scenario,
            misread,
            view,
            pins,
            beside: memo(move || {
                let pins = pins.get();
                if pins.is_empty() {
                    return pins;
                }
                scenario
                    .with(|scenario| pins.into_iter().map(|pin| pin.beside(scenario, apart.get())).collect())
            }),
            names: memo(move || {
                let pins: Vec<Scenario> =
                    pins.with(|pins| pins.iter().map(|pin| pin.scenario.clone()).collect());
                scenario.with(|scenario| compare::names(scenario, &pins))
            }),
            base: RwSignal::new(0),
            messages: RwSignal::new(Vec::new()),
            answer: memo(move || tried.with(|tried| Arc::clone(&tried.answer))),
            standing: memo(move || tried.with(|tried| tried.scenario.clone())),
            refused: memo(move || tried.with(|tried| tried.refused.clone())),
            grown: RwSignal::new(None),
            runs: RwSignal::default(),
            motion: Motion::new(),
            steps: RwSignal::new(0),
            story: RwSignal::default(),
            place: RwSignal::default(),
            desk,
            reading: StoredValue::new_local(None),
            pays: RwSignal::default(),
            wanted: RwSignal::new(wanted(&parsed.view)),
            embedded,
        }
    }

    /// Changes the scenario; nothing happens if the change changes nothing.
    pub fn edit(&self, change: impl FnOnce(&mut Scenario)) {
        let mut next = self.scenario.get_untracked();
        change(&mut next);
        if self.scenario.with_untracked(|now| *now != next) {
            self.motion.touch();
            self.scenario.set(next);
        }
    }

    /// Puts the scenario of a link in the place of what was open.
    pub fn show(&self, parsed: &Parsed, text: &str) {
        self.misread.set(String::new());
        self.edit(|scenario| *scenario = parsed.scenario.clone());
        self.misread.set(misread(parsed, text));
    }

    /// Whether the open link is understood, so that there is something to show.
    #[must_use]
    pub fn understood(&self) -> Memo<bool> {
        let misread = self.misread;
        memo(move || misread.with(String::is_empty))
    }

    /// Whether the scenario has no answer, so that what is shown belongs to another one.
    #[must_use]
    pub fn stale(&self) -> Memo<bool> {
        let refused = self.refused;
        memo(move || refused.with(Option::is_some))
    }

    /// Changes what sizing considers.
    pub fn want(&self, change: impl FnOnce(&mut Written)) {
        self.wanted.update(change);
        self.commit();
    }

    /// Changes the view.
    pub fn look(&self, change: impl FnOnce(&mut View)) {
        let mut next = self.view.get_untracked();
        change(&mut next);
        if self.view.get_untracked() != next {
            self.view.set(next);
        }
    }

    /// Ends a step, so that the browser's back button returns to what was before it.
    pub fn commit(&self) {
        self.steps.update(|steps| *steps = steps.wrapping_add(1));
    }

    /// Changes model or chips, and lets the pools grow to the least that holds it where it does not fit; says so.
    pub fn choose(&self, change: impl FnOnce(&mut Scenario)) {
        let mut next = self.scenario.get_untracked();
        change(&mut next);
        let grown = evaluate(&next).is_err().then(|| mend::grown(&next)).flatten().map(|(grown, _)| grown);
        let told = grown.map(|after| Grown { text: mend::told(&next, &after), after });
        let after = told.as_ref().map_or(next, |own| own.after.clone());
        self.edit(|scenario| *scenario = after);
        self.grown.set(told);
    }

    /// Replaces the scenario in one step.
    pub fn open(&self, scenario: Scenario) {
        self.edit(|current| *current = scenario);
        self.commit();
    }

    /// A memo over a part of the scenario.
    pub fn part<T>(&self, read: impl Fn(&Scenario) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        memo_over(self.scenario, Box::new(read))
    }

    /// Keeps the current scenario for comparison.
    pub fn pin_current(&self) {
        let scenario = self.scenario.get_untracked();
        let answer = Arc::new(evaluate(&scenario));
        self.keep(scenario, answer);
    }

    /// The place among the pins of the one that differences are counted from.
    pub fn baseline(&self) -> usize {
        let base = self.base.get();
        self.pins.with(|pins| pins.iter().position(|pin| pin.key == base).unwrap_or_default())
    }

    /// Keeps another scenario for comparison.
    pub fn pin(&self, scenario: Scenario) {
        let answer = Arc::new(evaluate(&scenario));
        self.keep(scenario, answer);
    }

    fn keep(&self, scenario: Scenario, answer: Answer) {
        self.pins.update(|pins| {
            if pins.len() < MOST_PINS {
                let key = pins.iter().map(|pin| pin.key).max().map_or(1, |key| key.wrapping_add(1));
                let name = name(&scenario, pins);
                pins.push(Pin { key, name, scenario, answer });
            }
        });
        self.commit();
    }

    /// Drops a pinned scenario.
    pub fn unpin(&self, key: u32) {
        self.pins.update(|pins| pins.retain(|pin| pin.key != key));
        self.commit();
    }

    /// Tells the reader something.
    pub fn say(&self, text: impl Into<String>, serious: bool) {
        let message = Message { text: text.into(), serious };
        self.messages.update(|messages| messages.push(message));
    }
}

/// Evaluates the scenario, and keeps the last one that had an answer for those that have none. What was never answered
/// is shown on the fewest chips that hold it. A page inside another one shows what its link says, or nothing.
fn try_on(scenario: RwSignal<Scenario>, misread: RwSignal<String>, embedded: bool) -> Memo<Arc<Tried>> {
    let last = StoredValue::new(None::<Arc<Tried>>);
    // Always new when its inputs are: comparing evaluations is for what follows from them.
    Memo::new_with_compare(
        move |_| {
            if misread.with(|text| !text.is_empty()) {
                let refused = Refusal::Invalid { message: "the link is not understood".to_owned() };
                return Arc::new(Tried {
                    scenario: scenario.get(),
                    answer: Arc::new(Err(refused)),
                    refused: None,
                });
            }
            let own = scenario.get();
            let refused = match evaluate(&own) {
                Ok(evaluation) => {
                    let tried = Tried { scenario: own, answer: Arc::new(Ok(evaluation)), refused: None };
                    let tried = Arc::new(tried);
                    last.set_value(Some(Arc::clone(&tried)));
                    return tried;
                }
                Err(refused) => refused,
            };
            let before = last.get_value().filter(|_| !embedded);
            let shown = before.map(|own| (own.scenario.clone(), Arc::clone(&own.answer))).or_else(|| {
                let (grown, evaluation) = mend::grown(&own).filter(|_| !embedded)?;
                Some((grown, Arc::new(Ok(evaluation))))
            });
            let (scenario, answer) = shown.unwrap_or_else(|| (own, Arc::new(Err(refused.clone()))));
            Arc::new(Tried { scenario, answer, refused: Some(refused) })
        },
        |_, _| true,
    )
}

/// What follows `#` in a link, if a part of it is not understood.
fn misread(parsed: &Parsed, text: &str) -> String {
    let text = if parsed.faults.is_empty() { "" } else { text.trim() };
    let whole = text.starts_with('#') || text.starts_with("http");
    text.split_once('#').filter(|_| whole).map_or(text, |(_, link)| link).to_owned()
}

/// Not generic over the closure, so that a module of many memos stays small.
fn memo_over<T: PartialEq + Send + Sync + 'static>(
    scenario: RwSignal<Scenario>,
    read: Box<dyn Fn(&Scenario) -> T + Send + Sync>,
) -> Memo<T> {
    memo(move || scenario.with(&read))
}

/// The state of the page this component is part of: `app` provides it before anything else.
#[must_use]
pub fn use_page() -> Page {
    expect_context::<Page>()
}
