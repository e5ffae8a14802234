//! Servers that natter is compared with. Each runs as a process of its own (`natter-bench NAME …`), so that its CPU
//! time and memory are its own.

pub mod floor;
pub mod page;
pub mod sockets;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::process::{Server, free_address};

/// Starts the floor. Each socket gets `hello` bytes first.
pub fn start_floor(hello: usize) -> Result<Server, String> {
    start("floor", &[hello])
}

/// Starts the server of bare answers, with `body` bytes behind `head` bytes in `headers` headers.
pub fn start_page(body: usize, headers: usize, head: usize) -> Result<Server, String> {
    start("bare-page", &[body, headers, head])
}

/// Starts the server of bare sockets.
pub fn start_sockets() -> Result<Server, String> {
    start("bare-sockets", &[])
}

fn start(name: &str, arguments: &[usize]) -> Result<Server, String> {
    let address = free_address();
    Server::start(command(name, address.port(), arguments)?.stdout(Stdio::null()), address)
}

/// The command that starts one of them.
pub fn command(name: &str, port: u16, arguments: &[usize]) -> Result<Command, String> {
    let mut command = Command::new(env::current_exe().map_err(|why| why.to_string())?);
    command.arg(name).arg(port.to_string()).args(arguments.iter().map(usize::to_string)).stdin(Stdio::null());
    Ok(command)
}

/// A file of the one address at which `server` takes sockets, for the load generator.
pub fn urls(server: &Server, dir: &Path) -> PathBuf {
    let path = dir.join(format!("{}.urls", server.pid()));
    std::fs::write(&path, format!("ws://{}/\n", server.address)).expect("the directory can be written to");
    path
}

/// Runs the server `name` in this process, until it ends.
pub fn run(name: &str, arguments: &[String]) -> Result<(), String> {
    let number = |at: usize| -> Result<usize, String> {
        let raw = arguments.get(at).ok_or_else(|| format!("{name}: a number is missing"))?;
        raw.parse().map_err(|_| format!("{name}: {raw} is no number"))
    };
    let port = u16::try_from(number(0)?).map_err(|why| why.to_string())?;
    let runtime = || tokio::runtime::Runtime::new().map_err(|why| why.to_string());
    let ended = match name {
        "floor" => floor::run(port, if arguments.len() > 1 { number(1)? } else { 0 }),
        "bare-page" => runtime()?.block_on(page::run(port, number(1)?, number(2)?, number(3)?)),
        _ => runtime()?.block_on(sockets::run(port)),
    };
    ended.map_err(|why| format!("{name}: {why}"))
}
