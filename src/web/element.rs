//! Elements of the page, one type for all of them: what `view!` of the crate `markup` builds.
//!
//! An element that is rendered anew in the same place keeps its node: attributes that changed are set, children are
//! rendered anew in turn. A value that may change, a [`Signal`], memo or closure, has an effect of its own.

use std::borrow::Cow;

use leptos::ev::EventDescriptor;
use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::tachys::html::attribute::Attribute as FrameworkAttribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::html::node_ref::NodeRefContainer;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::types::{Element as Node, Event, Node as AnyNode};
use leptos::tachys::renderer::{RemoveEventHandler, Rndr};
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

/// A text, or none: no attribute, a class or a flag that is off.
type Text = Option<Cow<'static, str>>;

/// What is set on an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Attribute,
    Class,
    Style,
    Property,
}

/// A value, now or again and again.
pub enum Given {
    /// It stays.
    Fixed(Text),
    /// It follows what it reads.
    Live(Box<dyn Fn() -> Text>),
}

enum Trait {
    Value(Kind, &'static str, Given),
    On(Cow<'static, str>, Box<dyn FnMut(Event)>),
    Ref(Box<dyn FnOnce(&Node)>),
}

/// An element under construction.
pub struct Draft(Box<Parts>);

struct Parts {
    tag: &'static str,
    drawn: bool,
    traits: Vec<Trait>,
    children: Vec<AnyView>,
}

/// An element that is not in the document yet.
pub struct Element(SendWrapper<Box<Parts>>);

/// An element of the document.
#[inline(never)]
pub fn element(tag: &'static str) -> Draft {
    Draft(Box::new(Parts { tag, drawn: false, traits: Vec::new(), children: Vec::new() }))
}

/// An element of a drawing.
#[inline(never)]
pub fn drawn(tag: &'static str) -> Draft {
    let mut draft = element(tag);
    draft.0.drawn = true;
    draft
}

impl Draft {
    #[inline(never)]
    fn add(mut self, own: Trait) -> Self {
        self.0.traits.push(own);
        self
    }

    #[inline(never)]
    fn value(self, kind: Kind, name: &'static str, value: Given) -> Self {
        self.add(Trait::Value(kind, name, value))
    }

    /// An attribute that stays.
    #[inline(never)]
    pub fn fixed(self, name: &'static str, value: &'static str) -> Self {
        self.value(Kind::Attribute, name, Given::Fixed(Some(Cow::Borrowed(value))))
    }

    /// An attribute.
    pub fn attr(self, name: &'static str, value: impl Value) -> Self {
        self.value(Kind::Attribute, name, value.given())
    }

    /// A class that is there or not.
    pub fn class(self, name: &'static str, value: impl Value) -> Self {
        self.value(Kind::Class, name, value.given())
    }

    /// A property of the style.
    pub fn style(self, name: &'static str, value: impl Value) -> Self {
        self.value(Kind::Style, name, value.given())
    }

    /// A property of the node: `value` is a text, any other a flag.
    pub fn prop(self, name: &'static str, value: impl Value) -> Self {
        self.value(Kind::Property, name, value.given())
    }

    /// What to do at an event.
    pub fn on<E>(self, event: &E, mut handle: impl FnMut(E::EventType) + 'static) -> Self
    where
        E: EventDescriptor + 'static,
        E::EventType: From<Event> + 'static,
    {
        self.add(Trait::On(event.name(), Box::new(move |event| handle(E::EventType::from(event)))))
    }

    /// Who wants to know the node.
    pub fn node_ref<E: ElementType>(self, node: NodeRef<E>) -> Self
    where
        NodeRef<E>: NodeRefContainer<E>,
    {
        self.add(Trait::Ref(Box::new(move |own| node.load(own))))
    }

    /// A child.
    #[inline(never)]
    pub fn view(mut self, child: AnyView) -> Self {
        self.0.children.push(child);
        self
    }

    /// A text that stays.
    #[inline(never)]
    pub fn text(self, text: &'static str) -> Self {
        self.view(text.into_any())
    }

    /// Whatever can be shown.
    pub fn child<C>(self, child: C) -> Self
    where
        C: IntoRender,
        C::Output: IntoAny,
    {
        self.view(child.into_render().into_any())
    }

    /// The element as a view.
    #[inline(never)]
    pub fn done(self) -> AnyView {
        Element(SendWrapper::new(self.0)).into_any()
    }
}

/// What can be the value of an attribute, a class, a style or a property.
pub trait Value {
    /// The value.
    fn given(self) -> Given;
}

/// What is a text or none at one time.
pub trait Momentary {
    /// The text.
    fn text(self) -> Text;
}

impl Momentary for &'static str {
    fn text(self) -> Text {
        Some(Cow::Borrowed(self))
    }
}

impl Momentary for String {
    fn text(self) -> Text {
        Some(Cow::Owned(self))
    }
}

impl Momentary for bool {
    fn text(self) -> Text {
        self.then_some(Cow::Borrowed(""))
    }
}

impl Momentary for usize {
    fn text(self) -> Text {
        Some(Cow::Owned(self.to_string()))
    }
}

impl Momentary for f64 {
    fn text(self) -> Text {
        Some(Cow::Owned(self.to_string()))
    }
}

impl<T: Momentary> Momentary for Option<T> {
    fn text(self) -> Text {
        self.and_then(Momentary::text)
    }
}

macro_rules! fixed {
    ($($kind:ty),*) => {$(
        impl Value for $kind {
            fn given(self) -> Given {
                Given::Fixed(self.text())
            }
        }
    )*};
}

fixed!(&'static str, String, bool, usize, Option<&'static str>, Option<String>);

impl<T, F> Value for F
where
    T: Momentary,
    F: Fn() -> T + 'static,
{
    fn given(self) -> Given {
        Given::Live(Box::new(move || self().text()))
    }
}

impl<T: Momentary + Clone + Send + Sync + 'static> Value for Signal<T> {
    fn given(self) -> Given {
        (move || self.get()).given()
    }
}

impl<T: Momentary + Clone + Send + Sync + 'static> Value for Memo<T> {
    fn given(self) -> Given {
        (move || self.get()).given()
    }
}

