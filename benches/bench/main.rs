//! Figures of speed and memory, as ratios against a floor that is taken in the same run, because a
//! machine is shared and noisy. `scripts/bench` builds it in release mode and runs it.
//!
//! The server runs as a process of its own, this program again with `serve`; its processor time is read
//! from `/proc`. Blocks of the routes that are compared alternate, and the median of five is told. What
//! differs by less than a fifth is noise.

mod batches;
mod load;
mod memory;
mod requests;
mod seed;
mod serve;
mod writes;

/// Blocks of each route; the median counts.
const BLOCKS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        serve::serve();
        return;
    }
    // One part by its name, while it is worked on.
    if arguments.first().is_some_and(|first| first == "batches") {
        batches::batches();
        return;
    }
    println!(
        "{:<52} {:>10} {:>10} {:>8}",
        "", "CPU µs/req", "req/s", "ratio"
    );
    requests::me();
    requests::users_page();
    writes::group_commit();
    batches::batches();
    memory::memory();
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
