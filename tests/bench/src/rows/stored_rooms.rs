//! Rooms in the database of the measured natter, written through the store of the natter that the benches are built with.

use std::path::Path;

use natter::{
    domain::{RoomId, User, UserId},
    store,
};
use serde_json::json;

use super::store_trait::{Store, create_rooms};
use crate::{natter::Natter, socket::Socket};

/// Rooms that each user is a member of in [`of_many_sizes`].
pub const ROOMS_OF_USER: usize = 50;

/// Creates closed rooms of these users, whom [`Natter::sign_up_users`] signed up.
pub async fn prepare(directory: &Path, users: usize, groups: &[Vec<usize>]) -> Result<Vec<RoomId>, String> {
    let store: Store = store::open_embedded(directory).map_err(|why| why.to_string())?;
    let mut all: Vec<User> = Vec::with_capacity(users);
    for n in 0..users {
        let id = UserId::parse(&format!("user{n}")).map_err(|invalid| invalid.to_string())?;
        let user = store.user(&id).await.map_err(|why| why.to_string())?;
        all.push(user.ok_or_else(|| format!("{id} did not sign up"))?);
    }
    let groups: Vec<Vec<User>> = groups.iter().map(|group| group.iter().map(|n| all[*n].clone()).collect()).collect();
    let groups: Vec<&[User]> = groups.iter().map(Vec::as_slice).collect();
    let rooms = create_rooms(&store, &groups).await;
    store.close().await;
    rooms
}

/// Groups of a fiftieth of the users to all of them. Each user is in [`ROOMS_OF_USER`]: ten of each of five sizes.
pub fn of_many_sizes(users: usize) -> Vec<Vec<usize>> {
    let sizes = [users, users / 2, users / 5, users / 10, users / 50];
    let of_size = |size: usize| {
        let rooms = 10 * users / size;
        (0..rooms).map(move |room| (0..size).map(|n| (room * size + n) % users).collect())
    };
    sizes.into_iter().flat_map(of_size).collect()
}

/// The `n`th room of each user, by the numbers of the rooms.
pub fn room_of_each(groups: &[Vec<usize>], users: usize) -> Vec<Vec<usize>> {
    let mut rooms = vec![Vec::new(); users];
    for (room, group) in groups.iter().enumerate() {
        group.iter().for_each(|user| rooms[*user].push(room));
    }
    rooms
}

/// Whether a socket can move to another room. Only natter with rooms says that a room does not exist.
pub async fn are_known_to(natter: &Natter) -> Result<bool, String> {
    let mut socket = Socket::open(natter.address, &natter.socket_path(0), 0).await.map_err(|why| why.to_string())?;
    let unknown = json!({ "room": RoomId::generate().as_str(), "after": 0 }).to_string();
    socket.send(&unknown).await.map_err(|why| why.to_string())?;
    let mut answer = None;
    while answer.is_none() {
        let read = socket.read(|frame| {
            let has = |name: &str| memchr::memmem::find(frame, name.as_bytes()).is_some();
            if frame.starts_with(b"{") && (has("\"gone\"") || has("\"error\"")) {
                answer = Some(has("\"gone\""));
            }
        });
        read.await.map_err(|why| why.to_string())?;
    }
    Ok(answer.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_is_in_as_many_rooms_of_each_size() {
        let groups = of_many_sizes(1000);
        assert_eq!(groups.len(), 10 + 20 + 50 + 100 + 500);
        assert!(room_of_each(&groups, 1000).iter().all(|rooms| rooms.len() == ROOMS_OF_USER));
        assert!(groups.iter().all(|group| (20..=1000).contains(&group.len())));
    }
}
