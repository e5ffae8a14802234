//! A schedule: clients, changes, time that passes; and the check when nothing is on its way any more.

use std::{sync::Arc, time::Duration};

use shuttle::rand::{Rng, thread_rng};

use crate::{
    client::Client,
    domain::Name,
    log::{AUTHOR, Change},
    profile::Profile,
    runtime::{spawn, task::yield_now, time},
    scheduler::yield_until_quiet,
    store::Event,
    world::World,
};

/// Longer than all delays of the live part but the ones that drop idle rooms.
const DELAYS: Duration = Duration::from_secs(10);

/// Runs a schedule.
///
/// # Panics
/// If a property does not hold.
pub async fn run(profile: &'static Profile) {
    time::reset();
    let world = World::new(profile);
    for _ in 0..thread_rng().gen_range(0..15) {
        world.logs.commit(&world.any_room(), Change::Post);
    }
    let mut clients = Vec::new();
    let mut views = Vec::new();
    for _ in 0..profile.clients {
        let world = Arc::clone(&world);
        let client = Client::new(&world);
        views.push(client.view());
        clients.push(spawn(async move {
            let mut client = client;
            client.act(world.profile.steps).await;
            client
        }));
    }
    let writer = spawn(write(Arc::clone(&world)));
    let clock = spawn(pass_time(Arc::clone(&world)));
    writer.await.expect("no task is aborted");
    clock.await.expect("no task is aborted");
    for client in clients {
        spawn(client.await.expect("no task is aborted").read_on());
    }
    world.logs.recover();
    while !yield_until_quiet().await || time::advance_to_next(DELAYS) {}
    for view in views {
        let view = view.lock().expect("no schedule goes on after a panic");
        let readable = view.room.as_ref().is_none_or(|room| world.logs.is_readable(room));
        assert!(readable, "a client was not told that it lost the right to its room");
        let latest = view.room.as_ref().map(|room| (world.logs.page(room).0, world.logs.own(room)));
        let (rows, own) = latest.unwrap_or_default();
        view.check(&rows, &own, &world.logs.name(), profile.sidebars, &world.rooms);
    }
}

/// Commits changes and sends their events.
async fn write(world: Arc<World>) {
    let Profile { changes, events_are_lost, renames, .. } = *world.profile;
    let mut late = Vec::new();
    for number in 0..thread_rng().gen_range(1..=changes) {
        for _ in 0..thread_rng().gen_range(0..6) {
            yield_now().await;
        }
        if renames && thread_rng().gen_bool(0.2) {
            let name = format!("name-{}", number + 1);
            world.logs.rename(&name);
            let name = Name::parse(&name).expect("a valid name");
            world.logs.send(vec![Event::UserChanged { key: *AUTHOR, name }]);
        }
        if world.profile.processes > 1 && thread_rng().gen_bool(0.1) {
            world.restart();
        }
        let event = commit(&world);
        if !events_are_lost {
            world.logs.send(vec![event]);
            continue;
        }
        // of several processes, one makes the change, and gets its event
        let processes = world.profile.processes;
        let own = (processes > 1).then(|| thread_rng().gen_range(0..processes));
        for process in 0..processes {
            let send = |events| world.logs.send_to(process, events);
            if own == Some(process) {
                send(vec![event.clone()]);
                continue;
            }
            match thread_rng().gen_range(0..10) {
                0..4 => send(vec![event.clone()]),
                4 => send(vec![event.clone(), event.clone()]),
                5 | 6 => late.push(event.clone()),
                7 => (0..thread_rng().gen_range(0..20)).for_each(|_| drop(commit(&world))),
                8 if !late.is_empty() => {
                    let any = thread_rng().gen_range(0..late.len());
                    send(vec![event.clone(), late.swap_remove(any)]);
                }
                _ => {}
            }
        }
    }
    world.logs.send(late);
    if events_are_lost {
        // a lost event is noticed with the next one, or when the connection to the database is there again
        if thread_rng().gen_bool(0.5) {
            world.logs.send(vec![Event::ExternalWrite]);
        } else {
            let advanced = |room| Event::Advanced { rev: world.logs.page(room).1, room: room.clone() };
            world.logs.send(world.rooms.iter().map(advanced).collect());
        }
    }
}

fn commit(world: &World) -> Event {
    let room = world.any_room();
    let messages = world.logs.page(&room).0.len() as u64;
    if world.profile.removals && thread_rng().gen_bool(0.2) {
        return world.logs.commit(&room, Change::Membership);
    }
    if messages == 0 || thread_rng().gen_bool(0.4) {
        return world.logs.commit(&room, Change::Post);
    }
    let seq = thread_rng().gen_range(1..=messages);
    if !world.logs.is_text(&room, seq) {
        return world.logs.commit(&room, Change::Post);
    }
    let change = [Change::Reply, Change::Edit, Change::Delete, Change::React][thread_rng().gen_range(0..4)];
    world.logs.commit(&room, change(seq))
}

/// Lets time pass, and now and then so much that idle rooms are dropped. Users type meanwhile.
async fn pass_time(world: Arc<World>) {
    for _ in 0..world.profile.steps {
        for _ in 0..thread_rng().gen_range(0..8) {
            yield_now().await;
        }
        match thread_rng().gen_range(0..12) {
            0 => time::advance(Duration::from_secs(200)),
            1 => {
                let users = vec![(*AUTHOR, world.logs.name())];
                world.logs.send(vec![Event::Typing { room: world.any_room(), users }]);
            }
            2 if thread_rng().gen_bool(0.3) => world.logs.send(vec![Event::ExternalWrite]),
            _ => time::advance(Duration::from_millis(thread_rng().gen_range(0..300))),
        }
    }
}
