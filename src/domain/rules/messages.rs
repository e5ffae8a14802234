//! The rules for messages.

use super::{
    refusal::{MAX_EMOJI, MAX_PINS, Refusal},
    state::{Change, State, Upload},
};
use crate::domain::{
    Attachment, Content, Emoji, File, FileId, MAX_FILES, MemberRole, Membership, Mentions, Message, MessageId, Post,
    Reaction, Text, Timestamp,
};

type Applied = Result<Option<Change>, Refusal>;

/// A new message. A reply also counts at the root of its thread.
pub fn post(state: &State<'_>, post: &Post, at: Timestamp) -> Result<Change, Refusal> {
    let parent = match post.reply_to {
        None => None,
        Some(_) => Some(changeable(state)?),
    };
    let actor = state.actor;
    let rev = state.head.rev + 1;
    let files = attach(state, &post.files)?;
    if post.text.is_empty() && files.is_empty() {
        return Err(Refusal::Empty);
    }
    let message = Message {
        files,
        reply_to: post.reply_to,
        root: parent.map(|parent| parent.root.unwrap_or(parent.id.seq)),
        mentions: Mentions::resolve(post.text.names(), state.mentioned, actor.key),
        room_texts: state.head.texts + 1,
        author_texts: actor.texts + 1,
        joins: !actor.is_member(state.room),
        ..new_message(state, at, Content::Text(Some(post.text.as_str().to_owned())))
    };
    let joined = Membership { user: actor.key, rev, role: MemberRole::Member, joined_at: at };
    let members = if message.joins { vec![(actor.key, Some(joined))] } else { Vec::new() };
    let root = parent.map(|parent| count_reply(state.root.unwrap_or(parent), rev, 1));
    Ok(Change { message, is_new: true, root, room: None, members })
}

/// The files of a new message. Each upload becomes a file of one message.
fn attach(state: &State<'_>, attachments: &[Attachment]) -> Result<Vec<File>, Refusal> {
    if attachments.len() > MAX_FILES {
        return Err(Refusal::TooManyFiles);
    }
    let mut files = Vec::<File>::with_capacity(attachments.len());
    for Attachment { id, alt } in attachments {
        let is_free = |upload: &&Upload| upload.owner == state.actor.key && !upload.is_taken;
        let upload = state.uploads.iter().filter(is_free).find(|upload| upload.file.id == *id);
        let upload = upload.filter(|_| files.iter().all(|file| file.id != *id)).ok_or(Refusal::NoSuchUpload)?;
        files.push(File { alt: alt.clone(), ..upload.file.clone() });
    }
    Ok(files)
}

/// Removes a file, which is an edit. A message without a text keeps one.
pub fn remove_file(state: &State<'_>, file: FileId, at: Timestamp) -> Applied {
    let target = changeable(state)?;
    if target.author_key != state.actor.key {
        return Err(Refusal::NotAllowed);
    }
    if target.files.iter().all(|other| other.id != file) {
        return Ok(None);
    }
    if target.files.len() == 1 && target.text() == Some("") {
        return Err(Refusal::Empty);
    }
    changed(state, target, |message| {
        message.text_rev = message.rev;
        message.files.retain(|other| other.id != file);
        message.edited_at = Some(at);
    })
}

/// A message of the actor under the room's next numbers, which is not counted as a text.
pub fn new_message(state: &State<'_>, at: Timestamp, content: Content) -> Message {
    let rev = state.head.rev + 1;
    Message {
        id: MessageId { room: state.room.id.clone(), seq: state.head.seq + 1 },
        rev,
        text_rev: rev,
        author_key: state.actor.key,
        author: None,
        subject: None,
        sent_at: at,
        content,
        room_texts: state.head.texts,
        author_texts: state.actor.texts,
        reply_to: None,
        root: None,
        replies: 0,
        edited_at: None,
        pinned_at: None,
        reactions: Vec::new(),
        files: Vec::new(),
        mentions: Mentions::default(),
        joins: false,
    }
}

pub fn edit(state: &State<'_>, text_rev: u64, text: &Text, at: Timestamp) -> Applied {
    let target = changeable(state)?;
    if target.author_key != state.actor.key {
        return Err(Refusal::NotAllowed);
    }
    if target.text() == Some(text.as_str()) {
        return Ok(None);
    }
    if text.is_empty() && target.files.is_empty() {
        return Err(Refusal::Empty);
    }
    if target.text_rev != text_rev {
        return Err(Refusal::Stale(Box::new(target.clone())));
    }
    changed(state, target, |message| {
        message.text_rev = message.rev;
        message.content = Content::Text(Some(text.as_str().to_owned()));
        message.mentions = Mentions::resolve(text.names(), state.mentioned, state.actor.key);
        message.edited_at = Some(at);
    })
}

