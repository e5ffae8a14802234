// Messages that the server has not confirmed. They survive a reload of this tab, and are sent again under the same id.
natter.outbox = (() => {
  'use strict';
  const { here, load, logOf, logs, panes, room, rows, save, view, within, words } = natter;
  const { hue, initials } = document.body.dataset;
  // {clientID, room, thread, message, replyTo, answered, confirmed, sent: when, or 0, retried, seq and rev: since the
  // acknowledgement, hasRow}
  let items = load('outbox') ?? [];
  for (const item of items) item.room ??= 'lobby'; // of an older version

  const rowOf = ({ message, rev }) => {
    const text = Object.assign(view.element('span', message), { className: 'text' });
    const row = view.element('li', view.element('b', words.you, view.element('span', ': ')), text);
    row.className = `message hue-${hue} sent-by-user${rev ? '' : ' pending'}`;
    row.dataset.initials = initials;
    if (!rev) row.dataset.state = words.sending;
    return row;
  };
  const show = () => {
    save('outbox', items);
    if (!here()) return;
    for (const pane of panes()) {
      const { thread } = pane.dataset; // it shows what was written in it
      const shown = items.filter((item) => item.room === here() && !item.hasRow && (!thread || item.thread === thread));
      within(pane, 'outbox').replaceChildren(...shown.map(rowOf));
    }
  };
  const drop = (item) => {
    items = items.filter((one) => one !== item);
    show();
  };
  // An acknowledged message stays until its fragment has arrived, so that it is neither missing nor shown twice.
  const settle = () => {
    const { head } = room().dataset;
    const hasRow = (item) => item.hasRow || item.rev <= +head || [...logs()].some((list) => rows.find(list, item.seq));
    const isShown = (item) => item.rev && (item.room !== here() || hasRow(item));
    if (!items.some(isShown)) return;
    items = items.filter((item) => !isShown(item));
    show();
  };

  // A fragment can arrive before the acknowledgement. Which message it is shows its text, but for the marks of Markdown.
  const letters = (text) => text.replace(/^\/me /, '').replace(/[^\p{L}\p{N}\p{So}]/gu, '') || text;
  const claim = (added) => {
    for (const row of added) {
      if (!row.matches('.sent-by-user')) continue;
      const text = letters(view.textOf(row));
      const item = items.find((one) => one.room === row.dataset.room && one.sent && !one.rev && !one.hasRow && letters(one.message) === text);
      if (!item) continue;
      item.hasRow = true;
      show();
    }
    settle();
  };

  // A room is in the document. Its last messages may be those whose acknowledgement was lost.
  const enter = () => {
    if (items.length) claim(Array.from(logOf(room()).querySelectorAll('.sent-by-user')).slice(-items.length));
    show();
  };

  const transmit = (item) => {
    const { clientID, message, room: where, replyTo, confirmed } = item;
    if (items.includes(item) && natter.send({ room: where, message, clientID, replyTo, confirmed })) item.sent = Date.now();
  };
  // after a reconnect: one message at a time, to keep their order and the server's rate limit
  const resend = () => {
    const item = items.find((one) => !one.sent && !one.rev);
    if (item) transmit(item);
  };

  // Keeps a message. Returns whether it may be sent now; else it is sent after the earlier ones.
  const add = (message) => {
    const now = natter.isOpen() && items.every((one) => one.sent);
    items.push({ ...message, sent: now ? Date.now() : 0, retried: !now });
    show();
    return now;
  };

  // The server's reply. Returns the message if it was refused.
  const receive = ({ clientID, seq, rev, done, status, retryAfter }) => {
    const item = items.find((one) => one.clientID === clientID);
    if (!item) return null;
    // it is unknown whether the server has the message; under the same id it is safe to send it again
    if (status >= 500 || (status === 429 && item.retried)) {
      item.sent = 0;
      item.retried = true;
      setTimeout(resend, (retryAfter ?? 5) * 1000);
      return null;
    }
    Object.assign(item, { seq, rev });
    if (status || done) drop(item); // a command leaves no message
    else show();
    settle();
    resend();
    return status ? item : null;
  };

  // A new connection: it is unknown what the server has received.
  const restart = () => {
    for (const item of items) { item.sent = 0; item.retried = true; }
    resend();
  };
  const waitingSince = () => items.find((item) => !item.rev)?.sent;

  return { add, claim, enter, receive, restart, show, waitingSince };
})();
