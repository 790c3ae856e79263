//! What moves on the board: the pools of the scenario, what stays equal, and the valley of a metric, which is evaluated a
//! slice at a time between frames.

use std::sync::Arc;

use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use crate::explore::miss;
use crate::figure::board::{Exchange, Kept, Mark, Valley, put, told};
use crate::figure::map::DECIDES;
use crate::metric::Metric;
use crate::scenario::{Role, Scenario, Split, SplitKind};
use crate::web::figures::read;
use crate::web::lean::{effect, memo};
use crate::web::state::{Page, use_page};

/// Milliseconds of a slice: what a frame has to spare.
const SLICE: f64 = 4.0;
/// Ways that make a shape: fewer do not take the place of the valley before.
const SHAPE: usize = 12;

/// A sum that stands while chips move between two pools.
#[derive(Clone)]
struct Sum {
    /// What they have together, as it was when the first chip moved.
    exchange: Exchange,
    /// The split that was made of it last.
    split: Split,
}

impl Sum {
    /// The sum, where nothing but its chips have moved since.
    fn of(&self, own: &Exchange, split: &Split) -> Option<f64> {
        let same = self.exchange.first() == own.first() && self.exchange.weights() == own.weights();
        (same && self.split == *split).then_some(self.exchange.budget())
    }
}

/// What the board knows.
#[derive(Clone, Copy)]
pub struct Mix {
    /// The page.
    pub page: Page,
    /// What is to stay equal.
    pub wanted: RwSignal<Kept>,
    /// What does stay equal: what is wanted, where it is known of all chips.
    pub kept: Memo<Kept>,
    /// Which of the handles is in use.
    pub pair: RwSignal<usize>,
    /// What its two pools can exchange.
    pub exchange: Memo<Option<Exchange>>,
    /// What the valley shows.
    pub metric: Memo<Metric>,
    /// The valley, as far as it is known; it may be of before.
    pub valley: RwSignal<Option<Arc<Valley>>>,
    /// The valley that is to be shown, without its points.
    pub asked: Memo<Option<Arc<Valley>>>,
    /// The way that is pointed at.
    pub pointed: RwSignal<Option<u32>>,
    sum: StoredValue<Option<Sum>>,
}

impl Mix {
    /// Over the scenario of the page.
    pub fn new() -> Self {
        let page = use_page();
        let wanted = RwSignal::new(Kept::default());
        let pair = RwSignal::new(0_usize);
        let sum = StoredValue::new(None::<Sum>);
        let kept = memo(move || {
            let wanted = wanted.get();
            let known = page.scenario.with(|own| Exchange::of(own, 0, wanted).is_some());
            if known { wanted } else { Kept::Chips }
        });
        let exchange = memo(move || {
            let (kept, pair) = (kept.get(), pair.get());
            page.scenario.with(|own| {
                let pair = pair.min(own.split.pools().len().checked_sub(2)?);
                let exchange = Exchange::of(own, pair, kept)?;
                let budget = sum.with_value(|sum| sum.as_ref()?.of(&exchange, &own.split));
                Some(match budget {
                    Some(budget) => exchange.over(budget),
                    None => exchange,
                })
            })
        });
        // What nobody sells has no cost to compare by.
        let priced = page.part(|own| {
            own.split.pools().iter().all(|(_, pool)| Kept::Dollars.of_chip(own, &pool.chip).is_some())
        });
        let metric = memo(move || {
            let usual = if priced.get() { DECIDES[0] } else { Metric::ThroughputPerChip };
            page.view.get().by.unwrap_or(usual)
        });
        let asked = memo(move || {
            let exchange = exchange.get()?;
            Some(Arc::new(page.scenario.with(|own| Valley::new(own, &exchange))))
        });
        let own = Self {
            page,
            wanted,
            kept,
            pair,
            exchange,
            metric,
            valley: RwSignal::new(None),
            asked,
            pointed: RwSignal::new(None),
            sum,
        };
        own.fill();
        own
    }

    /// Keeps the valley evaluated, a slice after each frame.
    fn fill(self) {
        let work = StoredValue::new_local(None::<Valley>);
        let frame = StoredValue::new_local(None::<AnimationFrame>);
        let turn = StoredValue::new_local(None::<Timeout>);
        effect(move || {
            self.metric.track();
            let Some(asked) = self.asked.get() else {
                work.set_value(None);
                self.valley.set(None);
                return;
            };
            if work.with_value(|own| own.as_ref().is_none_or(|own| !own.same(&asked))) {
                work.set_value(Some((*asked).clone()));
            }
            self.later(work, frame, turn);
        });
    }

