// Completion of @names, :emoji: and /commands in the message box, and of filters in a search box. The options are the
// server's, and the box keeps the focus.
// A textarea must not have the role combobox, nor the state "expanded": it names the list, and the option that is chosen.
natter.completion = (() => {
  'use strict';
  const { $, box, get, here, parse } = natter;
  const WORD = /(?:^|[\s(])(@[\p{L}\p{N}_.-]*|:[\w+-]{2,})$|^\s*(\/\w*)$/u;
  const FILTER = /^()$|(?:^|\s)((?:from|in|has|is):\S*)$/i;
  const OF_ANYBODY = /^\s*\/(invite|msg)\s/i; // those who are added or written to are no members
  const WAIT = 80; // ms between a key and the request
  const list = $('completion');
  let input = null; // the box that it completes
  let start = 0, end = 0; // of the word
  let left = -1; // the start of a word that was left by Escape
  let turn = 0, timer = null, chosen = null;

  const isOpen = () => list.matches(':popover-open');
  const word = () => input.value.slice(start, end);
  const isSearch = () => input.matches('.finds');
  const hide = () => {
    if (!isOpen()) return;
    list.hidePopover();
    input?.removeAttribute('aria-activedescendant');
    if (input && isSearch()) input.ariaExpanded = 'false';
  };
  const close = () => {
    turn++; // an answer comes too late
    clearTimeout(timer);
    hide();
  };
  const choose = (option) => {
    for (const one of list.children) one.ariaSelected = String(one === option);
    chosen = option;
    if (!option) return;
    option.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.id);
  };
  const show = (options) => {
    list.replaceChildren(...options);
    if (!options.length) return hide();
    const { left, top, bottom, width } = (isSearch() ? input : input.form).getBoundingClientRect(), { style } = list;
    if (isSearch()) Object.assign(style, { left: `max(8px, min(${left}px, 100vw - 26.5rem))`, bottom: 'auto', top: `${bottom + 4}px`, maxWidth: `${innerWidth - 16}px` });
    else Object.assign(style, { left: `${left}px`, bottom: `${innerHeight - top + 4}px`, top: 'auto', maxWidth: `${width}px` });
    style.setProperty('--over', `${isSearch() ? innerHeight - bottom - 12 : top - 12}px`);
    list.showPopover();
    if (isSearch()) input.ariaExpanded = 'true';
    choose(word() ? options[0] : null); // Enter in an empty box takes nothing
  };
  const take = (option) => {
    close();
    input.setSelectionRange(start, end);
    box.insert(input, option.dataset.put);
  };
  const ask = async (q, people) => {
    const own = ++turn;
    const html = await get(isSearch() ? `/search/complete?${new URLSearchParams({ q })}` : `/rooms/${here()}/complete?${new URLSearchParams({ q, people })}`);
    if (own === turn) show([...parse(html).querySelectorAll('[role=option]')]);
  };
  const update = () => {
    const { value, selectionStart, selectionEnd } = input;
    const found = (isSearch() || here()) && selectionStart === selectionEnd && value.slice(0, selectionStart).match(isSearch() ? FILTER : WORD);
    const text = found ? found[1] ?? found[2] : null;
    if (text == null || (!text && !input.form.matches('.find-box'))) { // the page of a search says what filters there are
      left = -1;
      return close();
    }
    const isSame = start === selectionEnd - text.length;
    end = selectionEnd;
    start = end - text.length;
    if (start === left) return;
    clearTimeout(timer);
    turn++;
    // until the answer is there: those that still fit
    const part = text.slice(1).toLowerCase();
    if (isOpen()) show(isSame ? [...list.children].filter((option) => option.textContent.toLowerCase().includes(part)) : []);
    timer = setTimeout(ask, WAIT, text, OF_ANYBODY.test(value));
  };

  const isBox = ({ target }) => target.matches?.('.box, .finds') && (input = target);
  document.addEventListener('input', (event) => { if (isBox(event) && !event.isComposing) update(); });
  document.addEventListener('compositionend', (event) => { if (isBox(event)) update(); });
  document.addEventListener('focusin', (event) => { if (isBox(event) && input.form.matches('.find-box') && !input.value) update(); });
  document.addEventListener('selectionchange', () => { if (isOpen() && input.selectionEnd !== end) close(); });
  document.addEventListener('focusout', (event) => { if (isBox(event)) close(); });
  addEventListener('resize', close);
  // before the other keys of the box
  document.addEventListener('keydown', (event) => {
    const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (!isOpen() || !isBox(event) || event.isComposing || altKey || ctrlKey || metaKey || shiftKey) return;
    const all = [...list.children], at = all.indexOf(chosen);
    if (key === 'ArrowDown') choose(all[(at + 1) % all.length]);
    else if (key === 'ArrowUp') choose(all.at(Math.max(at, 0) - 1));
    else if (key === 'Escape') {
      left = start;
      close();
    } else if (chosen && (key === 'Tab' || (key === 'Enter' && chosen.dataset.put.trim() !== word()))) take(chosen); // a whole word is sent
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  list.addEventListener('mousedown', (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener('click', ({ target }) => {
    const option = target.closest('li');
    if (option) take(option);
  });

  return {
    close,
    // A message box is in the document.
    enter: (box) => {
      Object.assign(box, { ariaAutoComplete: 'list', ariaHasPopup: 'listbox' });
      box.setAttribute('aria-controls', list.id);
    },
  };
})();
