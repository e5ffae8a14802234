// Older and newer messages arrive at the ends of a list. What changed since the server read them is known.
natter.paging = (() => {
  'use strict';
  const { rows, view, words } = natter;
  let requests = 0; // that are under way
  const late = new Map(); // by seq: changes of rows that such a response may bring in an older state
  const lateNames = new Map(); // by tag: names as well
  let anchor = null; // {row, list, at, isOlder}: a row, and where its edge towards what is read has to stay
  const edgeOf = (row, isOlder) => row.getBoundingClientRect()[isOlder ? 'bottom' : 'top'];

  // A link that loads messages before (`words.older`) or from (`words.later`) a `seq`.
  const link = (html, room, seq) => {
    const template = document.createElement('template');
    template.innerHTML = html.replaceAll('{room}', room).replaceAll('=0', `=${seq}`);
    return template.content.firstElementChild;
  };

  const lastIn = (fragment) => Math.max(0, ...Array.from(fragment.querySelectorAll('[data-seq]'), (row) => +row.dataset.seq));
  const arrive = (list, fragment, isOlder) => {
    view.localize(fragment);
    natter.reactions.markAll(fragment);
    for (const item of late.values()) {
      const row = fragment.querySelector(`[data-seq="${item.dataset.seq}"]`);
      if (row && rows.isNewer(item, row)) {
        view.message(item, row);
        row.replaceWith(item);
      }
      rows.quote(fragment, item);
    }
    for (const [key, name] of lateNames) view.rename(fragment, key, name);
    for (const row of fragment.querySelectorAll('[data-seq]')) rows.quote(list, row);
    if (isOlder || fragment.querySelector('.later')) return;
    // the end, unless more was posted since
    const last = Math.max(lastIn(fragment), rows.last(list));
    if (+(list.dataset.newest ?? 0) > last) fragment.append(link(words.later, list.dataset.room, last + 1));
    else list.dataset.end = '';
  };

  const isPaging = ({ detail: { ctx } }) => /^\/rooms\/[^/]+\/messages\?/.test(ctx.request.action);
  document.addEventListener('htmx:before:request', (event) => { if (isPaging(event)) requests++; });
  document.addEventListener('htmx:finally:request', (event) => {
    if (!isPaging(event) || --requests) return;
    late.clear();
    lateNames.clear();
  });
  document.addEventListener('htmx:before:swap', ({ detail: { tasks } }) => {
    for (const { fragment, target } of tasks) {
      const element = typeof target === 'string' ? document.querySelector(target) : target;
      if (element?.id === 'roster') view.roster(fragment);
      if (!element?.matches('.older, .later')) continue;
      const isOlder = element.matches('.older'), list = element.closest('.messages');
      arrive(list, fragment, isOlder);
      const row = rows.messageFrom(element, isOlder ? 'nextElementSibling' : 'previousElementSibling');
      anchor = { row, list, at: row && edgeOf(row, isOlder), isOlder, hasFocus: element.contains(document.activeElement) };
    }
  });
  document.addEventListener('htmx:after:swap', () => {
    if (!anchor) return;
    const { row, list, at, isOlder, hasFocus } = anchor;
    anchor = null;
    // the row that was the first one keeps its name: without it, it would be shorter
    if (isOlder && row) row.keepsName = true;
    rows.groupAll(list);
    if (isOlder) natter.list.trimEnd(list); else natter.list.trim(list);
    const moved = row?.isConnected ? edgeOf(row, isOlder) - at : 0;
    if (Math.abs(moved) >= 1) list.closest('.scroller').scrollTop += moved;
    if (hasFocus && row) natter.tools.focusRow(row); // the link is gone
  });

  return {
    link,
    // A change of a row that is not in the list: a response that is under way may bring it in an older state.
    keep: (item) => { if (requests) late.set(+item.dataset.seq, item); },
    rename: (key, name) => { if (requests) lateNames.set(key, name); },
    enter: () => late.clear(),
  };
})();
