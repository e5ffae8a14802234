// The rows of a list: finding one by its `seq`, patching one in place, grouping those of one author.
natter.rows = (() => {
  'use strict';
  const { view } = natter;
  const numbered = (list, from, next) => {
    let item = list[from];
    while (item && !item.dataset.seq) item = item[next];
    return item && +item.dataset.seq;
  };
  const sync = (shown, item) => {
    // tabindex is the page's own (tools.js), and so is the id of the message that the address names
    const surplus = [...shown.attributes].filter(({ name }) => name !== 'tabindex' && name !== 'id' && !item.hasAttribute(name));
    for (const { name } of surplus) shown.removeAttribute(name);
    for (const { name, value } of item.attributes) if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  };
  const isSamePart = (one, other) => one.nodeName === other.nodeName && one.dataset?.emoji === other.dataset?.emoji;

  // Makes `shown` equal to `item`. What is equal already stays the same node, and keeps focus and selection.
  const patch = (shown, item) => {
    if (shown.isEqualNode(item)) return;
    if (shown.nodeType === Node.TEXT_NODE) {
      shown.data = item.data;
      return;
    }
    sync(shown, item);
    let next = shown.firstChild;
    for (const child of [...item.childNodes]) {
      let match = next;
      while (match && !isSamePart(match, child)) match = match.nextSibling;
      if (!match) {
        shown.insertBefore(child, next);
        continue;
      }
      while (next !== match) {
        const dropped = next;
        next = next.nextSibling;
        dropped.remove();
      }
      patch(match, child);
      next = match.nextSibling;
    }
    while (next) {
      const dropped = next;
      next = next.nextSibling;
      dropped.remove();
    }
  };

  // The message at this element, or else the next one.
  const messageFrom = (item, step) => {
    let other = item;
    while (other && !other.matches('.message')) other = other[step];
    return other;
  };
  // The next row that is not hidden; `step`: nextElementSibling or previousElementSibling.
  const beside = (row, step) => {
    let other = row[step];
    while (other?.hidden) other = other[step];
    return other;
  };
  // A line with the day stands before the first message of each day. The server has lines for the days of UTC.
  const divide = (row) => {
    const day = view.dayOf(row), lines = [];
    let before = row.previousElementSibling;
    for (; before && !before.matches('.message'); before = before.previousElementSibling) {
      if (before.matches('.day')) lines.push(before);
    }
    const isFirst = !before || view.dayOf(before) !== day;
    let line = isFirst && lines.find((one) => one.dataset.day === day);
    for (const other of lines) if (other !== line) other.remove();
    if (!isFirst) return;
    if (!line) {
      line = view.element('li', view.element('span'));
      Object.assign(line, { className: 'day' }).dataset.day = day;
      (row.previousElementSibling?.id === 'new' ? row.previousElementSibling : row).before(line);
    }
    const label = view.dayLabel(row);
    if (line.textContent !== label) line.firstElementChild.textContent = label;
  };
  const group = (row) => {
    divide(row);
    row.classList.toggle('follows', !row.keepsName && view.follows(row, beside(row, 'previousElementSibling')));
  };
  // a day whose only message is deleted
  const trimDays = (list) => {
    for (let last = list?.lastElementChild; last && !last.matches('.message'); last = last.previousElementSibling) {
      if (last.matches('.day')) return last.remove();
    }
  };

  return {
    patch,
    beside,
    messageFrom,
    // Groups a row that changed with the rows around it.
    groupAround: (row) => {
      for (const one of [row, messageFrom(row.nextElementSibling, 'nextElementSibling')]) if (one?.matches('.message')) group(one);
      if (row.hidden) trimDays(row.parentElement);
    },
    groupAll: (list) => { for (const row of list.querySelectorAll(':scope > .message')) group(row); },
    // Fills the quotes of a message: a deleted text must not live on in one.
    quote: (root, item) => {
      for (const slot of root.querySelectorAll(`[data-reply-to="${item.dataset.seq}"]`)) view.quote(slot, item);
    },
    find: (list, seq) => list.querySelector(`:scope > [data-seq="${seq}"]`),
    // the smallest and the largest `seq` that is loaded
    first: (list) => numbered(list, 'firstElementChild', 'nextElementSibling') ?? Infinity,
    last: (list) => numbered(list, 'lastElementChild', 'previousElementSibling') ?? 0,
    isNewer: (item, shown) => +item.dataset.rev > +shown.dataset.rev,
  };
})();
