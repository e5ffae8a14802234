// The rows of a list: finding one by its `seq`, and patching one in place.
natter.rows = (() => {
  'use strict';
  const numbered = (list, from, next) => {
    let item = list[from];
    while (item && !item.dataset.seq) item = item[next];
    return item && +item.dataset.seq;
  };
  const sync = (shown, item) => {
    for (const { name } of [...shown.attributes]) if (!item.hasAttribute(name)) shown.removeAttribute(name);
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

  return {
    patch,
    find: (list, seq) => list.querySelector(`:scope > [data-seq="${seq}"]`),
    // the smallest and the largest `seq` that is loaded
    first: (list) => numbered(list, 'firstElementChild', 'nextElementSibling') ?? Infinity,
    last: (list) => numbered(list, 'lastElementChild', 'previousElementSibling') ?? 0,
    isNewer: (item, shown) => +item.dataset.rev > +shown.dataset.rev,
  };
})();
