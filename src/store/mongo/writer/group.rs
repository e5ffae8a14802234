//! Group commit across rooms: what several rooms write at the same time goes to the database as one ordered command.
//!
//! The rooms' parts of a command do not depend on each other, and the server runs a command up to the first failure. So
//! each part is done, or failed, or was not run and is simply sent again.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::store::{Error, mongo::statements::Ran};

/// Queues the parts of rooms for one command. One command runs at a time; the next has all parts that waited for it.
pub struct Group<T> {
    parts: mpsc::UnboundedSender<Part<T>>,
}

struct Part<T> {
    items: Vec<T>,
    answer: oneshot::Sender<Ran>,
}

impl<T: Send + 'static> Group<T> {
    /// `run` runs a command, and returns its items. A command has at most `max` items, unless a single part has more.
    pub fn start(max: usize, run: impl Fn(Vec<T>) -> BoxFuture<'static, (Vec<T>, Ran)> + Send + 'static) -> Self {
        let (parts, queue) = mpsc::unbounded_channel();
        tokio::spawn(run_all(queue, max, run));
        Self { parts }
    }

    /// Runs the items in order, with those of other rooms.
    pub async fn run(&self, items: Vec<T>) -> Ran {
        let (answer, answered) = oneshot::channel();
        let closed = || Ran::Unknown(Error::Failed("closed".into()));
        match self.parts.send(Part { items, answer }) {
            Ok(()) => answered.await.unwrap_or_else(|_| closed()),
            Err(_) => closed(),
        }
    }
}

async fn run_all<T>(
    mut queue: mpsc::UnboundedReceiver<Part<T>>,
    max: usize,
    run: impl Fn(Vec<T>) -> BoxFuture<'static, (Vec<T>, Ran)>,
) {
    let mut waiting: VecDeque<Part<T>> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let Some(part) = queue.recv().await else { return };
            waiting.push_back(part);
        }
        while let Ok(part) = queue.try_recv() {
            waiting.push_back(part);
        }
        let (mut items, mut parts) = (Vec::new(), Vec::new());
        while let Some(next) = waiting.pop_front() {
            if !items.is_empty() && items.len() + next.items.len() > max {
                waiting.push_front(next);
                break;
            }
            parts.push((next.items.len(), next.answer));
            items.extend(next.items);
        }
        let (items, ran) = run(items).await;
        for part in answer(parts, items, ran).into_iter().rev() {
            waiting.push_front(part);
        }
    }
}

/// Answers the parts that ran or failed, and returns those that were not run.
fn answer<T>(parts: Vec<(usize, oneshot::Sender<Ran>)>, mut items: Vec<T>, ran: Ran) -> Vec<Part<T>> {
    let (mut start, mut not_run) = (0, Vec::new());
    let mut failure = match ran {
        Ran::All => None,
        Ran::Until { index, failure } => Some((index, Some(failure))),
        Ran::Unknown(error) => {
            for (_, answer) in parts {
                let _ = answer.send(Ran::Unknown(error.clone()));
            }
            return not_run;
        }
    };
    for (count, answer) in parts {
        let part: Vec<T> = items.drain(..count).collect();
        let end = start + count;
        match &mut failure {
            Some((index, failure)) if *index < end => match failure.take() {
                Some(failure) => drop(answer.send(Ran::Until { index: *index - start, failure })),
                None => not_run.push(Part { items: part, answer }),
            },
            _ => drop(answer.send(Ran::All)),
        }
        start = end;
    }
    not_run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::mongo::statements::Failure;

    #[test]
    fn a_failure_is_of_one_part_and_the_parts_after_it_were_not_run() {
        let (answers, outcomes): (Vec<_>, Vec<_>) = (0..4).map(|_| oneshot::channel()).unzip();
        let parts = [2, 1, 3, 2].into_iter().zip(answers).collect();
        let failure = Failure::Refused("no".into());
        let not_run = answer(parts, (0..8).collect::<Vec<_>>(), Ran::Until { index: 4, failure });
        assert_eq!(not_run.iter().map(|part| part.items.clone()).collect::<Vec<_>>(), [[6, 7]]);
        let mut outcomes = outcomes.into_iter().map(|mut outcome| outcome.try_recv());
        assert!(matches!(outcomes.next().unwrap(), Ok(Ran::All)));
        assert!(matches!(outcomes.next().unwrap(), Ok(Ran::All)));
        assert!(matches!(outcomes.next().unwrap(), Ok(Ran::Until { index: 1, .. })));
        assert!(outcomes.next().unwrap().is_err(), "no answer yet");
    }

    #[test]
    fn an_unknown_outcome_is_that_of_every_part() {
        let (answers, outcomes): (Vec<_>, Vec<_>) = (0..3).map(|_| oneshot::channel()).unzip();
        let parts = answers.into_iter().map(|answer| (1, answer)).collect();
        assert!(answer(parts, vec![(); 3], Ran::Unknown(Error::Busy)).is_empty());
        for mut outcome in outcomes {
            assert!(matches!(outcome.try_recv(), Ok(Ran::Unknown(Error::Busy))));
        }
    }
}
