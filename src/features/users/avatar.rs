//! Changing an avatar: by the account page and by the API.

use axum::http::StatusCode;
use bytes::Bytes;
use tokio::time::{Duration, timeout};

use crate::{
    domain::{AuditAction, AuditEntry, Fields, FileId, Phrase, Timestamp, User},
    store::{self, set_avatar},
    web::{AppState, Error, Result, files::count_upload},
};

/// The largest file that an avatar is made of, in bytes.
pub const MAX_AVATAR_BYTES: usize = 10 << 20;

/// The longest time in which its bytes come.
const RECEIVING: Duration = Duration::from_secs(60);
/// The longest wait while others make avatars.
const WAIT: Duration = Duration::from_secs(5);

/// The address of an avatar. It is another one with each picture.
pub fn address(avatar: FileId) -> String {
    format!("/avatars/{avatar}")
}

/// Makes the user an avatar of the file of a picture, which `file` receives. The caller has checked that `me` may.
///
/// # Errors
/// 413 if the file is too large, 422 if it is no picture; each names the field `avatar`. 429 if `me` uploads too fast, 503 if
/// too many avatars are made at this moment, 400 if the file comes too slowly. Those of `file`.
pub async fn change(
    state: &AppState,
    me: &User,
    user: &User,
    file: impl Future<Output = Result<Bytes>>,
) -> Result<User> {
    let Ok(permit) = timeout(WAIT, state.pictures.reserve_avatar()).await else {
        return Err(store::Error::Busy.into());
    };
    let _permit = permit?;
    let interrupted = |_| Error::new(StatusCode::BAD_REQUEST, Phrase::new("upload-interrupted"));
    let file = timeout(RECEIVING, file).await.map_err(interrupted)??;
    if file.len() > MAX_AVATAR_BYTES {
        return Err(too_large());
    }
    if file.is_empty() {
        return Err(refused(Phrase::new("avatar-missing")));
    }
    count_upload(state, me.key)?;
    let picture = state.pictures.reserve().await?.avatar(file).await?;
    let picture = picture.map_err(|_| refused(Phrase::new("avatar-unreadable")))?;
    Ok(set_avatar(state.store.as_ref(), user.key, &picture, entry(me, user)).await?)
}

/// Removes the avatar, if there is one.
pub async fn remove(state: &AppState, me: &User, user: &User) -> Result<()> {
    if user.avatar.is_some() {
        state.store.change_avatar(user.key, None, entry(me, user), Timestamp::now()).await?;
    }
    Ok(())
}

fn refused(reason: Phrase) -> Error {
    Error::invalid(Fields::one("avatar", reason))
}

pub fn too_large() -> Error {
    let reason = Phrase::new("avatar-too-large").arg("max", MAX_AVATAR_BYTES >> 20);
    let fields = Fields::one("avatar", reason);
    Error { fields, ..Error::new(StatusCode::PAYLOAD_TOO_LARGE, Phrase::new("fields-refused")) }
}

/// The entry of the audit list, if an admin changes somebody else's.
fn entry(me: &User, user: &User) -> Option<AuditEntry> {
    (me.key != user.key).then(|| AuditEntry::of_account(me, AuditAction::UserEdited, user))
}
