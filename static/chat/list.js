// The swap: puts the fragments of a frame into every list of their room.
natter.list = (() => {
  'use strict';
  const { $, fill, here, logOf, logs, me, paging, paneOf, panes, reactions, room, rows, view, within, words } = natter;
  // rows, and notices among them; both bound the memory of a tab that stays open for weeks
  const KEEP = 600, NOTICES = 100;
  const SPOKEN = 20; // lines of the hidden log
  let saidIn = null; // the room of the lines of the hidden log

  const holdsEnd = (list) => 'end' in list.dataset;
  const scrollerOf = (list) => list.closest('.scroller');
  const atEnd = (list) => scrollerOf(list).scrollTop > -60; // it is reversed: 0 is the end
  const mark = (list, item, shown) => {
    const slot = item.querySelector(':scope > blockquote');
    view.message(item, shown, slot && rows.find(list, slot.dataset.replyTo));
  };

  // A thread has its root and the replies to it. Those between the root and the link to earlier ones are not loaded.
  const belongs = (list, item) => {
    const { thread } = list.dataset, { seq, root, deleted } = item.dataset;
    if (!thread || seq === thread) return true;
    const first = list.querySelector(':scope > .older ~ [data-seq]')?.dataset.seq;
    return (root === thread || (deleted !== undefined && !!rows.find(list, seq))) && !(+seq < first);
  };

  // Puts one message into a list. Returns the row if it is a new message.
  const place = (list, item) => {
    if (!belongs(list, item)) {
      // a reply may quote what is not loaded
      if (list.querySelector(`[data-reply-to="${item.dataset.seq}"]`)) {
        mark(list, item);
        rows.quote(list, item);
      }
      return null;
    }
    const seq = +item.dataset.seq, last = rows.last(list), newest = Math.max(last, list.dataset.newest ?? 0);
    if (seq > last) {
      mark(list, item);
      list.dataset.newest = Math.max(seq, newest);
      if (holdsEnd(list)) {
        list.append(item);
        rows.groupAround(item);
      } else {
        paging.keep(item);
      }
      return seq > newest ? item : null;
    }
    const shown = rows.find(list, seq);
    if (shown && !rows.isNewer(item, shown)) return null;
    if (shown?.dataset.textRev !== item.dataset.textRev) unsay(item);
    mark(list, item, shown);
    rows.quote(list, item);
    queueMicrotask(() => natter.composer.changed(list, seq, 'deleted' in item.dataset));
    if ('deleted' in item.dataset) {
      natter.tools.forget(seq);
      if (shown?.id === 'target') list.querySelector(':scope > .forms')?.remove();
    }
    if (shown) {
      rows.patch(shown, item);
      rows.groupAround(shown);
    } else if (seq > rows.first(list)) {
      let next = list.lastElementChild;
      while (!(next.dataset.seq < seq)) next = next.previousElementSibling;
      next.after(item);
      rows.groupAround(item);
      return item;
    } else {
      paging.keep(item);
    }
    return null;
  };

  const trim = (list) => {
    if (list.dataset.thread) return; // the links to the rest of the log are not for a thread
    const notices = list.querySelectorAll(':scope > .user-connect-or-disconnect');
    for (let index = 0; index < notices.length - NOTICES; index++) notices[index].remove();
    const messages = list.querySelectorAll(':scope > [data-seq]');
    if (list.childElementCount <= KEEP * 1.5 || messages.length < KEEP) return;
    const first = messages[messages.length - KEEP], older = paging.link(words.older, list.dataset.room, first.dataset.seq);
    while (list.firstElementChild !== first) list.firstElementChild.remove();
    list.prepend(older);
    rows.groupAround(first);
    htmx.process(older);
  };

  // As `trim`, at the other end: the reader scrolls back.
  const trimEnd = (list) => {
    if (list.dataset.thread) return;
    const messages = list.querySelectorAll(':scope > [data-seq]'), last = messages[KEEP - 1];
    if (list.childElementCount <= KEEP * 1.5 || !last) return;
    list.dataset.newest = Math.max(rows.last(list), list.dataset.newest ?? 0);
    delete list.dataset.end;
    while (list.lastElementChild !== last) list.lastElementChild.remove();
    const later = paging.link(words.later, list.dataset.room, +last.dataset.seq + 1);
    list.append(later);
    htmx.process(later);
  };

  const say = (items) => {
    const said = $('said');
    said.append(...items.slice(-SPOKEN).map((item) => {
      const line = view.element('p', `${view.authorOf(item)}: ${view.textOf(item)}`);
      Object.assign(line.dataset, { room: item.dataset.room, said: item.dataset.seq });
      return line;
    }));
    while (said.childElementCount > SPOKEN) said.firstElementChild.remove();
  };
  // A line is for the moment: a text that was deleted or edited must not live on in it.
  const unsay = ({ dataset: { room: id, seq } }) => {
    for (const line of $('said').querySelectorAll(`[data-said="${seq}"]`)) if (line.dataset.room === id) line.remove();
  };
  const isOthers = (item) => item.matches('.message') && item.dataset.author !== me;
  const report = ({ list, added, wasAtEnd }) => {
    const { length } = added.filter(isOthers), newer = within(paneOf(list), 'newer');
    if (!length || (wasAtEnd && holdsEnd(list))) return;
    newer.hidden = false;
    newer.dataset.count = +(newer.dataset.count ?? 0) + length;
  };

  const nameRoom = (name) => {
    if ($('room-name')) $('room-name').textContent = name;
    if ($('message')) $('message').placeholder = fill(words.writeTo, { room: name });
    natter.sidebar.retitle(name);
  };
  // The message box will be hidden.
  const leaveBox = () => {
    if (document.activeElement?.closest('.write')) scrollerOf(logOf(room())).focus({ preventScroll: true });
  };
  // A notice of the room's log changes the head of its page.
  const changeRoom = ({ dataset: { kind, value } }) => {
    const shown = room();
    if (!$('room-topic') && !kind.endsWith('archived')) return; // a thread's page shows none of it
    if (kind === 'renamed') {
      nameRoom(value);
    } else if (kind.startsWith('topic')) {
      $('room-topic').textContent = value ?? '';
    } else if (kind.endsWith('archived')) {
      if (kind === 'archived') leaveBox();
      shown.toggleAttribute('data-archived', kind === 'archived');
      if (kind === 'archived' && !shown.querySelector('.read-only')) {
        shown.querySelector('.write').prepend(Object.assign(view.element('p', words.readOnly), { className: 'read-only' }));
      }
    } else if (kind === 'opened' || kind === 'closed') {
      shown.dataset.kind = kind === 'opened' ? 'open' : 'closed';
      const use = shown.querySelector('.head use');
      use.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${shown.dataset.kind}`));
    }
  };

  // What the reader sees stays where it is, whatever changes above or below. Returns what puts it back.
  const holdStill = (list) => {
    const scroller = scrollerOf(list);
    if (atEnd(list)) return () => {};
    const { left, top, width } = scroller.getBoundingClientRect();
    const seen = document.elementFromPoint(left + width / 2, top + 8)?.closest('.messages > li');
    const before = seen?.getBoundingClientRect().top;
    return () => {
      const moved = seen?.isConnected ? seen.getBoundingClientRect().top - before : 0;
      if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
    };
  };
  const markOwn = (list, seq) => {
    const row = rows.find(list, seq);
    if (row) reactions.mark(row, row);
  };
  const ownReactions = (frame) => {
    reactions.noteOwn(frame);
    if (frame.room === here()) for (const list of logs()) for (const [seq] of frame.own) markOwn(list, seq);
  };

  // Applies the fragments of a frame. Returns the new messages. `isMoving`: the room's changes will come again.
  // `isBehind`: changes are missing before these, so the cursor stays.
  const swap = (fragment, { isMoving, isBehind }) => {
    if (!here()) return []; // the page shows no room
    const holdFocus = natter.tools.holdFocus();
    const all = Array.from(logs(), (list) => ({ list, added: [], appended: 0, wasAtEnd: atEnd(list), release: holdStill(list) }));
    const items = [...fragment.children], reacted = isMoving ? [] : items.filter((item) => item.matches('data')), added = [];
    let rev = 0;
    reacted.forEach(reactions.note);
    for (const item of items) {
      if (item.matches('data') || (isMoving && item.dataset.rev) || item.dataset.room !== here()) continue;
      if (!item.dataset.seq) {
        const [first] = all;
        if (holdsEnd(first.list) && view.notice(item)) { first.list.append(item); first.appended++; }
        continue;
      }
      if (item.matches('.notice') && +item.dataset.rev > +room().dataset.head) changeRoom(item);
      rev = Math.max(rev, +item.dataset.rev);
      // each list takes a copy, the last one the fragment itself
      const placed = all.map((log, index) => {
        const row = place(log.list, index < all.length - 1 ? item.cloneNode(true) : item);
        if (row) { log.added.push(row); log.appended++; }
        return row;
      }).find(Boolean);
      if (placed) added.push(placed);
    }
    for (const { dataset } of reacted) {
      if (dataset.room === here()) for (const { list } of all) markOwn(list, dataset.of);
    }
    // the cursor: the socket continues after it
    if (!isBehind) room().dataset.head = Math.max(room().dataset.head, rev);
    const news = added.filter(isOthers);
    if (news.length) say(news);
    for (const log of all) {
      const { list, appended, wasAtEnd } = log;
      log.release();
      report(log);
      list.away = wasAtEnd ? 0 : (list.away ?? 0) + appended; // rows appended while the reader was not at the end
      if (list.away > KEEP) delete list.dataset.end; // the button leads to the end
      else if (wasAtEnd && appended) trim(list);
    }
    natter.panel.changed(items, added);
    holdFocus();
    return added;
  };

  const rename = ({ key, name }) => {
    paging.rename(key, name);
    view.rename(document, key, name);
    natter.sidebar.rename(key);
  };

  // Removes a deleted message from the pages of mentions, saved messages and pins, to which no socket sends changes.
  const forget = (id, seq) => {
    unsay({ dataset: { room: id, seq } });
    natter.notifications.forget(id, +seq);
    for (const row of document.querySelectorAll(`.page .messages > [data-room="${CSS.escape(id)}"][data-seq="${seq}"]`)) {
      if (row.previousElementSibling?.matches('.place')) row.previousElementSibling.remove();
      row.remove();
    }
  };

  // A pane is in the document: its rows get what depends on the reader.
  const open = (pane) => {
    view.localize(pane);
    reactions.markAll(pane);
    const list = logOf(pane), newer = within(pane, 'newer');
    if (!list) return;
    rows.groupAll(list);
    hideNewer(list);
    newer.textContent = words.newer;
    newer.hidden = holdsEnd(list); // leads to the end
  };
  // Another room is in the document. It opens at the message that the address names, or at the first unread one.
  const enter = () => {
    paging.enter();
    if (here() !== saidIn) $('said').replaceChildren(); // later edits and deletions there are not known here
    saidIn = here();
    open(room());
    if (here()) ($('target') ?? $('new'))?.scrollIntoView({ block: 'center' });
  };

  // the words for days change at midnight
  let today = new Date().toDateString();
  const renewDays = () => {
    if (!here() || new Date().toDateString() === today) return;
    today = new Date().toDateString();
    for (const pane of panes()) view.localize(pane);
    for (const list of logs()) rows.groupAll(list);
  };
  setInterval(renewDays, 60000);
  document.addEventListener('visibilitychange', renewDays);

  const hideNewer = (list) => {
    const newer = within(paneOf(list), 'newer');
    newer.hidden = true;
    delete newer.dataset.count;
  };
  // scroll events do not bubble
  document.addEventListener('scroll', ({ target }) => {
    const list = target.matches?.('.scroller') && logOf(target);
    if (list && atEnd(list) && holdsEnd(list)) hideNewer(list);
  }, { capture: true });

  return {
    swap, enter, forget, leaveBox, open, ownReactions, nameRoom, rename, trim, trimEnd, holdsEnd,
    toEnd: (list) => { scrollerOf(list).scrollTop = 0; },
  };
})();
