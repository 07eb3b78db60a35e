#include "core/service/service_page.h"

#include <string>

namespace mat {
namespace {

constexpr const char* kHead = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>mat</title>
<link rel="icon" href="data:,">
<style>
  :root { --back: #fafafa; --card: #fff; --text: #1b1b1f; --dim: #63636b; --line: #d9d9de;
          --bar: #3a6ea5; --best: #1f5d99; --bad: #b3261e; }
  @media (prefers-color-scheme: dark) {
    :root { --back: #16161a; --card: #212126; --text: #ececf0; --dim: #a0a0aa; --line: #3a3a42;
            --bar: #5b93cc; --best: #86b8ec; --bad: #ff8a80; } }
  * { box-sizing: border-box; }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: var(--back);
         color: var(--text); }
  main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem; }
  h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
  p { color: var(--dim); margin: .25rem 0 1rem; overflow-wrap: anywhere; }
  label.drop { display: flex; flex-direction: column; align-items: center; justify-content: center;
    gap: .5rem; min-height: 12rem; padding: 1rem; border: 2px dashed var(--line);
    border-radius: 12px; background: var(--card); cursor: pointer; text-align: center; }
  label.drop.over, label.drop:focus-within { border-color: var(--bar);
    outline: 2px solid var(--bar); outline-offset: 2px; }
  label.drop img { max-width: 100%; max-height: 14rem; border-radius: 6px; }
  input[type=file] { position: absolute; width: 1px; height: 1px; opacity: 0; }
  #token { display: none; margin-top: 1rem; }
  #token input { width: 100%; padding: .5rem; font: inherit; color: inherit;
    background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
  ol { list-style: none; margin: 1.25rem 0 0; padding: 0; }
  li { display: grid; grid-template-columns: minmax(6rem, 12rem) 1fr 4rem; gap: .75rem;
    align-items: center; padding: .3rem 0; }
  li span:first-child { overflow-wrap: anywhere; }
  li span:last-child { text-align: right; font-variant-numeric: tabular-nums; }
  li i { display: block; height: .8rem; border-radius: 4px; background: var(--bar);
    min-width: 2px; }
  li:first-child { font-weight: 600; } li:first-child i { background: var(--best); }
  #row { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1rem; }
  #row label { display: flex; flex-direction: column; gap: .25rem; overflow-wrap: anywhere; }
  #row input, #row select { width: 100%; padding: .5rem; font: inherit; color: inherit;
    background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
  #row button { align-self: end; padding: .55rem 1rem; font: inherit; border: 0;
    border-radius: 6px; background: var(--best); color: var(--back); cursor: pointer; }
  .bad { color: var(--bad); }
  footer { margin-top: 2rem; font-size: .9rem; color: var(--dim); }
  a { color: inherit; }
</style>
)html";

// Behind what a page asks with: the token, the answer, and what both pages' scripts use.
constexpr const char* kShared = R"html(
  <form id="token"><label>This service wants its token
    <input id="secret" type="password" autocomplete="off"></label></form>
  <div role="status" aria-live="polite"><p id="state"></p><ol id="bars"></ol></div>
  <footer><a href="openapi.json">openapi.json</a> · <a href="metrics">metrics</a></footer>
</main>
<script>
  const $ = id => document.getElementById(id);
  const make = (tag, text, more) => Object.assign(document.createElement(tag),
    {textContent: text || ''}, more);
  const headers = type => {
    const secret = $('secret').value, all = type ? {'Content-Type': type} : {};
    if (secret) all.Authorization = 'Bearer ' + secret;
    return all;
  };
  function say(text, bad) { $('state').textContent = text; $('state').className = bad ? 'bad' : ''; }
  function wantToken() { $('token').style.display = 'block'; $('secret').focus(); }
  function draw(scores) {
    $('bars').replaceChildren(...scores.map(([label, score]) => {
      const row = make('li'), box = make('span'), bar = make('i');
      bar.style.width = 100 * score + '%';
      box.append(bar);
      row.append(make('span', label), box, make('span', (100 * score).toFixed(1) + ' %'));
      return row;
    }));
  }
  // The answer, or {error}.
  async function predict(body, type) {
    try {
      const answer = await fetch('predict', {method: 'POST', body, headers: headers(type)});
      const json = await answer.json();
      if (answer.status === 401) wantToken();
      return answer.ok ? json : {error: json.error || answer.statusText};
    } catch (e) {
      return {error: 'the service does not answer'};
    }
  }
  // What is served; null while the token is missing.
  async function served() {
    const server = await fetch('v2', {headers: headers()});
    if (server.status === 401) wantToken();
    if (!server.ok) return null;
    const name = (await server.json()).name;
    document.title = $('name').textContent = name;
    const model = await (await fetch('v2/models/' + encodeURIComponent(name),
      {headers: headers()})).json();
    $('token').style.display = 'none';
    return model;
  }
)html";