/// Deletes the text, and all that was said about it. The message keeps its place in the room and in its thread.
pub fn delete(state: &State<'_>) -> Applied {
    let target = state.target.ok_or(Refusal::NoSuchMessage)?;
    if matches!(target.content, Content::Notice(_)) {
        return Err(Refusal::IsNotice);
    }
    if target.author_key != state.actor.key && !state.actor.manages(state.room) {
        return Err(Refusal::NotAllowed);
    }
    if target.is_deleted() {
        return Ok(None);
    }
    let change = changed(state, target, |message| {
        message.text_rev = message.rev;
        message.content = Content::Text(None);
        message.edited_at = None;
        message.pinned_at = None;
        message.reactions = Vec::new();
        message.files = Vec::new();
        message.mentions = Mentions::default();
    })?;
    let root = |rev| state.root.map(|root| count_reply(root, rev, -1));
    Ok(change.map(|change| Change { root: root(change.message.rev), ..change }))
}

/// Gives a reaction. Members only: it would be a change by somebody who is nowhere in the room. Former members may take
/// theirs back.
pub fn react(state: &State<'_>, emoji: &Emoji) -> Applied {
    let target = changeable(state)?;
    if !state.actor.is_member(state.room) {
        return Err(Refusal::NotJoined);
    }
    let user = state.actor.key;
    let given = target.reactions.iter().position(|reaction| reaction.emoji == *emoji);
    if given.is_some_and(|index| target.reactions[index].users.contains(&user)) {
        return Ok(None);
    }
    if given.is_none() && target.reactions.len() >= MAX_EMOJI {
        return Err(Refusal::TooManyEmoji);
    }
    changed(state, target, |message| match given {
        Some(index) => message.reactions[index].users.push(user),
        None => message.reactions.push(Reaction { emoji: emoji.clone(), users: vec![user] }),
    })
}

pub fn unreact(state: &State<'_>, emoji: &Emoji) -> Applied {
    let target = changeable(state)?;
    let user = state.actor.key;
    let has_given = |reaction: &Reaction| reaction.emoji == *emoji && reaction.users.contains(&user);
    if !target.reactions.iter().any(has_given) {
        return Ok(None);
    }
    changed(state, target, |message| {
        for reaction in message.reactions.iter_mut().filter(|reaction| reaction.emoji == *emoji) {
            reaction.users.retain(|other| *other != user);
        }
        message.reactions.retain(|reaction| !reaction.users.is_empty());
    })
}

/// Pins the message at a time, or unpins it.
pub fn pin(state: &State<'_>, at: Option<Timestamp>) -> Applied {
    let target = changeable(state)?;
    if !state.actor.is_member(state.room) {
        return Err(Refusal::NotJoined);
    }
    if target.pinned_at.is_some() == at.is_some() {
        return Ok(None);
    }
    if at.is_some() && state.pins >= MAX_PINS {
        return Err(Refusal::TooManyPins);
    }
    changed(state, target, |message| message.pinned_at = at)
}

/// Takes back all reactions of the actor, and ends the mention of them, whatever has become of the message.
pub fn forget(state: &State<'_>) -> Applied {
    if !state.actor.is_trusted {
        return Err(Refusal::NotAllowed);
    }
    let (target, user) = (state.target.ok_or(Refusal::NoSuchMessage)?, state.actor.key);
    if !target.mentions.names(user) && !target.reactions.iter().any(|reaction| reaction.users.contains(&user)) {
        return Ok(None);
    }
    changed(state, target, |message| {
        message.mentions.users.retain(|mentioned| mentioned.key != user);
        message.reactions.iter_mut().for_each(|reaction| reaction.users.retain(|other| *other != user));
        message.reactions.retain(|reaction| !reaction.users.is_empty());
    })
}

/// The target, if it is a text that is not deleted.
fn changeable<'a>(state: &State<'a>) -> Result<&'a Message, Refusal> {
    present_text(state.target)
}

/// The message, if it is a text that is not deleted: only such a message can be changed, or be saved by a user.
///
/// # Errors
/// [`Refusal::NoSuchMessage`] of `None`, [`Refusal::IsNotice`] or [`Refusal::Deleted`].
pub fn present_text(message: Option<&Message>) -> Result<&Message, Refusal> {
    let target = message.ok_or(Refusal::NoSuchMessage)?;
    match target.content {
        Content::Notice(_) => Err(Refusal::IsNotice),
        Content::Text(None) => Err(Refusal::Deleted),
        Content::Text(Some(_)) => Ok(target),
    }
}

/// The change of `target` by `edit`, under the room's next number.
fn changed(state: &State<'_>, target: &Message, edit: impl FnOnce(&mut Message)) -> Applied {
    let mut message = Message { rev: state.head.rev + 1, ..target.clone() };
    edit(&mut message);
    Ok(Some(Change { message, is_new: false, root: None, room: None, members: Vec::new() }))
}

/// The root of a thread with `difference` more replies, under the number `rev`.
pub fn count_reply(root: &Message, rev: u64, difference: i64) -> Message {
    Message { rev, replies: root.replies.saturating_add_signed(difference), ..root.clone() }
}
