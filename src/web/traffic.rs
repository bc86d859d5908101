//! How many answers of which kind this process gave.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counters of answers since the start, by the first digit of their status.
#[derive(Debug)]
pub struct Traffic {
    classes: [AtomicU64; 5],
    started: Instant,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            classes: Default::default(),
            started: Instant::now(),
        }
    }
}

impl Traffic {
    /// Counts one answer.
    pub fn count(&self, status: u16) {
        let class = usize::from(status / 100).clamp(1, self.classes.len());
        self.classes[class - 1].fetch_add(1, Ordering::Relaxed);
    }

    /// The classes, `1` for 1xx to `5` for 5xx, with their counts.
    pub fn classes(&self) -> impl Iterator<Item = (usize, u64)> {
        let counts = self.classes.iter().enumerate();
        counts.map(|(class, count)| (class + 1, count.load(Ordering::Relaxed)))
    }

    /// Whole seconds since the process began to count.
    pub fn uptime_seconds(&self) -> u64 {
        self.started.elapsed().as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_count_by_the_first_digit() {
        let traffic = Traffic::default();
        for status in [200, 204, 303, 404, 503, 999] {
            traffic.count(status);
        }
        let classes: Vec<_> = traffic.classes().collect();
        assert_eq!(classes, [(1, 0), (2, 2), (3, 1), (4, 1), (5, 2)]);
    }
}
