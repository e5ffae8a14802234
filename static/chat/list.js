// The swap: puts the fragments of a frame into every list of their room.
natter.list = (() => {
  'use strict';
  const { $, fill, here, me, paging, reactions, room, rows, view, words } = natter;
  // rows, and notices among them; both bound the memory of a tab that stays open for weeks
  const KEEP = 600, NOTICES = 100;
  const SPOKEN = 20; // lines of the hidden log
  const scroller = () => $('scroller');
  let away = 0; // rows appended while the reader was not at the end
  let saidIn = null; // the room of the lines of the hidden log

  const holdsEnd = (list) => 'end' in list.dataset;
  const listsOf = (id) => document.querySelectorAll(`.messages[data-room="${CSS.escape(id)}"]`);
  const atEnd = () => scroller().scrollTop > -60; // the list is reversed: 0 is the end
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
    if (!belongs(list, item)) return null;
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
    if (list === $('messages')) queueMicrotask(() => natter.composer.changed(seq, 'deleted' in item.dataset));
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
  const report = (items, wasAtEnd) => {
    const news = items.filter((item) => item.matches('.message') && item.dataset.author !== me);
    if (!news.length) return;
    say(news);
    const newer = $('newer');
    if (!wasAtEnd || !holdsEnd($('messages'))) {
      newer.hidden = false;
      newer.dataset.count = +(newer.dataset.count ?? 0) + news.length;
    }
  };

  const nameRoom = (name) => {
    if ($('room-name')) $('room-name').textContent = name;
    if ($('message')) $('message').placeholder = fill(words.writeTo, { room: name });
    natter.sidebar.retitle(name);
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
  const placeOf = (isAtEnd) => {
    if (isAtEnd) return () => {};
    const { left, top, width } = scroller().getBoundingClientRect();
    const seen = document.elementFromPoint(left + width / 2, top + 8)?.closest('.messages > li');
    const before = seen?.getBoundingClientRect().top;
    return () => {
      const moved = seen?.isConnected ? seen.getBoundingClientRect().top - before : 0;
      if (Math.abs(moved) >= 1) scroller().scrollTop += moved;
    };
  };
  const markOwn = (list, seq) => {
    const row = rows.find(list, seq);
    if (row) reactions.mark(row, row);
  };
  const ownReactions = (frame) => {
    reactions.noteOwn(frame);
    for (const list of listsOf(frame.room)) for (const [seq] of frame.own) markOwn(list, seq);
  };

  // Applies the fragments of a frame. Returns the new messages. `isMoving`: the room's changes will come again.
  // `isBehind`: changes are missing before these, so the cursor stays.
  const swap = (fragment, { isMoving, isBehind }) => {
    if (!here()) return []; // the page shows no room
    const list = $('messages'), wasAtEnd = atEnd(), items = [...fragment.children], added = [];
    let rev = 0, appended = 0;
    const reacted = items.filter((item) => item.matches('data'));
    if (!isMoving) reacted.forEach(reactions.note);
    const keepPlace = placeOf(wasAtEnd);
    for (const item of items) {
      if (item.matches('data') || (isMoving && item.dataset.rev)) continue;
      const lists = [...listsOf(item.dataset.room)], isHere = item.dataset.room === here();
      if (!item.dataset.seq) {
        if (lists[0] && holdsEnd(lists[0]) && view.notice(item)) { lists[0].append(item); appended++; }
        continue;
      }
      if (isHere && item.matches('.notice') && +item.dataset.rev > +room().dataset.head) changeRoom(item);
      // each list takes a copy, the last one the fragment itself
      const placed = lists.map((one, index) => place(one, index < lists.length - 1 ? item.cloneNode(true) : item));
      if (placed.some(Boolean)) { added.push(item); appended++; }
      if (isHere) rev = Math.max(rev, +item.dataset.rev);
    }
    for (const { dataset } of isMoving ? [] : reacted) {
      for (const one of listsOf(dataset.room)) markOwn(one, dataset.of);
    }
    keepPlace();
    // the cursor: the socket continues after it
    if (!isBehind) room().dataset.head = Math.max(room().dataset.head, rev);
    report(added, wasAtEnd);
    away = wasAtEnd ? 0 : away + appended;
    if (away > KEEP) delete list.dataset.end; // the button leads to the end
    else if (wasAtEnd && appended) trim(list);
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
    for (const row of document.querySelectorAll(`.page .messages > [data-room="${CSS.escape(id)}"][data-seq="${seq}"]`)) {
      if (row.previousElementSibling?.matches('.place')) row.previousElementSibling.remove();
      row.remove();
    }
  };

  // Another room is in the document. It opens at the message that the address names, or at the first unread one.
  const enter = () => {
    away = 0;
    paging.enter();
    if (here() !== saidIn) $('said').replaceChildren(); // later edits and deletions there are not known here
    saidIn = here();
    view.localize(room());
    reactions.markAll(room());
    if (!here()) return;
    rows.groupAll($('messages'));
    ($('target') ?? $('new'))?.scrollIntoView({ block: 'center' });
    hideNewer();
    $('newer').textContent = words.newer;
    $('newer').hidden = holdsEnd($('messages')); // leads to the end
  };

  // the words for days change at midnight
  let today = new Date().toDateString();
  const renewDays = () => {
    if (!here() || new Date().toDateString() === today) return;
    today = new Date().toDateString();
    view.localize(room());
    rows.groupAll($('messages'));
  };
  setInterval(renewDays, 60000);
  document.addEventListener('visibilitychange', renewDays);

  const hideNewer = () => {
    const newer = $('newer');
    newer.hidden = true;
    delete newer.dataset.count;
  };
  // scroll events do not bubble
  document.addEventListener('scroll', ({ target }) => {
    if (target === scroller() && atEnd() && holdsEnd($('messages'))) hideNewer();
  }, { capture: true });

  return { swap, enter, forget, ownReactions, nameRoom, rename, trim, trimEnd, holdsEnd: () => holdsEnd($('messages')), toEnd: () => { scroller().scrollTop = 0; } };
})();
