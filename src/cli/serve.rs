//! `serve` and `migrate`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use vestibule::clock::Clock;
use vestibule::config::{Config, LogFormat};
use vestibule::passwords::Cost;
use vestibule::server::{self, Server};

use super::Outcome;

/// Serves until a signal says to stop.
pub fn serve(config: Config) -> Outcome {
    log(&config)?;
    let server =
        Server::build(config, Clock::System, Cost::STANDARD).map_err(|why| why.to_string())?;
    let url = server.parts().app.config.public_url.origin().to_owned();
    match &server.set_up_link {
        Some(link) => println!("Vestibule serves on {url} - create the first owner: {link}"),
        None => println!("Vestibule serves on {url}"),
    }
    actix_web::rt::System::new()
        .block_on(server.run())
        .map_err(|why| why.to_string())
}

/// Applies migrations and says which.
pub fn migrate(config: &Config) -> Outcome {
    let target = server::target(config).map_err(|why| why.to_string())?;
    let applied = vestibule::db::migrate(&target).map_err(|why| why.to_string())?;
    for name in &applied {
        println!("{name}");
    }
    eprintln!("{} migrations applied.", applied.len());
    Ok(())
}

/// Sends the log to the standard error.
fn log(config: &Config) -> Outcome {
    let filter = EnvFilter::try_new(&config.log).map_err(|why| {
        format!("VESTIBULE_LOG is not a filter, such as info or vestibule=debug: {why}")
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
