//! How benchmarks of served models are run, as data: the constants of the closed form are fitted on such runs, and a replay
//! says what one would have measured.

/// Requests of each user in a run.
#[must_use]
pub fn requests_per_user() -> u32 {
    let mut rows = include_str!(concat!(env!("OUT_DIR"), "/benchmark.csv")).lines();
    rows.next_back().and_then(|row| row.split(',').next()?.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read() {
        assert_eq!(requests_per_user(), 10);
    }
}