    /// Sets out for the next slice, after the next frame; once, however often it is asked for.
    fn later(
        self,
        work: StoredValue<Option<Valley>, LocalStorage>,
        frame: StoredValue<Option<AnimationFrame>, LocalStorage>,
        turn: StoredValue<Option<Timeout>, LocalStorage>,
    ) {
        let slice = move || {
            frame.try_set_value(None);
            if self.slice(work) {
                self.later(work, frame, turn);
            }
        };
        if frame.with_value(Option::is_none) {
            frame.set_value(Some(request_animation_frame(move |_| {
                turn.try_set_value(Some(Timeout::new(0, slice)));
            })));
        }
    }

    /// Evaluates for a few milliseconds, and shows what is known then; whether there is more to do.
    fn slice(self, work: StoredValue<Option<Valley>, LocalStorage>) -> bool {
        let end = js_sys::Date::now() + SLICE;
        let metric = self.metric.get_untracked();
        let done = work.try_update_value(|own| {
            let own = own.as_mut()?;
            let mut more = own.step(metric);
            while more && js_sys::Date::now() < end {
                more = own.step(metric);
            }
            Some((more, (!more || own.known() >= SHAPE).then(|| own.clone())))
        });
        let Some((more, shape)) = done.flatten() else { return false };
        if let Some(shape) = shape {
            self.valley.try_set(Some(Arc::new(shape)));
        }
        more
    }

    /// Whether the valley shown is that of the scenario.
    pub fn fresh(self) -> bool {
        let asked = self.asked.get();
        self.valley.with(|own| own.as_ref().zip(asked.as_ref()).is_some_and(|(own, asked)| own.same(asked)))
    }

    /// The way that the scenario stands at.
    pub fn standing(self) -> Option<u32> {
        let exchange = self.exchange.get()?;
        Some(self.page.scenario.with(|own| exchange.standing(own)))
    }

    /// The way on offer, while the valley is that of the scenario.
    pub fn mark(self) -> Option<Mark> {
        let metric = self.metric.get();
        let mark = self.valley.with(|own| own.as_ref()?.mark(metric));
        mark.filter(|_| self.fresh())
    }

    /// What the scenario has of the metric, and whether it keeps the service level.
    pub fn now(self) -> (Option<f64>, bool) {
        let metric = self.metric.get();
        self.page.answer.with(|answer| {
            let value = read(answer, metric).ok().map(|own| own.value);
            let kept = answer
                .as_ref()
                .as_ref()
                .is_ok_and(|own| self.page.scenario.with(|asked| miss(&asked.slo, own).is_none()));
            (value, kept)
        })
    }

    /// The marked way and what is said of it: an offer, or why there is none to make.
    pub fn offer(self) -> Option<(Mark, Result<String, &'static str>)> {
        let (mark, exchange) = (self.mark()?, self.exchange.get()?);
        let now = self.now();
        let same = self.standing() == Some(mark.way);
        let offer = match told::level(mark, same, self.metric.get(), now) {
            Some(level) => Err(level),
            None => Ok(told::offer(&exchange, mark, self.metric.get(), now)),
        };
        Some((mark, offer))
    }

    /// Why the metric has no value, where the whole valley has none.
    pub fn lacks(self) -> Option<String> {
        let metric = self.metric.get();
        let empty = self.fresh()
            && self.valley.with(|own| own.as_ref().is_some_and(|own| own.line(metric).is_empty()));
        empty.then(|| self.page.answer.with(|answer| read(answer, metric).err())).flatten()
    }

    /// Moves chips: the scenario goes to a way. Where it stands there already, nothing happens.
    pub fn go(self, way: u32) {
        let stands = untrack(|| self.standing());
        if stands != Some(way) {
            self.take(way);
        }
    }

    /// Makes a way the scenario, its layouts chosen for it.
    pub fn take(self, way: u32) {
        let Some(exchange) = self.exchange.get_untracked() else { return };
        let next = self.page.scenario.with_untracked(|own| exchange.at(own, way));
        // Before the scenario changes, so that what follows it finds the sum that it was made of.
        self.sum.set_value(Some(Sum { exchange, split: next.split.clone() }));
        self.page.edit(|own| *own = next);
    }

    /// Puts another chip into a pool; into one that is not there yet once chips have been given to it.
    pub fn put(self, role: Role, chip: &str) {
        let kept = self.kept.get_untracked();
        self.page.edit(|own| {
            if own.split.pool(role).is_none() && role == Role::Decode {
                own.split.set_kind(SplitKind::Pd);
            }
            put(own, role, chip, kept);
        });
        self.page.commit();
    }

    /// Roles, chips and what each chip counts for, of all pools.
    pub fn pools(self) -> Vec<(Role, String, u32, f64)> {
        let kept = self.kept.get();
        let count = |own: &Scenario, chip: &str| kept.of_chip(own, chip).unwrap_or(1.0);
        self.page.scenario.with(|own| {
            let pools = own.split.pools().into_iter();
            pools.map(|(role, pool)| (role, pool.chip.clone(), pool.chips, count(own, &pool.chip))).collect()
        })
    }
}
