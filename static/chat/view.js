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
  const hours = { 12: { hourCycle: 'h12' }, 24: { hourCycle: 'h23' } }[document.documentElement.dataset.clock]; // as the reader has set
  const format = (options) => new Intl.DateTimeFormat(locale, { ...options, ...hours });
  const clockFormat = format({ hour: 'numeric', minute: '2-digit' });
  const dayFormat = format({ day: 'numeric', month: 'short', year: 'numeric' });
  const fullFormat = format({ dateStyle: 'short', timeStyle: 'medium' });
  const weekdayFormat = format({ weekday: 'long', day: 'numeric', month: 'long' });
  const weekdayOfYearFormat = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const relativeFormat = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  // `2026-11-22`, as in Sweden, in the reader's time zone
  const { format: dateOf } = new Intl.DateTimeFormat('sv');
  const localize = (root) => {
    const now = new Date().toDateString();
    for (const time of root.querySelectorAll('time')) {
      const at = new Date(time.dateTime), clock = clockFormat.format(at), row = time.closest('.message > .at')?.parentElement;
      const full = at.toDateString() === now ? clock : `${dayFormat.format(at)}, ${clock}`;
      time.textContent = row ? clock : full;
      time.title = fullFormat.format(at);
      // a log has a line for each day
      if (row) part(row, 'b').dataset.time = row.closest('.messages:not(.log)') ? full : clock;
    }
  };

  const markMentions = (item, isOwn) => {
    const isMine = (tag) => tag === '*' || tag === me;
    const isMentioned = !isOwn && (item.dataset.mentions ?? '').split(' ').some(isMine);
    item.classList.toggle('mentions-me', isMentioned);
    if (!isMentioned) return;
    for (const mention of item.querySelectorAll('.mention')) if (isMine(mention.dataset.tag)) mention.classList.add('me');
  };

  // Puts an open popover under or over a rectangle, and inside of the window. It is hidden until then (style/room.css).
  const beside = ({ bottom, right, top }, popover) => {
    const { offsetWidth, offsetHeight } = popover, under = bottom + 4, over = top - offsetHeight - 4;
    popover.style.left = `${Math.max(8, right - offsetWidth)}px`;
    popover.style.top = `${under + offsetHeight > innerHeight ? Math.max(8, over) : under}px`;
    popover.classList.add('placed');
  };

  document.addEventListener('beforetoggle', ({ target, newState }) => {
    if (newState === 'closed') target.classList.remove('placed');
  }, { capture: true });

  const authorOf = (item) => part(item, 'b').textContent.slice(0, -2); // without ": "
  const textOf = (item) => part(item, '.text')?.textContent || part(item, '.files')?.dataset.names;
  // kept at the row, where they are asked for often
  const sentAt = (item) => (item.sentAt ??= Date.parse(part(item, '.at > time').dateTime));
  const dayOf = (item) => (item.day ??= dateOf(new Date(sentAt(item))));
  const dayLabel = (item) => {
    const at = new Date(sentAt(item)), now = new Date(), yesterday = new Date(now);
    yesterday.setDate(now.getDate() - 1);
    const day = dateOf(at), ago = [dateOf(now), dateOf(yesterday)].indexOf(day);
    if (ago < 0) return (at.getFullYear() === now.getFullYear() ? weekdayFormat : weekdayOfYearFormat).format(at);
    const label = relativeFormat.format(-ago, 'day');
    return label[0].toLocaleUpperCase() + label.slice(1);
  };
  const setAuthor = (item, name) => part(item, 'b').replaceChildren(name, element('span', ': '));
  // as in src/render/avatar.rs
  const initials = (name) => {
    const all = name.trim().split(/\s+/), ends = all.length > 1 ? [all[0], all.at(-1)] : all;
    const letter = (word) => word.match(/[\p{Alphabetic}\p{N}]/u)?.[0] ?? Array.from(word)[0] ?? '';
    return ends.map(letter).join('').toUpperCase();
  };
  // Whether a message is shown under the name of the row before it.
  const follows = (item, before) => {
    if (!item.matches('.message:not(.action)') || !before?.matches('.message')) return false;
    const gap = sentAt(item) - sentAt(before);
    return item.dataset.author === before.dataset.author && gap >= 0 && gap < GROUP;
  };

  const linkTo = ({ room, seq }, ...content) => {
    const link = element('a', ...content);
    link.href = `/rooms/${room}/${seq}`;
    return link;
  };
  // The beginning of a text on one line.
  const beginning = (text) => {
    const line = Array.from(text.trim().split(/\s+/).join(' '));
    return line.length > QUOTE_CHARS ? `${line.slice(0, QUOTE_CHARS).join('')}…` : line.join('');
  };
  // Fills the slot of a reply from its parent.
  const quote = (slot, parent) => {
    const text = textOf(parent);
    if (text === undefined) {
      delete slot.dataset.author;
      slot.textContent = words.quoteDeleted;
      return;
    }
    slot.dataset.author = parent.dataset.author;
    slot.replaceChildren(linkTo(parent.dataset, element('cite', authorOf(parent)), `: ${beginning(text)}`));
  };

  // A notice in the room's log.
  const logNotice = (item) => {
    const { kind, by = words.deletedUser, of = words.deletedUser, value } = item.dataset;
    item.textContent = fill(words.logNotices[kind] ?? '', { by, of, value });
  };

  // What is said of a message beside its time.
  const label = (item) => {
    const { edited, pinned, saved } = item.dataset, labels = [];
    for (const one of [...item.childNodes].filter((node) => node.nodeName === 'SMALL')) {
      one.previousSibling.remove();
      one.remove();
    }
    if (edited) {
      const time = Object.assign(element('time'), { dateTime: edited });
      labels.push(element('small', `${words.edited} `, time));
    }
    if (pinned !== undefined) labels.push(element('small', words.pinned));
    if (saved !== undefined) labels.push(element('small', words.saved));
    part(item, '.at').after(...labels.flatMap((one) => [' ', one]));
  };
  // The viewer has saved the message, or does not want it any more.
  const save = (item, isSaved) => {
    item.toggleAttribute('data-saved', isSaved);
    label(item);
    localize(item);
  };

  // Marks the live fragment of a message. `shown`: the row that it will change; `parent`: the row that it replies to.
  const message = (item, shown, parent) => {
    if (item.matches('.notice')) return logNotice(item);
    if (!item.matches('.message')) return; // a deleted message has nothing to mark
    const isOwn = item.dataset.author === me;
    item.classList.toggle('sent-by-user', isOwn);
    markMentions(item, isOwn);
    if (isOwn) setAuthor(item, words.you);
    else if ('deletedUser' in item.dataset) setAuthor(item, element('i', words.deletedUser));
    if (shown && 'saved' in shown.dataset) item.dataset.saved = ''; // nobody else knows of it
    label(item);
    const replies = part(item, '.replies'), count = item.dataset.replies;
    if (replies) replies.textContent = count === '1' ? words.replies[0] : fill(words.replies[1], { count });
    const slot = part(item, 'blockquote'), filled = shown && part(shown, 'blockquote');
    if (slot && parent) quote(slot, parent);
    else if (slot && filled) slot.replaceWith(filled.cloneNode(true));
    else if (slot) slot.append(linkTo({ room: item.dataset.room, seq: slot.dataset.replyTo }, words.quoteEarlier));
    natter.reactions.mark(item, shown);
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
      if (isDeleted) {
        item.dataset.deletedUser = '';
        part(item, '.face')?.remove();
      }
      setAuthor(item, isDeleted ? element('i', words.deletedUser) : name);
    }
    if (key === me) return;
    const cited = root.querySelectorAll(`blockquote[data-author="${key}"] cite`);
    for (const cite of cited) cite.textContent = isDeleted ? words.deletedUser : name;
  };

  return {
    beginning, beside, element, follows, initials, localize, message, quote, save, authorOf, textOf, dayOf, dayLabel, notice, roster, rename,
  };
})();
