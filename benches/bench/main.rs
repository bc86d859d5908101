//! Figures of speed and memory, as ratios against a floor that is taken in the same run, because a
//! machine is shared and noisy. `scripts/bench` builds it in release mode and runs it.
//!
//! The server runs as a process of its own, this program again with `serve`; its processor time is read
//! from `/proc`. Blocks of the routes that are compared alternate, and the median of five is told. What
//! differs by less than a fifth is noise.

mod batches;
#[path = "../../tests/it/scale/fill.rs"]
mod fill;
mod http;
mod invites;
mod lists;
mod load;
mod memory;
mod requests;
mod seed;
mod serve;
mod writes;

/// Blocks of each route; the median counts.
const BLOCKS: usize = 5;

/// What is measured, in this order.
const PARTS: [(&str, fn()); 7] = [
    ("me", requests::me),
    ("users", requests::users_page),
    ("writes", writes::group_commit),
    ("invites", invites::single),
    ("lists", lists::lists),
    ("batches", batches::batches),
    ("memory", memory::memory),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        serve::serve();
        return;
    }
    println!(
        "{:<52} {:>10} {:>10} {:>8}",
        "", "CPU µs/req", "req/s", "ratio"
    );
    // All, or those that are named: `cargo bench --bench bench -- invites memory`.
    for (name, part) in PARTS {
        if arguments.iter().all(|named| named.starts_with('-'))
            || arguments.iter().any(|named| named == name)
        {
            part();
        }
    }
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
