/** Who stands where in a season, and the way into it: a name to join under, and the key that is shown once. */
/* global window, navigator */
import { Refused } from "./connection.js";
import { change, dayAndTime, element, fillTable, money, percentChange, tone } from "./render.js";

const [section, picker, by, form, answer] = ["seasons", "season", "by", "join", "joined"].map(element);
const STATES = { waiting: "begins", running: "ends", ended: "ended" };
let given;

/** `ask` sends a request, `say` tells the user, `guarded` runs what may fail, `connect` goes on with another key. */
export function installSeasons({ ask, say, guarded, connect, disconnect }) {
  for (const choice of [picker, by]) choice.addEventListener("change", () => guarded(load));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(join);
  });
  element("use-key").addEventListener("click", () => {
    const keys = given;
    disconnect();
    connect(keys);
  });
  element("copy-key").addEventListener("click", async () => {
    await navigator.clipboard.writeText(`APCA_API_KEY_ID=${given.id}\nAPCA_API_SECRET_KEY=${given.secret}\n`);
    say("The key is copied.");
  });
  // A page without TLS on another machine may not write to the clipboard: the key is there to be selected.
  element("copy-key").hidden = navigator.clipboard === undefined;

  let key;
  async function load() {
    const seasons = await all();
    section.hidden = seasons.length === 0;
    if (seasons.length === 0) return;
    showNames(seasons, key.season?.name);
    const chosen = picker.value;
    const season = await ask("GET", `/sim/v1/seasons/${encodeURIComponent(chosen)}?by=${by.value}`);
    if (chosen === picker.value) show(season, key);
  }

  /** A server that was started without seasons has none. */
  async function all() {
    try {
      return await ask("GET", "/sim/v1/seasons");
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return [];
      throw error;
    }
  }

  async function join() {
    const season = picker.value;
    const entry = await ask("POST", `/sim/v1/seasons/${encodeURIComponent(season)}/entries`, { name: element("join-name").value.trim() });
    given = entry.key;
    element("given-id").value = given.id;
    element("given-secret").value = given.secret;
    answer.hidden = false;
    form.hidden = true;
    element("use-key").focus();
    say(`Joined season ${season} as ${entry.name}. Its key is shown this once.`);
    await load();
  }

  return {
    load,
    /** Of the key that is connected from now on. */
    begin(connected) {
      key = connected;
      forget();
    },
    forget,
  };
}

/** A secret does not outlast the key that asked for it. */
function forget() {
  given = undefined;
  answer.hidden = true;
  for (const id of ["given-id", "given-secret"]) element(id).value = "";
}

function showNames(seasons, own) {
  const names = seasons.map((season) => season.name);
  if (names.join() === [...picker.options].map((option) => option.value).join()) return;
  const chosen = picker.value || own || names.at(-1);
  picker.replaceChildren(...names.map((name) => new window.Option(name, name)));
  if (names.includes(chosen)) picker.value = chosen;
}

function show(season, key) {
  const { state, at, round, startsAt, endsAt, cash, multiplier, shorting, symbols, ordersPerDay, joinedAs, standings } = season;
  element("season-rules").textContent = [
    `${round > 1 ? `Round ${round}, ` : ""}${state === "ended" && at < endsAt ? "ended early, before" : STATES[state]} ${dayAndTime(Date.parse(state === "waiting" ? startsAt : endsAt))} New York`, `${money(cash)} to begin with`,
    multiplier > 1 ? `up to ${multiplier} times of it` : "", shorting ? "short sales permitted" : "no short sales", symbols ? symbols.join(", ") : "all symbols", ordersPerDay === null ? "" : `${ordersPerDay} orders a day`,
  ].filter(Boolean).join(" · ");
  fillTable(element("standings"), standings, {
    keyOf: (standing) => standing.name,
    cellsOf: (standing) => [
      [standing.own ? `${standing.name} (you)` : standing.name, standing.own ? "own" : ""], [String(standing.rank), "number"], [money(standing.equity), "number"], [percentChange(standing.return), `number ${tone(standing.return)}`],
      [change(standing.sharpe), "number"], [percentChange(standing.maxDrawdown), "number"], [money(standing.turnover), "number"], [String(standing.orders), "number"],
    ],
    empty: "Nobody has joined yet",
  });
  form.hidden = !key.scopes.includes("trade") || key.season !== null || joinedAs !== null || state === "ended" || !answer.hidden;
}
