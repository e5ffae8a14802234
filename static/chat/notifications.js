// Notifications of the device and a quiet sound while a page is open. Both are set in each browser: the permission is the
// browser's, and where a sound is welcome depends on the device.
natter.notifications = (() => {
  'use strict';
  const { get, parse, reveal, room, rooms, view } = natter;
  const { user } = document.body.dataset;
  const { locks } = navigator; // for secure contexts only, as notifications
  const HELD = 10000; // ms: other tabs get the same news a little later
  const permission = () => (locks && window.Notification?.permission) || 'none';
  const isOn = (what) => {
    try { return !!localStorage.getItem(`natter.${what}`) && (what === 'sound' || permission() === 'granted'); } catch { return false; }
  };
  const lockOf = (...of) => ['natter', user, ...of].join('.');
  const ask = (name, take) => locks.request(name, { ifAvailable: true }, take);

  // ---- the page of the settings ----
  const showSettings = () => {
    for (const hint of document.querySelectorAll('#notifications p')) hint.hidden = hint.dataset.when !== permission();
    for (const box of document.querySelectorAll('#notifications input')) {
      box.checked = isOn(box.name);
      box.disabled = !locks || (box.name === 'desktop' && permission() === 'none');
    }
  };
  document.addEventListener('change', async ({ target: { form, name, checked } }) => {
    if (form?.id !== 'notifications') return;
    localStorage.setItem(`natter.${name}`, checked ? 'on' : '');
    if (checked && name === 'desktop') await Notification.requestPermission();
    showSettings();
  });
  addEventListener('focus', showSettings); // the permission is changed elsewhere

  // ---- once over all tabs, and not for a room that one of them shows ----
  // A tab holds the lock of the room that it shows.
  const shown = new Map(); // by room: the last notification, and the `seq` of its message
  let leave = () => {};
  const enter = () => {
    const { room: id, thread } = room().dataset;
    reveal();
    showSettings();
    leave();
    if (!locks || !id || thread || document.hidden) return;
    const { promise, resolve } = Promise.withResolvers();
    locks.request(lockOf(id), { mode: 'shared' }, () => promise);
    leave = resolve;
    shown.get(id)?.note.close();
  };

  let audio;
  const play = () => {
    if (!navigator.userActivation?.hasBeenActive) return; // browsers allow no sound before
    audio ??= new AudioContext();
    const tone = audio.createOscillator(), volume = audio.createGain(), at = audio.currentTime;
    tone.frequency.setValueAtTime(660, at);
    tone.frequency.setValueAtTime(880, at + 0.1);
    volume.gain.setValueAtTime(0.06, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  };
  const show = async (item, after) => {
    const { room: id, kind, level } = item.dataset;
    const all = parse(await get(`/rooms/${id}/messages?from=${+after + 1}`))
      .querySelectorAll(kind === 'direct' || level === 'everything' ? '.message:not(.sent-by-user)' : '.mentions-me');
    const row = [...all].at(-1);
    if (!row) return; // deleted meanwhile
    const author = view.authorOf(row), name = item.querySelector('.name').textContent;
    const note = new Notification(kind === 'direct' ? author : `${author} · ${name}`, {
      body: view.beginning(view.textOf(row)),
      icon: document.querySelector('[rel=apple-touch-icon]').href,
      tag: id,
      renotify: true,
      silent: true,
    });
    note.onclick = () => {
      note.close();
      focus();
      rooms.go(`/rooms/${id}/${row.dataset.seq}`);
    };
    shown.set(id, { note, seq: row.dataset.seq });
  };
  // There are messages for the reader in a room after the `seq`.
  const notify = async (item, after) => {
    const { room: id, seq } = item.dataset;
    if (!locks || !(isOn('desktop') || isOn('sound')) || !await ask(lockOf(id), Boolean)) return;
    // one of all tabs
    ask(lockOf(id, seq), async (lock) => {
      if (!lock) return;
      if (isOn('sound')) play();
      if (isOn('desktop')) await show(item, after).catch(() => {}); // phones show notifications of service workers only
      await new Promise((done) => { setTimeout(done, HELD); });
    });
  };

  document.addEventListener('visibilitychange', enter);
  enter();

  return {
    enter,
    // A message is deleted.
    forget: (id, seq) => { if (+shown.get(id)?.seq === seq) shown.get(id).note.close(); },
    notify,
  };
})();
