// The server, as the pages ask it.

export class ApiError extends Error {
  constructor(status, answer) {
    super(answer.error ?? `the server answers with ${status}`);
    this.status = status;
    this.hint = answer.hint ?? "";
    this.command = answer.command ?? "";
    this.exitCode = answer.exit_code;
  }
}

// "/api/NAME?…"; lists become repeated parameters, and what is empty is left out.
export function address(name, parameters = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") query.append(key, one);
    }
  }
  const text = query.toString();
  return `/api/${name}${text ? `?${text}` : ""}`;
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new ApiError(0, {error: "mat ui does not answer",
                           hint: "it may have been stopped; start it again: mat ui"});
  }
  if (response.ok) return response;
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    // Not from a route of the api.
  }
  if (response.status === 401) {
    answer = {error: "this browser has not been let in",
              hint: "open the address that mat ui has printed, with its token"};
  }
  throw new ApiError(response.status, answer);
}

export async function get(name, parameters, signal) {
  return (await ask(address(name, parameters), {signal})).json();
}

// {command, result}; with `dry` only the command, and nothing is done.
export async function command(action, fields, dry = false) {
  const body = {action, ...fields};
  if (dry) body.dry = true;
  const response = await ask("/api/commands", {
    method: "POST",
    headers: {"Content-Type": "application/json", "X-Mat": "1"},
    body: JSON.stringify(body),
  });
  return response.json();
}
