// The list of rooms: what is unread in each, from the server's absolute numbers and from its news. All state is in the
// data- attributes of the items.
natter.sidebar = (() => {
  'use strict';
  const { $, get, here, load, me, parse, room, send, words } = natter;
  const ASK_PAUSE = 1000, REFETCH_PAUSE = 2000, SPREAD = 5000; // ms
  const FIELDS = ['rev', 'seq', 'texts', 'own', 'unread', 'mentions', 'readSeq', 'readVersion', 'at'];
  const items = () => $('sidebar').querySelectorAll('li[data-room]');
  const itemOf = (id) => $('sidebar').querySelector(`li[data-room="${CSS.escape(id)}"]`);

  // ---- what is shown of it ----
  const isMuted = ({ dataset: { level } }) => level === 'nothing' || level === 'hidden';
  // messages of the room that are for the reader: they count in the title and in the icon
  const forReader = (item) => {
    const { kind, level, unread, mentions } = item.dataset;
    if (isMuted(item)) return 0;
    return +(kind === 'direct' || level === 'everything' ? unread : mentions);
  };
  let title = '', written; // the page's own title, and that with the count
  const icon = $('icon'), plainIcon = icon.href;
  let isTotalDue = false;
  // once for all that changes in a task
  const showTotal = () => {
    if (isTotalDue) return;
    isTotalDue = true;
    queueMicrotask(() => {
      isTotalDue = false;
      writeTotal();
    });
  };
  const writeTotal = () => {
    const total = Array.from(items(), forReader).reduce((sum, count) => sum + count, 0);
    document.title = written = total ? `(${total}) ${title}` : title;
    const wanted = total ? document.body.dataset.iconNew : plainIcon;
    if (icon.getAttribute('href') !== wanted) icon.href = wanted;
  };
  const show = (item) => {
    const { unread } = item.dataset;
    item.querySelector('.count').textContent = +unread ? unread : '';
    showTotal();
  };
  // `count`, `seq`: for the reader, and the room's last, before the numbers changed
  const notify = (item, count, seq) => {
    if (forReader(item) > count && +item.dataset.seq > +seq) natter.notifications.notify(item, seq);
  };
  const retitle = (name) => {
    title = title.replace(/^.*(?= · )/, () => name);
    showTotal();
  };
  const showDraft = (id, text) => {
    const name = itemOf(id)?.querySelector('.name');
    if (!name) return;
    if (text?.trim()) name.dataset.draft = words.draft; else delete name.dataset.draft;
  };

  // ---- numbers ----
  // Nothing after the mark can be unread if the mark is at the end.
  const setUnread = (item, unread) => {
    const { seq, readSeq } = item.dataset;
    item.dataset.unread = +seq <= +readSeq ? 0 : Math.max(unread, 0);
    if (+seq <= +readSeq) item.dataset.mentions = 0;
    show(item);
  };
  const update = (item, numbers, unread) => {
    const count = forReader(item), { seq } = item.dataset;
    Object.assign(item.dataset, numbers);
    setUnread(item, unread);
    notify(item, count, seq);
  };
  // Ids of hidden rooms whose news are nothing to the list. A direct room with unread messages is in it after the next fetch.
  const unlisted = new Set();
  const isMissing = ({ room: id, kind, level, unread }) => {
    if (level !== 'hidden') { unlisted.delete(id); return true; }
    if (kind !== 'direct') { unlisted.add(id); return false; }
    if (!unread) unlisted.delete(id);
    if (!unread || unlisted.has(id)) return false;
    unlisted.add(id);
    return true;
  };
  const isDifferent = (item, { level, starred }) =>
    item.dataset.level !== level || 'starred' in item.dataset !== starred;
  const take = (one) => {
    const item = itemOf(one.room);
    if (one.gone) return !!item;
    if (!item) return isMissing(one);
    if (one.rev < +item.dataset.rev) { ask(one.room); return false; } // read before the latest news
    update(item, Object.fromEntries(FIELDS.map((field) => [field, one[field]])), one.unread);
    return isDifferent(item, one);
  };
  const numbers = ({ rooms, complete }) => {
    const changes = rooms.map(take), known = new Set(rooms.map((one) => one.room));
    const isLess = complete && Array.from(items()).some((item) => !known.has(item.dataset.room));
    const own = rooms.find((one) => one.room === here());
    if (own && !own.gone !== 'member' in room().dataset) setMember(own);
    if (isLess || changes.some(Boolean)) refetch();
  };
  // The user has become a member of the room that the page shows, or is not one any more.
  const setMember = ({ gone, readSeq, readVersion, level }) => {
    if (gone) delete room().dataset.member;
    else Object.assign(room().dataset, { member: '', readSeq, readVersion, level });
    natter.marks.enter(true);
  };
  const news = ({ room: id, from, to, seq, texts, authors, deleted, mentions = [], edited, at, changed }) => {
    const item = itemOf(id);
    if (!item && !unlisted.has(id)) ask(id);
    for (const [, which] of deleted) natter.list.forget(id, which);
    if (!item || to <= +item.dataset.rev) return;
    const data = item.dataset, rev = +data.rev, own = authors[me] ?? +data.own;
    if (from > rev) return ask(id); // something was missed
    const gone = deleted.filter(([at, which, author]) => at > rev && which > +data.readSeq && author !== me).length;
    const concernsMe = (tags) => tags.includes(me) || tags.includes('*');
    const isForMe = ([rev, which, author, tags]) => rev > +data.rev && which > +data.readSeq && author !== me && concernsMe(tags);
    const forMe = +data.mentions + mentions.filter(isForMe).length;
    // whether a message that is deleted or was edited mentioned this user is not known here
    if ((gone && forMe) || (edited && (forMe || concernsMe(edited)))) ask(id);
    const unread = +data.unread + (texts - data.texts) - (own - data.own) - gone;
    update(item, { rev: to, seq, texts, own, at, mentions: forMe }, unread);
    if (changed) change(item, changed);
    else if (data.kind === 'direct') sort(item);
  };
  // All members' pages learn it at once: they spread their requests for the list in its new order.
  const change = (item, { name, kind, archived }) => {
    if (name) item.querySelector('.name').textContent = name;
    if (kind) item.dataset.kind = kind;
    if (archived !== undefined) item.toggleAttribute('data-archived', archived);
    if (name || kind || archived !== undefined) refetch(SPREAD);
  };
  // direct rooms are in the order of their latest messages, starred ones first
  const sort = (item) => {
    const isStarred = ({ dataset }) => 'starred' in dataset;
    const isBefore = (other) => other.matches('[data-room]')
      && (isStarred(other) === isStarred(item) ? +other.dataset.at <= +item.dataset.at : isStarred(item));
    const next = [...item.parentElement.children].find((other) => other !== item && (other.matches('.link') || isBefore(other)));
    if (item.nextElementSibling === next) return;
    const focused = item.contains(document.activeElement) ? document.activeElement : null;
    next.before(item);
    focused?.focus({ preventScroll: true }); // it is lost with the move
  };

  // ---- asking ----
  const asked = new Set();
  let askTimer = null;
  const ask = (id) => {
    asked.add(id);
    askTimer ??= setTimeout(() => {
      askTimer = null;
      if (send({ rooms: [...asked].slice(0, 100) })) asked.clear();
    }, ASK_PAUSE);
  };
  // The list in its new order is where the reader has scrolled to, and keeps the focus.
  const replace = (fresh) => {
    const old = $('sidebar'), { activeElement: focused } = document, [from, to] = [old, fresh].map((list) => list.querySelector('.own-menu'));
    const { scrollTop } = old.querySelector('.scroll'), nameOf = (one) => one.href ?? one.textContent;
    fresh.className = old.className;
    to.open = from.open;
    old.replaceWith(fresh);
    htmx.process(fresh);
    fresh.querySelector('.scroll').scrollTop = scrollTop;
    if (!old.contains(focused)) return;
    [...fresh.querySelectorAll(focused.localName)].find((one) => nameOf(one) === nameOf(focused))?.focus({ preventScroll: true });
  };
  let refetchTimer = null, refetchedAt = -REFETCH_PAUSE;
  const refetch = (spread = 0) => {
    const wait = Math.max(Math.random() * spread, refetchedAt + REFETCH_PAUSE - performance.now());
    refetchTimer ??= setTimeout(async () => {
      refetchTimer = null;
      refetchedAt = performance.now();
      unlisted.clear(); // if the list does not come, these are missing again with the next numbers
      const address = here() ? `/sidebar?room=${encodeURIComponent(here())}` : '/sidebar';
      const html = await get(address);
      if (!html) return;
      const before = new Map(Array.from(items(), (item) => [item.dataset.room, [forReader(item), item.dataset.seq]]));
      replace(parse(html).firstElementChild);
      enter();
      for (const item of items()) notify(item, ...(before.get(item.dataset.room) ?? [0, item.dataset.readSeq]));
      const shown = here() && itemOf(here());
      if (shown?.dataset.kind === 'direct') natter.list.nameRoom(shown.querySelector('.name').textContent);
      send({ rooms: null }); // what came meanwhile
    }, wait);
  };
  const receive = (frame) => {
    if (frame.news) return news(frame.news);
    if (frame.rooms) numbers(frame);
    for (const [tag, state] of Object.entries(frame.presence ?? {})) {
      for (const avatar of document.querySelectorAll(`.avatar[data-tag="${CSS.escape(tag)}"]`)) avatar.dataset.presence = state;
    }
  };

  // htmx sets the title of another page after its swap
  const takeTitle = () => {
    if (document.title !== written) title = document.title;
    showTotal();
  };
  document.addEventListener('htmx:finally:swap', takeTitle);
  // Another page is in the document, or another list.
  const enter = () => {
    // the room that is shown, or that a page such as its settings belongs to
    const current = here() ?? location.pathname.match(/^\/rooms\/([^/]+)\//)?.[1];
    for (const link of $('sidebar').querySelectorAll('.scroll a')) {
      const { room: id } = link.parentElement.dataset;
      const isCurrent = id ? id === current : link.pathname === location.pathname;
      if (isCurrent) link.ariaCurrent = 'page'; else link.removeAttribute('aria-current');
    }
    for (const item of items()) showDraft(item.dataset.room, load(`draft.${item.dataset.room}`));
    natter.notifications?.enter();
    takeTitle();
  };
  // A user has a new name, which may be that of a direct room. A room of several does not say who they are.
  const rename = (key) => {
    const isListed = $('sidebar').querySelector(`[data-tag="${CSS.escape(key)}"], [data-kind=direct] .avatar:not([data-tag])`);
    if (key === me || isListed) refetch();
  };
  // The user has read the room up to `seq`; the server confirms it.
  const read = (id, seq) => {
    const item = itemOf(id);
    if (!item || seq <= +item.dataset.readSeq) return;
    item.dataset.readSeq = seq;
    setUnread(item, +item.dataset.unread);
  };

  return { enter, items, itemOf, isMuted, read, receive, rename, retitle, showDraft };
})();
