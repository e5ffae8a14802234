// How far the reader has read: the last message that was on screen in a focused page, if everything before it is loaded.
natter.marks = (() => {
  'use strict';
  const { $, here, room, rows, send, sidebar, view, words } = natter;
  const REPORT_PAUSE = 2000, LOOK_PAUSE = 200; // ms
  let id = null; // of the room; `null` if it has no marks
  let version, mark, seen; // `mark`: as far as the server knows
  let isPaused = false; // after messages were marked as unread, until the room is opened again
  let unsent = null; // the mark to set back, if there was no connection
  let reportedAt = 0, reportTimer = null, lookTimer = null;

  const report = () => {
    clearTimeout(reportTimer);
    reportTimer = null;
    if (!id || isPaused || seen <= mark) return;
    const item = sidebar.itemOf(id);
    if (item && +item.dataset.readVersion > version) return; // marked as unread in another tab
    if (!send({ room: id, read: seen, version })) return;
    mark = seen;
    reportedAt = Date.now();
    sidebar.read(id, seen);
  };
  const lastOnScreen = (list) => {
    const { bottom } = $('scroller').getBoundingClientRect();
    let row = list.lastElementChild;
    while (row && (row.hidden || !row.dataset.seq || row.getBoundingClientRect().bottom > bottom + 1)) {
      row = row.previousElementSibling;
    }
    return row ? +row.dataset.seq : 0;
  };
  const look = () => {
    clearTimeout(lookTimer);
    lookTimer = null;
    if (natter.rooms?.state().isBehind) return; // messages are missing before the last ones
    if (!id || id !== here() || isPaused || document.hidden || !document.hasFocus()) return;
    const list = $('messages');
    if (list.querySelector(':scope > .older') && rows.first(list) > seen + 1) return; // not all is loaded
    seen = Math.max(seen, lastOnScreen(list));
    // the server moves the mark over one's own message by itself
    while (mark < seen && list.querySelector(`:scope > .sent-by-user[data-seq="${mark + 1}"]`)) mark += 1;
    if (seen > mark) reportTimer ??= setTimeout(report, Math.max(0, reportedAt + REPORT_PAUSE - Date.now()));
  };
  const lookSoon = () => { lookTimer ??= setTimeout(look, LOOK_PAUSE); };

  // A room is in the document: what was read in the one before is reported. `isSame`: it is the same one, fetched anew.
  const enter = (isSame) => {
    report();
    const data = room().dataset;
    // the page of a thread does not show what stands between its messages
    id = 'member' in data && !data.thread ? data.room : null;
    version = +data.readVersion;
    mark = seen = +data.readSeq;
    isPaused &&= isSame;
    reportedAt = 0;
    lookSoon();
  };
  // Everything from this row on is unread again.
  const unread = (row) => {
    if (!id) return;
    isPaused = true;
    const frame = { room: id, unread: row.dataset.seq - 1 };
    unsent = send(frame) ? null : frame;
    $('new')?.remove();
    const line = view.element('li', view.element('span', words.newLine));
    Object.assign(line, { id: 'new', className: 'new-line' });
    row.before(line);
    rows.groupAround(row);
  };

  document.addEventListener('scroll', lookSoon, { capture: true, passive: true });
  for (const name of ['focus', 'resize']) addEventListener(name, lookSoon);
  document.addEventListener('visibilitychange', () => { if (document.hidden) report(); else lookSoon(); });
  addEventListener('pagehide', () => { look(); report(); });

  return {
    enter,
    // the room is about to leave the document: what is on screen was seen
    leave: look,
    look: lookSoon,
    // a report may have been lost with the connection
    reconnect: () => {
      if (unsent && send(unsent)) unsent = null;
      if (id) mark = +room().dataset.readSeq;
      report();
    },
    unread,
  };
})();