constexpr const char* kPicturePage = R"html(<main>
  <h1 id="name">What does the picture show?</h1>
  <p id="model">&nbsp;</p>
  <label class="drop" id="drop">
    <input type="file" id="file" accept="image/jpeg,image/png,image/bmp">
    <img id="picture" alt="" hidden>
    <span id="hint">Drop a picture here, paste one, or press Enter to choose</span>
  </label>)html";

constexpr const char* kPictureScript = R"html(
  let last = null, shown = null, turn = 0;
  async function ask(file) {
    const mine = ++turn;
    last = file;
    if (shown) URL.revokeObjectURL(shown);
    shown = URL.createObjectURL(file);
    $('picture').src = shown;
    $('picture').alt = file.name || 'the picture';
    $('picture').hidden = false;
    $('hint').textContent = file.name || '';
    draw([]);
    say('…');
    const json = await predict(file, 'application/octet-stream');
    if (mine !== turn) return;
    if (json.error) return say(json.error, true);
    say('');
    draw(json.scores);
  }
  $('file').onchange = () => { if ($('file').files[0]) ask($('file').files[0]); };
  $('file').onkeydown = e => { if (e.key === 'Enter') $('file').click(); };
  const over = on => $('drop').classList.toggle('over', on);
  document.ondragover = e => { e.preventDefault(); over(true); };
  document.ondragleave = () => over(false);
  document.ondrop = e => {
    e.preventDefault();
    over(false);
    if (e.dataTransfer.files[0]) ask(e.dataTransfer.files[0]);
  };
  document.onpaste = e => { if (e.clipboardData.files[0]) ask(e.clipboardData.files[0]); };
  $('token').onsubmit = e => { e.preventDefault(); describe(); if (last) ask(last); };
  async function describe() {
    try {
      const model = await served();
      if (!model) return;
      $('model').textContent = 'version ' + model.versions[0] + ': ' +
        model.parameters.classes.join(', ');
    } catch (e) { /* what it is called is not needed to ask */ }
  }
  describe();
</script>
</html>
)html";

constexpr const char* kTablePage = R"html(<main>
  <h1 id="name">What does the row say?</h1>
  <p id="model">&nbsp;</p>
  <form id="row"></form>)html";

constexpr const char* kTableScript = R"html(
  let columns = [], target = '';
  // A column's own input: its value, or null when it is missing.
  function field(column, number) {
    const id = 'column-' + number;
    let input;
    if (column.type === 'number') {
      input = make('input', '', {id, type: 'number', step: 'any',
        placeholder: 'around ' + Number(column.mean.toPrecision(4))});
      column.value = () => input.value === '' ? null : Number(input.value);
    } else {
      const list = make('datalist', '', {id: id + '-list'});
      for (const text of column.categories) list.append(make('option', '', {value: text}));
      input = make('input', '', {id, type: 'text', autocomplete: 'off',
        placeholder: column.categories.slice(0, 3).join(', ')});
      input.setAttribute('list', list.id);
      column.value = () => input.value === '' ? null : input.value;
      $('row').append(list);
    }
    const label = make('label', column.name);
    label.append(input);
    $('row').append(label);
  }
  // Why the answer may be worth little; nothing for what the model has learnt from.
  function doubt(column, value) {
    if (value === null) return !column.has_missing && column.name + ' was never missing';
    if (column.type === 'number' || column.categories.includes(value.trim())) return '';
    return `${column.name} was never '${value}'` + (column.has_other ? ', or seldom' : '');
  }
  $('row').onsubmit = async e => {
    e.preventDefault();
    draw([]);
    const row = Object.fromEntries(columns.map(c => [c.name, c.value()]));
    if (Object.values(row).every(value => value === null)) return say('Nothing is filled in', true);
    say('…');
    const json = await predict(JSON.stringify(row), 'application/json');
    if (json.error) return say(json.error, true);
    const doubts = columns.map(c => doubt(c, row[c.name])).filter(text => text);
    const note = doubts.length ? ' (in training ' + doubts.join('; ') + ')' : '';
    if ('predicted_value' in json) {
      return say(target + ': ' + Number(json.predicted_value.toPrecision(6)) + note);
    }
    say(target + ': ' + json.predicted_label + note);
    draw(json.scores);
  };
  $('token').onsubmit = e => { e.preventDefault(); describe(); };
  async function describe() {
    try {
      const model = await served();
      if (!model) return;
      ({columns, target} = model.parameters);
      $('model').textContent = 'version ' + model.versions[0] + ' predicts ' + target;
      $('row').replaceChildren();
      columns.forEach(field);
      $('row').append(make('button', 'Predict', {type: 'submit'}));
      $('row').elements[0].focus();
    } catch (e) {
      say('the service does not say which columns it takes', true);
    }
  }
  describe();
</script>
</html>
)html";

}  // namespace

HttpResponse service_page(bool of_table) {
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::string(kHead) + (of_table ? kTablePage : kPicturePage) + kShared +
                  (of_table ? kTableScript : kPictureScript);
  response.headers = {
      {"Content-Security-Policy",
       "default-src 'none'; connect-src 'self'; img-src 'self' blob: data:; style-src "
       "'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
       "frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-store"}};
  return response;
}

}  // namespace mat
