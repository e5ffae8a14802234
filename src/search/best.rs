//! Ranking hits.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{
    error::{Error, Result},
    fts::join,
    plan::terms,
    request::{Found, Request},
};

/// The page of `all` after `offset`, best first.
pub(super) fn rank(connection: &Connection, request: &Request<'_>, all: Found, offset: usize) -> Result<Found> {
    let scores = scores(connection, request, &all);
    let is_ranked = !scores.as_ref().is_err_and(Error::is_interrupted);
    let scores = if is_ranked { scores? } else { HashMap::new() };
    let mut hits = all.hits;
    let score = |id: i64| scores.get(&id).copied().unwrap_or(0.0);
    hits.sort_by(|a, b| score(b.id).total_cmp(&score(a.id)).then(b.id.cmp(&a.id)));
    let hits = hits.into_iter().skip(offset).take(request.limit).collect();
    Ok(Found { hits, is_complete: all.is_complete && is_ranked, below: all.below })
}

/// The scores of hits, by their ids: for each term how well it fits, as a share of the best fit.
///
/// BM25 also has a factor for how rare a term is in all rooms. It would tell what is said where the searcher may not read.
/// All hits have all terms, so among them no term is rarer than another: each counts the same.
fn scores(connection: &Connection, request: &Request<'_>, all: &Found) -> Result<HashMap<i64, f64>> {
    let (Some(newest), Some(oldest)) = (all.hits.first(), all.hits.last()) else {
        return Ok(HashMap::new());
    };
    let mut scores: HashMap<i64, f64> = all.hits.iter().map(|hit| (hit.id, 0.0)).collect();
    let select = "SELECT rowid, bm25(fts, 2.0, 1.0) FROM fts WHERE fts MATCH ? AND rowid BETWEEN ? AND ?";
    let mut select = connection.prepare_cached(select)?;
    for term in &request.query.terms {
        // the hits satisfy the other conditions already, and tags would count as words
        let Some(expression) = join(&terms(connection, [term])?) else { continue };
        let mut fits = Vec::new();
        let mut rows = select.query((expression, oldest.id, newest.id))?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if scores.contains_key(&id) {
                fits.push((id, -row.get::<_, f64>(1)?)); // a better one has a lower number
            }
        }
        let best = fits.iter().map(|(_, fit)| *fit).fold(f64::MIN_POSITIVE, f64::max);
        for (id, fit) in fits {
            *scores.entry(id).or_default() += fit / best;
        }
    }
    Ok(scores)
}
