// What depends on the viewer. A live fragment is the same for all readers and has no words of a language; it is marked for
// this viewer before it enters the document. The server does the same to the rows of a page (render::message).
natter.view = (() => {
  'use strict';
  const { me, words, fill } = natter;
  const QUOTE_CHARS = 100; // as in src/render/message.rs
  const GROUP = 5 * 60 * 1000; // ms, as there
  const language = document.documentElement.lang;
  const locale = language === 'en' ? [] : language; // English pages follow the browser: en-GB and en-US differ
  const element = (name, ...content) => {
    const created = document.createElement(name);
    created.append(...content);
    return created;
  };
  const part = (item, selector) => item.querySelector(`:scope > ${selector}`);

  // made once: making one takes longer than using it a hundred times
  const format = (options) => new Intl.DateTimeFormat(locale, options);
  const clockFormat = format({ hour: '2-digit', minute: '2-digit' });
  const dayFormat = format({ day: 'numeric', month: 'short', year: 'numeric' });
  const fullFormat = format({ dateStyle: 'short', timeStyle: 'medium' });
  const localize = (root) => {
    const now = new Date().toDateString();
    for (const time of root.querySelectorAll('time')) {
      const at = new Date(time.dateTime), clock = clockFormat.format(at), author = part(time.parentElement, 'b');
      const full = at.toDateString() === now ? clock : `${dayFormat.format(at)}, ${clock}`;
      time.textContent = author ? clock : full;
      time.title = fullFormat.format(at);
      if (author) author.dataset.time = full;
    }
  };

  // A fragment lists only who gave an emoji last. If it lists all, an absent viewer did not give it; else nothing changes.
  const markReactions = (item, shown) => {
    for (const chip of item.querySelectorAll('.reactions > li')) {
      const by = chip.dataset.by.split(' '), before = shown?.querySelector(`[data-emoji="${chip.dataset.emoji}"]`);
      const isUnknown = by.length < +chip.dataset.count;
      chip.classList.toggle('mine', by.includes(me) || (isUnknown && (before ?? chip).matches('.mine')));
    }
  };

  const authorOf = (item) => part(item, 'b').textContent.slice(0, -2); // without ": "
  const textOf = (item) => part(item, 'span')?.textContent;
  const setAuthor = (item, name) => part(item, 'b').replaceChildren(name, element('span', ': '));
  // as in src/render/avatar.rs
  const initials = (name) => {
    const all = name.trim().split(/\s+/), ends = all.length > 1 ? [all[0], all.at(-1)] : all;
    const letter = (word) => word.match(/[\p{Alphabetic}\p{N}]/u)?.[0] ?? Array.from(word)[0] ?? '';
    return ends.map(letter).join('').toUpperCase();
  };
  // Whether a message is shown under the name of the row before it.
  const follows = (item, before) => {
    if (!item.matches('.message') || !before?.matches('.message')) return false;
    const gap = Date.parse(part(item, 'time').dateTime) - Date.parse(part(before, 'time').dateTime);
    return item.dataset.author === before.dataset.author && gap >= 0 && gap < GROUP;
  };

  // Fills the slot of a reply from its parent.
  const quote = (slot, parent) => {
    const text = textOf(parent);
    if (text === undefined) {
      delete slot.dataset.author;
      slot.textContent = words.quoteDeleted;
      return;
    }
    const line = Array.from(text.trim().split(/\s+/).join(' '));
    const beginning = line.length > QUOTE_CHARS ? `${line.slice(0, QUOTE_CHARS).join('')}…` : line.join('');
    slot.dataset.author = parent.dataset.author;
    slot.replaceChildren(element('cite', authorOf(parent)), `: ${beginning}`);
  };

  // A notice in the room's log.
  const logNotice = (item) => {
    const { kind, by = words.deletedUser, of = words.deletedUser, value } = item.dataset;
    item.textContent = fill(words.logNotices[kind] ?? '', { by, of, value });
  };

  // Marks the live fragment of a message. `shown`: the row that it will change; `parent`: the row that it replies to.
  const message = (item, shown, parent) => {
    if (item.matches('.notice')) return logNotice(item);
    if (!item.matches('.message')) return; // a deleted message has nothing to mark
    const isOwn = item.dataset.author === me;
    item.classList.toggle('sent-by-user', isOwn);
    if (isOwn) setAuthor(item, words.you);
    else if ('deletedUser' in item.dataset) setAuthor(item, element('i', words.deletedUser));
    if (item.dataset.edited && !part(item, 'small')) part(item, 'time').after(' ', element('small', words.edited));
    const slot = part(item, 'blockquote'), filled = shown && part(shown, 'blockquote');
    if (slot && parent) quote(slot, parent);
    else if (slot) slot.replaceWith(filled?.cloneNode(true) ?? Object.assign(slot, { textContent: words.quoteEarlier }));
    markReactions(item, shown);
    localize(item);
  };

  // Words the notice that users entered or left, without the viewer. Returns whether there is something to show.
  const notice = (item) => {
    const { kind, keys, others: count } = item.dataset, tags = keys.split(' '), others = +count;
    const names = JSON.parse(item.dataset.names).filter((_, index) => kind !== 'entered' || tags[index] !== me);
    const [one, several, some] = words.notices[kind];
    const pattern = others ? some : names.length > 1 ? several : one;
    const last = pattern === several ? names.pop() : '';
    item.textContent = fill(pattern, { names: names.join(', '), last, others });
    return names.length > 0;
  };

  const roster = (root) => {
    const [heading, more] = [root.querySelector('h2'), root.querySelector('li[data-count]')];
    heading.textContent = fill(words.rosterCount, heading.dataset);
    if (more) more.textContent = fill(words.rosterMore, more.dataset);
  };

  // The user of the tag `key` has a new name, or (null) no account any more.
  const rename = (root, key, name) => {
    const isDeleted = name === null;
    for (const [tag, of] of [['author', 'by'], ['subject', 'of']]) {
      for (const item of root.querySelectorAll(`.notice[data-${tag}="${key}"]`)) {
        if (isDeleted) delete item.dataset[of]; else item.dataset[of] = name;
        logNotice(item);
      }
    }
    for (const item of root.querySelectorAll(`.message[data-author="${key}"]:not([data-deleted-user])`)) {
      item.dataset.initials = initials(name ?? '');
      if (key === me) continue; // is called You
      if (isDeleted) item.dataset.deletedUser = '';
      setAuthor(item, isDeleted ? element('i', words.deletedUser) : name);
    }
    if (key === me) return;
    const cited = root.querySelectorAll(`blockquote[data-author="${key}"] > cite`);
    for (const cite of cited) cite.textContent = isDeleted ? words.deletedUser : name;
  };

  return { element, follows, initials, localize, message, quote, authorOf, textOf, notice, roster, rename };
})();
