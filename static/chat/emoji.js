// The emoji picker: for the message box, and for a reaction.
natter.emoji = (() => {
  'use strict';
  const { $, box, get, isCoarse, paneOf, view, within, words } = natter;
  const WAIT = 150; // ms between a key and the search
  natter.reveal();
  const picker = $('picker'), [input, found] = picker.children;
  // where it is, what becomes of an emoji, and where the focus goes; without any, it is for the message box
  let use = null, shown = null, timer = null;

  const buttons = () => [...found.querySelectorAll('button')];
  const load = async () => {
    const q = input.value.trim();
    if (q === shown) return;
    shown = q;
    const html = await get(`/emoji?${new URLSearchParams({ q })}`);
    if (q !== shown) return; // a late answer
    if (html) found.innerHTML = html;
    else {
      shown = null;
      found.textContent = words.lost;
    }
    found.scrollTop = 0;
    for (const [index, button] of buttons().entries()) button.tabIndex = index ? -1 : 0;
  };
  const focus = (button) => {
    for (const one of found.querySelectorAll('[tabindex="0"]')) one.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
  };
  // the nearest in the next row of the grid
  const inRow = (all, from) => {
    const row = all.find((one) => one.offsetTop !== from.offsetTop)?.offsetTop;
    const distance = (one) => Math.abs(one.offsetLeft - from.offsetLeft);
    return all.filter((one) => one.offsetTop === row).sort((a, b) => distance(a) - distance(b))[0];
  };
  const close = () => picker.hidePopover();
  const leave = () => {
    const { back } = use ?? {};
    close();
    if (back) back();
    else box.last()?.focus();
  };
  const take = (button) => {
    const give = use?.give ?? ((emoji) => box.insert(box.last(), emoji));
    leave();
    give(button.textContent);
  };

  picker.addEventListener('toggle', ({ newState }) => {
    if (newState !== 'open') return;
    view.beside(use?.at ?? box.last().form.getBoundingClientRect(), picker);
    input.value = '';
    load();
    (isCoarse.matches ? picker : input).focus(); // the keyboard of a phone covers the grid
  });
  picker.addEventListener('beforetoggle', ({ newState }) => { if (newState === 'closed') use = null; });
  picker.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(load, WAIT);
  });
  // the button beside a message box opens it for that one
  document.addEventListener('click', ({ target }) => {
    const pick = target.closest('.pick');
    if (pick) box.use(within(paneOf(pick), 'box'));
  }, { capture: true });
  picker.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (button) take(button);
  });
  picker.addEventListener('keydown', (event) => {
    const { key, target } = event, all = buttons(), at = all.indexOf(target);
    if (event.isComposing) return;
    if (key === 'Escape') leave();
    else if (target === input && key === 'Enter') all[0]?.click();
    else if (at < 0 && key === 'ArrowDown' && all[0]) focus(all[0]);
    else if (at < 0) return;
    else if (key === 'ArrowRight' || key === 'ArrowLeft') focus(all[at + (key === 'ArrowRight' ? 1 : -1)] ?? target);
    else if (key === 'ArrowDown') focus(inRow(all.slice(at), target) ?? target);
    else if (key === 'ArrowUp') {
      const over = inRow(all.slice(0, at + 1).reverse(), target);
      if (over) focus(over);
      else input.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    close,
    // `at`: a rectangle
    open: (at, give, back) => {
      use = { at, give, back };
      picker.showPopover();
    },
  };
})();
