// The files of a message that is being written: chosen, pasted or dropped, and uploaded before it is sent. And the pictures
// of messages, large.
natter.files = (() => {
  'use strict';
  const { $, fill, load, paneOf, panes, parse, room, save, within, words } = natter;
  const { nameOf, refuse } = natter.composer;
  const MAX = 10; // as in src/domain/file.rs
  const RETRY = 2000; // ms
  const STALLS = 10;
  // by pane: {id, name, size, offset, alt, blob, isDone, failed, isGone}. The bytes do not survive a reload, uploads do.
  const lists = {};
  const storeOf = (name) => `files.${name}`;
  const listBy = (name) => (lists[name] ??= load(storeOf(name)) ?? []);
  const nameBy = (item) => Object.keys(lists).find((name) => lists[name].includes(item));
  const idOf = (pane) => nameOf(pane.dataset);
  const paneBy = (name) => [...panes()].find((pane) => idOf(pane) === name);
  const keep = (name) => save(storeOf(name), listBy(name).filter((one) => one.isDone).map(({ id, name, alt }) => ({ id, name, alt, isDone: true })));

  const show = (item) => {
    const { element, isDone, failed, offset = 0, size } = item;
    if (!element) return;
    element.classList.toggle('complete', !!isDone);
    Object.assign(within(element, 'progress'), { hidden: !!(isDone || failed), value: size ? offset / size : 1 });
    within(element, 'why').textContent = failed ?? '';
  };
  const draw = (item) => {
    const { name, alt, blob } = item, element = (item.element = parse($('attachment').text).firstElementChild);
    within(element, 'name').textContent = name;
    if (/^image\/(png|jpeg|gif|webp)$/.test(blob?.type)) {
      within(element, 'preview').src = item.url ??= URL.createObjectURL(blob);
    } else {
      within(element, 'preview').remove();
    }
    const input = within(element, 'alt'), button = element.querySelector('button');
    input.value = alt;
    input.addEventListener('input', () => { item.alt = input.value; keep(nameBy(item)); });
    button.title = fill(button.title, { name });
    button.ariaLabel = button.title;
    button.addEventListener('click', () => remove(item));
    show(item);
    return element;
  };
  const drawAll = (pane) => within(pane, 'attachments')?.replaceChildren(...listBy(idOf(pane)).map(draw));
  const drop = (name, items) => {
    for (const { url } of items) if (url) URL.revokeObjectURL(url);
    lists[name] = listBy(name).filter((one) => !items.includes(one));
    keep(name);
  };
  const remove = (item) => {
    const pane = paneOf(item.element);
    item.isGone = true;
    item.request?.abort();
    if (item.id) fetch(`/api/uploads/${item.id}`, { method: 'DELETE' }).catch(() => {});
    drop(idOf(pane), [item]);
    item.element.remove();
    refuse(pane, '');
    pane.waits = false;
    within(pane, 'box').focus();
  };

  // The answer of the server about an upload; null if there was none.
  const ask = async ({ id, name, size }) => {
    const address = id ? `/api/uploads/${id}` : `/api/uploads?${new URLSearchParams({ name, size })}`;
    const response = await fetch(address, { method: id ? 'GET' : 'POST' }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    return answer && { ...answer, status: response.status };
  };
  // Sends the bytes from the offset on. fetch() does not tell how far it is.
  const transfer = (item) => new Promise((done) => {
    const request = (item.request = new XMLHttpRequest()), { id, offset, blob } = item;
    request.open('PATCH', `/api/uploads/${id}`);
    request.setRequestHeader('Upload-Offset', offset);
    request.upload.onprogress = ({ loaded }) => { item.offset = offset + loaded; show(item); };
    request.onloadend = () => done(request.status);
    request.send(blob.slice(offset));
  });
  const pause = () => new Promise((done) => setTimeout(done, RETRY));
  // Goes on after each interruption from where the server is.
  const upload = async (item) => {
    let stalls = 0; // attempts in a row that sent nothing
    while (!item.isGone && !item.failed) {
      const state = await ask(item);
      if (!state || state.status === 429 || (state.status >= 500 && state.status !== 507)) {
        await pause();
      } else if (state.status === 404) { // it has expired
        item.id = null;
      } else if (state.status >= 400) {
        item.failed = Object.values(state.fields ?? {})[0] ?? state.message;
        break;
      } else if (state.complete) {
        item.isDone = true;
        break;
      } else {
        Object.assign(item, { id: state.id, offset: state.offset });
        const status = await transfer(item);
        if (status === 507 || status === 413) item.failed = words.notDone;
        if (!status) stalls = item.offset > state.offset ? 0 : stalls + 1;
        if (stalls === STALLS) item.failed = words.notDone; // the file may not be readable any more
        else if (!(status < 300 && status)) await pause();
      }
    }
    show(item);
    const name = nameBy(item), pane = name && paneBy(name);
    if (name) keep(name);
    if (pane?.waits && listBy(name).every((one) => one.isDone)) within(pane, 'send').requestSubmit();
  };
  const add = (pane, blobs) => {
    for (const blob of blobs) {
      const list = listBy(idOf(pane));
      if (list.length >= MAX) return refuse(pane, words.tooManyFiles);
      const item = { name: blob.name, size: blob.size, alt: '', blob };
      list.push(item);
      within(pane, 'attachments').append(draw(item));
      upload(item);
    }
    within(pane, 'box').focus();
  };

  // The files to send with the message of a pane; null if some are not there yet.
  const take = (pane) => {
    const name = idOf(pane), list = listBy(name);
    pane.waits = list.some((item) => !item.isDone);
    if (pane.waits) {
      refuse(pane, list.find((item) => item.failed)?.failed ?? words.filesWait);
      return null;
    }
    drop(name, list);
    drawAll(pane);
    return { files: list.map(({ id, alt }) => ({ id, alt })), names: list.map((item) => item.name) };
  };
  const hasSome = (pane) => listBy(idOf(pane)).length > 0;
  // Puts the files of a message back into the form where it was written.
  const putBack = (item) => {
    const name = nameOf(item), pane = paneBy(name);
    listBy(name).push(...item.files.map((file, index) => ({ ...file, name: item.names[index], isDone: true })));
    keep(name);
    if (pane) drawAll(pane);
  };

  const hasFiles = (transferred) => transferred?.types.includes('Files');
  const mainPane = (target) => target.closest?.('.pane') ?? room()?.closest('.pane');
  const listen = (name, act) => document.addEventListener(name, (event) => {
    const pane = mainPane(event.target), data = event.dataTransfer ?? event.clipboardData;
    if (!pane || !hasFiles(data) || !within(pane, 'attachments')) return;
    event.preventDefault();
    act?.(pane, data.files);
  });
  listen('dragover');
  listen('drop', add);
  listen('paste', add);
  document.addEventListener('change', ({ target }) => {
    if (!target.matches('.attach input')) return;
    add(paneOf(target), target.files);
    target.value = '';
  });

  // ---- a picture, large ----
  let shown = null;
  const pictures = () => [...document.querySelectorAll('.picture > a')];
  const open = (link) => {
    if (!link) return;
    const box = $('lightbox'), image = box.querySelector('img'), small = link.querySelector('img');
    shown = link;
    image.src = link.href;
    image.alt = small.alt;
    box.querySelector('p').textContent = small.alt;
    Object.assign(box.querySelector('a'), { href: link.href, download: link.title });
    if (!box.open) box.showModal();
  };
  const step = (by) => { const all = pictures(); open(all[all.indexOf(shown) + by]); };
  document.addEventListener('click', (event) => {
    const { target } = event, link = target.closest('.picture > a'), { step: by } = target.closest('#lightbox button')?.dataset ?? {};
    if (by) return step(+by);
    if (target.id === 'lightbox') return target.close();
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener('keydown', ({ key }) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (by && $('lightbox')?.open) step(by);
  });

  return { enter: drawAll, hasSome, putBack, take };
})();
