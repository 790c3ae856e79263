//! The pool of a role.

use crate::report::words;
use crate::scenario::{Pool, Role, Scenario};

/// Key and name of a pool.
pub const fn names(role: Role) -> (&'static str, &'static str) {
    (role.key(), words::pool(role))
}

/// The pool of a role, where there is one.
pub fn pool(scenario: &Scenario, role: Role) -> Option<&Pool> {
    scenario.split.pools().into_iter().find(|(own, _)| *own == role).map(|(_, pool)| pool)
}

/// Changes the pool of a role, where there is one.
pub fn edit_pool(scenario: &mut Scenario, role: Role, change: impl FnOnce(&mut Pool)) {
    if let Some(pool) = scenario.split.pool_mut(role) {
        change(pool);
    }
}
