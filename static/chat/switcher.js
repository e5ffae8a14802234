// The keyboard: the quick switcher (Ctrl/⌘-K), the next unread room (Alt-↓), all read (Shift-Escape), the list of the keys (?, Ctrl/⌘-/).
(() => {
  'use strict';
  const { $, get, rooms, sidebar, view, words } = natter;
  const dialog = $('switcher'), input = dialog.querySelector('input'), options = dialog.querySelector('ul');
  const fold = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  let chosen = 0;

  const choose = (index) => {
    const all = [...options.children];
    chosen = Math.max(0, Math.min(index, all.length - 1));
    for (const [at, option] of all.entries()) option.ariaSelected = String(at === chosen);
    all[chosen]?.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', all[chosen]?.id ?? '');
  };
  // rooms with unread messages first, those whose name begins with the input before others
  const filter = () => {
    const wanted = fold(input.value.trim());
    const found = Array.from(sidebar.items(), (item) => ({ item, name: fold(item.querySelector('.name').textContent) }))
      .filter(({ name }) => name.includes(wanted))
      .sort((a, b) => b.name.startsWith(wanted) - a.name.startsWith(wanted)
        || (+b.item.dataset.unread > 0) - (+a.item.dataset.unread > 0));
    options.replaceChildren(...found.map(({ item }, index) => {
      const option = document.createElement('li');
      Object.assign(option, { id: `option-${index}`, role: 'option' });
      option.dataset.id = item.dataset.room;
      option.append(...Array.from(item.firstElementChild.childNodes, (part) => part.cloneNode(true)));
      return option;
    }));
    if (!found.length) options.append(Object.assign(view.element('li', words.none), { className: 'empty', role: 'option' }));
    choose(0);
  };
  const close = () => dialog.close();
  const go = (option) => {
    if (!option?.id) return;
    close();
    rooms.open(option.dataset.id);
  };
  const nextUnread = () => {
    const all = [...sidebar.items()], at = all.findIndex((item) => item.querySelector('[aria-current]'));
    const isUnread = (item) => +item.dataset.unread > 0 && !sidebar.isMuted(item);
    const next = [...all.slice(at + 1), ...all.slice(0, at + 1)].find(isUnread);
    if (next) rooms.open(next.dataset.room);
  };

  // a key is pressed by mistake more easily than a button, and there is no way back
  const readAll = () => {
    const isUnread = Array.from(sidebar.items()).some((item) => +item.dataset.unread > 0);
    if (isUnread && confirm(words.askReadAll)) $('read-all').requestSubmit();
  };

  const keys = $('keys');
  const isFree = (target) => !target.closest('input, textarea, select, dialog');
  const showKeys = async () => {
    if (!keys.firstChild) keys.innerHTML = await get('/keys?part=true');
    if (keys.firstChild && !keys.open) keys.showModal();
  };
  keys.addEventListener('click', ({ target }) => { if (target === keys) keys.close(); });

  input.addEventListener('input', filter);
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) close(); // the backdrop
    else go(target.closest('li'));
  });
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') choose(chosen + 1);
    else if (event.key === 'ArrowUp') choose(chosen - 1);
    else if (event.key === 'Enter') go(options.children[chosen]);
    else return;
    event.preventDefault();
  });
  document.addEventListener('keydown', (event) => {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    if ((ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === 'k') {
      if (dialog.open) return;
      input.value = '';
      filter();
      dialog.showModal();
    } else if (altKey && key === 'ArrowDown' && !dialog.open) {
      nextUnread();
    } else if (shiftKey && key === 'Escape' && !dialog.open) {
      readAll();
    } else if ((key === '?' && !ctrlKey && !metaKey && isFree(event.target)) || (key === '/' && (ctrlKey || metaKey))) {
      showKeys();
    } else if (key === '/' && !altKey && isFree(event.target)) {
      const box = document.querySelector('.finds');
      if (box?.checkVisibility()) box.focus();
      else location.assign(document.querySelector('.to-search')?.href ?? '/search');
    } else {
      return;
    }
    event.preventDefault();
  });
})();
