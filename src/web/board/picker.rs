//! The names of the trays, and the chips that can be put into them: by a click for the tray whose name was clicked, or dragged
//! into any of them.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::web_sys::PointerEvent;
use markup::view;
use wasm_bindgen::JsCast;

use super::place::Strip;
use crate::catalog::Chip;
use crate::catalog::chips_by_vendor;
use crate::figure::board::told;
use crate::report::words as named;
use crate::scenario::{Role, Scenario, SplitKind};
use crate::web::lean::{When, effect, flag, memo, views, words};

/// A pointer that moves farther while it is down drags, in CSS pixels.
const DRAG: f64 = 6.0;

/// What is being put where.
#[derive(Clone, Copy)]
pub struct Picker {
    strip: Strip,
    /// The tray that a click fills; none while the picker is closed.
    target: RwSignal<Option<Role>>,
    /// The tray under what is dragged.
    pub over: RwSignal<Option<Role>>,
    /// What is dragged, by its name, and where it is.
    dragged: RwSignal<Option<(String, i32, i32)>>,
    /// Where the pointer went down.
    from: StoredValue<Option<(i32, i32)>>,
    /// Whether what was pressed was dragged: the click that follows means nothing then.
    skip: StoredValue<bool>,
    /// Part of the name that is sought.
    sought: RwSignal<String>,
}

impl Picker {
    /// Closed.
    pub fn new(strip: Strip) -> Self {
        Self {
            strip,
            target: RwSignal::new(None),
            over: RwSignal::new(None),
            dragged: RwSignal::new(None),
            from: StoredValue::new(None),
            skip: StoredValue::new(false),
            sought: RwSignal::default(),
        }
    }

    fn close(self) {
        self.skip.set_value(false);
        if let Some(role) = self.target.get_untracked() {
            self.target.set(None);
            self.sought.set(String::new());
            // The keys go back to where they came from.
            let name = document().get_element_by_id(&format!("tray-{}", role.key()));
            if let Some(name) = name.and_then(|own| own.dyn_into::<leptos::web_sys::HtmlElement>().ok()) {
                let _ = name.focus();
            }
        }
    }

    fn put(self, role: Role, chip: &str) {
        self.strip.mix.put(role, chip);
        self.close();
    }

    /// The tray under a pointer: the strip's own, or one whose name it is over.
    fn under(event: &PointerEvent, strip: Strip) -> Option<Role> {
        let (x, y) = (event.client_x(), event.client_y());
        let at = document().element_from_point(x as f32, y as f32)?;
        if let Ok(Some(name)) = at.closest("[data-tray]") {
            let key = name.get_attribute("data-tray")?;
            return Role::ALL.into_iter().find(|role| role.key() == key);
        }
        at.closest(".strip").ok().flatten().and_then(|_| strip.tray(strip.place(x)))
    }

    fn pressed(self, event: &PointerEvent) {
        if event.button() == 0 && event.pointer_type() != "touch" {
            self.skip.set_value(false);
            self.from.set_value(Some((event.client_x(), event.client_y())));
            if let Some(button) = event.current_target() {
                let button: leptos::web_sys::Element = button.unchecked_into();
                let _ = button.set_pointer_capture(event.pointer_id());
            }
        }
    }

    fn moved(self, event: &PointerEvent, name: &str) {
        let Some((x, y)) = self.from.get_value() else { return };
        let (dx, dy) = (f64::from(event.client_x() - x), f64::from(event.client_y() - y));
        if self.dragged.with_untracked(Option::is_some) || libm::hypot(dx, dy) >= DRAG {
            self.dragged.set(Some((name.to_owned(), event.client_x(), event.client_y())));
            self.over.set(Self::under(event, self.strip));
        }
    }

    fn released(self, event: &PointerEvent, chip: &str) {
        self.from.set_value(None);
        if self.dragged.with_untracked(Option::is_none) {
            return;
        }
        let role = Self::under(event, self.strip);
        self.cancelled();
        self.skip.set_value(true);
        if let Some(role) = role {
            self.put(role, chip);
        }
    }

    fn cancelled(self) {
        self.from.set_value(None);
        self.dragged.set(None);
        self.over.set(None);
    }
}

