// Messages that the server has not confirmed. They survive a reload of this tab, and are sent again under the same id.
natter.outbox = (() => {
  'use strict';
  const { $, here, load, logOf, logs, paneOf, panes, parse, room, rows, save, view, within, words } = natter;
  // {clientID, room, thread, message, at: when it was written, replyTo, answered, confirmed, sent: when, or 0, retried,
  // failed: why it was refused, seq and rev: since the acknowledgement, hasRow}
  let items = load('outbox') ?? [];

  const copyOf = (id) => parse($(id).text).firstElementChild;
  const rowOf = (item, list, before) => {
    const { message, at, replyTo, failed, rev, clientID } = item, row = copyOf('pending');
    for (const name of ['room', 'seq', 'rev', 'textRev']) delete row.dataset[name];
    row.querySelector('.text').textContent = message;
    if (item.names.length) row.querySelector('.at').before(Object.assign(view.element('ul', ...item.names.map((name) => view.element('li', name))), { className: 'files' }));
    row.querySelector('time').dateTime = new Date(at ?? Date.now()).toISOString();
    const slot = row.querySelector('blockquote'), parent = replyTo && rows.find(list, replyTo);
    if (parent) view.quote(slot, parent); else slot.remove();
    const link = row.querySelector('.at'); // it has no page yet
    link.replaceWith(Object.assign(view.element('span', ...link.childNodes), { className: 'at' }));
    view.localize(row);
    row.classList.toggle('follows', view.follows(row, before));
    row.classList.toggle('pending', !rev);
    if (failed) {
      row.append(copyOf('failed'));
      row.querySelector('.failed').dataset.id = clientID;
      row.querySelector('.failed span').textContent = failed;
      if (item.isSaid) row.querySelector('.failed span').role = null;
      item.isSaid = true; // once
    } else if (!rev) {
      row.dataset.state = words.sending;
    }
    return row;
  };
  const show = () => {
    save('outbox', items);
    if (!here()) return;
    const { activeElement: button } = document, focused = button?.closest('.failed')?.dataset.id;
    for (const pane of panes()) {
      const { thread } = pane.dataset; // the pane of a thread shows what was written there
      const shown = items.filter((item) => item.room === here() && !item.hasRow && (!thread || item.thread === thread));
      const list = logOf(pane);
      let before = list.lastElementChild;
      while (before && (before.hidden || before.matches('.later'))) before = before.previousElementSibling;
      within(pane, 'outbox').replaceChildren(...shown.map((item) => (before = rowOf(item, list, before))));
    }
    if (!focused || button.isConnected) return;
    const same = [...button.parentElement.querySelectorAll('button')].indexOf(button);
    document.querySelectorAll(`.failed[data-id="${focused}"] button`)[same]?.focus({ preventScroll: true });
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
      const textOf = ({ message, names }) => letters(message || `📎 ${names.join(', ')}`);
      const item = items.find((one) => one.room === row.dataset.room && one.sent && !one.rev && !one.hasRow && textOf(one) === text);
      if (item) item.hasRow = true;
    }
    settle();
    if (items.length && added.length) show(); // they stand below another row now
  };

  // A room is in the document. Its last messages may be those whose acknowledgement was lost.
  const enter = () => {
    if (items.length) claim(Array.from(logOf(room()).querySelectorAll('.sent-by-user')).slice(-items.length));
    show();
  };

  const transmit = (item) => {
    const { clientID, message, room: where, replyTo, confirmed, files } = item;
    if (items.includes(item) && natter.send({ room: where, message, clientID, replyTo, confirmed, files })) item.sent = Date.now();
  };
  // after a reconnect: one message at a time, to keep their order and the server's rate limit
  const resend = () => {
    const item = items.find((one) => !one.sent && !one.rev && !one.failed);
    if (item) transmit(item);
  };

  // Keeps a message. Returns whether it may be sent now; else it is sent after the earlier ones.
  const add = (message) => {
    const now = natter.isOpen() && items.every((one) => one.sent || one.failed);
    items.push({ ...message, at: Date.now(), sent: now ? Date.now() : 0, retried: !now });
    show();
    return now;
  };

  // The server's reply. `failed`: why it was refused, if it stays here for that. Returns the message if it does not.
  const receive = ({ clientID, seq, rev, done, status, retryAfter }, failed) => {
    const item = items.find((one) => one.clientID === clientID);
    if (!item) return null;
    // it is unknown whether the server has the message; under the same id it is safe to send it again
    if (status >= 500 || (status === 429 && item.retried)) {
      item.sent = 0;
      item.retried = true;
      setTimeout(resend, (retryAfter ?? 5) * 1000);
      return null;
    }
    const isBack = status && (!failed || item.message.startsWith('/'));
    if (status && !isBack) Object.assign(item, { failed, sent: 0, hasRow: false });
    else Object.assign(item, { seq, rev });
    if (isBack || done) drop(item); // a command leaves no message
    else show();
    settle();
    resend();
    return isBack ? item : null;
  };
  document.addEventListener('click', ({ target }) => {
    const button = target.closest('.failed button'), id = button?.parentElement.dataset.id;
    const item = items.find((one) => one.clientID === id);
    if (!button || !item) return;
    within(paneOf(button), 'box').focus();
    if ('discard' in button.dataset) {
      drop(item);
    } else if ('again' in button.dataset) {
      Object.assign(item, { failed: '', sent: 0, isSaid: false });
      show();
      resend();
    } else {
      drop(item);
      natter.composer.takeBack(item, '');
    }
  });

  // A new connection: it is unknown what the server has received.
  const restart = () => {
    for (const item of items) if (!item.failed) Object.assign(item, { sent: 0, retried: true });
    resend();
  };
  const waitingSince = () => items.find((item) => !item.rev && !item.failed)?.sent;

  return { add, claim, enter, receive, restart, show, waitingSince };
})();
