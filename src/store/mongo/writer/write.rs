//! Writes queued commands, until each has an answer.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    jobs::Queued,
    publish::{fail_all, merge_repeats},
    room_writer::RoomWriter,
};
use crate::{
    domain::rules::Head,
    store::{Error, Result, mongo::causal::CausalSession, retry},
};

/// The maximum age of a command whose write is retried.
const WRITE_TIMEOUT: Duration = Duration::from_secs(12);
/// The shortest delay before the outcome of a failed write is looked up, for example during an election.
const OUTCOME_LOOKUP_DELAY: Duration = Duration::from_millis(200);
/// The delay after a look-up that found nothing: another writer's message has not reached a majority yet.
pub const MAJORITY_DELAY: Duration = Duration::from_millis(2);

/// Why a write stopped before its last command. Everything before that point is durable and answered.
pub enum Stop {
    /// Another process took the next number.
    Collision { rev: u64 },
    /// The next command's client id belongs to a stored message.
    Repeat,
    /// A stored message has an upload that the next command names.
    FileTaken,
    /// The server refused the next command.
    Refused(Error),
    /// The database failed. None, some or all of the commands may be stored.
    Unknown(Error),
}

/// What is left of a write.
pub struct Rest {
    pub commands: VecDeque<Queued>,
    /// `None`: nothing is left because of a failure.
    pub stop: Option<Stop>,
}