/// The name of each tray: its role, its chips, and the way to other ones.
pub fn names(picker: Picker) -> AnyView {
    let mix = picker.strip.mix;
    let name = move |(role, chip, chips, _): (Role, String, u32, f64)| {
        let chip = mix
            .page
            .scenario
            .with(|own| own.chip(&chip).map_or(chip.clone(), |own| own.short_name().to_owned()));
        let open = move || picker.target.get() == Some(role);
        view! {
            <div
                class="tray-name"
                class:over={flag(move || picker.over.get() == Some(role))}
                data-role=role.key()
                data-tray=role.key()
            >
                <span class="role">{named::pool(role)}</span>
                <button
                    type="button"
                    class="quiet small"
                    id=format!("tray-{}", role.key())
                    aria-expanded={words(move || if open() { "true" } else { "false" })}
                    title="Choose another chip"
                    on:click=move |_| {
                        let next = (!open()).then_some(role);
                        picker.target.set(next);
                    }
                >
                    {format!("{} × {chip} ▾", told::count(chips))}
                </button>
            </div>
        }
    };
    let whole = memo(move || mix.page.scenario.with(|own| own.split.kind() == SplitKind::Colocated));
    view! {
        {views(move || mix.pools().into_iter().map(name).collect_view())}
        <When on=whole>
            <div class="tray-name" class:over={flag(move || picker.over.get() == Some(Role::Decode))} data-role="decode" data-tray="decode">
                <button
                    type="button"
                    class="quiet small"
                    data-testid="split"
                    on:click=move |_| {
                        mix.page.edit(|own| own.split.set_kind(SplitKind::Pd));
                        mix.page.commit();
                    }
                >
                    "Split prefill and decode"
                </button>
            </div>
        </When>
    }
    .into_any()
}

/// The chips to choose from, while they are asked for.
pub fn picker(picker: Picker) -> AnyView {
    let open = memo(move || picker.target.get().is_some());
    let ghost = move || {
        let (name, x, y) = picker.dragged.get()?;
        let (left, top) = (format!("{}px", x + 8), format!("{}px", y + 8));
        Some(view! { <span class="ghost" aria-hidden="true" style:left=left style:top=top>{name}</span> })
    };
    view! {
        <When on=open>{panel(picker)}</When>
        {views(ghost)}
    }
    .into_any()
}

fn panel(picker: Picker) -> AnyView {
    let entry = NodeRef::<Input>::new();
    effect(move || {
        if let Some(entry) = entry.get() {
            let _ = entry.focus();
        }
    });
    let title = move || {
        let role = picker.target.get().map_or("", Role::name);
        format!("Chip for {role}: choose one, or drag it into a tray")
    };
    let chips = move || {
        let sought = picker.sought.get().to_lowercase();
        picker.strip.mix.page.scenario.with(|own| {
            let groups = offered(own, &sought).into_iter();
            groups.map(|(vendor, chips)| group(picker, own, &vendor, &chips)).collect_view()
        })
    };
    view! {
        <div
            class="shelves"
            role="dialog"
            aria-label="Chips"
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    picker.close();
                }
            }
        >
            <div class="row">
                <h3>{views(title)}</h3>
                <span class="spring"></span>
                <button type="button" class="quiet small" on:click=move |_| picker.close()>"Close"</button>
            </div>
            <input
                node_ref=entry
                type="text"
                class="entry"
                aria-label="Search chips"
                placeholder="Search: name or vendor"
                autocomplete="off"
                spellcheck="false"
                on:input=move |event| picker.sought.set(event_target_value(&event))
            />
            <div class="shelf">{views(chips)}</div>
        </div>
    }
    .into_any()
}

/// Chips by vendor whose name, or whose vendor's, has the text; those that the scenario brings along first.
fn offered(scenario: &Scenario, sought: &str) -> Vec<(String, Vec<Chip>)> {
    let mut all: Vec<(&str, &[Chip])> = vec![("Own", &scenario.custom.chips)];
    all.extend(chips_by_vendor().map(|(vendor, chips)| (vendor, chips)));
    let groups = all.into_iter().map(|(vendor, chips)| {
        let has = |chip: &&Chip| {
            [&*chip.name, &*chip.id, vendor].iter().any(|text| text.to_lowercase().contains(sought))
        };
        (vendor.to_owned(), chips.iter().filter(has).cloned().collect::<Vec<Chip>>())
    });
    groups.filter(|(_, chips)| !chips.is_empty()).collect()
}

fn group(picker: Picker, scenario: &Scenario, vendor: &str, chips: &[Chip]) -> AnyView {
    let chip = |chip: &Chip| {
        let (id, name) = (chip.id.to_string(), chip.short_name().to_owned());
        let (put, dragged) = (id.clone(), name.clone());
        view! {
            <button
                type="button"
                class="chip"
                data-chip=id.clone()
                on:pointerdown=move |event| picker.pressed(&event)
                on:pointermove=move |event| picker.moved(&event, &dragged)
                on:pointerup=move |event| picker.released(&event, &put)
                on:pointercancel=move |_: PointerEvent| picker.cancelled()
                on:click={
                    let id = id.clone();
                    move |_| {
                        let role = picker.target.get_untracked().filter(|_| !picker.skip.get_value());
                        if let Some(role) = role {
                            picker.put(role, &id);
                        }
                    }
                }
            >
                <b>{name}</b>
                <small>{told::chip(scenario, &id)}</small>
            </button>
        }
    };
    view! {
        <h4>{vendor.to_owned()}</h4>
        {chips.iter().map(chip).collect_view()}
    }
    .into_any()
}
