//! Charts that stand together over one axis share the value under their cursors.

use std::sync::Arc;

use leptos::prelude::*;

use super::pointer::Pointer;
use crate::chart::hit::Cursor;
use crate::chart::layout::Scene;
use crate::web::lean::effect;

/// The value under the cursors of charts that stand together over one axis, where they are given one in common.
#[derive(Clone, Copy)]
pub struct Joint(pub RwSignal<Option<f64>>);

/// Keeps the cursor of a chart and that of its fellows at one value.
pub fn join(Joint(joint): Joint, pointer: Pointer, scene: Memo<Option<Arc<Scene>>>) {
    let cursor = pointer.cursor;
    let value = move |at: Cursor| {
        scene.with_untracked(|own| Some(own.as_ref()?.chart.series.get(at.series)?.samples.get(at.sample)?.x))
    };
    let led = StoredValue::new(false);
    effect(move || {
        let own = cursor.get().and_then(value);
        // Who follows does not lead back: charts of unlike samples would never come to rest.
        if led.get_value() {
            led.set_value(false);
        } else if joint.get_untracked() != own {
            joint.set(own);
        }
    });
    effect(move || {
        let wanted = joint.get();
        if cursor.get_untracked().and_then(value) != wanted {
            led.set_value(true);
            pointer.follows.set(true);
            cursor.set(wanted.and_then(|x| scene.with_untracked(|own| own.as_ref()?.nearest_to_value(x))));
        }
    });
}