impl RoomWriter {
    /// Writes the commands and answers each. After a collision with another process, returns the commands that are not
    /// yet written. The caller writes them together with newer ones, so the batches are larger if more processes write.
    pub async fn write(&mut self, commands: VecDeque<Queued>) -> VecDeque<Queued> {
        let started = Instant::now();
        let mut waiting = merge_repeats(commands);
        metrics::histogram!("natter_commit_writes").record(waiting.len() as f64);
        if let Err(error) = self.fail_posts_without_account(&mut waiting).await {
            let may_be_stored = waiting.iter().any(|queued| !queued.attempts.is_empty());
            fail_all(waiting, &outcome_error(error, may_be_stored));
            return VecDeque::new();
        }
        let mut delays = retry::delays(OUTCOME_LOOKUP_DELAY);
        // once a command may be stored, the error must not be `Busy`, which means that nothing was written
        let mut may_be_stored = waiting.iter().any(|queued| !queued.attempts.is_empty());
        while !waiting.is_empty() {
            let stop = self.attempt(&mut waiting).await;
            let timed_out = waiting.front().is_some_and(|queued| queued.queued_at.elapsed() > WRITE_TIMEOUT);
            let error = match stop {
                None => continue,
                Some(Stop::Collision { .. } | Stop::Repeat | Stop::FileTaken) if timed_out => {
                    Error::Failed("other processes took the next number in every attempt".into())
                }
                Some(Stop::Collision { rev }) => {
                    metrics::counter!("natter_collisions_total").increment(1);
                    self.wait_for_rev(rev).await;
                    return waiting;
                }
                Some(Stop::Repeat) => match self.answer_repeat(&mut waiting).await {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                Some(Stop::FileTaken) => match self.answer_file_taken(&mut waiting).await {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                Some(Stop::Refused(error)) => {
                    if let Some(queued) = waiting.pop_front() {
                        queued.fail(&error);
                    }
                    continue;
                }
                Some(Stop::Unknown(error)) => error,
            };
            may_be_stored |= !matches!(error, Error::Busy);
            self.forget_head();
            if timed_out {
                fail_all(std::mem::take(&mut waiting), &outcome_error(error, may_be_stored));
            } else {
                let retry_in = delays.next().unwrap_or(OUTCOME_LOOKUP_DELAY);
                let (room, commands) = (self.room.as_str(), waiting.len());
                tracing::warn!(room, commands, ?retry_in, %error, "write outcome unknown");
                sleep(retry_in).await;
            }
        }
        metrics::histogram!("natter_commit_seconds").record(started.elapsed().as_secs_f64());
        VecDeque::new()
    }

    /// Writes some of the commands. Those that are not written stay in `waiting`.
    async fn attempt(&mut self, waiting: &mut VecDeque<Queued>) -> Option<Stop> {
        let all = std::mem::take(waiting);
        let mut session = match self.db.reads().await {
            Ok(session) => session,
            Err(error) => {
                *waiting = all;
                return Some(Stop::Unknown(error));
            }
        };
        let (all, head) = match self.prepare(all, &mut session).await {
            Ok(prepared) => prepared,
            Err((unwritten, error)) => {
                *waiting = unwritten;
                return Some(Stop::Unknown(error));
            }
        };
        // A command cannot refer to a message that is written with it, so the posts can go first, in one insert
        let (posts, others): (VecDeque<Queued>, VecDeque<Queued>) =
            all.into_iter().partition(|queued| self.is_plain_post(queued));
        let (rest, unwritten) = match posts.is_empty() {
            true => (self.write_changes(head, others, &mut session).await, VecDeque::new()),
            false => (self.insert_posts(head, posts, &mut session).await, others),
        };
        *waiting = rest.commands;
        waiting.extend(unwritten);
        rest.stop
    }

    /// Answers the commands whose earlier attempt was committed, and reads what the others need.
    async fn prepare(
        &mut self,
        commands: VecDeque<Queued>,
        session: &mut CausalSession,
    ) -> std::result::Result<(VecDeque<Queued>, Head), (VecDeque<Queued>, Error)> {
        let head = match self.settled_head(session).await {
            Ok(head) => Some(head),
            // one of these commands can have deleted it
            Err(Error::NoSuchRoom) => None,
            Err(error) => return Err((commands, error)),
        };
        let mut unanswered = VecDeque::with_capacity(commands.len());
        let mut failed = None;
        for queued in commands {
            match (queued.attempts.is_empty(), &failed) {
                (true, _) | (false, Some(_)) => unanswered.push_back(queued),
                (false, None) => {
                    if let Err((queued, error)) = self.answer_stored(queued, session).await {
                        unanswered.push_back(queued);
                        failed = error;
                    }
                }
            }
        }
        if let Some(error) = failed {
            return Err((unanswered, error));
        }
        let loaded = match head {
            Some(head) => self.load_all(&mut unanswered, session).await.map(|()| head),
            None => Err(Error::NoSuchRoom),
        };
        match loaded {
            Ok(head) => Ok((unanswered, head)),
            Err(error @ Error::NoSuchRoom) => {
                fail_all(unanswered, &error);
                Ok((VecDeque::new(), Head::default()))
            }
            Err(error) => Err((unanswered, error)),
        }
    }

    /// Reads what all kinds of commands need of the room, as of the head.
    async fn load_all(&mut self, commands: &mut VecDeque<Queued>, session: &mut CausalSession) -> Result<()> {
        self.load_rights(commands, session).await?;
        self.find_mentioned(commands, session).await?;
        self.find_uploads(commands).await
    }

    /// Answers the first command, whose client id belongs to a stored message.
    async fn answer_repeat(&mut self, waiting: &mut VecDeque<Queued>) -> Result<()> {
        let mut session = self.db.reads().await?;
        let Some(queued) = waiting.pop_front() else { return Ok(()) };
        match self.answer_stored(queued, &mut session).await {
            Ok(()) => Ok(()),
            Err((queued, error)) => {
                waiting.push_front(queued);
                match error {
                    Some(error) => Err(error),
                    None => {
                        sleep(MAJORITY_DELAY).await;
                        Ok(())
                    }
                }
            }
        }
    }
}

/// The error of commands that were not written, or that may be. [`Error::Busy`] means that nothing was written.
fn outcome_error(error: Error, may_be_stored: bool) -> Error {
    if may_be_stored { Error::Failed(error.to_string()) } else { error }
}
