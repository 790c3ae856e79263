//! Reactive closures behind one type each, so that the framework is compiled once per kind and not once per closure:
//! the page would weigh a sixth more without.

use leptos::prelude::*;

/// A memo.
pub fn memo<T: PartialEq + Send + Sync + 'static>(
    compute: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    boxed_memo(Box::new(compute))
}

fn boxed_memo<T: PartialEq + Send + Sync + 'static>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| compute())
}

/// A class, property or attribute that is there or not.
pub fn flag(read: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    Signal::derive(read)
}

/// The text of an attribute, or no attribute.
pub fn words<T: Words>(read: impl Fn() -> T + Send + Sync + 'static) -> Signal<Option<String>> {
    Signal::derive(move || read().words())
}

/// Children that change.
pub fn views<V: IntoAny>(render: impl Fn() -> V + Send + 'static) -> Box<dyn FnMut() -> AnyView + Send> {
    Box::new(move || render().into_any())
}

/// Runs once mounted, and again after changes.
pub fn effect(run: impl FnMut() + 'static) {
    let run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(run);
}

/// What can be the text of an attribute.
pub trait Words {
    /// The text.
    fn words(self) -> Option<String>;
}

impl Words for String {
    fn words(self) -> Option<String> {
        Some(self)
    }
}

impl Words for &str {
    fn words(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl<T: Words> Words for Option<T> {
    fn words(self) -> Option<String> {
        self.and_then(Words::words)
    }
}

/// Children that are there while a condition holds.
#[component]
pub fn When(
    /// The condition; a memo, or the children are built anew with each change behind it.
    #[prop(into)]
    on: Signal<bool>,
    /// The children.
    children: ChildrenFn,
) -> impl IntoView {
    views(move || on.get().then(|| children()))
}
