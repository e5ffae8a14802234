// The swap: puts the fragments of a frame into every list of their room.
natter.list = (() => {
  'use strict';
  const { $, me, room, rows, view, words } = natter;
  // rows, and notices among them; both bound the memory of a tab that stays open for weeks
  const KEEP = 600, NOTICES = 100;
  const SPOKEN = 20; // lines of the hidden log
  const scroller = () => $('scroller');
  const title = document.title;
  let hiddenNews = 0; // messages that came while the tab was hidden
  let away = 0; // rows appended while the reader was not at the end
  let paging = 0; // requests for older messages that are under way
  const late = new Map(); // by seq: changes of rows that such a response may bring in an older state
  const lateNames = new Map(); // by tag: names as well

  const holdsEnd = (list) => 'end' in list.dataset;
  const listsOf = (id) => document.querySelectorAll(`.messages[data-room="${CSS.escape(id)}"]`);
  const atEnd = () => scroller().scrollTop > -60; // the list is reversed: 0 is the end
  const mark = (list, item, shown) => {
    const slot = item.querySelector(':scope > blockquote');
    view.message(item, shown, slot && rows.find(list, slot.dataset.replyTo));
  };
  // A deleted text must not live on in a quote.
  const quote = (root, item) => {
    for (const slot of root.querySelectorAll(`[data-reply-to="${item.dataset.seq}"]`)) view.quote(slot, item);
  };

  // Puts one message into a list. Returns the row if it is a new message.
  const place = (list, item) => {
    const seq = +item.dataset.seq, last = rows.last(list), newest = Math.max(last, list.dataset.newest ?? 0);
    if (seq > last) {
      mark(list, item);
      list.dataset.newest = Math.max(seq, newest);
      if (holdsEnd(list)) list.append(item);
      return seq > newest ? item : null;
    }
    const shown = rows.find(list, seq);
    if (shown && !rows.isNewer(item, shown)) return null;
    if (shown?.dataset.textRev !== item.dataset.textRev) unsay(item);
    mark(list, item, shown);
    quote(list, item);
    if (shown) {
      rows.patch(shown, item);
    } else if (seq > rows.first(list)) {
      let next = list.lastElementChild;
      while (!(next.dataset.seq < seq)) next = next.previousElementSibling;
      next.after(item);
      return item;
    } else if (paging) {
      late.set(seq, item);
    }
    return null;
  };

  const link = (seq) => {
    const template = document.createElement('template');
    template.innerHTML = words.older.replaceAll('before=0', `before=${seq}`);
    return template.content.firstElementChild;
  };
  const trim = (list) => {
    const notices = list.querySelectorAll(':scope > [data-kind]');
    for (let index = 0; index < notices.length - NOTICES; index++) notices[index].remove();
    const messages = list.querySelectorAll(':scope > [data-seq]');
    if (list.childElementCount <= KEEP * 1.5 || messages.length < KEEP) return;
    const first = messages[messages.length - KEEP], older = link(first.dataset.seq);
    while (list.firstElementChild !== first) list.firstElementChild.remove();
    list.prepend(older);
    htmx.process(older);
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
    if (document.hidden) document.title = `(${hiddenNews += news.length}) ${title}`;
  };

  // Applies the fragments of a frame. Returns the new messages. `isMoving`: the room's changes will come again.
  // `isBehind`: changes are missing before these, so the cursor stays.
  const swap = (fragment, { isMoving, isBehind }) => {
    const list = $('messages'), wasAtEnd = atEnd(), items = [...fragment.children], added = [];
    let rev = 0, appended = 0;
    for (const item of items) {
      if (isMoving && item.dataset.rev) continue;
      const lists = [...listsOf(item.dataset.room)];
      if (item.dataset.kind) {
        if (lists[0] && holdsEnd(lists[0]) && view.notice(item)) { lists[0].append(item); appended++; }
        continue;
      }
      // each list takes a copy, the last one the fragment itself
      const placed = lists.map((one, index) => place(one, index < lists.length - 1 ? item.cloneNode(true) : item));
      if (placed.some(Boolean)) { added.push(item); appended++; }
      if (item.dataset.room === room().dataset.room) rev = Math.max(rev, +item.dataset.rev);
    }
    // the cursor: the socket continues after it
    if (!isBehind) room().dataset.head = Math.max(room().dataset.head, rev);
    report(added, wasAtEnd);
    away = wasAtEnd ? 0 : away + appended;
    if (away > KEEP) delete list.dataset.end; // the button leads to the end
    else if (wasAtEnd && appended) trim(list);
    return added;
  };

  // Older messages arrive. What changed since the server read them is known.
  const arrive = (list, fragment) => {
    view.localize(fragment);
    for (const item of late.values()) {
      const row = fragment.querySelector(`[data-seq="${item.dataset.seq}"]`);
      if (row && rows.isNewer(item, row)) {
        view.message(item, row);
        row.replaceWith(item);
      }
      quote(fragment, item);
    }
    for (const [key, name] of lateNames) view.rename(fragment, key, name);
    for (const row of fragment.querySelectorAll('[data-seq]')) quote(list, row);
  };

  const rename = ({ key, name }) => {
    if (paging) lateNames.set(key, name);
    view.rename(document, key, name);
  };

  const enter = () => {
    away = 0;
    late.clear();
    view.localize(room());
  };

  const isPaging = ({ detail: { ctx } }) => ctx.request.action.startsWith('/messages');
  document.addEventListener('htmx:before:request', (event) => { if (isPaging(event)) paging++; });
  document.addEventListener('htmx:finally:request', (event) => {
    if (!isPaging(event) || --paging) return;
    late.clear();
    lateNames.clear();
  });
  document.addEventListener('htmx:before:swap', ({ detail: { tasks } }) => {
    for (const { fragment, target } of tasks) {
      const element = typeof target === 'string' ? document.querySelector(target) : target;
      if (element?.matches('.older')) arrive(element.closest('.messages'), fragment);
      if (element?.id === 'roster') view.roster(fragment);
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) { hiddenNews = 0; document.title = title; }
  });
  const hideNewer = () => {
    const newer = $('newer');
    newer.hidden = true;
    delete newer.dataset.count;
  };
  // scroll events do not bubble
  document.addEventListener('scroll', ({ target }) => {
    if (target === scroller() && atEnd() && holdsEnd($('messages'))) hideNewer();
  }, { capture: true });

  return { swap, enter, rename, holdsEnd: () => holdsEnd($('messages')), toEnd: () => { scroller().scrollTop = 0; } };
})();
