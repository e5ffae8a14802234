//! The entry point: reads the settings, then runs the server or a command.

use std::{io::Write, process::ExitCode};

use natter::{
    app::{self, Config, Server, roles::ServerRole},
    cli::{self, Cli, Command},
};
use tokio::signal::unix::{SignalKind, signal};

/// It gives unused memory back to the system. glibc's allocator kept a gigabyte after 10,000 rooms had been open.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("natter: {why}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), String> {
    match dotenvy::dotenv() {
        Ok(_) => {}
        Err(error) if error.not_found() => {}
        Err(error) => return Err(format!(".env cannot be read: {error}")),
    }
    let Cli { command, config } = Cli::read()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        match command {
            None => serve(config).await,
            Some(Command::Serve(config)) => serve(*config).await,
            Some(Command::User { command }) => cli::user(command, &config.data).await,
            Some(Command::Room { command }) => cli::room(command, &config.data).await,
            Some(Command::Import(args)) => cli::import(args, &config.data).await,
            Some(Command::Copy(args)) => cli::copy(args).await,
            Some(Command::Backup(args)) => cli::backup(args, &config.data).await,
            Some(Command::Doctor(args)) => cli::doctor(args, &config.data).await,
            Some(Command::Restore(args)) => cli::restore(args, &config.data).await,
        }
    })
}

async fn serve(config: Config) -> Result<(), String> {
    app::init_logging(&config);
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
    let (data, delay) = (config.data.location(), config.shutdown_delay());
    let public = config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let server = tokio::select! {
        started = Server::start(config) => started.map_err(|e| e.to_string())?,
        // a signal while the server waits for the database
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let address = public.unwrap_or_else(|| format!("http://{}", server.address()).replace("127.0.0.1", "localhost"));
    let sites = server.sites();
    let (ready, users) = if sites.are_apart() { (&sites.chat, &sites.users) } else { (&address, &address) };
    let mut banner = format!("natter is ready at {ready}\n");
    if sites.are_apart() {
        for (role, url) in ServerRole::ALL.into_iter().zip([&sites.users, &sites.auth, &sites.chat]) {
            let listens = server.address_of(role).map_or("another process".to_owned(), |at| format!("listens on {at}"));
            banner += &format!("  {:<5}  {url} ({listens})\n", role.as_str());
        }
    }
    banner += &format!("  data   {data}\n");
    if server.is_new() {
        banner += &format!("  admin  the first to sign up at {users}/signup, or: natter user admin USERID\n");
    }
    let _ = std::io::stdout().write_all(banner.as_bytes()); // standard output may be closed
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(delay_s = delay.as_secs(), "stopping");
    server.announce_stop();
    tokio::select! {
        () = tokio::time::sleep(delay) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await;
    Ok(())
}