/// What stands on the node.
enum Kept {
    Fixed(Text),
    Live { _effect: RenderEffect<Text> },
    On { _listener: RemoveEventHandler<Node> },
    Ref,
}

/// An element in the document.
pub struct State {
    node: Node,
    tag: &'static str,
    traits: Vec<Kept>,
    children: Vec<AnyViewState>,
}

fn put(node: &Node, kind: Kind, name: &str, value: Option<&str>) {
    match (kind, value) {
        (Kind::Attribute, Some(value)) => Rndr::set_attribute(node, name, value),
        (Kind::Attribute, None) => Rndr::remove_attribute(node, name),
        (Kind::Class, Some(_)) => Rndr::add_class(&Rndr::class_list(node), name),
        (Kind::Class, None) => Rndr::remove_class(&Rndr::class_list(node), name),
        (Kind::Style, Some(value)) => Rndr::set_css_property(&Rndr::style(node), name, value),
        (Kind::Style, None) => Rndr::remove_css_property(&Rndr::style(node), name),
        (Kind::Property, value) => {
            let value = if name == "value" {
                JsValue::from_str(value.unwrap_or_default())
            } else {
                JsValue::from_bool(value.is_some())
            };
            // A choice has its options only after this.
            Rndr::set_property_or_value(node, name, &value);
        }
    }
}

/// Puts a trait onto the node, over what stood there before.
fn set(node: &Node, own: Trait, before: Option<Kept>) -> Kept {
    match own {
        Trait::Value(kind, name, Given::Fixed(value)) => {
            let same = match &before {
                Some(Kept::Fixed(before)) => *before == value,
                // What is not there need not be taken away.
                _ => value.is_none() && before.is_none(),
            };
            if !same {
                put(node, kind, name, value.as_deref());
            }
            Kept::Fixed(value)
        }
        Trait::Value(kind, name, Given::Live(read)) => {
            drop(before);
            let node = node.clone();
            let effect = RenderEffect::new(move |before: Option<Text>| {
                let value = read();
                if before.as_ref() != Some(&value) && (value.is_some() || before.is_some()) {
                    put(&node, kind, name, value.as_deref());
                }
                value
            });
            Kept::Live { _effect: effect }
        }
        Trait::On(name, mut handle) => {
            // Dropped, it listens no more.
            drop(before);
            let owner = Owner::current().unwrap_or_default();
            let handle = Box::new(move |event| owner.with(|| handle(event)));
            Kept::On { _listener: Rndr::add_event_listener(node, &name, handle) }
        }
        Trait::Ref(load) => {
            load(node);
            Kept::Ref
        }
    }
}

impl Render for Element {
    type State = State;

    fn build(self) -> State {
        let Parts { tag, drawn, traits, children } = *self.0.take();
        let node = Rndr::create_element(tag, drawn.then_some("http://www.w3.org/2000/svg"));
        let traits = traits.into_iter().map(|own| set(&node, own, None)).collect();
        let mut children: Vec<_> = children.into_iter().map(Render::build).collect();
        for child in &mut children {
            child.mount(&node, None);
        }
        State { node, tag, traits, children }
    }

    fn rebuild(self, state: &mut State) {
        let same = self.0.tag == state.tag
            && self.0.traits.len() == state.traits.len()
            && self.0.children.len() == state.children.len();
        if !same {
            let mut fresh = self.build();
            state.insert_before_this(&mut fresh);
            state.unmount();
            *state = fresh;
            return;
        }
        let Parts { traits, children, .. } = *self.0.take();
        let before = std::mem::take(&mut state.traits);
        state.traits =
            traits.into_iter().zip(before).map(|(own, before)| set(&state.node, own, Some(before))).collect();
        for (child, kept) in children.into_iter().zip(&mut state.children) {
            child.rebuild(kept);
        }
    }
}

impl Mountable for State {
    fn unmount(&mut self) {
        Rndr::remove(&self.node);
    }

    fn mount(&mut self, parent: &Node, marker: Option<&AnyNode>) {
        Rndr::insert_node(parent, &self.node, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent =
            Rndr::get_parent(&self.node).and_then(|own| wasm_bindgen::JsCast::dyn_into::<Node>(own).ok());
        parent.is_some_and(|parent| {
            child.mount(&parent, Some(&self.node));
            true
        })
    }

    fn elements(&self) -> Vec<Node> {
        vec![self.node.clone()]
    }
}

// What servers and spread attributes would need; the page has neither.

impl AddAnyAttr for Element {
    type Output<Other: FrameworkAttribute> = Self;

    fn add_any_attr<Other: FrameworkAttribute>(self, _attribute: Other) -> Self {
        // `view!` gives elements their attributes; one spread over a component would be lost here, so it does not compile.
        const { panic!("an element takes its attributes from view! alone") }
    }
}

impl RenderHtml for Element {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> State {
        self.build()
    }

    fn into_owned(self) -> Self {
        self
    }
}
