//! `serve` and `migrate`.

use vestibule::clock::Clock;
use vestibule::config::Config;
use vestibule::passwords::Cost;
use vestibule::server::{self, Server};

use super::opening::log;
use super::{Outcome, print};

/// Serves until a signal says to stop.
pub fn serve(config: Config) -> Outcome {
    log(&config, &config.log)?;
    let server = Server::build(config, Clock::System, Cost::STANDARD)?;
    let url = server.parts().app.config.public_url.origin().to_owned();
    if let Some(address) = server.metrics_address() {
        eprintln!("Vestibule serves the metrics on http://{address}/metrics");
    }
    match &server.set_up_link {
        Some(link) => print(format_args!(
            "Vestibule serves on {url} - create the first owner: {link}"
        ))?,
        None => print(format_args!("Vestibule serves on {url}"))?,
    }
    actix_web::rt::System::new()
        .block_on(server.run())
        .map_err(|why| why.to_string().into())
}

/// Applies migrations and says which.
pub fn migrate(config: &Config) -> Outcome {
    for name in server::migrate(config)? {
        print(name)?;
    }
    eprintln!("The database {} is up to date.", config.database);
    Ok(())
}
