//! The end of a run: everything that was begun is answered, every page shows its final numbers, and all is compared.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::start::Team;
use crate::{
    check,
    client::lock,
    history::History,
    log::{Outcome, RoomLog},
    report::Report,
    settled,
};

/// Longest wait for the answers to what was begun.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait until every page shows its final numbers; natter sends them once a second.
const SETTLE_LIMIT: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_millis(250);

/// A run that has ended.
pub struct Finished {
    pub histories: Vec<History>,
    pub outcome: Outcome,
    pub report: Report,
    /// How long it took until every page showed its final numbers.
    pub settling: Duration,
}

impl Team {
    /// Stops everybody, waits until nothing is under way any more, and compares everything.
    ///
    /// # Errors
    /// natter does not answer as expected.
    pub async fn finish(mut self) -> Result<Finished, String> {
        let _ = self.stop.send(true);
        let stopped = async { while self.steps.join_next().await.is_some() {} };
        timeout(ANSWER_LIMIT, stopped).await.map_err(|_| "requests have no answer")?;
        let stopped = Instant::now();
        while self.present_tabs().any(|tab| tab.state().waiting > 0) && stopped.elapsed() < ANSWER_LIMIT {
            sleep(INTERVAL).await;
        }
        let (logs, started) = (self.parse_logs(&self.read_logs().await?)?, Instant::now());
        loop {
            let outcome = self.read_outcome(logs.clone()).await?;
            if self.is_settled(&outcome) || started.elapsed() > SETTLE_LIMIT {
                break;
            }
            sleep(INTERVAL).await;
        }
        let settling = started.elapsed();
        let logs = self.read_logs().await?;
        let outcome = self.read_outcome(self.parse_logs(&logs)?).await?;
        let of_tabs = self.tabs().map(|tab| tab.state().history.clone());
        let of_files = self.people.iter().flat_map(|person| &person.posted_files).map(|posted| lock(posted).clone());
        let histories: Vec<History> = of_tabs.chain(of_files).collect();
        let mut report = check(&histories, &outcome);
        self.check_files(&logs, &mut report).await;
        Ok(Finished { histories, outcome, report, settling })
    }

    fn is_settled(&self, outcome: &Outcome) -> bool {
        self.present_tabs().all(|tab| {
            let state = tab.state();
            let has_read = state.room.as_ref().is_none_or(|room| {
                let head = outcome.rooms.get(room).map_or(0, RoomLog::head);
                state.cursors.get(room).is_some_and(|(rev, _)| *rev >= head)
            });
            state.is_open && has_read && settled(&state.page, &state.history.user_id, outcome)
        })
    }
}
