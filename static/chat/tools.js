// The tools of a row: one bar for all rows, at the row that the pointer or the focus is on.
natter.tools = (() => {
  'use strict';
  const { $, marks, rows } = natter;
  let row = null;

  const isRow = (element) => element?.matches?.('#messages > [data-seq]:not([hidden])');
  const place = (at) => {
    const bar = $('row-tools');
    row = at;
    if (!bar) return;
    bar.hidden = !row;
    if (row) bar.style.top = `${Math.max(0, row.offsetTop - 14)}px`;
  };
  const focusRow = (next) => {
    if (!isRow(next)) return;
    next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  };
  const markUnread = () => {
    if (!row) return;
    marks.unread(row);
    place(null);
    $('message').focus();
  };
  // the row that is next in this direction, over notices that are not in the log
  const nextRow = (from, step) => {
    let next = rows.beside(from, step);
    while (next && !isRow(next)) next = rows.beside(next, step);
    return next;
  };

  document.addEventListener('pointerover', ({ target, pointerType }) => {
    if (target.closest('#row-tools')) return;
    const over = target.closest('#messages > [data-seq]');
    if (isRow(over)) place(over);
    else if (pointerType === 'mouse' && !isRow(document.activeElement)) place(null);
  });
  document.addEventListener('focusin', ({ target }) => {
    if (target.closest('#row-tools')) return;
    const within = target.closest('#messages > [data-seq]');
    place(isRow(within) ? within : null);
  });
  document.addEventListener('click', ({ target }) => { if (target.closest('#row-tools button')) markUnread(); });
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isInput = target === $('message') && !target.value;
    if (key === 'ArrowUp' && (isInput || target === $('scroller'))) {
      const last = $('messages')?.lastElementChild;
      focusRow(isRow(last) ? last : last && nextRow(last, 'previousElementSibling'));
    } else if (isRow(target) && key === 'ArrowUp') {
      focusRow(nextRow(target, 'previousElementSibling'));
    } else if (isRow(target) && key === 'ArrowDown') {
      focusRow(nextRow(target, 'nextElementSibling') ?? $('message'));
      if (!nextRow(target, 'nextElementSibling')) $('message').focus();
    } else if (isRow(target) && key === 'Tab' && !event.shiftKey && $('row-tools')) {
      $('row-tools').querySelector('button').focus();
    } else if ((isRow(target) || target.closest?.('#row-tools')) && key === 'Escape') {
      $('message').focus();
    } else if (isRow(target) && key === 'u') {
      markUnread();
    } else {
      return;
    }
    event.preventDefault();
  });

  return { enter: () => { row = null; } };
})();
