// The tools of a row: one bar for all rows, at the row that the pointer or the focus is on, with two popovers.
natter.tools = (() => {
  'use strict';
  const { $, composer, emoji, here, isCoarse, logOf, marks, paneOf, parsePage, room, rows, view, within, words } = natter;
  let row = null;

  const isRow = (target) => target?.matches?.('.log > [data-seq]:not([hidden])');
  const boxOf = (part) => within(paneOf(part), 'box');
  const isTool = (target) => target?.closest?.('#row-tools, #row-emoji, #row-menu');
  const isOpen = () => document.querySelector('#row-emoji:popover-open, #row-menu:popover-open');
  const isText = () => row?.matches('.message');
  // which buttons there are for this row
  const fit = () => {
    const { manages, member, archived } = room().dataset, isOwn = row.matches('.sent-by-user'), mayWrite = archived === undefined;
    const isMember = mayWrite && member !== undefined;
    const allowed = {
      react: isText() && isMember,
      reply: isText() && mayWrite,
      edit: isText() && isOwn && mayWrite,
      thread: isText(),
      pin: isText() && isMember && row.dataset.pinned === undefined,
      unpin: isText() && isMember && row.dataset.pinned !== undefined,
      save: isText() && row.dataset.saved === undefined,
      unsave: isText() && row.dataset.saved !== undefined,
      unread: !row.parentElement.dataset.thread,
      copyText: isText(),
      delete: isText() && mayWrite && (isOwn || manages !== undefined),
    };
    for (const button of document.querySelectorAll('#row-tools [data-do], #row-menu [data-do]')) {
      button.hidden = allowed[button.dataset.do] === false;
    }
    for (const link of document.querySelectorAll('.row-page')) link.href = `/rooms/${here()}/${row.dataset.seq}`;
  };
  const place = (at) => {
    const bar = $('row-tools');
    if (isOpen()) return;
    row = at;
    if (!bar) return;
    bar.hidden = !row;
    if (!row) return;
    fit();
    if (!row.parentElement.parentElement.contains(bar)) row.parentElement.after(bar);
    bar.style.translate = `0 ${Math.max(0, row.offsetTop - 14)}px`; // with `top` it would count as a shift of the layout
  };
  const focusRow = (next) => {
    if (!isRow(next)) return;
    next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  };
  const firstTool = () => $('row-tools').querySelector('button:not([hidden])');
  const markUnread = () => {
    const box = boxOf(row);
    marks.unread(row);
    place(null);
    box.focus();
  };
  // the row that is next in this direction, over notices that are not in the log
  const nextRow = (from, step) => {
    let next = rows.beside(from, step);
    while (next && !isRow(next)) next = rows.beside(next, step);
    return next;
  };
  // The focus may leave the page with a change of its row. Returns what puts it back: into the row, or beside it.
  const holdFocus = () => {
    const { activeElement: at } = document, of = isTool(at) ? row : at?.closest('.log > [data-seq]');
    return () => {
      if (!of || (isRow(of) && at.isConnected)) return;
      const near = isRow(of) ? of : nextRow(of, 'previousElementSibling') ?? nextRow(of, 'nextElementSibling');
      if (near) focusRow(near); else boxOf(of)?.focus();
    };
  };

  // ---- what the buttons do ----
  const TOLD = 10000; // ms
  let toldTimer = null;
  const tell = (text, className = 'alert') => {
    clearTimeout(toldTimer);
    $('alert').replaceChildren(...text ? [Object.assign(view.element('p', text), { className })] : []);
    if (text) toldTimer = setTimeout(tell, TOLD, '');
  };
  // The change comes back over the socket; a refusal is shown in #alert.
  const post = async (of, what, values = {}) => {
    const address = `/rooms/${here()}/${of.dataset.seq}/${what}`, headers = { 'HX-Request': 'true' };
    const response = await fetch(address, { method: 'POST', headers, body: new URLSearchParams(values) }).catch(() => null);
    const page = response && !response.ok && parsePage(await response.text());
    tell(response?.ok ? '' : page?.querySelector('.alert')?.textContent ?? words.notDone);
    return response?.ok;
  };
  const react = (of, emoji) => {
    const isMine = of.querySelector(`.reactions > .mine[data-emoji="${emoji}"]`);
    return post(of, isMine ? 'unreact' : 'react', { emoji });
  };
  const copy = (text) => {
    tell(words.copied, 'done');
    // the clipboard's interface is for secure contexts only; an http address in the local network is none
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const hadFocus = document.activeElement, field = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
    hadFocus?.focus({ preventScroll: true });
  };
  const actions = {
    reply: (of) => composer.reply(of),
    edit: (of) => composer.edit(of),
    thread: (of) => natter.panel.open(`/rooms/${here()}/threads/${of.dataset.root ?? of.dataset.seq}`),
    pin: (of) => post(of, 'pin'),
    unpin: (of) => post(of, 'unpin'),
    save: async (of) => { if (await post(of, 'save')) view.save(of, true); },
    unsave: async (of) => { if (await post(of, 'unsave')) view.save(of, false); },
    delete: (of) => { if (confirm(words.askDelete)) post(of, 'delete'); },
    copy: (of) => copy(new URL(`/rooms/${here()}/${of.dataset.seq}`, location.href).href),
    copyText: (of) => copy(view.textOf(of)),
    unread: markUnread,
  };
  const close = () => {
    for (const popover of document.querySelectorAll('#row-emoji:popover-open, #row-menu:popover-open')) popover.hidePopover();
  };
  document.addEventListener('toggle', ({ target, newState }) => {
    if (!isTool(target) || newState !== 'open') return;
    view.beside($('row-tools').getBoundingClientRect(), target);
    target.querySelector('button:not([hidden])')?.focus();
  }, { capture: true });

  // ---- touch: a long press opens the menu, and so does the sign at the end of a row, which is a link to its page ----
  const LONG = 500; // ms
  let pressed = null, pressTimer = null; // `pressed`: {row, at: when}
  const openMenu = (of) => {
    place(of);
    $('row-menu')?.showPopover();
  };
  document.addEventListener('pointerdown', ({ target, pointerType, timeStamp }) => {
    const of = pointerType === 'touch' && !target.closest('a') && target.closest('.log > [data-seq]');
    clearTimeout(pressTimer);
    pressed = isRow(of) ? { row: of, at: timeStamp } : null;
    if (pressed) pressTimer = setTimeout(place, LONG, of);
  });
  document.addEventListener('pointercancel', () => {
    clearTimeout(pressTimer);
    pressed = null;
  });
  // after the pointer's events, so that this press does not close the popover; nor may the click that would follow
  document.addEventListener('touchend', (event) => {
    clearTimeout(pressTimer);
    if (!pressed || event.timeStamp - pressed.at < LONG) return;
    event.preventDefault();
    openMenu(pressed.row);
  }, { passive: false });

  document.addEventListener('click', (event) => {
    const { target } = event;
    const sign = isCoarse.matches && target.closest('.log > .message > .at');
    if (sign) {
      event.preventDefault();
      return openMenu(sign.parentElement);
    }
    const chip = target.closest('.log .reactions > li');
    if (chip && room().dataset.archived === undefined) {
      event.preventDefault();
      return react(chip.closest('[data-seq]'), chip.dataset.emoji);
    }
    if (row && target.closest('#row-emoji .row-page') && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const of = row;
      return emoji.open($('row-tools').getBoundingClientRect(), (given) => react(of, given), () => focusRow(of));
    }
    const button = target.closest('[data-do], [data-give]');
    if (!row || !button || !isTool(button)) return;
    const of = row;
    if (button.dataset.give) react(of, button.dataset.give);
    else if (actions[button.dataset.do]) actions[button.dataset.do](of);
    if (!button.hasAttribute('popovertarget')) close();
  });

  // ---- where the bar is ----
  document.addEventListener('pointerover', ({ target, pointerType }) => {
    if (isTool(target)) return;
    const over = target.closest('.log > [data-seq]');
    if (isRow(over)) place(over);
    else if (pointerType === 'mouse' && !isRow(document.activeElement)) place(null);
  });
  document.addEventListener('focusin', ({ target }) => {
    if (isTool(target)) return;
    const within = target.closest('.log > [data-seq]');
    place(isRow(within) ? within : null);
  });
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (key === ' ' && target.matches?.('.log .reactions a')) {
      event.preventDefault();
      target.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.('[popover]')) return;
    const isInput = target.matches('.box') && !target.value;
    if (key === 'ArrowUp' && (isInput || target.matches('.scroller'))) {
      const list = logOf(paneOf(target)), last = list?.lastElementChild;
      const own = isInput && !event.shiftKey && [...list?.querySelectorAll(':scope > .sent-by-user') ?? []].at(-1);
      if (own) composer.edit(own);
      else focusRow(isRow(last) ? last : last && nextRow(last, 'previousElementSibling'));
    } else if (isRow(target) && key === 'ArrowUp') {
      const next = nextRow(target, 'previousElementSibling');
      if (next) focusRow(next);
      else target.parentElement.querySelector('.older > a')?.click();
    } else if (key === 'Tab' && event.shiftKey && row && target === firstTool()) {
      focusRow(row);
    } else if (isRow(target) && key === 'ArrowDown') {
      const next = nextRow(target, 'nextElementSibling');
      if (next) focusRow(next);
      else boxOf(target).focus();
    } else if (isRow(target) && key === 'Tab' && !event.shiftKey && $('row-tools')) {
      firstTool().focus();
    } else if ((isRow(target) || isTool(target)) && key === 'Escape') {
      boxOf(row ?? target).focus();
    } else if (isRow(target) && key === 'u' && !row.parentElement.dataset.thread) {
      markUnread();
    } else if (isRow(target) && key === 'r' && !document.querySelector('#row-tools [data-do=reply]').hidden) {
      actions.reply(row);
    } else if (isRow(target) && key === 'e' && !document.querySelector('#row-tools [data-do=edit]').hidden) {
      actions.edit(row);
    } else {
      return;
    }
    event.preventDefault();
  });

  return {
    // Another room is in the document.
    enter: () => {
      row = null;
      $('panel')?.querySelector('#row-tools')?.remove(); // of the #room before
      $('tools')?.replaceWith(natter.parse($('tools').text));
    },
    focusRow,
    holdFocus,
    // A message is deleted.
    forget: (seq) => {
      if (+row?.dataset.seq !== seq) return;
      close();
      place(null);
    },
    // The pane leaves the document: the bar stays in it.
    leave: (left) => {
      const bar = $('row-tools'), list = logOf(room());
      if (!left.contains(bar)) return;
      close();
      place(null);
      if (list) list.after(bar); else bar.remove();
    },
  };
})();
