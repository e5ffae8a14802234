//! `natter doctor`: checks that a database is whole, and says what can be done where it is not.
//!
//! Nearly all is checked by the rows of one moment, in the same way for both databases. What only one of them has is checked
//! by its [`Check`](crate::store::Check).

mod files;
mod findings;
mod log;
mod people;
mod search;

use std::path::Path;

use clap::Args;

use self::{
    files::{check_object, check_owners, check_uploads},
    findings::Findings,
    log::RoomCheck,
    people::Known,
    search::{SearchCheck, remove_index},
};
use super::{
    objects::{TABLES_WITH_OBJECTS, objects_of},
    progress::{Progress, print_line},
    reason::reason,
    transfer::{PAGE_ROWS, lock_directory, open_error, refuse_running},
};
use crate::{
    app::config::DataArgs,
    domain::Timestamp,
    store::{
        self, Database, Location, Row, RowReader, Table, WayOut, remove_expired_objects, remove_objects_without_owner,
    },
};

const FLAG: &str = "--data-dir or --database";

pub(super) const NOTES: &str = "\
It reads everything, files too, and changes nothing; natter may run meanwhile. The exit code is 1 if anything is wrong.

With --repair, for which natter must be stopped, it removes objects that nothing has, removes the marks of thumbnails that \
are missing, and makes counts and lists anew that derive from the messages. It removes a search index that differs from \
them: natter makes it anew at its next start. It never changes a text.";

#[derive(Args)]
pub struct DoctorArgs {
    /// Mend what can be mended without a loss, then check again
    #[arg(long)]
    repair: bool,
}

/// Runs `natter doctor`.
///
/// # Errors
/// One line for the shell, if anything is wrong or cannot be checked.
pub async fn run(args: DoctorArgs, data: &DataArgs) -> Result<(), String> {
    let location = data.location();
    if matches!(&location, Location::Embedded(dir) if !dir.join("natter.db").is_file()) {
        return Err(format!("there is no natter database in {location}; name its directory with --data-dir"));
    }
    let _lock = if args.repair { lock_directory(&location, FLAG)? } else { None };
    let opened = if args.repair { store::open(&location).await } else { store::open_source(&location).await };
    let store = opened.map_err(open_error(&location, FLAG))?;
    let result = examine(store.as_ref(), &location, &data.search_index(), args.repair).await;
    store.close().await;
    result
}

async fn examine(store: &dyn Database, location: &Location, index: &Path, repairs: bool) -> Result<(), String> {
    if repairs {
        refuse_running(store, location, FLAG).await?;
    }
    let mut findings = check(store, index).await;
    if repairs && findings.mendable() > 0 {
        findings.lines().iter().for_each(|line| print_line(line));
        mend(store, index, &findings).await.map_err(|error| format!("{location}: {}", reason(error)))?;
        print_line("mended; checking again");
        findings = check(store, index).await;
    }
    findings.lines().iter().for_each(|line| print_line(line));
    match findings.count() {
        0 => {
            print_line(&format!("{location} is healthy"));
            Ok(())
        }
        count => Err(format!("{location}: {count} found, see above")),
    }
}

/// Runs all checks. What cannot be read is a finding too.
async fn check(store: &dyn Database, index: &Path) -> Findings {
    let mut findings = Findings::default();
    let unreadable = |findings: &mut Findings, what: &str, error| {
        let what = format!("{what} cannot be read: {}", reason(error));
        findings.add("The database", WayOut::EarlierBackup, what);
    };
    match store.check_database().await {
        Ok(found) => findings.add_all("The database", found),
        Err(error) => unreadable(&mut findings, "the database", error),
    }
    if let Err(error) = check_rows(store, index, &mut findings).await {
        unreadable(&mut findings, "a table", error);
    }
    if let Err(error) = check_owners(store, &mut findings).await {
        unreadable(&mut findings, "the list of objects", error);
    }
    findings
}

async fn check_rows(store: &dyn Database, index: &Path, findings: &mut Findings) -> store::Result<()> {
    let mut search = SearchCheck::read(index.to_owned(), findings).await;
    let mut departing = store.departing().await?;
    let rows = store.snapshot().await?;
    departing.extend(store.departing().await?);
    let mut known = Known::new(departing);
    let mut log = RoomCheck::default();
    let mut bytes = 0;
    for table in Table::ALL {
        let mut progress = Progress::start(table.as_str(), rows.count(table).await?);
        let each = |page: &[Row]| {
            for row in page {
                match row {
                    Row::Message(row) => {
                        log.check(row, &mut known, findings);
                        search.check(&row.message, findings);
                    }
                    row => known.check(row, findings),
                }
                bytes +=
                    objects_of(row).iter().filter_map(|object| object.facts).map(|facts| facts.length).sum::<u64>();
            }
            progress.advance(page.len() as u64);
        };
        each_page(rows.as_ref(), table, each).await?;
        if table == Table::Messages {
            log.finish(&mut known, findings);
            known.check_heads(findings);
        }
        progress.finish();
    }
    search.finish(findings);
    check_uploads(rows.as_ref(), &mut known, findings).await?;
    // the objects are read from the store itself, which takes long: the moment of the rows may be kept no longer
    drop(rows);
    let mut progress = Progress::start("files, in bytes", bytes);
    for table in TABLES_WITH_OBJECTS {
        let mut last: Option<Row> = None;
        loop {
            let page = store.rows(table, last.as_ref(), PAGE_ROWS).await?;
            for object in page.iter().flat_map(objects_of) {
                check_object(store, &object, findings, &mut progress).await?;
            }
            let Some(last_of_page) = page.into_iter().next_back() else { break };
            last = Some(last_of_page);
        }
    }
    progress.finish();
    Ok(())
}

/// Calls `each` with the rows of every page of a table.
async fn each_page(rows: &dyn RowReader, table: Table, mut each: impl FnMut(&[Row])) -> store::Result<()> {
    let mut last: Option<Row> = None;
    loop {
        let page = rows.rows(table, last.as_ref(), PAGE_ROWS).await?;
        each(&page);
        let Some(last_of_page) = page.into_iter().next_back() else { return Ok(()) };
        last = Some(last_of_page);
    }
}

/// Mends what can be mended without a loss.
async fn mend(store: &dyn Database, index: &Path, findings: &Findings) -> store::Result<()> {
    remove_index(index, findings)?;
    store.mend_database().await?;
    if !findings.corrections.is_empty() {
        let mut last: Option<Row> = None;
        loop {
            let page = store.rows(Table::Messages, last.as_ref(), PAGE_ROWS).await?;
            for row in &page {
                if let Row::Message(row) = row
                    && let Some(correction) = findings.corrections.get(&row.message.id)
                {
                    let mut row = row.clone();
                    correction.apply(&mut row.message);
                    store.mend_message(&row).await?;
                }
            }
            let Some(last_of_page) = page.into_iter().next_back() else { break };
            last = Some(last_of_page);
        }
    }
    remove_expired_objects(store, Timestamp::now()).await?;
    remove_objects_without_owner(store, Timestamp::now()).await.map(drop)
}
